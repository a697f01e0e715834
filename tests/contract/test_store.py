"""What every store must keep, on each database that it runs on."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.jobs.job import JobFailure, JobKind, JobRequest, JobState
from api.store.errors import IdempotencyConflictError, StaleVersionError
from api.store.plan_record import record_of_plan
from api.store.ports import ReadingStatus, ScenarioRecord, Store
from api.store.sql_store import open_store
from optimizer.domain.reading import Reading, Source
from tests.flow.http_samples import NOW, one_stop_plan, rising_history, small_container, small_record
from tests.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'fuhre.db'}"
    else:
        url = request.getfixturevalue("postgres").make_database()
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def town_store(store: Store) -> Store:
    store.town.replace(small_record())
    return store


def job(job_id: str, *, key: str | None = None, digest: str = "a") -> JobRequest:
    return JobRequest(job_id=job_id, kind=JobKind.PLAN, document=b"{}", request_digest=digest, idempotency_key=key)


def reading(
    container_id: str = "P-001", *, minutes: float = 0, fill: float = 0.5, source: Source = Source.SENSOR
) -> Reading:
    return Reading(
        container_id=container_id, observed_at=NOW - timedelta(minutes=minutes), fill_fraction=fill, source=source
    )


def test_town_is_none_before_there_is_one(store: Store) -> None:
    assert store.town.load() is None
    assert store.town.version() == 0


def test_town_comes_back_equal(store: Store) -> None:
    record = small_record()
    store.town.replace(record)
    assert store.town.load() == record


def test_town_version_grows_with_every_change(town_store: Store) -> None:
    first = town_store.town.version()
    town_store.town.put_container(small_container(77), if_match=None)
    second = town_store.town.version()
    town_store.town.replace(small_record())
    assert first < second < town_store.town.version()


def test_replacing_the_town_hides_missing_containers_but_keeps_their_readings(town_store: Store) -> None:
    town_store.readings.add([reading("P-003")], received_at=NOW)
    record = small_record()
    without = tuple(one for one in record.town.containers if one.container_id != "P-003")
    town_store.town.replace(replace(record, town=replace(record.town, containers=without)))
    assert town_store.town.container("P-003") is None
    assert "P-003" not in town_store.readings.history(as_of=NOW, days=1)
    town_store.town.replace(record)
    assert len(town_store.readings.history(as_of=NOW, days=1)["P-003"]) == 1


def test_container_needs_its_version_to_be_changed(town_store: Store) -> None:
    stored = town_store.town.container("P-001")
    assert stored is not None
    changed = replace(stored.container, capacity_l=1_100)
    with pytest.raises(StaleVersionError) as missing:
        town_store.town.put_container(changed, if_match=None)
    assert missing.value.is_missing
    after, is_new = town_store.town.put_container(changed, if_match=stored.etag)
    assert not is_new
    assert after.etag != stored.etag
    with pytest.raises(StaleVersionError) as stale:
        town_store.town.put_container(changed, if_match=stored.etag)
    assert not stale.value.is_missing
    assert town_store.town.container("P-001") == after


def test_containers_are_paged_in_the_order_of_their_ids(town_store: Store) -> None:
    first = town_store.town.containers(limit=5)
    rest = town_store.town.containers(after=first[-1].container.container_id, limit=100)
    ids = [one.container.container_id for one in first + rest]
    assert ids == sorted(one.container_id for one in small_record().town.containers)
    assert all(one.container.stream == "glass" for one in town_store.town.containers(stream="glass"))


def test_readings_tell_new_from_repeated_and_unknown(town_store: Store) -> None:
    batch = [reading(), reading(), reading(minutes=5), reading("nobody")]
    assert town_store.readings.add(batch, received_at=NOW) == [
        ReadingStatus.ACCEPTED,
        ReadingStatus.DUPLICATE,
        ReadingStatus.ACCEPTED,
        ReadingStatus.UNKNOWN_CONTAINER,
    ]
    again = town_store.readings.add(batch, received_at=NOW + timedelta(days=1))
    assert ReadingStatus.ACCEPTED not in again


def test_history_ends_at_as_of_and_begins_days_before(town_store: Store) -> None:
    town_store.readings.add([reading(minutes=-1), reading(minutes=1), reading(minutes=3 * 1440)], received_at=NOW)
    series = town_store.readings.history(as_of=NOW, days=2)["P-001"]
    assert series.observed_at_s.tolist() == [int((NOW - timedelta(minutes=1)).timestamp())]


def test_history_keeps_emptyings_apart_from_levels(town_store: Store) -> None:
    emptying = Reading(
        container_id="P-001", observed_at=NOW, fill_fraction=math.nan, source=Source.TRUCK, is_emptying=True
    )
    town_store.readings.add([reading(minutes=10), emptying], received_at=NOW)
    series = town_store.readings.history(as_of=NOW, days=1)["P-001"]
    assert len(series) == 1
    assert series.emptied_at_s.tolist() == [int(NOW.timestamp())]


def test_history_keeps_what_drivers_saw_apart_from_the_sensor(town_store: Store) -> None:
    town_store.readings.add(
        [
            reading(fill=0.2),
            reading(fill=0.9, source=Source.DRIVER),
            reading(minutes=5, fill=1.1, source=Source.DRIVER),
            reading(fill=0.4, source=Source.TRUCK),
        ],
        received_at=NOW,
    )
    series = town_store.readings.history(as_of=NOW, days=1)["P-001"]
    assert series.fill_fraction.tolist() == pytest.approx([0.2])
    assert series.glanced_at_s.tolist() == [int((NOW - timedelta(minutes=ago)).timestamp()) for ago in (5, 0)]
    assert series.glance_fraction.tolist() == pytest.approx([1.1, 0.9])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_history_does_not_depend_on_the_order_of_arrival(tmp_path: Path, data: st.DataObject) -> None:
    batch = data.draw(
        st.lists(
            st.builds(
                reading,
                st.sampled_from(["P-001", "P-002"]),
                minutes=st.integers(0, 3),
                fill=st.sampled_from([0.1, 0.5, 1.2]),
                source=st.sampled_from(list(Source)),
            ),
            max_size=12,
        )
    )
    shuffled = data.draw(st.permutations(batch + batch))
    histories = []
    for name, order in (("one", batch), ("two", shuffled)):
        (tmp_path / f"{name}.db").unlink(missing_ok=True)
        opened = open_store(f"sqlite:///{tmp_path / f'{name}.db'}")
        opened.town.replace(small_record())
        for one in order:
            opened.readings.add([one], received_at=NOW)
        histories.append(opened.readings.history(as_of=NOW, days=1))
        opened.close()
    assert histories[0].keys() == histories[1].keys()
    for container_id, series in histories[0].items():
        other = histories[1][container_id]
        assert np.array_equal(series.observed_at_s, other.observed_at_s)
        assert np.array_equal(series.fill_fraction, other.fill_fraction)
        assert np.all(np.diff(series.observed_at_s) > 0)


def test_whole_series_come_back_equal(town_store: Store) -> None:
    history = rising_history(small_record().town)
    count = sum(len(series) + len(series.emptied_at_s) for series in history.values())
    assert town_store.readings.add_history(history, received_at=NOW) == count
    assert town_store.readings.add_history(history, received_at=NOW) == 0
    loaded = town_store.readings.history(as_of=NOW, days=365)
    assert loaded.keys() == history.keys()
    for container_id, series in loaded.items():
        assert np.array_equal(series.observed_at_s, history[container_id].observed_at_s)
        np.testing.assert_allclose(series.fill_fraction, history[container_id].fill_fraction, atol=1e-6)
        assert np.array_equal(series.emptied_at_s, history[container_id].emptied_at_s)


def test_latest_names_the_last_level(town_store: Store) -> None:
    town_store.readings.add([reading(minutes=10, fill=0.4), reading(minutes=1, fill=0.6)], received_at=NOW)
    latest = town_store.readings.latest(["P-001", "P-002", "nobody"])
    assert set(latest) == {"P-001"}
    assert latest["P-001"].fill_fraction == pytest.approx(0.6)
    assert latest["P-001"].observed_at == NOW - timedelta(minutes=1)


def test_job_lives_from_queued_to_succeeded_with_its_plan(store: Store) -> None:
    queued, is_new = store.jobs.add(job("j1"), at=NOW)
    assert is_new
    assert queued.state is JobState.QUEUED
    running = store.jobs.begin("j1", at=NOW + timedelta(seconds=1))
    assert running is not None
    assert (running.state, running.attempts) == (JobState.RUNNING, 1)
    store.jobs.report_progress("j1", step="solve", share=0.25, detail="42 EUR")
    assert store.plans.plan("j1") is None
    record = record_of_plan(one_stop_plan("j1"), {"LUE-1": {"gpx": b"<gpx/>"}})
    assert store.jobs.succeed("j1", record, at=NOW + timedelta(seconds=5))
    done = store.jobs.get("j1")
    assert done is not None
    assert (done.state, done.step, done.share) == (JobState.SUCCEEDED, "solve", 1.0)
    assert done.finished_at == NOW + timedelta(seconds=5)
    stored = store.plans.plan("j1")
    assert stored == replace(record, tours=())
    tour = store.plans.tour("j1", "LUE-1")
    assert tour == replace(record.tours[0], exports={})
    assert store.plans.tour_etag("j1", "LUE-1") == record.tours[0].etag
    assert store.plans.tour_export("j1", "LUE-1", "gpx") == b"<gpx/>"
    assert store.plans.tour_export("j1", "LUE-1", "pdf") is None
    assert store.plans.tour("j1", "LUE-9") is None


def test_final_state_never_changes(store: Store) -> None:
    store.jobs.add(job("j1"), at=NOW)
    assert store.jobs.cancel("j1", at=NOW)
    assert store.jobs.begin("j1", at=NOW) is None
    assert not store.jobs.succeed("j1", record_of_plan(one_stop_plan("j1")), at=NOW)
    assert not store.jobs.fail("j1", JobFailure(code="x", message="y"), at=NOW)
    assert not store.jobs.requeue("j1", counts_attempt=True)
    assert store.plans.plan("j1") is None


def test_failure_keeps_its_code_and_message(store: Store) -> None:
    store.jobs.add(job("j1"), at=NOW)
    failure = JobFailure(code="solver_crashed", message="It ended.")
    assert store.jobs.fail("j1", failure, at=NOW)
    found = store.jobs.get("j1")
    assert found is not None
    assert found.failure == failure


def test_idempotency_key_gives_the_same_job_or_a_conflict(store: Store) -> None:
    first, _ = store.jobs.add(job("j1", key="k"), at=NOW)
    second, is_new = store.jobs.add(job("j2", key="k"), at=NOW)
    assert (second, is_new) == (first, False)
    with pytest.raises(IdempotencyConflictError):
        store.jobs.add(job("j3", key="k", digest="b"), at=NOW)
    assert [one.job_id for one in store.jobs.unfinished()] == ["j1"]


def test_unfinished_jobs_are_listed_oldest_first(store: Store) -> None:
    for number in range(4):
        store.jobs.add(job(f"j{number}"), at=NOW)
    store.jobs.begin("j2", at=NOW)
    store.jobs.cancel("j0", at=NOW)
    assert [one.job_id for one in store.jobs.unfinished()] == ["j1", "j2", "j3"]


def test_requeued_job_counts_its_attempt_only_when_asked(store: Store) -> None:
    store.jobs.add(job("j1"), at=NOW)
    store.jobs.begin("j1", at=NOW)
    store.jobs.requeue("j1", counts_attempt=False)
    store.jobs.begin("j1", at=NOW)
    store.jobs.requeue("j1", counts_attempt=True)
    again = store.jobs.begin("j1", at=NOW)
    assert again is not None
    assert again.attempts == 2


def test_plans_are_listed_newest_first_and_paged(store: Store) -> None:
    for number in range(5):
        store.jobs.add(job(f"j{number}"), at=NOW)
        if number % 2 == 0:
            store.jobs.begin(f"j{number}", at=NOW)
            plan = one_stop_plan(f"j{number}", day=date(2026, 3, 2 + number))
            store.jobs.succeed(f"j{number}", record_of_plan(plan), at=NOW)
    newest = store.plans.plans(limit=2)
    assert [one.job.job_id for one in newest] == ["j4", "j3"]
    assert [one.summary is None for one in newest] == [False, True]
    assert [one.job.job_id for one in store.plans.plans(limit=9, before="j3")] == ["j2", "j1", "j0"]
    assert [one.job.job_id for one in store.plans.plans(limit=9, day=date(2026, 3, 4))] == ["j2"]


def test_scenario_comes_back(store: Store) -> None:
    store.jobs.add(replace(job("s1"), kind=JobKind.SCENARIO), at=NOW)
    store.jobs.begin("s1", at=NOW)
    record = ScenarioRecord(scenario_id="s1", name="one truck less", document=b"{}", etag="e")
    assert store.jobs.succeed("s1", record, at=datetime.now(UTC))
    assert store.plans.scenario("s1") == record
    assert store.jobs.get("s1", JobKind.PLAN) is None
    assert store.plans.plans(limit=5) == []
