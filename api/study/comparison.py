"""What the runs of a study say side by side: means a day, and changes against a baseline, with 95 % intervals.

Every figure of the report and of ``comparison.csv`` is made here, once. All policies meet the same citizens under a
seed, so that changes are paired by seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit

from api.study.run_study import Runs, Study, Variant
from optimizer.season.compare import CONFIDENCE, Estimate, Figure, mean_per_day, ratio
from optimizer.season.records import Effort, SeasonRecord
from optimizer.season.world import with_coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureKind:
    """A figure of a day.

    Attributes
    ----------
    key
        In texts and in the CSV.
    decimals
        That the report shows.
    is_relative
        Whether changes are told in per cent; seldom events are told by how many more or fewer there are.
    """

    key: str
    unit: str
    decimals: int
    of: Figure
    is_relative: bool = True


def _cost(effort: Effort) -> float:
    return effort.cost_eur


def _overflows(effort: Effort) -> float:
    return float(effort.overflow_container_days)


FIGURES = (
    FigureKind(key="distance", unit="km", decimals=1, of=lambda effort: effort.distance_km),
    FigureKind(key="hours", unit="h", decimals=1, of=lambda effort: effort.out_s / 3600),
    FigureKind(key="tours", unit="", decimals=2, of=lambda effort: float(effort.tours)),
    FigureKind(key="lifts", unit="", decimals=1, of=lambda effort: float(effort.lifts)),
    FigureKind(key="diesel", unit="l", decimals=1, of=lambda effort: effort.diesel_l),
    FigureKind(key="co2e", unit="kg", decimals=1, of=lambda effort: effort.co2e_kg),
    FigureKind(key="cost", unit="EUR", decimals=0, of=_cost),
    FigureKind(key="overflows", unit="", decimals=2, of=_overflows, is_relative=False),
    FigureKind(key="spilled", unit="l", decimals=0, of=lambda effort: effort.spilled_l, is_relative=False),
    FigureKind(key="overtime", unit="h", decimals=2, of=lambda effort: effort.overtime_s / 3600, is_relative=False),
    FigureKind(key="unserved", unit="", decimals=2, of=lambda effort: float(effort.unserved_due), is_relative=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of one variant.

    Attributes
    ----------
    per_day
        Mean over days and seeds.
    change
        Of the seasons' sums, as a fraction of the baseline's (-0.3 is 30 % less); None where the baseline has nothing.
    difference
        A day, paired by seed; None for the baseline itself.
    """

    kind: FigureKind
    per_day: Estimate
    change: Estimate | None
    difference: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRow:
    """One line of the comparison.

    Attributes
    ----------
    overflow_share
        Of all container-days.
    fill_deciles
        Levels at emptying, means over the seeds; empty when nothing was emptied.
    n_sensors
        Containers with one.
    eur_per_sensor_year
        Saved against the baseline, per sensor and year: what a sensor may cost at most; None without sensors.
    eur_by_sensor_year, overflows_by_sensor_year
        What each sensor adds: saved, and container-days of overflow avoided, against the same policy without sensors;
        None where that is not in the study.
    """

    variant: Variant
    figures: tuple[Compared, ...]
    overflow_share: Estimate
    mean_fill_fraction: float | None
    fill_deciles: tuple[float, ...]
    n_sensors: int
    eur_per_sensor_year: Estimate | None
    eur_by_sensor_year: Estimate | None
    overflows_by_sensor_year: Estimate | None

    def figure(self, key: str) -> Compared:
        """The figure of this key."""
        return next(one for one in self.figures if one.kind.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All variants.

    Attributes
    ----------
    baseline, ours
        What is compared with, and what the headline is about.
    record
        All runs, with the variants' keys as names of policies.
    """

    rows: tuple[VariantRow, ...]
    baseline: Variant
    ours: Variant
    record: SeasonRecord

    def row(self, variant: Variant) -> VariantRow:
        """The line of a variant."""
        return next(one for one in self.rows if one.variant == variant)


def compare(study: Study, runs: Runs, *, baseline: Variant, ours: Variant) -> Comparison:
    """The comparison of all variants with the baseline."""
    record = joint_record(study, runs)
    rows = tuple(_row(study, record, variant, baseline) for variant in study.variants)
    return Comparison(rows=rows, baseline=baseline, ours=ours, record=record)


def joint_record(study: Study, runs: Runs) -> SeasonRecord:
    """All runs in one record, each under its variant's key."""
    spec = study.spec
    return SeasonRecord(
        name=spec.name,
        town_name=spec.town.name,
        first_day=spec.first_day,
        n_days=spec.n_days,
        warm_up_days=spec.warm_up_days,
        n_containers=len(spec.town.containers),
        sensor_coverage=max(study.sensor_shares),
        overflow_fraction=spec.overflow_fraction,
        assumptions=(),
        runs=tuple(replace(run, policy=variant.key) for variant in study.variants for run in runs[variant]),
    )


def interval(values: Sequence[float]) -> Estimate:
    """The mean with Student's interval; without one for a single value."""
    middle = fmean(values)
    if len(values) < 2:
        return Estimate(value=middle)
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * stdev(values) / sqrt(len(values))
    return Estimate(value=middle, low=middle - half, high=middle + half)


def paired_difference(record: SeasonRecord, one: str, other: str, figure: Callable[[Effort], float]) -> Estimate:
    """By how much a figure of a day differs; the interval is that of the mean of the seeds' differences."""
    return interval(
        [
            (figure(run.total) - figure(record.run(other, run.seed).total)) / max(len(run.days), 1)
            for run in record.runs_of(one)
        ]
    )


def _row(study: Study, record: SeasonRecord, variant: Variant, baseline: Variant) -> VariantRow:
    runs = record.runs_of(variant.key)
    fills = [run.mean_fill_fraction for run in runs if run.mean_fill_fraction is not None]
    deciles = [run.fill_deciles for run in runs if run.fill_deciles]
    n_sensors = 0
    if variant.sensor_share is not None:
        n_sensors = sum(one.has_sensor for one in with_coverage(study.spec_of(variant)).town.containers)
    blind = Variant(policy=variant.policy, sensor_share=0.0)
    has_blind = blind in study.variants

    def saved(other: Variant, figure: Figure) -> Estimate | None:
        if not n_sensors or other == variant:
            return None
        a_day = paired_difference(record, variant.key, other.key, lambda effort: -figure(effort))
        return _scaled(a_day, 365 / n_sensors)

    return VariantRow(
        variant=variant,
        figures=tuple(_compared(record, variant, baseline, kind) for kind in FIGURES),
        overflow_share=interval([run.overflow_share for run in runs]),
        mean_fill_fraction=fmean(fills) if fills else None,
        fill_deciles=tuple(fmean(column) for column in zip(*deciles, strict=True)),
        n_sensors=n_sensors,
        eur_per_sensor_year=saved(baseline, _cost),
        eur_by_sensor_year=saved(blind, _cost) if has_blind else None,
        overflows_by_sensor_year=saved(blind, _overflows) if has_blind else None,
    )


def _compared(record: SeasonRecord, variant: Variant, baseline: Variant, kind: FigureKind) -> Compared:
    per_day = mean_per_day(record, variant.key, kind.of)
    if variant == baseline:
        return Compared(kind=kind, per_day=per_day, change=None, difference=None)
    found = ratio(record, variant.key, baseline.key, kind.of)
    change = None
    if found is not None:
        change = Estimate(
            value=found.value - 1,
            low=None if found.low is None else found.low - 1,
            high=None if found.high is None else found.high - 1,
        )
    return Compared(
        kind=kind,
        per_day=per_day,
        change=change,
        difference=paired_difference(record, variant.key, baseline.key, kind.of),
    )


def _scaled(one: Estimate, factor: float) -> Estimate:
    return Estimate(
        value=one.value * factor,
        low=None if one.low is None else one.low * factor,
        high=None if one.high is None else one.high * factor,
    )
