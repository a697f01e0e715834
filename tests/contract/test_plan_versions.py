"""What a store of versions and releases must keep, on each database."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.jobs.job import JobKind, JobRequest, JobState
from api.store.errors import StaleVersionError
from api.store.plan_record import record_of_plan
from api.store.plan_version_ports import AnswerRecord, ReleaseMark, VersionRecord
from api.store.sql_store import SqlStore
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Tenant
from optimizer.domain.plan import Plan
from tests.flow.http_samples import NOW, one_stop_plan, small_record
from tests.postgres import postgres

__all__ = ["postgres"]

DAY = date(2026, 3, 2)
FIRST, SECOND, OTHER = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    is_sqlite = request.param == "sqlite"
    place = str(tmp_path / "data") if is_sqlite else request.getfixturevalue("postgres").make_database()
    stores = open_tenant_stores(place)
    stores.add_tenant(Tenant(tenant_id="luenen", name="Lünen", created_at=NOW))
    yield stores.store("luenen")
    stores.close()


def begin(store: SqlStore, job_id: str, kind: JobKind) -> None:
    store.jobs.add(JobRequest(job_id=job_id, kind=kind, document=b"{}", request_digest="d"), at=NOW)
    store.jobs.begin(job_id, at=NOW)


def plan_made(
    store: SqlStore, plan_id: str, *, day: date = DAY, vehicle_id: str = "LUE-1", container: str = ""
) -> Plan:
    begin(store, plan_id, JobKind.PLAN)
    plan = one_stop_plan(plan_id, day=day)
    tour = replace(plan.tours[0], vehicle_id=vehicle_id)
    if container:
        stop = tour.stops[1]
        stop = replace(stop, collections=(replace(stop.collections[0], container_id=container),))
        tour = replace(tour, stops=(tour.stops[0], stop, tour.stops[2]))
    plan = replace(plan, tours=(tour,))
    store.jobs.succeed(plan_id, replace(record_of_plan(plan), inputs=b'{"snapshot_id":"x"}'), at=NOW)
    return plan


def next_version(plan: Plan, job_id: str, *, base: int, warning: str = "changed") -> VersionRecord:
    changed = replace(plan, warnings=(warning,))
    return VersionRecord(
        plan_id=plan.plan_id,
        base_version=base,
        content=replace(record_of_plan(changed, version=base + 1), plan_id=job_id),
        actor="k1",
        edits=b'[{"op":"exclude","container_id":"P-001"}]',
        holds=b'{"excluded":["P-001"]}',
        changes=b'{"sentences":[]}',
        inputs=None,
    )


def test_new_plan_is_its_own_first_version(store: SqlStore) -> None:
    assert store.versions.latest(FIRST) is None
    plan_made(store, FIRST)
    found = store.versions.latest(FIRST)
    assert found is not None
    assert (found.version, found.content_id, found.day, found.changes) == (1, FIRST, DAY, None)
    assert found.inputs == b'{"snapshot_id":"x"}'
    assert found == store.versions.get(FIRST, 1) == store.versions.of_content(FIRST)
    record = store.plans.plan(FIRST)
    assert record is not None
    assert found.etag == record.etag


def test_change_makes_the_next_version_and_keeps_the_others(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    before = store.plans.plan(FIRST)
    begin(store, SECOND, JobKind.PLAN_EDIT)
    assert store.jobs.succeed(SECOND, next_version(plan, SECOND, base=1), at=NOW)
    first, second = store.versions.all(FIRST)
    assert (first.version, second.version) == (1, 2)
    assert (second.actor, second.holds) == ("k1", b'{"excluded":["P-001"]}')
    assert store.plans.plan(FIRST) == before
    assert store.versions.latest(FIRST) == second
    (listed,) = store.plans.plans(limit=5)
    assert (listed.version, listed.released_version, listed.job.job_id) == (2, None, FIRST)


def test_change_of_a_version_that_is_not_the_latest_fails_and_stores_nothing(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    for job_id in (SECOND, OTHER):
        begin(store, job_id, JobKind.PLAN_EDIT)
    store.jobs.succeed(SECOND, next_version(plan, SECOND, base=1), at=NOW)
    store.jobs.succeed(OTHER, next_version(plan, OTHER, base=1, warning="other"), at=NOW)
    job = store.jobs.get(OTHER)
    assert job is not None
    assert job.failure is not None
    assert (job.state, job.failure.code) == (JobState.FAILED, "stale_version")
    assert store.plans.plan(OTHER) is None
    assert [one.content_id for one in store.versions.all(FIRST)] == [FIRST, SECOND]


def test_withdrawn_version_keeps_its_number_and_nothing_goes_on_from_it(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    begin(store, SECOND, JobKind.INCIDENT)
    store.jobs.succeed(SECOND, next_version(plan, SECOND, base=1, warning="proposed"), at=NOW)
    assert store.versions.next_number(FIRST) == 3
    assert store.versions.withdraw(FIRST, 2, at=NOW)
    latest = store.versions.latest(FIRST)
    assert latest is not None
    assert (latest.version, latest.is_withdrawn) == (1, False)
    assert [one.is_withdrawn for one in store.versions.all(FIRST)] == [False, True]
    (listed,) = store.plans.plans(limit=5)
    assert listed.version == 1
    released, _ = store.versions.release(FIRST, if_match=latest.etag, at=NOW, actor="k1")
    assert released.version == 1
    # The next change builds on the first version, and no number is given twice.
    begin(store, OTHER, JobKind.PLAN_EDIT)
    store.jobs.succeed(OTHER, replace(next_version(plan, OTHER, base=1, warning="edited"), version=3), at=NOW)
    latest = store.versions.latest(FIRST)
    assert latest is not None
    assert (latest.version, latest.content_id) == (3, OTHER)
    assert not store.versions.withdraw(FIRST, 1, at=NOW)  # a plan has a version at least


def test_version_whose_number_was_given_meanwhile_is_stale(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    for job_id in (SECOND, OTHER):
        begin(store, job_id, JobKind.PLAN_EDIT)
    store.jobs.succeed(SECOND, next_version(plan, SECOND, base=1), at=NOW)
    store.versions.withdraw(FIRST, 2, at=NOW)
    store.jobs.succeed(OTHER, replace(next_version(plan, OTHER, base=1, warning="other"), version=2), at=NOW)
    job = store.jobs.get(OTHER)
    assert job is not None
    assert job.failure is not None
    assert job.failure.code == "stale_version"


def test_version_that_tablets_have_is_not_withdrawn(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    begin(store, SECOND, JobKind.INCIDENT)
    made = next_version(plan, SECOND, base=1)
    store.jobs.succeed(SECOND, made, at=NOW)
    store.versions.release(FIRST, if_match=made.content.etag, at=NOW, actor="k1")
    assert not store.versions.withdraw(FIRST, 2, at=NOW)
    latest = store.versions.latest(FIRST)
    assert latest is not None
    assert latest.version == 2


def test_version_of_a_cancelled_job_is_not_stored(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    begin(store, SECOND, JobKind.INCIDENT)
    store.jobs.request_cancel(SECOND)
    store.jobs.succeed(SECOND, next_version(plan, SECOND, base=1), at=NOW)
    job = store.jobs.get(SECOND)
    assert job is not None
    assert job.state is JobState.CANCELLED
    assert store.versions.of_content(SECOND) is None


def test_release_is_what_a_vehicle_gets_and_ends_the_one_before(store: SqlStore) -> None:
    plan = plan_made(store, FIRST)
    etag = record_of_plan(plan).etag
    with pytest.raises(StaleVersionError):
        store.versions.release(FIRST, if_match="another", at=NOW, actor="k1")
    with pytest.raises(StaleVersionError):
        store.versions.release(OTHER, if_match=etag, at=NOW, actor="k1")
    assert store.versions.released_tour("LUE-1", DAY) is None
    assert store.versions.released_mark("LUE-1", DAY) is None
    first, ended = store.versions.release(FIRST, if_match=etag, at=NOW, actor="k1")
    assert (first.version, first.released_at, first.actor, list(ended)) == (1, NOW, "k1", [])
    assert store.versions.release(FIRST, if_match=etag, at=NOW, actor="k2") == (first, ())
    begin(store, SECOND, JobKind.PLAN_EDIT)
    store.jobs.succeed(SECOND, next_version(plan, SECOND, base=1), at=NOW)
    with pytest.raises(StaleVersionError):
        store.versions.release(FIRST, if_match=etag, at=NOW, actor="k1")
    latest = store.versions.latest(FIRST)
    assert latest is not None
    second, ended = store.versions.release(FIRST, if_match=latest.etag, at=NOW, actor="k1")
    assert list(ended) == [first]
    got = store.versions.released_tour("LUE-1", DAY)
    assert got is not None
    assert (got.release, got.content_id) == (second, SECOND)
    assert got.tour == replace(store.plans.tour(SECOND, "LUE-1") or got.tour)
    store.town.replace(small_record())
    mark = store.versions.released_mark("LUE-1", DAY)
    assert mark == ReleaseMark(release=second.sequence, tour_etag=got.tour.etag, town_version=store.town.version())
    assert store.versions.released_mark("LUE-2", DAY) is None
    assert store.versions.released_tour("LUE-1", DAY + timedelta(days=1)) is None
    assert store.versions.released_tour("LUE-2", DAY) is None
    assert store.versions.current_release(FIRST) == second
    assert [one.ended_by for one in store.versions.releases(FIRST)] == [second.sequence, None]


def test_release_ends_other_plans_of_the_day_that_share_a_vehicle_or_a_container(store: SqlStore) -> None:
    for plan_id, vehicle_id, container, day in (
        (FIRST, "LUE-1", "P-001", DAY),
        (SECOND, "LUE-2", "P-002", DAY),
        (OTHER, "LUE-3", "P-003", DAY + timedelta(days=1)),
        ("4" * 32, "LUE-1", "P-004", DAY),
        ("5" * 32, "LUE-4", "P-002", DAY),
        ("6" * 32, "LUE-3", "P-003", DAY),
    ):
        plan = plan_made(store, plan_id, vehicle_id=vehicle_id, container=container, day=day)
        store.versions.release(plan_id, if_match=record_of_plan(plan).etag, at=NOW, actor="k1")
    assert [one.plan_id[0] for one in store.versions.current_releases(DAY)] == ["4", "5", "6"]
    assert [one.plan_id[0] for one in store.versions.current_releases(DAY + timedelta(days=1))] == ["3"]


def test_releases_at_once_leave_one(store: SqlStore) -> None:
    plans = [plan_made(store, f"{number:032x}") for number in range(8)]
    etags = [record_of_plan(plan).etag for plan in plans]
    barrier = threading.Barrier(8)

    def release(number: int) -> None:
        barrier.wait()
        store.versions.release(plans[number].plan_id, if_match=etags[number], at=NOW, actor="k1")

    threads = [threading.Thread(target=release, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (left,) = store.versions.current_releases(DAY)
    assert left.sequence == max(one.sequence for plan in plans for one in store.versions.releases(plan.plan_id))


def test_answer_is_kept_with_its_job(store: SqlStore) -> None:
    begin(store, FIRST, JobKind.EXPLANATION)
    answer = AnswerRecord(answer_id=FIRST, document=b'{"x":1}', etag="e")
    assert store.versions.answer(FIRST) is None
    assert store.jobs.succeed(FIRST, answer, at=NOW)
    assert store.versions.answer(FIRST) == answer
