"""Whether the study's figures can be true: held against published ones and against what must balance.

Press releases have claimed 150 to 170 t of CO2 a year for one electric truck, where the diesel of such a truck makes
57 t. A report that checks itself in public does not make that mistake.
"""

from dataclasses import dataclass

from api.study.comparison import Comparison, VariantRow
from api.study.lineup import CLAIRVOYANT
from optimizer.season.energy import EmissionFactors
from optimizer.season.records import Effort

DAY_LITRES = (68.0, 90.0)
"""A truck's day: 17,700 l a year (Landkreis Boeblingen) and the FES's 90 l."""
LITRES_PER_100_KM = (42.0, 94.0)
"""Bulky waste (AWIGO) to refuse collection in the United States (SWANA)."""
YEAR_LITRES = 17_700
SLACK_SHARE = 1.5
"""How far outside a published range is still plausible: vans, short tours, hilly towns."""
DAY_HOURS = 8
BALANCE_SHARE = 0.10
"""Beside what still stands at the end: nobody presses more into a full container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes
    ----------
    key
        In texts.
    value, low, high
        What the study found, and between what it should lie; None for no bound on that side.
    is_plausible
        None where nothing can be said.
    """

    key: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    is_plausible: bool | None
    decimals: int = 0


def check_figures(
    comparison: Comparison, factors: EmissionFactors, *, n_vehicles: int, capacity_l: float, mass_share: float = 1.0
) -> tuple[Check, ...]:
    """All checks, for the baseline where it is not said otherwise.

    Parameters
    ----------
    n_vehicles, capacity_l
        Of the town; the latter of all its containers together.
    mass_share
        Of the fleet's mean mass in that of the 26 t trucks behind the published figures.
    """
    total = _total(comparison, comparison.baseline.key)
    days = len(comparison.record.runs_of(comparison.baseline.key)) * comparison.record.n_days
    ours = _total(comparison, comparison.ours.key)
    saved_kg = (total.co2e_kg - ours.co2e_kg) / max(days, 1) * 365 / max(n_vehicles, 1)
    return (
        _ranged("day_litres", "l", _share(total.diesel_l, total.out_s / 3600 / DAY_HOURS), DAY_LITRES, mass_share),
        _ranged(
            "litres_per_100_km",
            "l/100 km",
            _share(total.diesel_l, total.distance_km / 100),
            LITRES_PER_100_KM,
            mass_share,
        ),
        _bounded("saved_per_vehicle", "t", saved_kg / 1000, high=YEAR_LITRES * factors.diesel_wtw_kg_per_l / 1000),
        _balance(comparison, capacity_l=capacity_l),
        _bounded("overtime", "%", _overtime_share(comparison) * 100, high=2.0),
        _clairvoyant(comparison),
    )


def _total(comparison: Comparison, key: str) -> Effort:
    totals = [run.total for run in comparison.record.runs_of(key)]
    return sum(totals[1:], totals[0])


def _share(one: float, other: float) -> float | None:
    return one / other if other > 0 else None


def _ranged(key: str, unit: str, value: float | None, published: tuple[float, float], scale: float) -> Check:
    low, high = (end * scale for end in published)
    is_plausible = None if value is None else low / SLACK_SHARE <= value <= high * SLACK_SHARE
    return Check(key=key, unit=unit, value=value, low=low, high=high, is_plausible=is_plausible)


def _bounded(key: str, unit: str, value: float, *, high: float) -> Check:
    return Check(key=key, unit=unit, value=value, low=None, high=high, is_plausible=value <= high, decimals=1)


def _balance(comparison: Comparison, *, capacity_l: float) -> Check:
    """How far the variants are apart in what citizens brought; what still stands can be no more than fits in."""
    brought = []
    for row in comparison.rows:
        total = _total(comparison, row.variant.key)
        brought.append(total.collected_l + total.spilled_l)
    most = max(*brought, 1e-9)
    standing = capacity_l * len(comparison.record.seeds) / most
    apart = (max(brought) - min(brought)) / most
    return _bounded("balance", "%", apart * 100, high=(BALANCE_SHARE + standing) * 100)


def _overtime_share(comparison: Comparison) -> float:
    """The largest share of time out that lay after the end of the shift."""
    totals = (_total(comparison, row.variant.key) for row in comparison.rows)
    return max(one.overtime_s / one.out_s if one.out_s else 0.0 for one in totals)


def _clairvoyant(comparison: Comparison) -> Check:
    """A perfect forecast should not be beaten by far with as few overflows."""
    rows: list[VariantRow] = [row for row in comparison.rows if row.variant.policy == CLAIRVOYANT]
    ours = comparison.row(comparison.ours)
    value = None
    if rows:
        value = _share(ours.figure("distance").per_day.value, rows[0].figure("distance").per_day.value)
    is_plausible = None if value is None else value >= 0.95 or _overflows_more(ours, rows[0])
    return Check(key="clairvoyant", unit="", value=value, low=0.95, high=None, is_plausible=is_plausible, decimals=2)


def _overflows_more(ours: VariantRow, other: VariantRow) -> bool:
    return ours.figure("overflows").per_day.value > other.figure("overflows").per_day.value
