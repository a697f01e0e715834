"""The short jobs on a finished plan: people's changes, and why a container is in it or not."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from api.files.plan_json import dump_difference, dump_explanation
from api.jobs.planning_closures import obeying_closures
from api.jobs.planning_documents import load_edit_ask, load_explanation_ask
from api.plans.edit_plan import edit_plan
from api.plans.edit_request import EditRequest
from api.plans.edits import dump_edits, dump_holds, load_holds
from api.plans.inputs import inputs_of_edit
from api.store.plan_record import load_stored_plan, record_of_plan
from api.store.plan_version_ports import AnswerRecord, PlanVersion, VersionRecord
from api.store.ports import Store
from api.tablet.learn import rates_of
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from optimizer.domain.used_rates import town_at_rates
from optimizer.planning.driven_plan import driven_plan
from optimizer.planning.explain_container import explain_container
from optimizer.planning.tour_progress import fold_events
from optimizer.ports import Ports, ReportsProgress
from routing.ports import StreetRouter

MakesExports = Callable[[Plan, Town, StreetRouter], Mapping[str, Mapping[str, bytes]]]


def run_edit(
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
    """The next version of a plan.

    Raises
    ------
    InvalidInputError
        When the plan is gone, or an edit names what there is not.
    ImpossibleEditError
        When an edit cannot be made.
    """
    asked = load_edit_ask(document)
    base = store.versions.get(asked.plan_id, asked.base_version)
    if base is None:
        raise _gone(f"plan {asked.plan_id}")
    plan, state = plan_of(store, base), None
    rates = rates_of(plan, store.tour_events, town)
    town = town_at_rates(town, rates)
    ports = obeying_closures(ports, store, town, day=base.day, now=asked.now)
    if asked.now is not None:
        events = store.tour_events.of_day(base.day)
        heard = {vehicle_id: fold_events(vehicle_id, told) for vehicle_id, told in events.items()}
        plan, state = driven_plan(plan, heard, town, ports.router, now=asked.now)
    edited = edit_plan(
        plan,
        town,
        ports,
        EditRequest(
            edits=asked.edits,
            holds=load_holds(base.holds),
            limits=asked.limits,
            vehicle_ids=frozenset(asked.vehicle_ids),
            state=state,
        ),
        generated_at=made_at,
        progress=tell,
    )
    tell("export", 0.0)
    number = store.versions.next_number(asked.plan_id)
    made = replace(edited.plan, rates=rates)
    record = record_of_plan(made, exports(edited.plan, town, ports.router), version=number)
    return VersionRecord(
        plan_id=asked.plan_id,
        base_version=asked.base_version,
        content=replace(record, plan_id=job_id),
        actor=asked.actor,
        edits=dump_edits(asked.edits),
        holds=dump_holds(edited.holds),
        changes=dump_difference(edited.difference),
        inputs=inputs_of_edit(base.inputs, edited.plan, ports.router.map_info),
        version=number,
    )


def run_explanation(job_id: str, document: bytes, *, store: Store, town: Town, ports: Ports) -> AnswerRecord:
    """Why a container is in a plan or not.

    Raises
    ------
    InvalidInputError
        When the plan is gone, or it does not know the container.
    """
    asked = load_explanation_ask(document)
    version = store.versions.of_content(asked.content_id)
    if version is None:
        raise _gone(f"content {asked.content_id}")
    plan = plan_of(store, version)
    town = town_at_rates(town, rates_of(plan, store.tour_events, town))
    ports = obeying_closures(ports, store, town, day=version.day)
    found = dump_explanation(explain_container(plan, town, ports.router, asked.container_id))
    return AnswerRecord(answer_id=job_id, document=found, etag=hashlib.sha256(found).hexdigest()[:32])


def plan_of(store: Store, version: PlanVersion) -> Plan:
    """A version's plan.

    Raises
    ------
    UnreadablePlanError
        When a later version of the service wrote it.
    """
    record = store.plans.plan(version.content_id)
    assert record is not None, "a version's content is written with it"
    return load_stored_plan(record.document, name=f"plan {version.plan_id}, version {version.version}")


def _gone(where: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code="not_found", message="There is no such version any more.")])
