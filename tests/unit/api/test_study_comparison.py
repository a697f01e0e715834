"""Means, paired changes and what a sensor is worth, against figures computed by hand; and the sentence above them."""

from math import exp, log, sqrt

import pytest

from api.study.checks import check_figures
from api.study.comparison import Comparison, compare, interval
from api.study.headline import headline, overflow_verdict
from api.study.run_study import Variant
from api.study.written import MINUS, number, percent
from optimizer.season.energy import EN_16258_UBA_2024
from optimizer.season.records import Effort
from tests.unit.api.study_factory import BLIND, FIXED, PRIZE, effort, hand_made_runs, small_study

POLICIES = ("fixed_schedule", "rolling_prize")
T_OF_TWO_SEEDS, T_OF_THREE_SEEDS = 12.7062, 4.30265
"""Student's 97.5 % quantiles with one and two degrees of freedom, from a printed table."""


def _comparison(days_of: dict[Variant, tuple[Effort, ...]]) -> Comparison:
    n_seeds = len(next(iter(days_of.values())))
    shares = tuple(one.sensor_share for one in days_of if one.sensor_share is not None)
    study = small_study(n_days=2, seeds=tuple(range(1, n_seeds + 1)), policies=POLICIES, shares=shares)
    return compare(study, hand_made_runs(study, days_of), baseline=FIXED, ours=PRIZE)


def test_change_is_the_ratio_of_sums_with_the_interval_of_paired_logarithms() -> None:
    found = _comparison({FIXED: (effort(100), effort(200)), PRIZE: (effort(70), effort(120))})
    one = found.row(PRIZE).figure("distance")
    assert one.per_day.value == pytest.approx(95)
    assert one.change is not None
    assert one.change.low is not None
    assert one.change.high is not None
    assert one.change.value == pytest.approx(190 / 300 - 1)
    middle, half = (log(0.7) + log(0.6)) / 2, T_OF_TWO_SEEDS * (log(0.7) - log(0.6)) / sqrt(2) / sqrt(2)
    assert one.change.low == pytest.approx(exp(middle - half) - 1, rel=1e-4)
    assert one.change.high == pytest.approx(exp(middle + half) - 1, rel=1e-4)
    assert found.row(FIXED).figure("distance").change is None


def test_difference_is_paired_by_seed() -> None:
    # Seeds differ by far more than policies do: unpaired, nothing could be seen.
    found = _comparison(
        {
            FIXED: (effort(100, 10), effort(200, 20), effort(300, 30)),
            PRIZE: (effort(90, 9), effort(190, 18), effort(290, 27)),
        }
    )
    one = found.row(PRIZE).figure("overflows").difference
    assert one is not None
    assert one.low is not None
    assert one.high is not None
    assert one.value == pytest.approx(-2)
    half = T_OF_THREE_SEEDS * 1 / sqrt(3)
    assert (one.low, one.high) == (pytest.approx(-2 - half, rel=1e-4), pytest.approx(-2 + half, rel=1e-4))
    per_day = found.row(PRIZE).figure("overflows").per_day
    assert per_day.high is not None
    assert per_day.high - per_day.value > half


def test_interval_of_one_value_is_none() -> None:
    assert interval([3.0]).low is None
    assert interval([3.0, 3.0]).low == 3.0


def test_sensor_is_worth_what_it_saves_beyond_the_rule_alone() -> None:
    found = _comparison(
        {
            FIXED: (effort(100, 4, cost_eur=400), effort(100, 4, cost_eur=400)),
            PRIZE: (effort(60, 1, cost_eur=240), effort(60, 1, cost_eur=240)),
            BLIND: (effort(70, 3, cost_eur=280), effort(70, 3, cost_eur=280)),
        }
    )
    row = found.row(PRIZE)
    assert row.n_sensors == 12
    assert row.eur_per_sensor_year is not None
    assert row.eur_by_sensor_year is not None
    assert row.overflows_by_sensor_year is not None
    assert row.eur_per_sensor_year.value == pytest.approx(160 * 365 / 12)
    assert row.eur_by_sensor_year.value == pytest.approx(40 * 365 / 12)
    assert row.overflows_by_sensor_year.value == pytest.approx(2 * 365 / 12)
    blind = found.row(BLIND)
    assert (blind.n_sensors, blind.eur_per_sensor_year, blind.eur_by_sensor_year) == (0, None, None)


@pytest.mark.parametrize(
    ("ours_km", "ours_overflows", "verdict", "german", "english"),
    [
        ((66, 68, 67), (2, 3, 2), "fewer", "33\u202f% weniger Kilometer", "33% fewer kilometres (3"),
        ((66, 68, 67), (10, 10, 10), "no_more", "bei nicht mehr Überfüllungen", "at no more overflows"),
        ((66, 68, 67), (14, 15, 16), "more", "aber mit mehr Überfüllungen", "but with more overflows"),
        ((66, 68, 67), (5, 10, 18), "open", "nicht sicher", "not certain"),
        ((80, 100, 130), (10, 10, 10), "no_more", "bleibt offen", "remains open"),
        ((120, 121, 122), (10, 10, 10), "no_more", "21\u202f% mehr Kilometer", "21% more kilometres"),
    ],
)
def test_headline_claims_no_more_than_the_intervals_allow(
    ours_km: tuple[int, ...], ours_overflows: tuple[int, ...], verdict: str, german: str, english: str
) -> None:
    found = _comparison(
        {
            FIXED: tuple(effort(100, 10) for _ in ours_km),
            PRIZE: tuple(effort(km, over) for km, over in zip(ours_km, ours_overflows, strict=True)),
        }
    )
    assert overflow_verdict(found) == verdict
    assert german in headline(found, "de")
    assert english in headline(found, "en")


def test_headline_of_one_seed_has_no_interval_and_says_so() -> None:
    found = _comparison({FIXED: (effort(100, 10),), PRIZE: (effort(60, 10),)})
    assert overflow_verdict(found) == "unknown"
    assert "40% fewer kilometres" in headline(found, "en")
    assert "interval needs at least two" in headline(found, "en")
    idle = _comparison({FIXED: (effort(100, 10), effort(90, 10)), PRIZE: (effort(60, 10), Effort())})
    assert "in at least one run nobody drives" in headline(idle, "en")
    assert headline(_comparison({FIXED: (Effort(),), PRIZE: (effort(60),)}), "en").startswith("Nobody drives")


def test_checks_find_what_cannot_be_true() -> None:
    def verdicts(days_of: dict[Variant, tuple[Effort, ...]]) -> dict[str, bool | None]:
        comparison = _comparison(days_of)
        found = check_figures(comparison, EN_16258_UBA_2024, n_vehicles=1, capacity_l=1_000)
        return {one.key: one.is_plausible for one in found}

    sound = verdicts({FIXED: (effort(100),) * 2, PRIZE: (effort(60),) * 2})
    assert all(sound[key] for key in ("litres_per_100_km", "saved_per_vehicle", "balance", "overtime"))
    assert sound["clairvoyant"] is None, "there is none in the study"
    # 150 t a year are 411 kg a day: more than the truck burns.
    claim = verdicts({FIXED: (effort(300),) * 2, PRIZE: (effort(80),) * 2})
    assert claim["saved_per_vehicle"] is False
    lost = Effort(distance_m=60_000, out_s=18_000, tours=1, collected_l=10_000)
    assert verdicts({FIXED: (effort(100),) * 2, PRIZE: (lost,) * 2})["balance"] is False
    late = Effort(distance_m=60_000, out_s=18_000, overtime_s=3_600, tours=1, collected_l=30_000)
    assert verdicts({FIXED: (effort(100),) * 2, PRIZE: (late,) * 2})["overtime"] is False
    small = check_figures(
        _comparison({FIXED: (effort(100),) * 2, PRIZE: (effort(60),) * 2}),
        EN_16258_UBA_2024,
        n_vehicles=1,
        capacity_l=1_000,
        mass_share=0.2,
    )
    assert small[1].is_plausible is False, "60 l/100 km are too much for a van"
    thirsty = Effort(distance_m=100_000, out_s=30_000, tours=1, collected_l=30_000, diesel_l=300)
    assert verdicts({FIXED: (thirsty,) * 2, PRIZE: (effort(60),) * 2})["litres_per_100_km"] is False


@pytest.mark.parametrize(
    ("value", "decimals", "german", "english"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (-0.04, 1, "0,0", "0.0"),
        (-12.34, 1, f"{MINUS}12,3", f"{MINUS}12.3"),
        (1_000_000, 0, "1.000.000", "1,000,000"),
        (0.999, 0, "1", "1"),
    ],
)
def test_numbers_are_written_as_people_do(value: float, decimals: int, german: str, english: str) -> None:
    assert number(value, decimals, "de") == german
    assert number(value, decimals, "en") == english


def test_signs_are_told_only_where_asked_for() -> None:
    assert number(3, 0, "en", is_signed=True) == "+3"
    assert number(0, 0, "en", is_signed=True) == "0"
    assert percent(-0.334, "en", is_signed=True) == f"{MINUS}33%"
