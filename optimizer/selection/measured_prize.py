"""The policy of prices for whatever town it is asked about: measures the town's streets when it first meets it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from threading import Lock
from typing import ClassVar

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Selection
from optimizer.domain.town import Town
from optimizer.selection.nearness import StreamNearness, measure_nearness
from optimizer.selection.rolling_prize import FORECAST_DAYS, PrizeRules, RollingPrizePolicy
from routing.ports import StreetRouter


class MeasuredPrizePolicy:
    """``RollingPrizePolicy`` with the nearness of the town in hand; keeps that of the last town.

    Safe to call from several threads: the second one waits for the first one's measurements.

    Parameters
    ----------
    router
        Measures nearness, without closures of a day: they do not change where a container usually is cheap to visit.
    """

    name: ClassVar[str] = RollingPrizePolicy.name
    forecast_days: ClassVar[int] = FORECAST_DAYS

    def __init__(self, router: StreetRouter, dials: PrizeRules | None = None) -> None:
        self._router = router
        self._dials = PrizeRules() if dials is None else dials
        self._kept: tuple[Town, Mapping[str, StreamNearness]] | None = None
        self._lock = Lock()

    def select(
        self,
        containers: Sequence[Container],
        forecasts: Mapping[str, Forecast],
        *,
        town: Town,
        day: date,
        rules: SelectionRules,
        force: frozenset[str] = frozenset(),
    ) -> Selection:
        """One candidate per container."""
        policy = RollingPrizePolicy(nearness=self._nearness(town), dials=self._dials)
        return policy.select(containers, forecasts, town=town, day=day, rules=rules, force=force)

    def _nearness(self, town: Town) -> Mapping[str, StreamNearness]:
        with self._lock:
            if self._kept is None or not _is_same(self._kept[0], town):
                self._kept = (town, measure_nearness(town, self._router))
            return self._kept[1]


def _is_same(one: Town, other: Town) -> bool:
    return one is other or replace(one, name=other.name) == other
