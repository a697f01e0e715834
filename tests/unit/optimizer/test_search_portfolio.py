"""Chains side by side: the same answer on any number of threads, plans exchanged late, limits kept."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from optimizer.checking.check_solution import check_solution
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SolveLimits
from optimizer.ports import CancelledError
from optimizer.problem.problem import Problem
from optimizer.search.compiled_search import Orders, Search
from optimizer.search.plain.plain_day import plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.portfolio import chain_seeds, exchange, run_chains
from optimizer.search.search_clock import SearchClock
from optimizer.search.sisr import SisrSolver
from optimizer.search.tour_search import TourSearch
from optimizer.solving.tour_draft import Workbench
from tests.unit.optimizer.classic_days import classic_day
from tests.unit.optimizer.generated_days import DayKind, generated_day

Makes = Callable[[int], Search]


class Drill:
    """Stands for a compiled search: its plan is a number, which falls by ``gain`` a step."""

    block_steps = 7
    most_steps = 1_000

    def __init__(self, first: int, gain: int = 0) -> None:
        self.best_micro_eur = first
        self.steps = 0
        self.adopted: list[tuple[int, int]] = []
        self._gain = gain

    def best_orders(self) -> list[tuple[int, list[int]]]:
        return [(0, [self.best_micro_eur])]

    def adopt(self, orders: Orders) -> None:
        self.adopted.append((self.steps, orders[0][1][0]))
        self.best_micro_eur = min(self.best_micro_eur, orders[0][1][0])

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        self.steps += len(temperatures_micro_eur)
        self.best_micro_eur -= self._gain * len(temperatures_micro_eur)

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        assert ((shares >= 0) & (shares <= 1)).all()
        return shares


def clock(iterations: int | None = None, seconds: float | None = None) -> SearchClock:
    limits = SolveLimits(time_limit_s=seconds, iteration_limit=iterations)
    return SearchClock(limits, most_steps=10**9, began_s=time.perf_counter(), reserve_s=0.0)


def rich_search(seed: int) -> TourSearch:
    return TourSearch(generated_day(3, DayKind(n_pickups=60, n_vehicles=4, windowed_fraction=0.0)), seed=seed)


def plain_search(seed: int) -> PlainSearch:
    found = plain_day(Workbench(classic_day(3, 40, n_vehicles=10, has_windows=True)))
    assert found is not None
    return PlainSearch(found, seed=seed)


def hot(search: Search, n: int) -> NDArray[np.float64]:
    return search.temperatures_micro_eur(np.full(n, 0.3))


DAYS = {
    "plain": classic_day(7, 60, n_vehicles=14, has_windows=True),
    "rich": generated_day(7, DayKind(n_pickups=40, n_vehicles=3)),
}


@pytest.mark.parametrize("problem", DAYS.values(), ids=DAYS)
@pytest.mark.parametrize("n_chains", [2, 3])
def test_number_of_threads_does_not_change_the_answer(problem: Problem, n_chains: int) -> None:
    answers = [
        SisrSolver().solve(
            problem, SolveLimits(time_limit_s=None, iteration_limit=900, n_chains=n_chains, n_threads=n_threads)
        )
        for n_threads in (1, 2, n_chains)
    ]
    assert check_solution(problem, answers[0]) == ()
    assert all(one.tours == answers[0].tours for one in answers)
    assert {one.iterations for one in answers} == {900 * n_chains}


def test_one_chain_is_the_first_of_several_and_others_have_seeds_of_their_own() -> None:
    assert chain_seeds(5, 1) == [5]
    assert chain_seeds(5, 3)[0] == 5
    highest = 2**31 - 1
    assert not {*chain_seeds(highest, 3)[1:]} & set(range(0, highest, highest // 7))
    assert len({*chain_seeds(5, 9), *chain_seeds(6, 9)}) == 18


def test_plans_are_exchanged_in_the_second_half_and_never_at_the_end() -> None:
    good, bad = Drill(1_000), Drill(2_000)
    run_chains([bad, good], clock(iterations=1_000), n_threads=1, listen=lambda *_: None)
    assert good.steps == bad.steps == 1_000
    assert bad.adopted == [(500, 1_000)], "once taken over, there is nothing better to take"
    assert good.adopted == []
    falling, behind = Drill(100_000, gain=2), Drill(100_000, gain=1)
    run_chains([falling, behind], clock(iterations=1_000), n_threads=1, listen=lambda *_: None)
    assert [step for step, _ in behind.adopted] == list(range(500, 1_000, 50))


def test_worst_chain_takes_the_best_plan() -> None:
    chains = [Drill(cost) for cost in (40, 10, 30, 20, 50)]
    exchange(chains)
    assert [chain.best_micro_eur for chain in chains] == [20, 10, 30, 20, 10]


@pytest.mark.parametrize("make", [plain_search, rich_search])
def test_adopted_plan_is_gone_on_from_and_the_best_one_stays(make: Makes) -> None:
    giver, taker = make(1), make(2)
    giver.run(hot(giver, 600))
    taker.run(hot(taker, 20))
    worse = taker.best_orders()
    worse_micro_eur = taker.best_micro_eur
    assert giver.best_micro_eur < worse_micro_eur
    taker.adopt(giver.best_orders())
    assert taker.best_orders() == giver.best_orders()
    assert taker.best_micro_eur == giver.best_micro_eur
    taker.adopt(worse)
    assert taker.best_micro_eur == giver.best_micro_eur
    assert taker.plan.objective[0] == taker.kept.objective[0] >= worse_micro_eur  # type: ignore[attr-defined]  # both have plans
    taker.run(hot(taker, 200))
    assert make(3).best_micro_eur > taker.best_micro_eur


@pytest.mark.parametrize("n_threads", [1, 2])
def test_chains_keep_the_time_limit(n_threads: int) -> None:
    chains = [plain_search(1), plain_search(2)]
    began_s, shares = time.perf_counter(), []
    watch = clock(seconds=0.6)
    run_chains(chains, watch, n_threads=n_threads, listen=lambda share, _: shares.append(share))
    assert 0.55 < time.perf_counter() - began_s < 0.9
    assert watch.is_out_of_time()
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert min(chain.steps for chain in chains) > 0.2 * max(chain.steps for chain in chains) > 0


@pytest.mark.parametrize("n_threads", [1, 2])
def test_cancelling_ends_all_chains(n_threads: int) -> None:
    problem = generated_day(2, DayKind(n_pickups=60, n_vehicles=4))
    began_s = time.perf_counter()

    def cancel(share: float, _best_micro_eur: int) -> None:
        if share > 0:
            raise CancelledError

    with pytest.raises(CancelledError):
        SisrSolver().solve(problem, SolveLimits(time_limit_s=30.0, n_chains=2, n_threads=n_threads), progress=cancel)
    assert time.perf_counter() - began_s < 5.0


@pytest.mark.parametrize("wrong", [{"n_chains": 0}, {"n_threads": 0}, {"n_chains": 65}])
def test_no_chains_and_no_threads_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError):
        SolveLimits(**wrong)  # type: ignore[arg-type]  # of the names above
