"""How OR-Tools searches: its settings, its limits, and the ear that hears of every better answer."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from ortools.util import optional_boolean_pb2

from optimizer.solving.ortools_model import OrToolsModel

REPORT_EVERY_S = 0.25
CALLS_BETWEEN_LOOKS = 256
PATIENCE_CALLS = 50_000
PATIENCE_CALLS_PER_NODE = 5_000
"""Looks at neighbours without any new answer after which guided local search is going round in circles; counted in
calls and not in seconds, so that it ends at the same point on every machine."""
KEPT_ANSWERS = 6
Orders = list[tuple[int, list[int]]]


UNUSED_OPERATORS = (
    "use_relocate_pair",
    "use_light_relocate_pair",
    "use_exchange_pair",
    "use_relocate_subtrip",
    "use_exchange_subtrip",
    "use_global_cheapest_insertion_path_lns",
    "use_local_cheapest_insertion_path_lns",
    "use_relocate_path_global_cheapest_insertion_insert_unperformed",
    "use_global_cheapest_insertion_visit_types_lns",
    "use_local_cheapest_insertion_visit_types_lns",
    "use_lin_kernighan",
    "use_swap_active_chain",
    "use_relocate_expensive_chain",
)
"""Moves for pickup-and-delivery pairs, of which there are none; large neighbourhoods, whose own time limits would make
answers depend on the machine; and chains that cost more time than they save on tours with many tippings."""


def search_settings(*, time_limit_s: float | None, solution_limit: int | None) -> Any:
    """Guided local search without large neighbourhoods."""
    settings = pywrapcp.DefaultRoutingSearchParameters()
    settings.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    settings.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    for operator in UNUSED_OPERATORS:
        setattr(settings.local_search_operators, operator, optional_boolean_pb2.BOOL_FALSE)
    settings.local_search_operators.use_cross_exchange = optional_boolean_pb2.BOOL_TRUE
    if time_limit_s is not None:
        settings.time_limit.FromMilliseconds(max(1, round(1000 * time_limit_s)))
    if solution_limit is not None:
        settings.solution_limit = solution_limit
    return settings


class SearchEar:
    """Collects better answers while OR-Tools searches, reports progress, and ends the search when asked to.

    An exception must not cross OR-Tools' own code: it is kept in ``raised`` and the search is ended.
    """

    def __init__(
        self, model: OrToolsModel, *, time_limit_s: float | None, progress: Callable[[float, int], None] | None
    ) -> None:
        self._model = model
        self._progress = progress
        self._began_s = time.perf_counter()
        self._time_limit_s = time_limit_s
        self._next_report_s = self._began_s
        self._calls = 0
        self._patience = PATIENCE_CALLS + PATIENCE_CALLS_PER_NODE * len(model.nodes)
        self._calls_at_last_answer = 0
        self._best_cost: int | None = None
        self.best_micro_eur = 0
        self.answers: deque[Orders] = deque(maxlen=KEPT_ANSWERS)
        self.solutions = 0
        self.raised: BaseException | None = None
        model.routing.AddAtSolutionCallback(self._at_solution)
        self._limit = model.routing.solver().CustomLimit(self._is_over)
        model.routing.AddSearchMonitor(self._limit)

    def _at_solution(self) -> None:
        try:
            self.solutions += 1
            self._calls_at_last_answer = self._calls
            cost = self._model.routing.CostVar().Max()
            if self._best_cost is None or cost < self._best_cost:
                self._best_cost = cost
                self.answers.append(self._model.orders())
        except BaseException as error:  # noqa: BLE001 - it is raised again after the search
            self.raised = error

    def _is_over(self) -> bool:
        self._calls += 1
        if self._calls % CALLS_BETWEEN_LOOKS:
            return self.raised is not None
        try:
            self._look()
        except BaseException as error:  # noqa: BLE001 - it is raised again after the search
            self.raised = error
        return self.raised is not None or self._calls - self._calls_at_last_answer > self._patience

    def _look(self) -> None:
        now_s = time.perf_counter()
        if self._progress is None or now_s < self._next_report_s:
            return
        self._next_report_s = now_s + REPORT_EVERY_S
        share = 0.0
        if self._time_limit_s is not None:
            share = min(1.0, (now_s - self._began_s) / self._time_limit_s)
        best = self.best_micro_eur if self._best_cost is None else min(self.best_micro_eur, self._best_cost)
        self._progress(share, best)
