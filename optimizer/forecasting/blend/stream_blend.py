"""What trees add to the forecasts of one stream, and by which weight.

The weights were chosen on windows that came after everything the trees were trained on, and are 0 where trees did not
win clearly. They fade where a window is longer than nearly all that were seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.blend.trees import LEARNT, MEAN_WEIGHTS, LevelTrees, RiskTrees
from optimizer.forecasting.blend.windows import Habits, Windows, features
from optimizer.forecasting.priors import StreamPrior
from optimizer.forecasting.slots import DAY_S

Floats = NDArray[np.float64]

FULL_WEIGHT_S, LAST_WEIGHT_S = 10 * DAY_S, 14 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBlend:
    """Trees of one stream with their weights.

    Attributes
    ----------
    row_of
        Position of each container that was learnt from, by its id.
    profile, demand, prior
        What the trees' windows were described with.
    level_weight, risk_weight
        Of the trees, 0 to 1, in quantiles of the level and in the probability of an overflow.
    risks
        None when too few windows told of overflows.
    """

    row_of: Mapping[str, int]
    profile: Floats
    demand: Floats
    prior: StreamPrior
    levels: LevelTrees
    risks: RiskTrees | None
    level_weight: float
    risk_weight: float

    @property
    def is_used(self) -> bool:
        """Whether trees have any weight."""
        return self.level_weight > 0 or self.risk_weight > 0

    def tree_quantiles(self, windows: Windows, habits: Habits) -> Floats:
        """``(n, 5)`` the trees' quantiles of the level at ``LEARNT``."""
        expected = habits.expected(windows)
        return self.levels.quantiles(features(windows, habits), expected, windows.horizon_s)

    def mixed_levels(self, said: Floats, trees: Floats, windows: Windows) -> Floats:
        """Quantiles, or means, of both in their weights; arrays of ``n`` rows."""
        return mixed(said, trees, self.level_weight, windows)

    def mixed_risk(self, said: Floats, windows: Windows, habits: Habits, *, overflow_fraction: float) -> Floats:
        """Probabilities of an overflow of both in their weights; where there is one already nothing is mixed."""
        if self.risks is None or self.risk_weight == 0:
            return said
        trees = self.risks.probability(features(windows, habits))
        return np.where(windows.level < overflow_fraction, mixed(said, trees, self.risk_weight, windows), said)


def mixed(said: Floats, trees: Floats, weight: float, windows: Windows) -> Floats:
    """The weighted mean of what was said and what trees say; trees fade from the tenth to the fourteenth day."""
    fading = np.clip((LAST_WEIGHT_S - windows.horizon_s) / (LAST_WEIGHT_S - FULL_WEIGHT_S), 0.0, 1.0)
    share = weight * fading if said.ndim == 1 else weight * fading[:, None]
    return np.asarray(said + share * (trees - said), dtype=np.float64)


def at_probabilities(knots: Floats, probabilities: Floats) -> Floats:
    """``(n, k)`` quantiles at any probabilities, interpolated between the five that are learnt."""
    between = np.column_stack([np.interp(probabilities, LEARNT, one) for one in np.eye(len(LEARNT))])
    return np.asarray(knots @ between.T, dtype=np.float64)


def mean_of(knots: Floats) -> Floats:
    """``(n,)`` mean of the distributions with these quantiles."""
    return np.asarray(knots @ np.array(MEAN_WEIGHTS), dtype=np.float64)
