"""Openings against a slow twin: every gap of a tour, asked for a trip to be opened, split or tipped elsewhere."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import njit

from optimizer.search.kernels.openings import SPLIT_NEAR, list_openings
from optimizer.search.tour_search import TourSearch
from tests.unit.optimizer.generated_days import DayKind, generated_day

DAY = DayKind(n_pickups=40, n_vehicles=4, windowed_fraction=0.2)
KINDS = {
    "one stream": DAY,
    "small loads": replace(DAY, capacity_kg=(900, 1_400), max_trips=8),
    "two streams": replace(DAY, streams=("glass", "paper"), n_disposals=3),
}


def openings_of(search: TourSearch, pickup: int, vehicle: int, *, may_open: bool) -> set[int]:
    """What the docstring says, gap by gap."""
    visits = search.plan.visits[vehicle, : search.plan.length[vehicle]].tolist()
    n_pickups, stream = len(search.day.kg), int(search.day.stream[pickup])
    near = set(search.day.near[pickup, 1 : SPLIT_NEAR + 1].tolist())
    found = set()
    for gap in range(len(visits) + 1):
        is_beginning = gap == 0 or visits[gap - 1] >= n_pickups
        inside = visits[gap:]
        trip = [node for node in visits[:gap][::-1] if node < n_pickups][:1] if not is_beginning else inside[:1]
        is_own = bool(trip) and gap < len(visits) and int(search.day.stream[trip[0]]) == stream
        is_before_tip = gap < len(visits) and visits[gap] >= n_pickups
        is_behind_near = gap > 0 and visits[gap - 1] in near
        may_split = is_own and (is_before_tip or is_behind_near)
        may_move_tip = is_own and is_before_tip and search.fleet.n_tips[vehicle, stream] > 1
        if (is_beginning or may_split) if may_open else may_move_tip:
            found.add(gap)
    return found


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_openings_are_those_of_the_slow_twin(kind: DayKind) -> None:
    @njit
    def listed(day: Any, fleet: Any, plan: Any, desk: Any, who: Any, may_open: Any) -> Any:
        return list_openings(day, fleet, plan, desk, who[0], who[1], may_open)

    n_found = 0
    for seed in range(3):
        problem = generated_day(60 + seed, kind)
        search = TourSearch(problem, seed=seed)
        search.run(np.full(60, 2e6))
        parts = (search.day, search.fleet, search.plan, search.desk)
        for pickup in range(len(problem.pickups)):
            for vehicle in range(len(problem.vehicles)):
                for may_open in (True, False):
                    count = listed(*parts, (pickup, vehicle), may_open)
                    gaps = search.desk.openings[:count].tolist()
                    assert set(gaps) == openings_of(search, pickup, vehicle, may_open=may_open)
                    assert len(gaps) == len(set(gaps))
                    n_found += count
    assert n_found > 500
