"""The short job after an incident: what was driven so far, and a new plan for the rest of the day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from api.files.plan_json import dump_difference
from api.jobs.planning_closures import obeying_closures
from api.jobs.planning_documents import load_incident_ask
from api.jobs.planning_edits import plan_of
from api.plans.inputs import inputs_of_edit
from api.store.plan_record import record_of_plan
from api.store.plan_version_ports import VersionRecord
from api.store.ports import Store
from api.tablet.incidents import Incident, IncidentState, as_event, with_silent
from api.tablet.learn import rates_of
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan
from optimizer.domain.tour_event import TourEvent
from optimizer.domain.town import Town
from optimizer.domain.used_rates import town_at_rates
from optimizer.planning.driven_plan import driven_plan
from optimizer.planning.replan import replan_day
from optimizer.planning.tour_progress import fold_events
from optimizer.ports import Ports, ReportsProgress
from routing.ports import StreetRouter

_INCIDENTS = TypeAdapter(list[Incident])

MakesExports = Callable[[Plan, Town, StreetRouter], Mapping[str, Mapping[str, bytes]]]


def run_incident(
    job_id: str,
    document: bytes,
    *,
    store: Store,
    town: Town,
    ports: Ports,
    exports: MakesExports,
    tell: ReportsProgress,
    made_at: datetime,
) -> VersionRecord:
    """The version that is proposed: what tablets reported is done, the rest is planned anew.

    Raises
    ------
    InvalidInputError
        When the plan is gone, or does not fit the town any more.
    """
    asked = load_incident_ask(document)
    released, latest = store.versions.get(asked.plan_id, asked.version), store.versions.latest(asked.plan_id)
    if released is None or latest is None:
        message = "There is no such version any more. Report the incident again."
        raise InvalidInputError([Issue(where=f"plan {asked.plan_id}", code="not_found", message=message)])
    plan = plan_of(store, released)
    rates = rates_of(plan, store.tour_events, town)
    town = town_at_rates(town, rates)
    ports = obeying_closures(ports, store, town, day=plan.day, now=asked.now)
    incidents = [one.incident for one in store.incidents.of_day(plan.day) if one.state is not IncidentState.REJECTED]
    told = _with_incidents(store.tour_events.of_day(plan.day), incidents)
    heard = {vehicle_id: fold_events(vehicle_id, events) for vehicle_id, events in told.items()}
    driven, state = driven_plan(plan, heard, town, ports.router, now=asked.now)
    found = replan_day(
        driven,
        town,
        with_silent(state, driven, incidents, frozenset(heard)),
        ports,
        asked.limits,
        plan_id=asked.plan_id,
        generated_at=made_at,
        progress=tell,
    )
    tell("export", 0.0)
    number = store.versions.next_number(asked.plan_id)
    made = replace(found.plan, rates=rates)
    record = record_of_plan(made, exports(found.plan, town, ports.router), version=number)
    return VersionRecord(
        plan_id=asked.plan_id,
        base_version=latest.version,
        content=replace(record, plan_id=job_id),
        actor=asked.actor,
        edits=_INCIDENTS.dump_json([one for one in incidents if one.incident_id == asked.incident_id]),
        holds=latest.holds,
        changes=dump_difference(found.diff),
        inputs=inputs_of_edit(latest.inputs, found.plan, ports.router.map_info),
        version=number,
    )


def _with_incidents(
    events: Mapping[str, Sequence[TourEvent]], incidents: Sequence[Incident]
) -> dict[str, list[TourEvent]]:
    """The tablets' events, and incidents of vehicles whose tablets speak, as if those had told them."""
    told = {name: list(some) for name, some in events.items()}
    for incident in incidents:
        event = as_event(incident)
        if event is not None and event.vehicle_id in told:
            told[event.vehicle_id].append(event)
    return told
