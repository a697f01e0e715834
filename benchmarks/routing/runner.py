"""Takes one peer through preparation, warm start and timed matrices, and notes every figure or the reason for none."""

import contextlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.figures import Figure, Figures, median_ms
from benchmarks.routing.peer import Case, LeftOutError, Preparation
from benchmarks.routing.plan import Plan, growth, n_repeats_within, n_rows_within
from benchmarks.routing.worker import Reply, Worker

_PROBE_N = (20, 50)
"""Sizes that are tried before the first timed one, to learn how slow a peer is."""
_PATIENCE = 4.0
"""A call is stopped after this many times its limit: predictions from small matrices may be wrong by so much."""

_CHANGES_S = 1.0
"""A change is repeated for its median until so much time has gone into it."""

_CLOSED_ROWS = 100
"""Rows that row-wise peers answer after a change."""

_NOT_READY = "could not be prepared in the time of this run (what is prepared once is kept: run it again)"
_TIME_IS_OVER = "the time for this run was over before it was done"


class Runner:
    """One peer on one map."""

    def __init__(self, name: str, case: Case, *, track: str, plan: Plan, figures: Figures) -> None:
        self.name = name
        self.is_out = False
        self._is_too_slow = False
        self._n, self._n_rows = 0, 0
        self._case = case
        self._track = track
        self._plan = plan
        self._figures = figures
        self._worker: Worker | None = None
        self._is_row_wise = False
        self._known: list[tuple[int, float]] = []
        self._runs: list[Reply] = []
        self._reserved_s = 0.0
        self._prepare_s = 0.0

    def start(self, *, reserved_s: float = 0.0) -> None:
        """Prepare in one process, then load in a fresh one; a probe tells how slow the peer is.

        Parameters
        ----------
        reserved_s
            Time of the run that must be left afterwards.
        """
        self._reserved_s = reserved_s
        try:
            self._prepare()
            settings, self._is_row_wise = self._call("start", timeout_s=60).value
            self._note("settings", note=settings)
            loading = self._call("load", timeout_s=self._plan.prepare_limit_s)
            self._call("ask", 2, 2, timeout_s=60)
            first = self._call("matrix", timeout_s=60)
            self._note("warm_start_s", value=loading.wall_s + first.wall_s, note="from disk to the first 2 x 2 answer")
            for n in _PROBE_N:
                self._learn(n, self._matrix_once(n, n, self._plan.matrix_limit_s).cpu_s)
        except LeftOutError as error:
            self._leave(str(error))
        self._reserved_s = 0.0

    def turn_to(self, n: int) -> bool:
        """Get ready for a size and warm up; false when it would take too long."""
        self._runs = []
        if self.is_out or self._is_too_slow:
            return False
        limit_s = self._plan.left_s(self._plan.matrix_limit_s)
        if limit_s <= 0:
            self._leave(_TIME_IS_OVER, n=n)
            return False
        expected_s = self._expected_s(n)
        self._n = self._n_rows = n
        if self._is_row_wise:
            self._n_rows = n_rows_within(expected_s / n, n=n, limit_s=limit_s / 8)
            expected_s *= self._n_rows / n
        if expected_s > _PATIENCE / 2 * limit_s and not self.name.startswith("ours"):
            self._is_too_slow = True
            why = f"about {expected_s:.0f} s expected, {limit_s:.0f} s are given; larger sizes neither"
            self._note("left_out", n=n, note=why)
            return False
        try:
            warm_up = self._matrix_once(n, self._n_rows, limit_s)
        except LeftOutError as error:
            self._leave(f"{error}; larger sizes neither", n=n)
            return False
        self._learn(n, warm_up.cpu_s * n / self._n_rows)
        return True

    def run(self, turn: int) -> None:
        """One timed matrix, as long as the peer's share of time allows another."""
        share_s = self._plan.matrix_limit_s
        matrix_s = self._known[-1][1] * self._n_rows / self._n
        if turn < n_repeats_within(matrix_s, repeats=self._plan.repeats, limit_s=share_s):
            try:
                self._call("forget", timeout_s=60)
                self._runs.append(self._call("matrix", timeout_s=share_s * _PATIENCE))
            except LeftOutError as error:
                self._leave(str(error), n=self._n)

    def note_runs(self) -> None:
        """Medians of the timed matrices of this size, and the peak of memory so far."""
        if not self._runs:
            return
        n, scale = self._n, self._n / self._n_rows
        shortest_ms = min(run.cpu_s for run in self._runs) * 1000 * scale
        note = f"median of {len(self._runs)}, shortest on the core {shortest_ms:.4g} ms"
        note += f", {self._n_rows} of {n} rows" if scale > 1 else ""
        self._note("matrix_cpu_ms", n=n, value=median_ms((run.cpu_s for run in self._runs), scale=scale), note=note)
        self._note("matrix_wall_ms", n=n, value=median_ms((run.wall_s for run in self._runs), scale=scale), note=note)
        if not self.is_out:
            with contextlib.suppress(LeftOutError):
                peak_mb = self._call("peak_mb", timeout_s=10).value
                self._note("peak_mb", n=n, value=peak_mb, note="of the whole process, answer included")

    def answer(self) -> NDArray[np.float64] | None:
        """The last matrix, ``None`` when there is none."""
        path = self._case.scratch_dir / f"{self.name}.npy"
        try:
            self._call("save", path, timeout_s=120)
            return _take(path)
        except LeftOutError:
            return None

    def change(self, n: int) -> NDArray[np.float64] | None:
        """Close a street, and answer for the first points afterwards."""
        if self.is_out:
            return None
        if self._prepare_s > self._plan.change_limit_s:
            why = f"a change runs again what took {self._prepare_s:.0f} s to prepare"
            self._note("change_ms", note=f"{why}; {self._plan.change_limit_s:.0f} s are given")
            return None
        n_rows = min(n, _CLOSED_ROWS) if self._is_row_wise else n
        changes: list[float] = []
        totals: list[float] = []
        try:
            while len(changes) < self._plan.repeats and math.fsum(totals) < _CHANGES_S:
                changes.append(self._call("change", timeout_s=self._plan.change_limit_s).value)
                matrix = self._matrix_once(n, n_rows, self._plan.matrix_limit_s)
                totals.append(changes[-1] + matrix.wall_s)
            note = f"median of {len(changes)}, on the clock"
            self._note("change_ms", value=median_ms(changes), note=f"until the next query may be asked, {note}")
            if n_rows == n:
                self._note("closed_matrix_ms", n=n, value=median_ms(totals), note=f"change and first matrix, {note}")
        except LeftOutError as error:
            self._note("change_ms", note=str(error))
            return None
        return self.answer()

    def finish(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.close()

    def _learn(self, n: int, seconds: float) -> None:
        self._known = [(known_n, known_s) for known_n, known_s in self._known if known_n != n] + [(n, seconds)]

    def _expected_s(self, n: int) -> float:
        known_n, known_s = self._known[-1]
        exponent = 1.0 if self._is_row_wise else growth(self._known[-2], self._known[-1])
        return known_s * float((n / known_n) ** exponent)

    def _prepare(self) -> None:
        self._worker = Worker(self.name, self._case)
        made: Preparation = self._call("prepare", timeout_s=self._plan.prepare_limit_s).value
        note = "kept, made once" if made.is_kept else "made in this run"
        self._prepare_s = made.seconds
        self._note("prepare_s", value=made.seconds, note=note)
        if not made.is_kept:
            self._worker.close()
            self._worker = Worker(self.name, self._case)

    def _matrix_once(self, n: int, n_rows: int, limit_s: float) -> Reply:
        self._call("forget", timeout_s=60)
        self._call("ask", n, n_rows, timeout_s=60)
        return self._call("matrix", timeout_s=limit_s * _PATIENCE)

    def _call(self, command: str, *arguments: object, timeout_s: float) -> Reply:
        if self._worker is None:
            raise LeftOutError("its process was never started")
        left_s = self._plan.left_s(timeout_s + self._reserved_s) - self._reserved_s
        if left_s <= 0:
            raise LeftOutError(_NOT_READY if self._reserved_s else _TIME_IS_OVER)
        try:
            return self._worker.call(command, *arguments, timeout_s=left_s)
        except LeftOutError as error:
            if left_s < timeout_s and self._plan.left_s(1 + self._reserved_s) <= self._reserved_s:
                raise LeftOutError(_NOT_READY if self._reserved_s else _TIME_IS_OVER) from error
            raise

    def _leave(self, reason: str, *, n: int = 0) -> None:
        self.is_out = True
        self._note("left_out", n=n, note=reason)
        if self._worker is not None:
            self._worker.close()

    def _note(self, what: str, *, value: float = math.nan, n: int = 0, note: str = "") -> None:
        self._figures.add(
            Figure(map_name=self._case.name, track=self._track, peer=self.name, what=what, n=n, value=value, note=note)
        )


def _take(path: Path) -> NDArray[np.float64]:
    array: NDArray[np.float64] = np.load(path)
    path.unlink()
    return array
