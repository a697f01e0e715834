"""PyVRP, with a model for each kind of task."""

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.peer import Answer
from benchmarks.solver.peers.ours import tiny_case
from benchmarks.solver.peers.pyvrp_case import PyvrpCase
from benchmarks.solver.peers.pyvrp_day import PyvrpDay


class PyvrpPeer:
    """Chooses the model."""

    def warm(self) -> None:
        """Nothing is compiled; a short call loads what is loaded late."""
        self.prepare(tiny_case())
        self.solve(seed=1, time_limit_s=0.1)

    def prepare(self, task: Case | Day) -> None:
        """The model of a published instance or of a waste day."""
        self._model: PyvrpCase | PyvrpDay
        if isinstance(task, Day):
            self._model = PyvrpDay()
            self._model.prepare(task)
        else:
            self._model = PyvrpCase()
            self._model.prepare(task)

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Search on one thread; PyVRP has no other."""
        return self._model.solve(seed=seed, time_limit_s=time_limit_s)
