"""The comparison of the search's parts: every variant runs with the same iterations, and rows are kept."""

import csv
from pathlib import Path

import pytest

from benchmarks.solver import ablation, catalogue
from benchmarks.solver.peers.ours import tiny_case


def test_ablation_compares_all_variants_on_every_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ablation, "TASKS", {"tiny": ("tiny",)})
    monkeypatch.setattr(catalogue, "read_task", lambda *_args, **_options: tiny_case())
    monkeypatch.setattr(ablation, "RATED_S", 0.01)
    ablation.main(["--families", "tiny", "--seeds", "1,2", "--seconds", "0.01", "--out", str(tmp_path)])
    with (tmp_path / "ablation.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["1", "2"]
    for row in rows:
        assert int(row["iterations"]) > 0
        assert float(row["one"]) == 0.0, "without a best known, the first variant is what others are compared with"
        assert float(row["two"]) <= 0.0, "the first of two chains is the one chain"
    assert capsys.readouterr().out.splitlines()[-1].startswith("tiny | one +0.000 | ")
