import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError
from optimizer.simulation.fills import SimulatedFills, simulate_fills
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
START_AT = datetime(2026, 1, 5, tzinfo=BERLIN)
STREAMS = ("glass", "litter", "paper", "plastic")


def make_containers(count: int, *, streams: tuple[str, ...] = STREAMS, has_sensor: bool = True) -> list[Container]:
    return [
        Container(
            container_id=f"{streams[index % len(streams)]}-{index}",
            site_id=f"S{index}",
            location=Location(lon_deg=7.5, lat_deg=51.6),
            stream=streams[index % len(streams)],
            capacity_l=1100,
            has_sensor=has_sensor,
        )
        for index in range(count)
    ]


def simulate(containers: list[Container], **options: object) -> SimulatedFills:
    settings = {"start_at": START_AT, "days": 30, "zone": BERLIN, "seed": 7} | options
    return simulate_fills(containers, load_fill_statistics(), **settings)  # type: ignore[arg-type]  # options of the test


def test_the_same_seed_gives_the_same_fills_and_another_seed_others() -> None:
    one, same, other = (simulate(make_containers(8), seed=seed) for seed in (7, 7, 8))
    for container_id, series in one.series.items():
        assert np.array_equal(series.observed_at_s, same.series[container_id].observed_at_s)
        assert np.array_equal(series.fill_fraction, same.series[container_id].fill_fraction)
        assert not np.array_equal(one.truth[container_id].level_fraction, other.truth[container_id].level_fraction)


def test_adding_containers_changes_no_other() -> None:
    few, many = simulate(make_containers(8)), simulate(make_containers(24)[::-1])
    for container_id, series in few.series.items():
        assert np.array_equal(series.fill_fraction, many.series[container_id].fill_fraction)
        assert np.array_equal(few.truth[container_id].emptied_at_s, many.truth[container_id].emptied_at_s)


def test_readings_follow_the_truth_but_for_their_artefacts() -> None:
    fills = simulate(make_containers(40), days=60)
    deviations = np.concatenate(
        [
            np.abs(series.fill_fraction - fills.truth[container_id].level_at(series.observed_at_s))
            for container_id, series in fills.series.items()
        ]
    )
    assert np.median(deviations) < 0.01
    assert 0.005 < np.mean(deviations > 0.05) < 0.12  # echoes, stuck sensors, error codes: there, but rare


def test_levels_fall_only_by_emptyings_and_stay_within_the_container() -> None:
    for truth in simulate(make_containers(12)).truth.values():
        falls = np.flatnonzero(np.diff(truth.level_fraction) < 0)
        hours = (truth.emptied_at_s - truth.grid_at_s[0]) // 3600
        assert set(falls.tolist()) <= set(hours.tolist())
        assert truth.level_fraction.min() >= 0
        assert truth.level_fraction.max() <= 1


def test_the_true_level_falls_at_the_very_second_of_the_emptying() -> None:
    truth = next(one for one in simulate(make_containers(8)).truth.values() if one.emptied_at_s.size)
    before, after = truth.level_at(truth.emptied_at_s - 1), truth.level_at(truth.emptied_at_s)
    assert np.array_equal(after, truth.left_over_fraction)
    assert (before >= 0).all()


@pytest.mark.parametrize(
    ("stream", "low", "high"), [("paper", 0.25, 0.75), ("glass", 0.02, 0.07), ("plastic", 0.012, 0.045)]
)
def test_growth_is_that_of_the_stream(stream: str, low: float, high: float) -> None:
    fills = simulate(make_containers(60, streams=(stream,)), days=90)
    rates = []
    for truth in fills.truth.values():
        rises = np.diff(truth.level_fraction)
        rates.append(rises[rises > 0].sum() / 90)
    assert low < np.median(rates) < high


def test_paper_is_as_full_before_emptyings_as_in_the_real_series() -> None:
    fills = simulate(make_containers(60, streams=("paper",)), days=90)
    before = np.concatenate([truth.level_at(truth.emptied_at_s - 61) for truth in fills.truth.values()])
    assert 0.75 < np.median(before) < 0.95  # 0.89 in Prague
    at_top = np.mean([np.mean(truth.level_fraction >= 0.9) for truth in fills.truth.values()])
    assert 0.18 < at_top < 0.38  # 0.27 in Prague


def test_crews_come_in_their_hours_and_not_on_sundays_or_holidays() -> None:
    holiday = date(2026, 1, 6)
    fills = simulate(make_containers(40), is_holiday=lambda day: day == holiday)
    visits = [
        (container_id.split("-")[0], datetime.fromtimestamp(instant, BERLIN))
        for container_id, truth in fills.truth.items()
        for instant in truth.emptied_at_s.tolist()
    ]
    statistics = load_fill_statistics()
    assert len(visits) > 200
    for stream, visit in visits:
        assert visit.weekday() != 6
        assert visit.date() != holiday
        assert statistics[stream].emptying.from_hour <= visit.hour < statistics[stream].emptying.to_hour


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_on_which_the_clock_changes_lose_and_double_nothing(day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
    fills = simulate(make_containers(8), start_at=start, days=3)
    for container_id, truth in fills.truth.items():
        assert truth.grid_at_s.shape[0] == 3 * 24 + 1
        local = [datetime.fromtimestamp(instant, BERLIN).date() for instant in truth.grid_at_s[:-1].tolist()]
        assert local.count(day) == hours
        assert (np.diff(fills.series[container_id].observed_at_s) > 0).all()


def test_containers_without_a_sensor_have_only_their_logged_emptyings() -> None:
    containers = make_containers(20, has_sensor=False)
    assert not simulate(containers).series
    fills = simulate(containers, logged_share=1.0)
    assert all(len(series) == 0 and series.emptied_at_s.size for series in fills.series.values())
    for container_id, series in fills.series.items():
        assert np.array_equal(series.emptied_at_s, fills.truth[container_id].emptied_at_s)


def test_a_town_of_160_containers_and_90_days_takes_seconds() -> None:
    start = time.process_time()
    simulate(make_containers(160), days=90)
    assert time.process_time() - start < 3  # 0.3 s on two old cores


def test_what_cannot_be_simulated_is_refused_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        simulate(make_containers(2, streams=("textiles",)), start_at=datetime(2026, 1, 5), days=0)  # noqa: DTZ001 - meant
    assert len(refused.value.issues) == 3


def test_the_start_may_be_in_any_zone() -> None:
    here, there = simulate(make_containers(4)), simulate(make_containers(4), start_at=START_AT.astimezone(UTC))
    assert all(np.array_equal(here.series[one].fill_fraction, there.series[one].fill_fraction) for one in here.series)
