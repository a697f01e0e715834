"""Studies that are really driven: resumed, cancelled, parallel, and the same as single runs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.study.lineup import Dials
from api.study.run_study import BEATS_FOLDER, RUNS_FOLDER, LostWorkerError, Study, Variant, run_study
from optimizer.ports import CancelledError
from optimizer.season.executors import ProcessExecutor, Result, SerialExecutor, Task
from optimizer.season.records import RunRecord
from optimizer.season.run_policy import RunTask, run_policy
from optimizer.season.world import with_coverage
from tests.unit.api.study_factory import FIXED, small_study

CLAIRVOYANT = Variant(policy="clairvoyant")


@dataclass
class CountingExecutor:
    """Computes here, and counts."""

    ends_after: int = 1_000
    computed: list[object] = field(default_factory=list)

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        for at, one in SerialExecutor().map(function, tasks):
            if len(self.computed) >= self.ends_after:
                raise OSError("the machine is gone")
            self.computed.append(tasks[at])
            yield at, one


def _figures(runs: dict[Variant, tuple[RunRecord, ...]]) -> dict[str, list[object]]:
    return {variant.key: [(run.seed, run.days) for run in found] for variant, found in runs.items()}


@pytest.fixture(scope="module")
def study() -> Study:
    return small_study()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def runs(study: Study, folder: Path) -> dict[Variant, tuple[RunRecord, ...]]:
    return run_study(study, folder, SerialExecutor())


def test_study_has_each_share_of_sensors_only_where_it_matters(
    study: Study, runs: dict[Variant, tuple[RunRecord, ...]]
) -> None:
    assert [variant.key for variant in runs] == [
        *("fixed_schedule", "threshold-100", "threshold-0", "rolling_prize-100", "rolling_prize-0", "clairvoyant")
    ]
    assert all([run.seed for run in found] == [1, 2] for found in runs.values())
    # That is no shortcut: a policy that uses no sensors drives the same whatever their share.
    task = RunTask(
        spec=with_coverage(study.spec_of(Variant(policy="clairvoyant", sensor_share=0.0))),
        ports=study.ports,
        policy=study.policy("clairvoyant").policy,
        seed=1,
    )
    assert not any(one.has_sensor for one in task.spec.town.containers)
    assert run_policy(task).days == runs[CLAIRVOYANT][0].days


def test_study_computes_nothing_twice(study: Study, folder: Path, runs: dict[Variant, tuple[RunRecord, ...]]) -> None:
    nobody = CountingExecutor(ends_after=0)
    assert run_study(study, folder, nobody) == runs
    more_seeds = small_study(seeds=(1, 2, 3), policies=("fixed_schedule", "clairvoyant"))
    counting = CountingExecutor()
    run_study(more_seeds, folder, counting)
    assert len(counting.computed) == 2, "one for each policy"


def test_study_computes_anew_what_depends_on_a_changed_setting(folder: Path, runs: object) -> None:
    assert runs
    counting = CountingExecutor()
    run_study(small_study(dials=Dials(threshold_fraction=0.6)), folder, counting)
    assert len(counting.computed) == 4, "two shares of sensors and two seeds of the threshold policy"


def test_study_computes_a_broken_file_again(
    study: Study, folder: Path, runs: dict[Variant, tuple[RunRecord, ...]]
) -> None:
    path = next((folder / RUNS_FOLDER).glob("fixed_schedule-seed1-*.json"))
    path.write_text("{", encoding="utf-8")
    counting = CountingExecutor()
    again = run_study(study, folder, counting)
    assert len(counting.computed) == 1
    assert _figures(again) == _figures(runs)


@pytest.mark.parametrize("stop", [CancelledError, KeyboardInterrupt])
def test_study_stops_at_once_and_goes_on_later(
    stop: type[BaseException], tmp_path: Path, runs: dict[Variant, tuple[RunRecord, ...]]
) -> None:
    study = small_study(policies=("fixed_schedule", "clairvoyant"))

    def stop_after_one(_step: str, share: float, _detail: str = "") -> None:
        if share >= 0.25:
            raise stop

    with pytest.raises(stop):
        run_study(study, tmp_path, SerialExecutor(), progress=stop_after_one)
    kept = len(list((tmp_path / RUNS_FOLDER).glob("*.json")))
    assert 1 <= kept < 4
    assert not (tmp_path / BEATS_FOLDER).exists()
    counting = CountingExecutor()
    assert _figures(run_study(study, tmp_path, counting)) == {
        variant.key: [(run.seed, run.days) for run in runs[variant]] for variant in (FIXED, CLAIRVOYANT)
    }
    assert len(counting.computed) == 4 - kept


def test_study_passes_on_what_went_wrong_and_keeps_what_was_done(tmp_path: Path) -> None:
    study = small_study(policies=("fixed_schedule", "clairvoyant"))
    with pytest.raises(OSError, match="machine is gone"):
        run_study(study, tmp_path, CountingExecutor(ends_after=1))
    assert len(list((tmp_path / RUNS_FOLDER).glob("*.json"))) == 1


def test_study_tells_its_progress_and_ends_with_all(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    study = small_study(policies=("fixed_schedule", "clairvoyant"), n_days=2)
    run_study(study, tmp_path, SerialExecutor(), progress=lambda _step, share, detail="": told.append((share, detail)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1] == (1.0, "4 runs, 0 of them kept from before")
    assert any(detail.startswith("2 of 4 runs") for _, detail in told)


def test_study_says_what_to_do_when_a_worker_was_ended(tmp_path: Path) -> None:
    class Killed:
        def map(self, _function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
            assert tasks
            raise BrokenProcessPool
            yield

    with pytest.raises(LostWorkerError, match="fewer --processes"):
        run_study(small_study(seeds=(1,)), tmp_path, Killed())


@pytest.mark.slow
def test_study_is_the_same_on_several_cores(tmp_path: Path, runs: dict[Variant, tuple[RunRecord, ...]]) -> None:
    study = small_study(policies=("fixed_schedule", "clairvoyant"))
    parallel = run_study(study, tmp_path, ProcessExecutor(n_processes=2))
    assert _figures(parallel) == {
        variant.key: [(run.seed, run.days) for run in runs[variant]] for variant in (FIXED, CLAIRVOYANT)
    }
