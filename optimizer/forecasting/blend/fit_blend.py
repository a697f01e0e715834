"""Trains trees on the past of a stream and decides, on what came after it, how much they count.

Three spans follow each other: trees are trained on the first three quarters of the history, their quantiles are
shifted on the next twelfth, and both forecasters, each with nothing it could not have known, are compared on the rest.
Trees count only where they win by two percent on windows to the next emptying, and their levels only where they lose
nothing on those of fixed length either; the shifts are then made anew from all that the trees were not trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.reading import CleanSeries
from optimizer.domain.town import Town
from optimizer.forecasting.blend.past import Past, StreamHistory, stream_history
from optimizer.forecasting.blend.stream_blend import StreamBlend, at_probabilities, mixed
from optimizer.forecasting.blend.trees import (
    LevelTrees,
    RiskTrees,
    conformal,
    recalibrated,
    train_levels,
    train_risk,
)
from optimizer.forecasting.blend.windows import Habits, Windows, features
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.outlook import Outlook
from optimizer.forecasting.slots import DAY_S
from optimizer.forecasting.stream_model import StreamModel

Floats = NDArray[np.float64]

WEIGHTS = (0.25, 0.5, 0.75)
LEAST_GAIN = 0.02
PROBABILITIES = np.linspace(0.05, 0.95, 19)
TRAINED_SHARE, SHIFTED_SHARE = 9 / 12, 1 / 12
FEWEST_TRAINED, FEWEST_SHIFTED, FEWEST_JUDGED = 1_000, 200, 200
RELEARNT_S = 15 * DAY_S
"""The default forecaster, which learns daily, is compared as it was at most so long before each window."""

Models = Mapping[int, StreamModel]
"""By the instant at which they were learnt."""

BaseSaid = tuple[Floats, Floats]
"""``(n, 19)`` quantiles at ``PROBABILITIES``, and ``(n,)`` probabilities of an overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """The past in time order, windows of fixed length first, then those to the next emptying."""

    train: tuple[Past, Past]
    shift: tuple[Past, Past]
    judged: tuple[Past, Past]

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to train on and to judge by."""
        return (
            sum(len(one) for one in self.train) >= FEWEST_TRAINED
            and sum(len(one) for one in self.shift) >= FEWEST_SHIFTED
            and all(len(one) >= FEWEST_JUDGED for one in self.judged)
        )

    @property
    def unseen(self) -> tuple[Past, Past]:
        """All that trees were not trained on."""
        fixed, visits = (Past.joined(one, other) for one, other in zip(self.shift, self.judged, strict=True))
        return fixed, visits


def fit_blend(
    base: EmpiricalBayesForecaster, stream: str, series: Mapping[str, CleanSeries], *, town: Town, as_of_s: int
) -> StreamBlend | None:
    """Trees and their weights, which may be 0; None when there is too little to train or to judge them on."""
    history = stream_history(series, town=town, is_holiday=base.calendar(town), as_of_s=as_of_s)
    if history is None:
        return None
    edges, n_cells = history.grid.edge_at_s, len(history.grid)
    split_s = int(edges[int(TRAINED_SHARE * n_cells)])
    judged_s = int(edges[int((TRAINED_SHARE + SHIFTED_SHARE) * n_cells)])
    known = base.learn_stream(stream, series, town=town, as_of_s=split_s)
    habits = Habits(grid=history.grid, profile=known.profile, demand=known.demand)
    fixed, visits = history.windows(known, overflow_fraction=base.overflow_fraction)
    spans = Spans(
        train=_both(fixed, visits, 0, split_s),
        shift=_both(fixed, visits, split_s, judged_s),
        judged=_both(fixed, visits, judged_s, as_of_s),
    )
    if not spans.is_enough:
        return None
    rivals = {
        learnt_s: base.learn_stream(stream, series, town=town, as_of_s=learnt_s)
        for learnt_s in range(judged_s, as_of_s, RELEARNT_S)
    }
    said = [base_says(base, one, rivals, history) for one in spans.judged]
    levels, level_weight = _judge_levels(spans, habits, [quantiles for quantiles, _ in said])
    risks, risk_weight = _judge_risk(spans, habits, said[1][1], base.overflow_fraction)
    return StreamBlend(
        row_of={one: row for row, one in enumerate(history.ids)},
        profile=known.profile,
        demand=known.demand,
        prior=known.prior,
        levels=levels,
        risks=risks,
        level_weight=level_weight,
        risk_weight=risk_weight,
    )


def base_says(base: EmpiricalBayesForecaster, past: Past, models: Models, history: StreamHistory) -> BaseSaid:
    """Of each window by the model that was learnt last before it."""
    quantiles, risk = np.empty((len(past), PROBABILITIES.shape[0])), np.empty(len(past))
    learnt_s = np.array(sorted(models))
    last = learnt_s[np.maximum(np.searchsorted(learnt_s, past.windows.origin_s, side="right") - 1, 0)]
    for one_s in np.unique(last).tolist():
        here = last == one_s
        outlook = _outlook(models[one_s], past.windows.where(here), history)
        quantiles[here] = np.column_stack([outlook.level_quantile(float(one))[:, 0] for one in PROBABILITIES])
        risk[here] = outlook.overflow_probability(base.overflow_fraction)[:, 0]
    return quantiles, risk


def _outlook(model: StreamModel, windows: Windows, history: StreamHistory) -> Outlook:
    names = [history.ids[row] for row in windows.row.tolist()]
    rates = np.array([model.rates_per_day.get(one, model.pool_rate_per_day) for one in names])
    habits = Habits(grid=history.grid, profile=model.profile, demand=model.demand)
    return Outlook(
        model=model,
        levels=windows.level[:, None],
        demand=(rates * habits.exposure_days(windows))[:, None],
        extra=np.zeros((len(windows), 1)),
        rate_doubt=np.array([[model.rate_doubt(one)] for one in names]),
        horizon_s=windows.horizon_s[:, None],
        own_offset=np.array([[model.own_offsets.get(one, 0.0)] for one in names]),
        own_shift=np.array([[model.own_shifts.get(one, 0.0)] for one in names]),
    )


def best_weight(said: Floats, trees: Floats, past: Past, *, never_worse: tuple[Floats, Floats, Past] | None) -> float:
    """The weight with the lowest score among those that win clearly; 0 when none does.

    Parameters
    ----------
    said, trees
        Quantiles at ``PROBABILITIES``, or probabilities of an overflow.
    never_worse
        The same of windows on which the score must not rise.
    """
    plain, best = _score(said, trees, past, 0.0), 0.0
    least = plain * (1 - LEAST_GAIN)
    for weight in WEIGHTS:
        if never_worse is not None and _score(*never_worse, weight) > _score(*never_worse, 0.0):
            continue
        score = _score(said, trees, past, weight)
        if score < plain and score <= least:
            best, least = weight, score
    return best


def _score(said: Floats, trees: Floats, past: Past, weight: float) -> float:
    """CRPS as twice the mean pinball loss, or the Brier score of probabilities."""
    answer = mixed(said, trees, weight, past.windows)
    if answer.ndim == 1:
        return float(np.square(answer - past.has_reached).mean())
    miss = past.level[:, None] - answer
    return 2 * float(np.maximum(PROBABILITIES * miss, (PROBABILITIES - 1) * miss).mean())


def _judge_levels(spans: Spans, habits: Habits, said: Sequence[Floats]) -> tuple[LevelTrees, float]:
    train = Past.joined(*spans.train)
    models = train_levels(features(train.windows, habits), train.level - habits.expected(train.windows))

    def shifted(parts: tuple[Past, Past]) -> LevelTrees:
        past = Past.joined(*parts)
        seen, expected = features(past.windows, habits), habits.expected(past.windows)
        return conformal(models, seen, past.level - expected, past.windows.horizon_s)

    # The weight is chosen with shifts that know nothing of the windows on which it is chosen.
    levels = shifted(spans.shift)
    trees = [
        at_probabilities(
            levels.quantiles(features(one.windows, habits), habits.expected(one.windows), one.windows.horizon_s),
            PROBABILITIES,
        )
        for one in spans.judged
    ]
    fixed, visits = spans.judged
    weight = best_weight(said[1], trees[1], visits, never_worse=(said[0], trees[0], fixed))
    return shifted(spans.unseen), weight


def _judge_risk(spans: Spans, habits: Habits, said: Floats, overflow_fraction: float) -> tuple[RiskTrees | None, float]:
    """Of windows to the next emptying alone: those of fixed length are a choice of quiet spells."""

    def asked(past: Past) -> tuple[Floats, NDArray[np.bool_]]:
        is_open = past.windows.level < overflow_fraction
        return features(past.windows.where(is_open), habits), past.has_reached[is_open]

    model = train_risk(*asked(spans.train[1]))
    if model is None:
        return None, 0.0
    judged = spans.judged[1]
    is_open = judged.windows.level < overflow_fraction
    seen, _ = asked(judged)
    trees = recalibrated(model, *asked(spans.shift[1])).probability(seen) if is_open.any() else np.empty(0)
    weight = best_weight(said[is_open], trees, judged.where(is_open), never_worse=None) if is_open.any() else 0.0
    return recalibrated(model, *asked(spans.unseen[1])), weight


def _both(fixed: Past, visits: Past, first_s: int, last_s: int) -> tuple[Past, Past]:
    return fixed.between(first_s, last_s).thinned(), visits.between(first_s, last_s).thinned()
