"""One track on one map: all peers' processes stand side by side and take turns, so that busy moments hit all alike."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.figures import Figure, Figures
from benchmarks.routing.inputs import Inputs
from benchmarks.routing.lineup import reason_against
from benchmarks.routing.oracle import compare, true_durations
from benchmarks.routing.peer import Case, Track
from benchmarks.routing.plan import ALWAYS, Plan
from benchmarks.routing.runner import Runner

_CLOSED_N = 1000
_HURRIED_ROWS = 100
_ORACLE_LABELS = 60_000_000
"""States that the oracle settles in all: on large maps it answers fewer rows."""
_ORACLE_LABELS_PER_S = 4_000_000
"""How fast it is on a busy machine; when what is left of a run is too short, fewer rows are compared."""
_ORACLE_SPARES_S = 6.0
"""Time of a run that it leaves for what comes after it."""


Answers = dict[str, NDArray[np.float64]]


class Rounds:
    """Measures the peers of one track on one map."""

    def __init__(self, case: Case, *, track: Track, plan: Plan, figures: Figures, say: Callable[[str], None]) -> None:
        self._case = case
        self._track = track
        self._plan = plan
        self._figures = figures
        self._say = say

    def run(self, names: Iterable[str], *, given: Inputs, wanted_n: int = 0) -> Answers:
        """Measure everything; returns the peers' answers for one size, where one is wanted."""
        answers: Answers = {}
        runners = self._start(names, reserved_s=self._plan.reserved_s.get(self._track, 0.0))
        try:
            for n in self._plan.sizes:
                ready = [runner for runner in runners if runner.turn_to(n)]
                self._say(f"{self._case.name}, {self._track}: {n} x {n}, {len(ready)} peers take turns")
                self._take_turns(ready)
                if n == wanted_n:
                    answers = _answers(ready)
                if self._track is Track.GRAPH:
                    self._judge(ready, given)
            if self._plan.may_rebuild or self._track is Track.GRAPH:
                self._change(runners, given)
        finally:
            for runner in runners:
                runner.finish()
        return answers

    def answers(self, names: Iterable[str], *, n: int) -> Answers:
        """The peers' answers for one size, without measuring anything."""
        runners = self._start(names, reserved_s=0.0)
        try:
            return _answers([runner for runner in runners if runner.turn_to(n)])
        finally:
            for runner in runners:
                runner.finish()

    def _start(self, names: Iterable[str], *, reserved_s: float) -> list[Runner]:
        runners = [self._runner(name) for name in names if self._may_run(name)]
        for runner in runners:
            self._say(f"{self._case.name}, {self._track}: preparing {runner.name}")
            runner.start(reserved_s=0.0 if runner.name in ALWAYS else reserved_s)
        return runners

    def _take_turns(self, runners: list[Runner]) -> None:
        for turn in range(self._plan.repeats):
            for runner in runners:
                if not runner.is_out:
                    runner.run(turn)
        for runner in runners:
            runner.note_runs()

    def _judge(self, runners: list[Runner], given: Inputs) -> None:
        truth = self._truth(given, is_closed=False)
        for runner in runners:
            found = runner.answer()
            if found is not None:
                self._compare(runner.name, found, truth, n=found.shape[1], note="")

    def _change(self, runners: list[Runner], given: Inputs) -> None:
        for runner in runners:
            found = runner.change(min(_CLOSED_N, self._plan.n_points))
            if found is not None and self._track is Track.GRAPH:
                truth = self._truth(given, is_closed=True)
                self._compare(runner.name, found, truth, n=found.shape[1], note="after closing a street")

    def _truth(self, given: Inputs, *, is_closed: bool) -> NDArray[np.float64]:
        """The oracle's answer for the first rows and all columns, kept for the whole track."""
        path = self._case.scratch_dir / ("truth_closed.npy" if is_closed else "truth.npy")
        if not path.is_file():
            n_rows = min(self._plan.oracle_rows, self._plan.n_points, _ORACLE_LABELS // given.n_states)
            needed_s = _ORACLE_SPARES_S + n_rows * given.n_states / _ORACLE_LABELS_PER_S
            if is_closed or self._plan.left_s(needed_s) < needed_s:
                n_rows = min(n_rows, _HURRIED_ROWS)
            weight_ms = given.closed_weight_ms if is_closed else given.weight_ms
            np.save(path, true_durations(given, weight_ms, n=self._plan.n_points, n_rows=n_rows))
        truth: NDArray[np.float64] = np.load(path)
        return truth

    def _compare(self, name: str, found: NDArray[np.float64], truth: NDArray[np.float64], *, n: int, note: str) -> None:
        outcome = compare(found, truth[:n, :n])
        exact = outcome.n_pairs - outcome.n_mismatches
        for what, value in (("exact_pairs", exact), ("mismatches", outcome.n_mismatches)):
            self._figures.add(
                Figure(
                    map_name=self._case.name,
                    track=self._track,
                    peer=name,
                    what=what,
                    n=n,
                    value=float(value),
                    note=note or "against SciPy's Dijkstra on the same graph",
                )
            )

    def _may_run(self, name: str) -> bool:
        reason = reason_against(name) or self._plan.left_out.get(name, "")
        if reason:
            self._figures.add(
                Figure(map_name=self._case.name, track=self._track, peer=name, what="left_out", note=reason)
            )
        return not reason

    def _runner(self, name: str) -> Runner:
        return Runner(name, self._case, track=self._track, plan=self._plan, figures=self._figures)


def _answers(runners: list[Runner]) -> Answers:
    return {runner.name: found for runner in runners if (found := runner.answer()) is not None}
