"""A plan made ready to be sent: its document, a summary for lists, and one sheet per tour with its own version."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter

from api.files.plan_json import dump_comparison, dump_plan, load_plan
from api.store.errors import UnreadablePlanError
from api.store.ports import PlanRecord, ScenarioRecord, TourRecord
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan, SolverReport, Totals, Tour
from optimizer.planning.scenario_comparison import ScenarioComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """A plan in a few figures."""

    plan_id: str
    day: date
    streams: tuple[str, ...]
    generated_at: datetime
    data_as_of: datetime
    inputs_digest: str
    solver: SolverReport
    tour_count: int
    due_unserved_count: int
    totals: Totals
    baseline: Totals | None
    warnings: tuple[str, ...]
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TourSheet:
    """One vehicle's tour with what its driver must know of the plan."""

    plan_id: str
    version: int
    plan_etag: str
    town_name: str
    day: date
    generated_at: datetime
    data_as_of: datetime
    inputs_digest: str
    solver: SolverReport
    warnings: tuple[str, ...]
    degraded: tuple[str, ...]
    tour: Tour


_SUMMARY = TypeAdapter(PlanSummary)
_SHEET = TypeAdapter(TourSheet)


def record_of_plan(
    plan: Plan,
    exports: Mapping[str, Mapping[str, bytes]] | None = None,
    *,
    version: int = 1,
    crews: Mapping[str, Tour] | None = None,
) -> PlanRecord:
    """The plan as it is stored and sent.

    Parameters
    ----------
    exports
        By vehicle id, its tour in other formats by name.
    crews
        By vehicle id, its tour as its crew drives it, where that is more than the plan may show.
    """
    document = dump_plan(plan)
    etag = _digest(document)
    summary = PlanSummary(
        plan_id=plan.plan_id,
        day=plan.day,
        streams=plan.streams,
        generated_at=plan.generated_at,
        data_as_of=plan.data_as_of,
        inputs_digest=plan.inputs_digest,
        solver=plan.solver,
        tour_count=len(plan.tours),
        due_unserved_count=sum(unserved.is_due for unserved in plan.unserved),
        totals=plan.totals,
        baseline=plan.baseline,
        warnings=plan.warnings,
        degraded=plan.degraded,
    )
    return PlanRecord(
        plan_id=plan.plan_id,
        day=plan.day,
        generated_at=plan.generated_at,
        document=document,
        summary=_SUMMARY.dump_json(summary),
        etag=etag,
        tours=tuple(
            _record_of_tour(
                plan,
                (crews or {}).get(tour.vehicle_id, tour),
                etag,
                (exports or {}).get(tour.vehicle_id, {}),
                version=version,
            )
            for tour in plan.tours
        ),
    )


def record_of_comparison(comparison: ScenarioComparison, *, scenario_id: str) -> ScenarioRecord:
    """The comparison as it is stored and sent."""
    document = dump_comparison(comparison)
    return ScenarioRecord(
        scenario_id=scenario_id, name=comparison.scenario.name, document=document, etag=_digest(document)
    )


def load_stored_plan(document: bytes, *, name: str) -> Plan:
    """The plan in a stored document.

    Raises
    ------
    UnreadablePlanError
        When this version cannot read it: no caller can mend that.
    """
    try:
        return load_plan(document, source=name)
    except InvalidInputError as error:
        raise UnreadablePlanError(plan=name) from error


def load_sheet(document: bytes) -> TourSheet:
    """The sheet in a stored tour."""
    return _SHEET.validate_json(document)


def _record_of_tour(
    plan: Plan, tour: Tour, plan_etag: str, exports: Mapping[str, bytes], *, version: int
) -> TourRecord:
    document = _SHEET.dump_json(
        TourSheet(
            plan_id=plan.plan_id,
            version=version,
            plan_etag=plan_etag,
            town_name=plan.town_name,
            day=plan.day,
            generated_at=plan.generated_at,
            data_as_of=plan.data_as_of,
            inputs_digest=plan.inputs_digest,
            solver=plan.solver,
            warnings=plan.warnings,
            degraded=plan.degraded,
            tour=tour,
        )
    )
    return TourRecord(vehicle_id=tour.vehicle_id, document=document, etag=_digest(document), exports=exports)


def _digest(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()[:32]
