"""Names for inputs, and finished runs on disk."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from api.study.digest import digest_of, program_digest
from api.study.kept_runs import keep_run, kept_run
from optimizer.season.records import DayRecord, Effort, RunRecord
from tests.unit.api.study_factory import small_study
from tests.unit.optimizer.season_towns import FIRST_DAY, small_season

RUN = RunRecord(
    policy="rolling_prize",
    seed=3,
    n_containers=12,
    days=(
        DayRecord(
            policy="rolling_prize",
            seed=3,
            day=FIRST_DAY,
            effort=Effort(distance_m=1234, co2e_kg=0.1 + 0.2, lifts=2),
            fill_fractions=(0.1, 1 / 3),
        ),
    ),
    wall_s=0.5,
)


def test_digest_is_the_same_whatever_the_order_of_sets_in_a_process() -> None:
    code = "from api.study.digest import digest_of as d; print(d([frozenset('abcdefg'), {'x': {1.5, 2.5}, 'a': None}]))"
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1


def test_digest_changes_with_every_part_of_a_season() -> None:
    spec = small_season()
    town = spec.town
    fuller = replace(town.containers[0], capacity_l=3_001)
    others = [
        replace(spec, n_days=6),
        replace(spec, rules=replace(spec.rules, overflow_cost_eur=61)),
        replace(
            spec, statistics=dict(spec.statistics) | {"paper": replace(spec.statistics["paper"], rate_per_day=0.3)}
        ),
        replace(spec, town=replace(town, containers=(fuller, *town.containers[1:]))),
        replace(spec, sensor_coverage=0.5),
    ]
    names = {digest_of(one) for one in [spec, *others]}
    assert len(names) == 1 + len(others)
    assert digest_of(small_season()) == digest_of(spec)


def test_digest_sees_single_cells_of_arrays_and_refuses_what_has_no_text() -> None:
    one = np.arange(6).reshape(2, 3)
    other = one.copy()
    other[1, 2] = 7
    assert digest_of(one) == digest_of(one.copy()) != digest_of(other)
    assert digest_of(one) != digest_of(one.reshape(3, 2))
    with pytest.raises(TypeError, match="canonical"):
        digest_of([object()])


def test_digest_of_the_program_covers_what_decides() -> None:
    assert len(program_digest()) == 16
    assert small_study(seeds=(1,)).variants  # a study can be made without a digest of the program


def test_kept_run_is_the_run(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "one.json"
    keep_run(path, RUN)
    assert kept_run(path) == RUN
    assert kept_run(tmp_path / "absent.json") is None


def test_kept_run_is_not_used_when_it_is_broken_or_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    keep_run(path, RUN)
    whole = path.read_text(encoding="utf-8")
    document = json.loads(whole)
    del document["days"][0]["effort"]["lifts"]
    for broken in (whole[:-20], "", "[]", json.dumps(document), "\x00"):
        path.write_text(broken, encoding="utf-8")
        assert kept_run(path) is None
