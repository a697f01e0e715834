from datetime import UTC, datetime

import numpy as np
import pytest

from optimizer.domain.container import Container
from optimizer.domain.reading import CleanSeries, FillSeries
from optimizer.series.area_outage import (
    OUTAGE_REASON,
    AreaOutage,
    areas_by_place,
    find_area_outages,
    mark_outages,
)
from optimizer.series.clean_series import clean_series
from routing.location import Location

AS_OF_S = int(datetime(2026, 3, 20, 5, tzinfo=UTC).timestamp())
HOUR_S = 3600


def clean(name: str, *, quiet_h: float, every_h: int = 1, stuck_h: float = 0) -> CleanSeries:
    """A slow container that last reported so long ago, and repeated one value for some time before."""
    shift_s = sum(map(ord, name)) % 1800
    times = np.arange(AS_OF_S - 40 * 24 * HOUR_S - shift_s, AS_OF_S - int(quiet_h * HOUR_S) + 1, every_h * HOUR_S)
    elapsed_days = (times - times[0]) / 86_400
    random = np.random.default_rng(shift_s)
    levels = np.round((0.05 * elapsed_days + random.normal(0, 0.006, times.shape[0])) % 0.7, 2).clip(0, 1)
    if stuck_h:
        levels[times > times[-1] - stuck_h * HOUR_S] = levels[-1]
    series = FillSeries(
        container_id=name,
        observed_at_s=times.astype(np.int64),
        fill_fraction=levels.astype(np.float32),
        quality=np.zeros(times.shape[0], np.int8),
    )
    return clean_series(series, is_fast=False, as_of_s=AS_OF_S)


def town(**quiet_h_by_name: float) -> dict[str, CleanSeries]:
    return {name: clean(name, quiet_h=quiet) for name, quiet in quiet_h_by_name.items()}


def outages(series: dict[str, CleanSeries]) -> tuple[AreaOutage, ...]:
    return find_area_outages(series, {name: name[0] for name in series}, as_of_s=AS_OF_S)


def test_eighty_sensors_that_fall_silent_at_once_are_one_outage() -> None:
    series = town(**{f"a{i}": 30.0 for i in range(80)}, **{f"b{i}": 0.5 for i in range(20)})
    (outage,) = outages(series)
    assert outage.area == "a"
    assert outage.container_ids == tuple(sorted(f"a{i}" for i in range(80)))
    assert abs(outage.since_at.timestamp() - (AS_OF_S - 30 * HOUR_S)) <= HOUR_S


def test_sensors_that_repeat_their_value_since_one_hour_are_one_outage() -> None:
    series = {f"a{i}": clean(f"a{i}", quiet_h=0, stuck_h=100) for i in range(9)} | town(b0=0, b1=0)
    assert sum("stuck" in " ".join(one.reasons) for one in series.values()) == 9
    (outage,) = outages(series)
    assert len(outage.container_ids) == 9


def test_sensors_that_break_one_by_one_are_no_outage() -> None:
    assert outages(town(**{f"a{i}": 30.0 + 20 * i for i in range(12)})) == ()


def test_most_of_the_area_must_be_silent() -> None:
    half = town(**{f"a{i}": 30.0 for i in range(8)}, **{f"a{i}x": 0.5 for i in range(8)})
    assert outages(half) == ()
    assert len(outages({name: one for name, one in half.items() if name not in {"a0x", "a1x", "a2x", "a3x"}})) == 1


@pytest.mark.parametrize(("count", "found"), [(4, 0), (5, 1)])
def test_a_few_silent_sensors_are_no_outage(count: int, found: int) -> None:
    assert len(outages(town(**{f"a{i}": 30.0 for i in range(count)}))) == found


def test_a_broken_sensor_of_before_belongs_to_no_outage_and_does_not_hide_one() -> None:
    series = town(**{f"a{i}": 30.0 for i in range(6)}, **{f"a{i}old": 200.0 + 30 * i for i in range(6)})
    (outage,) = outages(series)
    assert outage.container_ids == tuple(f"a{i}" for i in range(6))
    assert outage.sensors_in_area == 6


def test_sensors_that_report_once_a_day_are_not_silent_after_a_day() -> None:
    daily = {f"a{i}": clean(f"a{i}", quiet_h=26, every_h=24) for i in range(10)}
    assert outages(daily) == ()


def test_an_outage_that_is_over_is_none() -> None:
    assert outages(town(**{f"a{i}": 0.2 for i in range(10)})) == ()


def test_marked_series_say_once_what_happened_and_keep_everything_else() -> None:
    series = town(**{f"a{i}": 60.0 for i in range(6)}, b0=0.1)
    found = outages(series)
    twice = mark_outages(mark_outages(series, found), found)
    assert twice["b0"] is series["b0"]
    for name in found[0].container_ids:
        assert sum(reason.startswith(OUTAGE_REASON) for reason in twice[name].reasons) == 1
        assert any(reason.startswith("silent since") for reason in twice[name].reasons)
        assert twice[name].is_healthy == series[name].is_healthy
        assert twice[name].series is series[name].series


def test_areas_by_place_put_neighbours_together_and_quarters_apart() -> None:
    def at(name: str, lon_deg: float, lat_deg: float) -> Container:
        return Container(
            container_id=name,
            site_id=name,
            location=Location(lon_deg=lon_deg, lat_deg=lat_deg),
            stream="glass",
            capacity_l=1100,
        )

    areas = areas_by_place([at("one", 7.5201, 51.6101), at("near", 7.5204, 51.6103), at("far", 7.60, 51.61)])
    assert areas["one"] == areas["near"] != areas["far"]
