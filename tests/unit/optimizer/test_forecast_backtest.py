"""How good forecasts are: on generated fills against the truth, on real ones against naive forecasts of one run."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pandas as pd
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.forecast import Trust
from optimizer.domain.reading import FillSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.level_history import trusted_readings
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import simulate_fills
from routing.location import Location

PRAGUE = ZoneInfo("Europe/Prague")
DAY_S = 86_400
STATISTICS = load_fill_statistics()


def make_town(ids: list[str], stream: str) -> Town:
    return Town(
        town_id="T",
        name="T",
        zone=PRAGUE,
        streams=(Stream(stream_id=stream, density_kg_per_l=0.1, is_fast=STATISTICS[stream].is_fast),),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=tuple(
            Container(
                container_id=one,
                site_id=one,
                location=Location(lon_deg=14.4, lat_deg=50.1),
                stream=stream,
                capacity_l=1100,
            )
            for one in ids
        ),
    )


def cut(series: FillSeries, first_s: int, last_s: int) -> FillSeries:
    kept = (series.observed_at_s >= first_s) & (series.observed_at_s <= last_s)
    return replace(
        series,
        observed_at_s=series.observed_at_s[kept],
        fill_fraction=series.fill_fraction[kept],
        quality=series.quality[kept],
        emptied_at_s=series.emptied_at_s[series.emptied_at_s <= last_s],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Mean absolute errors in percent of a container, at the next visit, and the quality of the distribution."""

    count: int
    forecast: float
    last_value: float
    linear: float
    coverage: float
    brier: float
    brier_of_base_rate: float


def backtest(series: Mapping[str, FillSeries], stream: str, *, start: datetime, days: int, longest_days: int) -> Score:
    """Forecasts every 12 h with what was known then, scored on the level right before the next emptying."""
    calendar = holidays.country_holidays("CZ")
    forecaster = EmpiricalBayesForecaster(statistics=STATISTICS, is_holiday=lambda day: day in calendar)
    town = make_town(sorted(series), stream)
    hindsight = {name: clean_series(one, as_of_s=int(one.observed_at_s[-1])) for name, one in series.items()}
    start_s = int(start.timestamp())
    history = {
        name: clean_series(cut(one, start_s - 400 * DAY_S, start_s), as_of_s=start_s) for name, one in series.items()
    }
    models = forecaster.learn(town.containers, history, town=town, as_of=start)
    rows = []
    for step in range(2 * days):
        now = start + timedelta(hours=12 * step)
        now_s = int(now.timestamp())
        known = {name: clean_series(cut(one, now_s - 60 * DAY_S, now_s), as_of_s=now_s) for name, one in series.items()}
        forecasts = forecaster.predict(
            models, town.containers, known, town=town, as_of=now, until=now + timedelta(days=longest_days + 1)
        )
        for name, forecast in forecasts.items():
            times, levels = trusted_readings(hindsight[name])
            resets = hindsight[name].reset_at_s
            coming = int(np.searchsorted(resets, now_s, side="right"))
            here = int(np.searchsorted(times, now_s, side="right")) - 1
            is_scored = 0 < coming < len(resets) and resets[coming] - now_s <= longest_days * DAY_S
            if not is_scored or forecast.trust is not Trust.SENSOR or now_s - times[here] > 6 * 3600:
                continue
            target = int(np.searchsorted(times, resets[coming])) - 1
            since = int(np.searchsorted(times, resets[coming - 1]))
            if target <= here or since > here:
                continue
            actual = float(np.median(levels[max(target - 2, here) : target + 1]))
            ahead_days = (times[target] - times[here]) / DAY_S
            slope = (levels[here] - levels[since]) / max((times[here] - times[since]) / DAY_S, 0.125)
            at = datetime.fromtimestamp(int(times[target]), UTC)
            lower, upper = (
                float(np.interp(times[target], forecast.grid_at_s, values))
                for values in (forecast.lower_fraction, forecast.upper_fraction)
            )
            rows.append(
                (
                    abs(forecast.expected_at(at) - actual),
                    abs(levels[here] - actual),
                    abs(min(max(levels[here] + slope * ahead_days, 0), 1) - actual),
                    lower - 0.005 <= actual <= upper + 0.005,
                    forecast.overflow_probability_before(at),
                    actual >= 0.9,
                )
            )
    errors, last, linear, covered, risk, overflow = (
        np.array(column, dtype=float) for column in zip(*rows, strict=True)
    )
    return Score(
        count=len(rows),
        forecast=100 * errors.mean(),
        last_value=100 * last.mean(),
        linear=100 * linear.mean(),
        coverage=covered.mean(),
        brier=np.square(risk - overflow).mean(),
        brier_of_base_rate=overflow.mean() * (1 - overflow.mean()),
    )


def prague(shared_data: Path, stream: str) -> dict[str, FillSeries]:
    readings = pd.read_parquet(shared_data / "fill" / "prague_readings.parquet")
    streams = pd.read_csv(shared_data / "fill" / "prague_containers.csv").set_index("container_id").waste_stream
    loaded = {}
    for container_id, group in readings.groupby("container_id"):
        if streams[container_id] == stream:
            times = group.measured_at.dt.as_unit("s").astype("int64").to_numpy()
            fill = (group.fill_percent.to_numpy() / 100).astype(np.float32)
            loaded[str(container_id)] = FillSeries(
                container_id=str(container_id),
                observed_at_s=times,
                fill_fraction=fill,
                quality=np.zeros(len(fill), np.int8),
            )
    return loaded


@pytest.mark.shared
@pytest.mark.parametrize(
    ("stream", "most_of_last", "most_of_linear", "most_error", "longest_days"),
    [("paper", 0.40, 0.60, 7.0, 7), ("plastic", 0.65, 0.90, 7.0, 7), ("glass", 0.65, 0.85, 9.0, 7)],
)
def test_forecasts_beat_naive_ones_on_real_containers(
    shared_data: Path, stream: str, most_of_last: float, most_of_linear: float, most_error: float, longest_days: int
) -> None:
    series = prague(shared_data, stream)
    score = backtest(series, stream, start=datetime(2025, 2, 3, tzinfo=UTC), days=60, longest_days=longest_days)
    print(f"{stream}: {score}")  # noqa: T201 - the measured figures
    assert score.count > 200
    assert score.forecast <= most_of_last * score.last_value
    assert score.forecast <= most_of_linear * score.linear
    assert score.forecast <= most_error
    assert 0.82 <= score.coverage <= 0.97
    assert score.brier < 0.9 * score.brier_of_base_rate or score.brier_of_base_rate < 0.03


@pytest.mark.parametrize("stream", ["paper", "litter", "glass", "plastic"])
def test_intervals_cover_the_generated_truth_and_risks_are_as_frequent_as_said(stream: str) -> None:
    start, days, ahead = datetime(2026, 1, 5, tzinfo=PRAGUE), 90, timedelta(days=1 if STATISTICS[stream].is_fast else 3)
    town = make_town([f"{stream}-{index}" for index in range(60)], stream)
    forecaster = EmpiricalBayesForecaster(statistics=STATISTICS, is_holiday=_never)
    fills = simulate_fills(town.containers, STATISTICS, start_at=start, days=days + 30, zone=PRAGUE, seed=3)
    learnt_at = start + timedelta(days=days)
    history = {name: clean_series(one, as_of_s=int(learnt_at.timestamp())) for name, one in fills.series.items()}
    models = forecaster.learn(town.containers, history, town=town, as_of=learnt_at)
    covered, risks, reached = [], [], []
    for step in range(14):
        now = learnt_at + timedelta(hours=6 + 41 * step)
        now_s, target_s = int(now.timestamp()), int((now + ahead).timestamp())
        known = {
            name: clean_series(cut(one, now_s - 60 * DAY_S, now_s), as_of_s=now_s) for name, one in fills.series.items()
        }
        forecasts = forecaster.predict(
            models, town.containers, known, town=town, as_of=now, until=now + timedelta(days=4)
        )
        for name, forecast in forecasts.items():
            truth = fills.truth[name]
            is_interrupted = ((truth.emptied_at_s > now_s - 12 * 3600) & (truth.emptied_at_s <= target_s)).any()
            if forecast.trust is not Trust.SENSOR or is_interrupted or forecast.level_fraction >= 0.9:
                continue
            span = truth.level_at(np.arange(now_s, target_s + 1, 3600, dtype=np.int64))
            low, high = (
                np.interp(target_s, forecast.grid_at_s, v) for v in (forecast.lower_fraction, forecast.upper_fraction)
            )
            covered.append(low - 0.01 <= span[-1] <= high + 0.01)
            risks.append(forecast.overflow_probability_before(now + ahead))
            reached.append(span.max() >= 0.9)
    coverage, risk, frequency = np.mean(covered), np.mean(risks), np.mean(reached)
    print(f"{stream}: {len(covered)} forecasts, {coverage:.3f} {risk:.3f} {frequency:.3f}")  # noqa: T201 - as measured
    assert len(covered) > 100
    assert 0.82 <= coverage <= 0.99
    assert abs(risk - frequency) < 0.08


@pytest.mark.slow
def test_a_thousand_containers_are_cleaned_learnt_and_forecast_in_seconds() -> None:
    start = datetime(2026, 1, 5, tzinfo=PRAGUE)
    town = make_town([f"glass-{index}" for index in range(1000)], "glass")
    hourly = replace(
        STATISTICS["glass"], sensor=replace(STATISTICS["glass"].sensor, report_every_s=3600, missing_share=0.0)
    )
    fills = simulate_fills(town.containers, {"glass": hourly}, start_at=start, days=90, zone=PRAGUE, seed=1)
    as_of = start + timedelta(days=90)
    forecaster = EmpiricalBayesForecaster(statistics=STATISTICS, is_holiday=_never)
    clock = [time.process_time()]
    cleaned = {name: clean_series(one, as_of_s=int(as_of.timestamp())) for name, one in fills.series.items()}
    clock.append(time.process_time())
    models = forecaster.learn(town.containers, cleaned, town=town, as_of=as_of)
    clock.append(time.process_time())
    ask = {"town": town, "as_of": as_of, "until": as_of + timedelta(days=14)}
    forecaster.predict(models, town.containers, cleaned, **ask)
    clock.append(time.process_time())
    print("clean, learn, predict [s]:", np.diff(clock).round(2))  # noqa: T201 - as measured
    assert clock[-1] - clock[0] < 10
    assert clock[-1] - clock[-2] < 0.5  # CPU seconds: other work on the machine does not count


def _never(_day: date) -> bool:
    return False
