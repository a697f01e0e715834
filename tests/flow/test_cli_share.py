"""`fuhre share` on folders of three generated pairs of neighbours: nobody is worse off, and the table says so."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.files.town_folder import LoadedTown, write_town_folder
from benchmarks.sharing.neighbour_towns import Border
from optimizer.domain.request import SelectionRules

PAIRS = (
    Border(seed=11, apart_km=3.0, counts=(18, 14)),
    Border(seed=12, apart_km=5.0, counts=(20, 10)),
    Border(seed=13, apart_km=8.0, counts=(12, 12), vehicles=(1, 1)),
)


def folders_of(border: Border, folder: Path) -> list[str]:
    words = []
    for one in border.parties:
        town = folder / one.party_id
        loaded = LoadedTown(town=one.request.town, history=one.request.history, map_path=None, rules=SelectionRules())
        write_town_folder(loaded, town)
        words += ["--town", str(town)]
    return words


def share(*words: str) -> str:
    asked = ["share", *words, "--day", "2026-03-02", "--as-of", "2026-03-02T05:00+01:00", "--iterations", "150"]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("border", PAIRS, ids=lambda border: f"pair{border.seed}")
def test_nobody_is_worse_off_in_any_pair(border: Border, tmp_path: Path) -> None:
    told = json.loads(share(*folders_of(border, tmp_path), "--max-share", "1", "--json"))
    assert [one["party_id"] for one in told["shares"]] == ["kalletal", "lemgo"]
    assert all(one["share_micro_eur"] <= one["alone_micro_eur"] for one in told["shares"])
    assert sum(one["share_micro_eur"] + one["extra_micro_eur"] for one in told["shares"]) == told["joint_micro_eur"]


def test_table_is_in_german_where_asked(tmp_path: Path) -> None:
    words = folders_of(PAIRS[2], tmp_path)
    assert "gespart" in share(*words, "--language", "de")
    assert "saved" in share(*words)
