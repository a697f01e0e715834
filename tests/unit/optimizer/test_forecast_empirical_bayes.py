from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.reading import CleanSeries, FillSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.series.area_outage import OUTAGE_REASON
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import simulate_fills
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
START_AT = datetime(2026, 1, 5, tzinfo=BERLIN)
STATISTICS = load_fill_statistics()
DAY_S = 86_400


def no_holiday(_day: date) -> bool:
    return False


FORECASTER = EmpiricalBayesForecaster(statistics=STATISTICS, is_holiday=no_holiday)


def make_town(count: int, *streams: str) -> Town:
    containers = tuple(
        Container(
            container_id=f"{stream}-{index}",
            site_id=f"S{index}",
            location=Location(lon_deg=7.5, lat_deg=51.6),
            stream=stream,
            capacity_l=1100,
        )
        for stream in streams
        for index in range(count)
    )
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=tuple(
            Stream(stream_id=one, density_kg_per_l=0.1, is_fast=one in STATISTICS and STATISTICS[one].is_fast)
            for one in streams
        ),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=containers,
    )


def make_series(
    container_id: str, instants: list[datetime], levels: list[float], emptied: tuple[datetime, ...] = ()
) -> FillSeries:
    return FillSeries(
        container_id=container_id,
        observed_at_s=np.array([int(one.timestamp()) for one in instants], dtype=np.int64),
        fill_fraction=np.array(levels, dtype=np.float32),
        quality=np.zeros(len(levels), dtype=np.int8),
        emptied_at_s=np.array([int(one.timestamp()) for one in emptied], dtype=np.int64),
    )


def forecast_one(series: FillSeries | None, *, as_of: datetime, days: int = 14, stream: str = "glass") -> Forecast:
    town = make_town(1, stream)
    cleaned = {} if series is None else {f"{stream}-0": clean_series(series, as_of_s=int(as_of.timestamp()))}
    return FORECASTER.forecast(town.containers, cleaned, town=town, as_of=as_of, until=as_of + timedelta(days=days))[
        f"{stream}-0"
    ]


def simulated(town: Town, days: int, seed: int = 1, logged_share: float = 0.0) -> dict[str, FillSeries]:
    return simulate_fills(
        town.containers, STATISTICS, start_at=START_AT, days=days, zone=BERLIN, seed=seed, logged_share=logged_share
    ).series


def require_valid(forecast: Forecast) -> None:
    assert (np.diff(forecast.grid_at_s) > 0).all()
    for values in (
        forecast.expected_fraction,
        forecast.lower_fraction,
        forecast.upper_fraction,
        forecast.overflow_probability,
    ):
        assert values.shape == forecast.grid_at_s.shape
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1
    assert (forecast.lower_fraction <= forecast.expected_fraction).all()
    assert (forecast.expected_fraction <= forecast.upper_fraction).all()
    assert (np.diff(forecast.expected_fraction) >= 0).all()
    assert (np.diff(forecast.overflow_probability) >= 0).all()


def test_one_reading_is_enough() -> None:
    as_of = START_AT + timedelta(hours=5)
    forecast = forecast_one(make_series("glass-0", [START_AT], [0.4]), as_of=as_of)
    require_valid(forecast)
    assert forecast.trust is Trust.SENSOR
    assert forecast.origin_at == START_AT
    assert forecast.level_fraction == pytest.approx(0.4)
    assert forecast.rate_per_day == pytest.approx(STATISTICS["glass"].rate_per_day, rel=0.01)
    assert forecast.expected_at(as_of + timedelta(days=7)) == pytest.approx(0.4 + 7 * 0.037, abs=0.04)


def test_nothing_known_is_half_full_and_says_so() -> None:
    as_of = START_AT
    forecast = forecast_one(None, as_of=as_of)
    require_valid(forecast)
    assert forecast.trust is Trust.PRIOR
    assert forecast.level_fraction == pytest.approx(0.5)
    assert forecast.last_emptied_at is None
    assert any("unknown" in reason for reason in forecast.reasons)
    assert forecast.upper_fraction[0] - forecast.lower_fraction[0] > 0.6


@pytest.mark.parametrize("levels", [[float("nan")] * 10, [5.0] * 10, []], ids=["all NaN", "all rejected", "no reading"])
def test_series_without_a_valid_reading_are_forecast_from_the_prior(levels: list[float]) -> None:
    instants = [START_AT + timedelta(hours=hour) for hour in range(len(levels))]
    forecast = forecast_one(make_series("glass-0", instants, levels), as_of=START_AT + timedelta(days=1))
    require_valid(forecast)
    assert forecast.trust is Trust.PRIOR


def test_readings_from_the_future_and_from_1970_are_not_used() -> None:
    instants = [datetime(1970, 1, 1, 0, 5, tzinfo=UTC), START_AT, START_AT + timedelta(days=9)]
    forecast = forecast_one(make_series("glass-0", instants, [0.9, 0.3, 0.8]), as_of=START_AT + timedelta(hours=1))
    require_valid(forecast)
    assert forecast.origin_at == START_AT
    assert forecast.level_fraction == pytest.approx(0.3)


def test_a_logged_emptying_is_the_origin_of_a_container_without_a_sensor() -> None:
    emptied = START_AT + timedelta(days=3)
    as_of = START_AT + timedelta(days=10)
    forecast = forecast_one(make_series("glass-0", [], [], (emptied,)), as_of=as_of)
    require_valid(forecast)
    assert forecast.trust is Trust.PRIOR
    assert forecast.origin_at == emptied
    assert forecast.last_emptied_at == emptied
    assert forecast.expected_at(as_of) == pytest.approx(0.02 + 7 * 0.037, abs=0.04)


def test_an_emptying_logged_after_the_last_reading_wins() -> None:
    instants = [START_AT + timedelta(hours=hour) for hour in range(48)]
    emptied = START_AT + timedelta(hours=47, minutes=20)
    forecast = forecast_one(
        make_series("glass-0", instants, [0.8] * 48, (emptied,)), as_of=START_AT + timedelta(hours=48)
    )
    assert forecast.level_fraction < 0.05
    assert forecast.origin_at == emptied
    assert forecast.trust is Trust.SENSOR


def test_a_silent_sensor_is_named_stale_and_its_forecast_widens() -> None:
    instants = [START_AT + timedelta(hours=hour) for hour in range(24)]
    series = make_series("glass-0", instants, [0.3] * 24)
    fresh = forecast_one(series, as_of=START_AT + timedelta(days=1))
    stale = forecast_one(series, as_of=START_AT + timedelta(days=11))
    assert (fresh.trust, stale.trust) == (Trust.SENSOR, Trust.STALE_SENSOR)
    assert any(reason.startswith("silent since") for reason in stale.reasons)
    at = START_AT + timedelta(days=11)
    assert stale.expected_at(at) > fresh.expected_fraction[0] + 0.2
    width = np.interp(at.timestamp(), stale.grid_at_s, stale.upper_fraction - stale.lower_fraction)
    assert width > 1.5 * (fresh.upper_fraction[0] - fresh.lower_fraction[0])


def test_an_echo_at_the_end_does_not_move_a_slow_container() -> None:
    instants = [START_AT + timedelta(hours=hour) for hour in range(24 * 10)]
    levels = [0.2] * (24 * 10 - 2) + [0.65, 0.65]
    forecast = forecast_one(make_series("glass-0", instants, levels), as_of=instants[-1])
    assert forecast.level_fraction == pytest.approx(0.2, abs=0.01)


def test_an_emptying_is_believed_at_once_in_a_fast_container() -> None:
    instants = [START_AT + timedelta(hours=3 * step) for step in range(80)]
    levels = [min(0.05 * (step % 20), 0.95) for step in range(80)]
    levels[-1] = 0.02
    forecast = forecast_one(make_series("paper-0", instants, levels), as_of=instants[-1], stream="paper")
    assert forecast.level_fraction == pytest.approx(0.02)


def test_a_container_that_reports_the_overflow_is_overfull_for_sure() -> None:
    instants = [START_AT + timedelta(hours=hour) for hour in range(24)]
    forecast = forecast_one(make_series("glass-0", instants, [0.93] * 24), as_of=instants[-1])
    assert forecast.overflow_probability[0] == 1


def test_overflow_becomes_certain_in_the_long_run_in_spite_of_the_slow_down_near_the_top() -> None:
    forecast = forecast_one(make_series("paper-0", [START_AT], [0.2]), as_of=START_AT, stream="paper")
    assert forecast.overflow_probability[0] < 0.05
    assert forecast.overflow_probability_before(START_AT + timedelta(days=10)) > 0.99


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["glass", "paper"]))
def test_a_fuller_container_overflows_no_later(one: float, other: float, stream: str) -> None:
    low, high = sorted((one, other))
    emptier, fuller = (
        forecast_one(make_series(f"{stream}-0", [START_AT], [level]), as_of=START_AT, stream=stream)
        for level in (low, high)
    )
    require_valid(emptier)
    require_valid(fuller)
    assert (fuller.overflow_probability >= emptier.overflow_probability - 1e-6).all()
    assert (fuller.expected_fraction >= emptier.expected_fraction - 1e-6).all()


@pytest.mark.parametrize("as_of", [datetime(2026, 3, 28, 22, tzinfo=BERLIN), datetime(2026, 10, 24, 22, tzinfo=BERLIN)])
def test_forecasts_run_through_days_on_which_the_clock_changes(as_of: datetime) -> None:
    forecast = forecast_one(make_series("glass-0", [as_of], [0.3]), as_of=as_of, days=3)
    require_valid(forecast)
    assert forecast.grid_at_s[-1] - forecast.grid_at_s[0] == int(
        (as_of + timedelta(days=3)).timestamp() - as_of.timestamp()
    )


def test_learnt_rates_tell_a_busy_container_from_a_quiet_one() -> None:
    town = make_town(2, "glass")
    instants = [START_AT + timedelta(hours=3 * step) for step in range(8 * 60)]
    as_of = instants[-1]
    series = {
        "glass-0": make_series("glass-0", instants, [round((0.08 * step / 8) % 0.8, 2) for step in range(480)]),
        "glass-1": make_series("glass-1", instants, [round(0.012 * step / 8, 2) for step in range(480)]),
    }
    cleaned = {name: clean_series(one, as_of_s=int(as_of.timestamp())) for name, one in series.items()}
    forecasts = FORECASTER.forecast(town.containers, cleaned, town=town, as_of=as_of, until=as_of + timedelta(days=3))
    assert forecasts["glass-0"].rate_per_day == pytest.approx(0.08, rel=0.15)
    assert forecasts["glass-1"].rate_per_day == pytest.approx(0.012, rel=0.6)


def test_an_unhealthy_sensor_is_not_learnt_from() -> None:
    town = make_town(6, "glass")
    series = simulated(town, 60)
    as_of = START_AT + timedelta(days=60)
    cleaned = {name: clean_series(one, as_of_s=int(as_of.timestamp())) for name, one in series.items()}
    sick = cleaned["glass-0"]
    wild = replace(sick.series, fill_fraction=np.random.default_rng(1).random(len(sick.series)).astype(np.float32))
    outcomes = [
        FORECASTER.learn(town.containers, cleaned | {"glass-0": broken}, town=town, as_of=as_of)[
            "glass"
        ].pool_rate_per_day
        for broken in (
            replace(sick, is_healthy=False),
            CleanSeries(series=wild, reset_at_s=sick.reset_at_s, is_healthy=False),
        )
    ]
    assert outcomes[0] == pytest.approx(outcomes[1])


def test_a_town_without_any_sensor_is_forecast_from_its_logged_emptyings() -> None:
    town = make_town(10, "paper", "glass")
    blind = replace(town, containers=tuple(replace(one, has_sensor=False) for one in town.containers))
    series = simulated(blind, 30, logged_share=1.0)
    as_of = START_AT + timedelta(days=30)
    cleaned = {name: clean_series(one, as_of_s=int(as_of.timestamp())) for name, one in series.items()}
    forecasts = FORECASTER.forecast(
        blind.containers, cleaned, town=blind, as_of=as_of, until=as_of + timedelta(days=14)
    )
    assert list(forecasts) == [one.container_id for one in blind.containers]
    for forecast in forecasts.values():
        require_valid(forecast)
        assert forecast.trust is Trust.PRIOR


def test_the_order_of_the_containers_changes_no_forecast() -> None:
    town = make_town(5, "paper", "glass")
    as_of = START_AT + timedelta(days=30)
    cleaned = {name: clean_series(one, as_of_s=int(as_of.timestamp())) for name, one in simulated(town, 30).items()}
    ask = {"town": town, "as_of": as_of, "until": as_of + timedelta(days=5)}
    one = FORECASTER.forecast(town.containers, cleaned, **ask)  # type: ignore[arg-type]  # keywords of both calls
    other = FORECASTER.forecast(town.containers[::-1], dict(reversed(cleaned.items())), **ask)  # type: ignore[arg-type]  # as above
    for name, forecast in one.items():
        assert np.array_equal(forecast.overflow_probability, other[name].overflow_probability)
        assert np.array_equal(forecast.upper_fraction, other[name].upper_fraction)


def test_a_town_without_a_region_has_the_holidays_of_the_service_and_a_given_calendar_wins() -> None:
    town = make_town(1, "glass")
    corpus_christi = date(2026, 6, 4)
    assert EmpiricalBayesForecaster().calendar(town)(corpus_christi)
    assert not EmpiricalBayesForecaster(holiday_region="DE-HH").calendar(town)(corpus_christi)
    assert not EmpiricalBayesForecaster(is_holiday=no_holiday, holiday_region="DE-NW").calendar(town)(corpus_christi)


def test_forecasts_of_a_quarter_that_fell_silent_at_once_name_the_outage() -> None:
    town = make_town(6, "glass")
    instants = [START_AT + timedelta(hours=hour) for hour in range(24 * 20)]
    as_of = instants[-1] + timedelta(days=1)
    levels = [0.2] * len(instants)
    series = {
        one.container_id: clean_series(
            make_series(one.container_id, instants, levels), is_fast=False, as_of_s=int(as_of.timestamp())
        )
        for one in town.containers
    }
    ask = {"town": town, "as_of": as_of, "until": as_of + timedelta(days=3)}
    forecasts = FORECASTER.forecast(town.containers, series, **ask)  # type: ignore[arg-type]  # keywords of the call
    assert all(forecast.reasons[0].startswith(OUTAGE_REASON) for forecast in forecasts.values())
    few = dict(list(series.items())[:3])
    alone = FORECASTER.forecast(town.containers, few, **ask)  # type: ignore[arg-type]  # as above
    assert not any(OUTAGE_REASON in reason for forecast in alone.values() for reason in forecast.reasons)


@pytest.mark.parametrize(("stream", "is_paced"), [("plastic", True), ("paper", False)])
def test_the_rate_of_a_slow_container_follows_its_last_weeks_faster(
    stream: str,
    is_paced: bool,  # noqa: FBT001 - a pytest parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = STATISTICS[stream].rate_per_day
    instants, levels, emptied, level = [], [], [], 0.0
    for step in range(200 * 4):
        at = START_AT + timedelta(hours=6 * step)
        level += usual / 4 * (2.0 if step >= 170 * 4 else 1.0)
        if level > 0.6:
            emptied.append(at)
            level = 0.0
        instants.append(at)
        levels.append(level)
    series = make_series(f"{stream}-0", instants, levels, tuple(emptied))
    as_of = instants[-1] + timedelta(hours=1)
    paced = forecast_one(series, as_of=as_of, stream=stream).rate_per_day
    monkeypatch.setattr("optimizer.forecasting.stream_model.recent_paces", lambda *_parts, n: np.ones(n))
    steady = forecast_one(series, as_of=as_of, stream=stream).rate_per_day
    assert (paced > 1.1 * steady) == is_paced
    assert paced < 2.2 * usual or not is_paced
    assert is_paced or paced == steady


def test_a_container_s_own_shift_moves_its_levels_and_no_other_s() -> None:
    town = make_town(6, "plastic")
    as_of = START_AT + timedelta(days=150)
    cleaned = {name: clean_series(one, as_of_s=int(as_of.timestamp())) for name, one in simulated(town, 150).items()}
    model = FORECASTER.learn(town.containers, cleaned, town=town, as_of=as_of)["plastic"]
    assert model.calibration.level.is_known
    assert any(model.own_shifts.values())
    own = {**dict.fromkeys(model.own_shifts, 0.0)}
    ask = {"town": town, "as_of": as_of, "until": as_of + timedelta(days=5)}
    plain, moved = (
        FORECASTER.predict({"plastic": replace(model, own_shifts=one)}, town.containers, cleaned, **ask)
        for one in (own, own | {"plastic-2": 0.4})
    )
    for name in plain:
        above = moved[name].upper_fraction - plain[name].upper_fraction
        if name == "plastic-2":
            assert above.max() > 0.01
            assert above.min() >= 0
        else:
            assert above.tolist() == [0.0] * above.shape[0]
