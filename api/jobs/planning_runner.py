"""Plans days and scenarios inside a worker process, with the map, the solvers and the town kept open between jobs."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from api.jobs.job import JobKind
from api.jobs.open_runners import ExportsTours, utc_now
from api.jobs.planning_closures import obeying_closures
from api.jobs.planning_documents import PlanningAsk, load_planning_ask, load_scenario_ask
from api.jobs.planning_edits import plan_of, run_edit, run_explanation
from api.jobs.planning_incidents import run_incident
from api.plans.inputs import dump_inputs, inputs_of
from api.store.plan_record import record_of_comparison, record_of_plan
from api.store.ports import JobResult, PlanRecord, ScenarioRecord, Store
from api.store.town_cache import TownCache
from api.store.town_document import TownRecord
from api.tablet.learn import rates_before
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SelectionRules
from optimizer.domain.town import Town
from optimizer.domain.used_rates import UsedRates, town_at_rates
from optimizer.planning.compare_scenario import compare_scenario
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports, ReportsProgress
from routing.ports import StreetRouter

_LOGGER = logging.getLogger(__name__)


class PlanningRunner:
    """Does the planning jobs.

    Parameters
    ----------
    history_days
        Days of readings that a plan looks back on.
    export_tours
        Makes the tours' files for navigation devices and maps; None for none.
    now
        The clock, for the instant at which a plan is made.
    """

    def __init__(
        self,
        store: Store,
        ports: Ports,
        *,
        history_days: int = 180,
        export_tours: ExportsTours | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._ports = ports
        self._town = TownCache(store.town)
        self._history_days = history_days
        self._export_tours = export_tours
        self._now = now

    def run(self, *, job_id: str, kind: JobKind, document: bytes, progress: ReportsProgress) -> JobResult:
        """The result of a job."""
        progress("load", 0.0)
        match kind:
            case JobKind.PLAN:
                return self._plan(job_id, document, progress)
            case JobKind.SCENARIO:
                return self._compare(job_id, document, progress)
            case JobKind.PLAN_EDIT:
                return run_edit(
                    job_id,
                    document,
                    store=self._store,
                    town=self._town_record().town,
                    ports=self._ports,
                    exports=self._exports_on,
                    tell=progress,
                    made_at=self._now(),
                )
            case JobKind.INCIDENT:
                town = self._town_record().town
                return run_incident(
                    job_id,
                    document,
                    store=self._store,
                    town=town,
                    ports=self._ports,
                    exports=self._exports_on,
                    tell=progress,
                    made_at=self._now(),
                )
            case JobKind.EXPLANATION:
                town = self._town_record().town
                return run_explanation(job_id, document, store=self._store, town=town, ports=self._ports)

    def ports_on(self, day: date) -> Ports:
        """What this town is planned with, out of the streets that it knows to be closed."""
        return self.closing(self._ports, day)

    def closing(self, ports: Ports, day: date) -> Ports:
        """The ports without the streets that this town knows to be closed."""
        return obeying_closures(ports, self._store, self._town_record().town, day=day)

    def rates_on(self, day: date) -> UsedRates:
        """Densities and handling times that this town's day is planned with."""
        return rates_before(self._store.tour_events, self._town_record().town, before=day)

    def request_for(self, ask: PlanningAsk) -> DayRequest:
        """The request of this town, with its master data and readings.

        Raises
        ------
        InvalidInputError
            When there is no town, or the ask names what it does not have.
        """
        return self._request(ask)

    def rules(self) -> SelectionRules:
        """How boldly this town leaves containers for later."""
        return self._town_record().rules

    def inputs_of(self, plan: Plan, request: DayRequest) -> bytes:
        """What a plan rests on, as JSON."""
        return dump_inputs(inputs_of(plan, request.town, request.history, self._ports.router.map_info))

    def record_of(self, plan: Plan, request: DayRequest) -> PlanRecord:
        """A plan made ready to be stored, with its streets."""
        exports = self.streets_of(plan, request.town, self.ports_on(request.day))
        plan = replace(plan, rates=self.rates_on(request.day))
        return replace(record_of_plan(plan, exports), inputs=self.inputs_of(plan, request))

    def streets_of(self, plan: Plan, town: Town, ports: Ports) -> Mapping[str, Mapping[str, bytes]]:
        """The streets of a plan's tours, by vehicle and format; empty where none are kept."""
        return self._exports_on(plan, town, ports.router)

    def close(self) -> None:
        """Give the store's connections back; the map goes with the runner."""
        self._store.close()

    def _plan(self, job_id: str, document: bytes, progress: ReportsProgress) -> PlanRecord:
        request = self._request(load_planning_ask(document))
        ports = self.ports_on(request.day)
        plan = plan_day(request, ports, plan_id=job_id, generated_at=self._now(), progress=progress)
        progress("export", 0.0)
        return self.record_of(plan, request)

    def _compare(self, job_id: str, document: bytes, progress: ReportsProgress) -> ScenarioRecord:
        asked = load_scenario_ask(document)
        base = None
        if asked.base_plan_id is not None:
            latest = self._store.versions.latest(asked.base_plan_id)
            base = None if latest is None else plan_of(self._store, latest)
        comparison = compare_scenario(
            self._request(asked.ask),
            asked.scenario,
            self.ports_on(asked.ask.day),
            plan_id=job_id,
            generated_at=self._now(),
            base=base,
            progress=progress,
        )
        return record_of_comparison(comparison, scenario_id=job_id)

    def _town_record(self) -> TownRecord:
        record = self._town.load()
        if record is None:
            message = "There is no town in the database. Import one before asking for plans."
            raise InvalidInputError([Issue(where="town", code="no_town", message=message)])
        return record

    def _request(self, ask: PlanningAsk) -> DayRequest:
        town = town_at_rates(self._town_record().town, self.rates_on(ask.day))
        return ask.to_request(town, self._store.readings.history(as_of=ask.as_of, days=self._history_days))

    def _exports_on(self, plan: Plan, town: Town, router: StreetRouter) -> Mapping[str, Mapping[str, bytes]]:
        if self._export_tours is None:
            return {}
        try:
            return self._export_tours(plan, town, router)
        except Exception:
            # A plan without its GPX files is worth more than no plan.
            _LOGGER.exception("The tours of plan %s could not be exported.", plan.plan_id)
            return {}
