"""A fed forecaster says what a rebuilt one says, and costs less."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.reading import FillSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.streaming import StreamingForecaster
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import simulate_fills
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
START_AT = datetime(2026, 1, 5, tzinfo=BERLIN)
STATISTICS = load_fill_statistics()
FORECASTER = EmpiricalBayesForecaster(statistics=STATISTICS, is_holiday=lambda _day: False)
STREAMS = ("paper", "glass")


def make_town(count: int) -> Town:
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=tuple(Stream(stream_id=one, density_kg_per_l=0.1, is_fast=STATISTICS[one].is_fast) for one in STREAMS),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=tuple(
            Container(
                container_id=f"{stream}-{index}",
                site_id=f"S{index}",
                location=Location(lon_deg=7.5, lat_deg=51.6),
                stream=stream,
                capacity_l=1100,
            )
            for stream in STREAMS
            for index in range(count)
        ),
    )


TOWN = make_town(12)


@pytest.fixture(scope="module")
def series() -> dict[str, FillSeries]:
    return simulate_fills(
        TOWN.containers, STATISTICS, start_at=START_AT, days=150, zone=BERLIN, seed=4, logged_share=0.3
    ).series


def between(series: Mapping[str, FillSeries], first: datetime, last: datetime) -> dict[str, FillSeries]:
    found = {}
    for name, one in series.items():
        kept = (one.observed_at_s > first.timestamp()) & (one.observed_at_s <= last.timestamp())
        logged = (one.emptied_at_s > first.timestamp()) & (one.emptied_at_s <= last.timestamp())
        found[name] = replace(
            one,
            observed_at_s=one.observed_at_s[kept],
            fill_fraction=one.fill_fraction[kept],
            quality=one.quality[kept],
            emptied_at_s=one.emptied_at_s[logged],
        )
    return found


def rebuilt(series: Mapping[str, FillSeries], as_of: datetime) -> dict[str, Forecast]:
    fast = {one.container_id: one.stream == "paper" for one in TOWN.containers}
    known = {
        name: clean_series(one, is_fast=fast[name], as_of_s=int(as_of.timestamp()))
        for name, one in between(series, START_AT - timedelta(days=1), as_of).items()
    }
    return FORECASTER.forecast(TOWN.containers, known, town=TOWN, as_of=as_of, until=as_of + timedelta(days=7))


def test_a_fed_forecaster_says_the_same_as_a_rebuild_within_a_percent(series: dict[str, FillSeries]) -> None:
    fed = StreamingForecaster(FORECASTER, TOWN)
    last = START_AT - timedelta(days=1)
    differences, risks = [], []
    for day in range(100, 131, 3):
        as_of = START_AT + timedelta(days=day, hours=5)
        fed.update(between(series, last, as_of))
        last = as_of
        one = fed.forecast(as_of=as_of, until=as_of + timedelta(days=7))
        if day % 6 == 4:
            other = rebuilt(series, as_of)
            for name, forecast in one.items():
                assert forecast.origin_at == other[name].origin_at
                assert forecast.level_fraction == pytest.approx(other[name].level_fraction, abs=1e-6)
                assert forecast.last_emptied_at == other[name].last_emptied_at
                differences.append(np.abs(forecast.expected_fraction - other[name].expected_fraction).max())
                risks.append(np.abs(forecast.overflow_probability - other[name].overflow_probability).max())
    print(f"level {np.mean(differences):.4f} {max(differences):.4f}, risk {np.mean(risks):.4f} {max(risks):.4f}")  # noqa: T201 - as measured
    assert np.mean(differences) < 0.01
    assert np.quantile(differences, 0.95) < 0.03
    assert max(differences) < 0.2  # the pace of a slow container that changes its ways is known a week later
    assert np.mean(risks) < 0.03


def test_right_after_learning_a_fed_forecaster_is_a_rebuild(series: dict[str, FillSeries]) -> None:
    as_of = START_AT + timedelta(days=59)  # all readings lie within the tail
    fed = StreamingForecaster(FORECASTER, TOWN)
    fed.update(between(series, START_AT - timedelta(days=1), as_of))
    one = fed.forecast(as_of=as_of, until=as_of + timedelta(days=7))
    for name, forecast in rebuilt(series, as_of).items():
        assert np.array_equal(one[name].expected_fraction, forecast.expected_fraction)
        assert np.array_equal(one[name].overflow_probability, forecast.overflow_probability)


def test_order_and_repetition_of_updates_change_nothing(series: dict[str, FillSeries]) -> None:
    as_of = START_AT + timedelta(days=40)
    middle = START_AT + timedelta(days=20)
    early, late = between(series, START_AT - timedelta(days=1), middle), between(series, middle, as_of)
    forward, backward = StreamingForecaster(FORECASTER, TOWN), StreamingForecaster(FORECASTER, TOWN)
    for one in (early, late, early):
        forward.update(one)
    for one in (late, early):
        backward.update(one)
    ask = {"as_of": as_of, "until": as_of + timedelta(days=3)}
    first, second = forward.forecast(**ask), backward.forecast(**ask)
    for name, forecast in first.items():
        assert np.array_equal(forecast.expected_fraction, second[name].expected_fraction)


def test_a_container_that_is_not_of_the_town_is_left_out_and_one_without_readings_is_forecast(
    series: dict[str, FillSeries],
) -> None:
    fed = StreamingForecaster(FORECASTER, TOWN)
    fed.update({"elsewhere": series["glass-0"]})
    found = fed.forecast(as_of=START_AT, until=START_AT + timedelta(days=2))
    assert set(found) == {one.container_id for one in TOWN.containers}


def test_a_day_costs_less_than_half_of_a_rebuild(series: dict[str, FillSeries]) -> None:
    as_of = START_AT + timedelta(days=149)
    fed = StreamingForecaster(FORECASTER, TOWN)
    fed.update(between(series, START_AT - timedelta(days=1), as_of))
    until = as_of + timedelta(days=4)
    fed.forecast(as_of=as_of, until=until)
    costs = []
    for ask in (lambda: fed.forecast(as_of=as_of, until=until), lambda: rebuilt(series, as_of)):
        took = []
        for _ in range(3):
            begin = time.process_time()
            ask()
            took.append(time.process_time() - begin)
        costs.append(min(took))
    print(f"a day {costs[0]:.3f} s, a rebuild {costs[1]:.3f} s")  # noqa: T201 - as measured
    assert costs[0] < 0.5 * costs[1]
