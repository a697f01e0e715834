"""Trees count where they win, nowhere else, and never without being asked for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.reading import CleanSeries, FillSeries, Quality
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.blend import trees
from optimizer.forecasting.blend.blended_forecaster import BlendedForecaster
from optimizer.forecasting.blend.fit_blend import fit_blend
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 5, tzinfo=BERLIN)
AS_OF = START + timedelta(days=130, hours=9)
STEP_S, DAYS, CONTAINERS = 3 * 3600, 150, 14
BASE = EmpiricalBayesForecaster(is_holiday=lambda _day: False)

Pace = Callable[[float], float]


def piles_up(level: float) -> float:
    """Nobody minds a half-empty container; on what lies high already more is thrown: no constant rate explains both."""
    return 0.06 if level < 0.45 else 0.5


def is_constant(_level: float) -> float:
    return 0.09


def grown(pace: Pace, *, seed: int = 1, containers: int = CONTAINERS) -> dict[str, CleanSeries]:
    """Levels that grow by many small random gifts, emptied every six to eleven days."""
    random = np.random.default_rng(seed)
    times = int(START.timestamp()) + STEP_S * np.arange(DAYS * 8, dtype=np.int64)
    found = {}
    for index in range(containers):
        level, left, levels, resets = 0.0, int(random.integers(1, 88)), [], []
        for at_s in times.tolist():
            if left == 0:
                level, left = 0.0, int(random.integers(48, 88))
                resets.append(at_s)
            level = min(level + pace(level) / 8 * random.gamma(2.0, 0.5), 1.0)
            left -= 1
            levels.append(round(level, 2))
        name = f"G-{index:02d}"
        series = FillSeries(
            container_id=name,
            observed_at_s=times,
            fill_fraction=np.array(levels, dtype=np.float32),
            quality=np.full(times.shape, Quality.ACCEPTED, dtype=np.int8),
        )
        found[name] = CleanSeries(series=series, reset_at_s=np.array(resets, dtype=np.int64), is_healthy=True)
    return found


def town_of(series: dict[str, CleanSeries]) -> Town:
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=(Stream(stream_id="other", density_kg_per_l=0.1, is_fast=False),),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=tuple(
            Container(
                container_id=name,
                site_id=name,
                location=Location(lon_deg=7.5, lat_deg=51.6),
                stream="other",
                capacity_l=1100,
            )
            for name in series
        ),
    )


def ask(
    forecaster: BlendedForecaster | EmpiricalBayesForecaster, series: dict[str, CleanSeries], as_of: datetime = AS_OF
) -> dict[str, Forecast]:
    town = town_of(series)
    return forecaster.forecast(town.containers, series, town=town, as_of=as_of, until=as_of + timedelta(days=15))


@pytest.fixture(scope="module")
def piling() -> dict[str, CleanSeries]:
    return grown(piles_up)


@pytest.fixture(scope="module")
def blended(piling: dict[str, CleanSeries]) -> dict[str, Forecast]:
    return ask(BlendedForecaster(base=BASE), piling)


def loss(forecasts: dict[str, Forecast], series: dict[str, CleanSeries], as_of: datetime) -> tuple[float, float]:
    """Mean pinball loss of the three levels, and Brier score, six hours before the next emptying."""
    now_s, pinball, brier = int(as_of.timestamp()), [], []
    for name, one in forecasts.items():
        clean = series[name]
        end_s = int(clean.reset_at_s[np.searchsorted(clean.reset_at_s, now_s, side="right")]) - 2 * STEP_S
        if end_s <= now_s:
            continue
        inside = (clean.series.observed_at_s > now_s) & (clean.series.observed_at_s <= end_s)
        levels = clean.series.fill_fraction[inside]
        for probability, said in (
            (0.05, one.lower_fraction),
            (0.5, one.expected_fraction),
            (0.95, one.upper_fraction),
        ):
            miss = float(levels[-1]) - float(np.interp(end_s, one.grid_at_s, said))
            pinball.append(max(probability * miss, (probability - 1) * miss))
        risk = float(np.interp(end_s, one.grid_at_s, one.overflow_probability))
        brier.append((risk - float(levels.max() >= 0.9)) ** 2)
    return float(np.mean(pinball)), float(np.mean(brier))


def test_trees_get_weight_and_losses_fall_where_no_constant_rate_explains_the_growth(
    piling: dict[str, CleanSeries],
) -> None:
    blend = fit_blend(BASE, "other", piling, town=town_of(piling), as_of_s=int(AS_OF.timestamp()))
    assert blend is not None
    assert blend.level_weight > 0
    assert blend.risk_weight > 0
    both = [BASE, BlendedForecaster(base=BASE)]
    instants = [AS_OF + timedelta(days=days) for days in (0, 4, 8)]
    plain, mixed = (np.mean([loss(ask(one, piling, at), piling, at) for at in instants], axis=0) for one in both)
    print(blend.level_weight, blend.risk_weight, plain, mixed)  # noqa: T201 - the measured figures
    assert mixed[0] < 0.9 * plain[0]
    assert mixed[1] < 0.9 * plain[1]


def test_answers_are_the_base_s_own_where_a_constant_rate_explains_the_growth() -> None:
    series = grown(is_constant)
    blend = fit_blend(BASE, "other", series, town=town_of(series), as_of_s=int(AS_OF.timestamp()))
    assert blend is not None
    assert (blend.level_weight, blend.risk_weight) == (0.0, 0.0)
    plain, mixed = (ask(one, series) for one in (BASE, BlendedForecaster(base=BASE)))
    for name, one in plain.items():
        for field in ("grid_at_s", "expected_fraction", "lower_fraction", "upper_fraction", "overflow_probability"):
            assert np.array_equal(getattr(one, field), getattr(mixed[name], field))


def test_blended_forecasts_are_valid_and_leave_the_far_future_to_the_base(
    piling: dict[str, CleanSeries], blended: dict[str, Forecast]
) -> None:
    plain = ask(BASE, piling)
    assert any(
        not np.array_equal(plain[name].expected_fraction, one.expected_fraction) for name, one in blended.items()
    )
    for name, one in blended.items():
        values = (one.lower_fraction, one.expected_fraction, one.upper_fraction, one.overflow_probability)
        assert all(((some >= 0) & (some <= 1)).all() for some in values)
        assert (one.lower_fraction <= one.expected_fraction).all()
        assert (one.expected_fraction <= one.upper_fraction).all()
        assert (np.diff(one.overflow_probability) >= 0).all()
        far = one.grid_at_s - int(one.origin_at.timestamp()) >= 14 * 86_400
        assert far.any()
        assert np.allclose(one.expected_fraction[far], plain[name].expected_fraction[far], atol=1e-6)


def test_the_same_input_gives_the_same_answer_when_trees_count(
    piling: dict[str, CleanSeries], blended: dict[str, Forecast]
) -> None:
    again = ask(BlendedForecaster(base=BASE), piling)
    for name, one in blended.items():
        assert np.array_equal(one.expected_fraction, again[name].expected_fraction)
        assert np.array_equal(one.overflow_probability, again[name].overflow_probability)


def test_nothing_after_the_cut_off_is_looked_at(piling: dict[str, CleanSeries], blended: dict[str, Forecast]) -> None:
    now_s = int(AS_OF.timestamp())
    cut = {}
    for name, clean in piling.items():
        kept = clean.series.observed_at_s <= now_s
        series = FillSeries(
            container_id=name,
            observed_at_s=clean.series.observed_at_s[kept],
            fill_fraction=clean.series.fill_fraction[kept],
            quality=clean.series.quality[kept],
        )
        resets = clean.reset_at_s[clean.reset_at_s <= now_s]
        cut[name] = CleanSeries(series=series, reset_at_s=resets, is_healthy=True)
    for name, one in ask(BlendedForecaster(base=BASE), cut).items():
        assert np.array_equal(one.expected_fraction, blended[name].expected_fraction)
        assert np.array_equal(one.overflow_probability, blended[name].overflow_probability)


def test_a_sensor_that_was_not_learnt_from_is_blended_and_one_that_is_silent_is_not(
    piling: dict[str, CleanSeries],
) -> None:
    silent = piling["G-00"]
    kept = silent.series.observed_at_s < int(AS_OF.timestamp()) - 4 * 86_400
    series = FillSeries(
        container_id="G-00",
        observed_at_s=silent.series.observed_at_s[kept],
        fill_fraction=silent.series.fill_fraction[kept],
        quality=silent.series.quality[kept],
    )
    resets = silent.reset_at_s[silent.reset_at_s <= series.observed_at_s[-1]]
    known = piling | {"G-00": CleanSeries(series=series, reset_at_s=resets, is_healthy=True)}
    plain, mixed = (ask(one, known) for one in (BASE, BlendedForecaster(base=BASE)))
    assert np.array_equal(plain["G-00"].expected_fraction, mixed["G-00"].expected_fraction)
    assert not np.array_equal(plain["G-01"].expected_fraction, mixed["G-01"].expected_fraction)


def test_too_short_a_past_trains_no_trees(piling: dict[str, CleanSeries]) -> None:
    early_s = int((START + timedelta(days=50)).timestamp())
    assert fit_blend(BASE, "other", piling, town=town_of(piling), as_of_s=early_s) is None


def test_a_missing_extra_is_named_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "find_spec", lambda _name: None)
    with pytest.raises(InvalidInputError, match=r"pip install 'fuhre\[ml\]'") as raised:
        BlendedForecaster(base=BASE)
    assert raised.value.issues[0].code == "missing_extra"
