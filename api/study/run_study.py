"""Drives a study: every policy, share of sensors and seed, resumed where it was stopped, with the time that is left."""

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from api.study.beats import BeatingRun, Beats, compute
from api.study.digest import digest_of, program_digest
from api.study.kept_runs import keep_run, kept_run
from api.study.lineup import StudyPolicy
from optimizer.ports import ReportsProgress
from optimizer.season.executors import SeasonExecutor
from optimizer.season.records import RunRecord
from optimizer.season.run_policy import RunTask, SeasonPorts
from optimizer.season.spec import NO_FAILURES, SeasonSpec
from optimizer.season.world import with_coverage

STEP = "seasons"
LOOK_EVERY_S = 1.0
STOP_WITHIN_S = 120.0
SETTLED_S = 5.0
"""Before that, a time left would be a guess."""

RUNS_FOLDER, BEATS_FOLDER = "runs", ".progress"


class LostWorkerError(ChildProcessError):
    """A process that computed a run is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A policy with a share of sensors; None where sensors do not matter."""

    policy: str
    sensor_share: float | None = None

    @property
    def key(self) -> str:
        """For file names and tables."""
        return self.policy if self.sensor_share is None else f"{self.policy}-{self.sensor_share * 100:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is compared.

    Attributes
    ----------
    spec
        The season; its share of sensors is replaced by each of ``sensor_shares``.
    """

    spec: SeasonSpec
    ports: SeasonPorts
    policies: tuple[StudyPolicy, ...]
    sensor_shares: tuple[float, ...]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Policies in their order, each with every share of sensors that it uses."""
        return tuple(
            Variant(policy=one.name, sensor_share=share)
            for one in self.policies
            for share in (self.sensor_shares if one.uses_sensors else (None,))
        )

    def policy(self, name: str) -> StudyPolicy:
        """The policy of this name."""
        return next(one for one in self.policies if one.name == name)

    def spec_of(self, variant: Variant) -> SeasonSpec:
        """The season of a variant; policies that use no sensors share one for all shares and failures."""
        if variant.sensor_share is None:
            return replace(self.spec, sensor_coverage=1.0, failures=NO_FAILURES)
        return replace(self.spec, sensor_coverage=variant.sensor_share)


Runs = Mapping[Variant, tuple[RunRecord, ...]]
"""By variant, in the order of the seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    variant: Variant
    seed: int
    name: str
    task: RunTask


def run_study(
    study: Study, folder: Path, executor: SeasonExecutor, *, progress: ReportsProgress | None = None
) -> dict[Variant, tuple[RunRecord, ...]]:
    """All runs; those that are kept in the folder are not computed again.

    Parameters
    ----------
    progress
        Told about once a second, with the time that is left; may raise ``CancelledError``.

    Raises
    ------
    CancelledError
        When ``progress`` asks to stop; finished runs stay in the folder.
    LostWorkerError
        When a process was ended from outside.
    """
    jobs = _jobs(study)
    paths = {job.name: folder / RUNS_FOLDER / f"{job.name}.json" for job in jobs}
    done = {job.name: run for job in jobs if (run := kept_run(paths[job.name])) is not None}
    waiting = [job for job in jobs if job.name not in done]
    if waiting:
        crew = _Crew(waiting, executor, Beats(folder / BEATS_FOLDER))
        for job, run in crew.finished(progress, n_kept=len(done)):
            keep_run(paths[job.name], run)
            done[job.name] = run
    if progress is not None:
        progress(STEP, 1.0, f"{len(jobs)} runs, {len(jobs) - len(waiting)} of them kept from before")
    found: dict[Variant, tuple[RunRecord, ...]] = {}
    for job in jobs:
        found[job.variant] = (*found.get(job.variant, ()), done[job.name])
    return found


def inputs_digest(study: Study) -> str:
    """One name for everything that the study's figures depend on."""
    return digest_of([job.name for job in _jobs(study)])


def _jobs(study: Study) -> list[_Job]:
    """Seeds first: after each round of policies there is something to compare."""
    travel = study.ports.travel
    ground = digest_of(
        [
            program_digest(),
            [[name, one.matrix.duration_s, one.matrix.distance_m] for name, one in travel.travel_by_profile.items()],
            sorted(map(digest_of, travel.index_of)),
            study.ports.energy,
            study.ports.factors,
            study.ports.solver.name,
        ]
    )
    named = []
    for variant in study.variants:
        policy, spec = study.policy(variant.policy), study.spec_of(variant)
        inputs = digest_of([ground, replace(spec, name="", seeds=(0,)), policy.name, policy.setting])
        named.append((variant, policy, with_coverage(spec), inputs))
    return [
        _Job(
            variant=variant,
            seed=seed,
            name=f"{variant.key}-seed{seed}-{inputs}",
            task=RunTask(spec=spec, ports=study.ports, policy=policy.policy, seed=seed),
        )
        for seed in study.spec.seeds
        for variant, policy, spec, inputs in named
    ]


class _Crew:
    """Computes in a thread of its own, so that the caller can be told, and can interrupt, at any time."""

    def __init__(self, jobs: Sequence[_Job], executor: SeasonExecutor, beats: Beats) -> None:
        self._jobs, self._executor, self._beats = jobs, executor, beats
        self._results: queue.Queue[tuple[int, RunRecord] | BaseException | None] = queue.Queue()
        self._ended = 0
        self._first_beat: tuple[float, float] | None = None

    def finished(self, progress: ReportsProgress | None, *, n_kept: int) -> Iterator[tuple[_Job, RunRecord]]:
        """Jobs with their records, in the order in which they are ready."""
        thread = threading.Thread(target=self._work, name="study", daemon=True)
        thread.start()
        try:
            while True:
                if progress is not None:
                    progress(STEP, *self._state(n_kept))
                try:
                    item = self._results.get(timeout=LOOK_EVERY_S)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, BrokenExecutor):
                    raise LostWorkerError(
                        "A process that computed a run was ended from outside, most likely for lack of memory. "
                        "Finished runs are kept: start again with fewer --processes."
                    ) from item
                if isinstance(item, BaseException):
                    raise item
                self._ended += 1
                yield self._jobs[item[0]], item[1]
        finally:
            self._beats.stop()
            # Runs on other machines may not see the file: they are let go of when this process ends.
            thread.join(timeout=STOP_WITHIN_S)
            self._beats.close()

    def _work(self) -> None:
        tasks = [BeatingRun(task=job.task, beat_path=self._beats.path_of(job.name)) for job in self._jobs]
        try:
            for at, run in self._executor.map(compute, tasks):
                self._results.put((at, run))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._results.put(error)
        else:
            self._results.put(None)

    def _state(self, n_kept: int) -> tuple[float, str]:
        """The share of all runs that is done, and in words how long the rest will take."""
        total, now_s = n_kept + len(self._jobs), time.monotonic()
        computed = self._ended + sum(self._beats.share_of(job.name) for job in self._jobs)
        words = f"{n_kept + self._ended} of {total} runs"
        if self._first_beat is None and computed > 0:
            self._first_beat = (now_s, computed)
        if self._first_beat is not None:
            # From the first sign of life on: the start of a process and its compilation tell nothing of the pace.
            since_s, since = self._first_beat
            if computed > since and now_s - since_s > SETTLED_S:
                left = (now_s - since_s) / (computed - since) * (len(self._jobs) - computed)
                words += f", about {_duration(left)} left"
        return min((n_kept + computed) / total, 1.0), words


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
