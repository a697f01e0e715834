"""What drivers see is weighed against sensors, and is enough where there is none."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.reading import FillSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.glances import glances_of
from optimizer.series.clean_series import clean_series
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
START_AT = datetime(2026, 1, 5, tzinfo=BERLIN)
STATISTICS = load_fill_statistics()
FORECASTER = EmpiricalBayesForecaster(statistics=STATISTICS, is_holiday=lambda _day: False)


def make_town(*names: str, stream: str = "glass") -> Town:
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=(Stream(stream_id=stream, density_kg_per_l=0.1, is_fast=STATISTICS[stream].is_fast),),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=tuple(
            Container(
                container_id=name,
                site_id=name,
                location=Location(lon_deg=7.5, lat_deg=51.6),
                stream=stream,
                capacity_l=1100,
                has_sensor=False,
            )
            for name in names
        ),
    )


def seconds(instants: list[datetime]) -> np.ndarray:
    return np.array([int(one.timestamp()) for one in instants], dtype=np.int64)


def make_series(
    name: str = "one",
    *,
    read: dict[float, float] | None = None,
    emptied_days: tuple[float, ...] = (),
    seen: dict[float, float] | None = None,
) -> FillSeries:
    """Keys are days since the start."""
    read, seen = read or {}, seen or {}
    return FillSeries(
        container_id=name,
        observed_at_s=seconds([START_AT + timedelta(days=day) for day in read]),
        fill_fraction=np.array(list(read.values()), dtype=np.float32),
        quality=np.zeros(len(read), np.int8),
        emptied_at_s=seconds([START_AT + timedelta(days=day) for day in emptied_days]),
        glanced_at_s=seconds([START_AT + timedelta(days=day) for day in seen]),
        glance_fraction=np.array(list(seen.values()), dtype=np.float32),
    )


def forecast(series: FillSeries, day: float, stream: str = "glass") -> Forecast:
    as_of = START_AT + timedelta(days=day)
    town = make_town(series.container_id, stream=stream)
    clean = clean_series(series, is_fast=STATISTICS[stream].is_fast, as_of_s=int(as_of.timestamp()))
    asked = {"town": town, "as_of": as_of, "until": as_of + timedelta(days=7)}
    return FORECASTER.forecast(town.containers, {series.container_id: clean}, **asked)[series.container_id]  # type: ignore[arg-type]  # keywords of the call


HOURLY = {hour / 24: round(0.30 * hour / 238, 2) for hour in range(0, 240, 2)}


def test_a_glance_alone_is_the_origin_of_a_container_without_a_sensor() -> None:
    found = forecast(make_series(seen={3: 0.75}), 4)
    assert found.level_fraction == pytest.approx(0.75)
    assert found.origin_at == START_AT + timedelta(days=3)
    assert found.trust is Trust.PRIOR
    assert any("a driver saw 75%" in reason for reason in found.reasons)
    assert not any("level unknown" in reason for reason in found.reasons)
    blind = forecast(make_series(), 4)
    width, blind_width = (one.upper_fraction[0] - one.lower_fraction[0] for one in (found, blind))
    assert width < 0.7 * blind_width


def test_a_glance_hardly_moves_a_healthy_sensor_that_reported_just_now() -> None:
    with_glance = forecast(make_series(read=HOURLY, seen={9.8: 0.5}), 9.95)
    assert with_glance.level_fraction == pytest.approx(0.30, abs=0.04)
    assert with_glance.level_fraction > 0.30


def test_a_glance_outweighs_a_sensor_that_has_been_silent_for_long() -> None:
    series = make_series(read=HOURLY, seen={30: 0.25})
    without = forecast(make_series(read=HOURLY), 30.5)
    found = forecast(series, 30.5)
    assert without.expected_at(START_AT + timedelta(days=30.5)) > 0.7
    assert found.level_fraction < 0.45  # the glance said 25 %
    assert found.origin_at == START_AT + timedelta(days=30)


def test_a_driver_who_contradicts_the_sensor_is_believed_and_the_sensor_is_named() -> None:
    found = forecast(make_series(read=HOURLY, seen={9.9: 1.05}), 9.95)
    assert found.level_fraction > 0.85
    assert any("check the sensor" in reason for reason in found.reasons)
    assert found.upper_fraction[0] > 0.95


def test_a_glance_of_before_the_emptying_says_nothing_of_now() -> None:
    emptied = forecast(make_series(emptied_days=(5,), seen={4.99: 1.0}), 6)
    assert emptied.level_fraction < 0.05
    assert not any("driver" in reason for reason in emptied.reasons)


def test_what_is_noted_right_after_an_emptying_was_seen_before_it() -> None:
    minutes = 10 / (24 * 60)
    series = make_series(emptied_days=(5,), seen={5 + minutes: 1.0, 7: 0.25})
    clean = clean_series(series, as_of_s=int((START_AT + timedelta(days=9)).timestamp()))
    times, levels = glances_of(clean, as_of_s=int((START_AT + timedelta(days=9)).timestamp()))
    assert times[0] < series.emptied_at_s[0] < times[1]
    assert levels.tolist() == [1.0, 0.25]
    assert forecast(make_series(emptied_days=(5,), seen={5 + minutes: 1.0}), 5.5).level_fraction < 0.05


def test_glances_after_the_cut_off_are_not_known() -> None:
    assert forecast(make_series(seen={3: 0.75}), 2).level_fraction == pytest.approx(0.5)


@pytest.mark.parametrize("stream", ["glass", "paper"])
def test_rates_are_learnt_from_glances_at_emptyings_without_any_sensor(stream: str) -> None:
    days = tuple(float(day) for day in range(0, 70, 7)) if stream == "glass" else tuple(range(0, 40, 2))
    gap = days[1] - days[0]
    busy, quiet = (0.75, 0.25) if stream == "glass" else (0.75, 0.5)
    series = {
        name: make_series(name, emptied_days=days, seen={day + gap - 0.01: seen for day in days[:-1]})
        for name, seen in (("busy", busy), ("quiet", quiet))
    }
    as_of = START_AT + timedelta(days=days[-1] + 0.1)
    town = make_town("busy", "quiet", stream=stream)
    clean = {
        name: clean_series(one, is_fast=STATISTICS[stream].is_fast, as_of_s=int(as_of.timestamp()))
        for name, one in series.items()
    }
    until = as_of + timedelta(days=gap - 0.1)
    found = FORECASTER.forecast(town.containers, clean, town=town, as_of=as_of, until=until)
    assert found["busy"].expected_fraction[-1] == pytest.approx(busy, abs=0.12)
    assert found["quiet"].expected_fraction[-1] == pytest.approx(quiet, abs=0.12)
    assert found["busy"].rate_per_day > 1.3 * found["quiet"].rate_per_day


def test_a_series_without_glances_is_forecast_as_before() -> None:
    series = make_series(read=HOURLY)
    empty = replace(series, glanced_at_s=np.empty(0, np.int64), glance_fraction=np.empty(0, np.float32))
    one, other = forecast(series, 10), forecast(empty, 10)
    assert np.array_equal(one.overflow_probability, other.overflow_probability)
