"""Policies side by side: ratios with intervals, paired by seed, because all policies meet the same season."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit

from optimizer.season.records import Effort, SeasonRecord

CONFIDENCE = 0.95
Figure = Callable[[Effort], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval; without one where there is but one seed."""

    value: float
    low: float | None = None
    high: float | None = None


def mean_per_day(record: SeasonRecord, policy: str, figure: Figure) -> Estimate:
    """Mean over days and seeds; the interval is that of the mean over seeds (Student's t)."""
    daily = [figure(run.total) / max(len(run.days), 1) for run in record.runs_of(policy)]
    return _with_interval(daily, lambda one: one)


def ratio(record: SeasonRecord, policy: str, other: str, figure: Figure) -> Estimate | None:
    """How a figure of a policy compares with that of another; None where the other has nothing.

    The value is the ratio of the sums; the interval is that of the seeds' ratios on the logarithmic scale.
    """
    pairs = [(figure(run.total), figure(record.run(other, run.seed).total)) for run in record.runs_of(policy)]
    ours, theirs = sum(one for one, _ in pairs), sum(one for _, one in pairs)
    if theirs <= 0:
        return None
    if any(min(pair) <= 0 for pair in pairs):
        return Estimate(value=ours / theirs)
    around = _with_interval([log(one / another) for one, another in pairs], exp)
    return Estimate(value=ours / theirs, low=around.low, high=around.high)


def _with_interval(values: list[float], back: Callable[[float], float]) -> Estimate:
    middle = fmean(values)
    if len(values) < 2:
        return Estimate(value=back(middle))
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * stdev(values) / sqrt(len(values))
    return Estimate(value=back(middle), low=back(middle - half), high=back(middle + half))
