"""A town's folder: read as a whole, written as a whole, templates included."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from api.files.columns import CONTAINER_COLUMNS, READING_COLUMNS
from api.files.templates import write_templates
from api.files.town_folder import LoadedTown, load_town_files, read_town_folder, write_town_folder
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import FillHistory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_templates(tmp_path / "town")
    return tmp_path / "town"


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def issues_of(folder: Path) -> tuple[Issue, ...]:
    with pytest.raises(InvalidInputError) as caught:
        read_town_folder(folder)
    return caught.value.issues


def assert_same_history(one: FillHistory, other: FillHistory) -> None:
    assert one.keys() == other.keys()
    for name, series in one.items():
        np.testing.assert_array_equal(series.observed_at_s, other[name].observed_at_s)
        np.testing.assert_array_equal(series.fill_fraction, other[name].fill_fraction)
        np.testing.assert_array_equal(series.emptied_at_s, other[name].emptied_at_s)


def test_templates_load_as_they_are(folder: Path) -> None:
    loaded = read_town_folder(folder)
    assert [one.container_id for one in loaded.town.containers] == ["G-017", "G-018", "G-019"]
    assert loaded.town.containers[0].site_id == loaded.town.containers[1].site_id
    assert sorted(loaded.history) == ["G-017", "G-018"]
    assert loaded.history["G-017"].emptied_at_s.size == 1
    assert loaded.map_path is None


def test_templates_explain_every_column(folder: Path) -> None:
    for name, columns in (("containers.csv", CONTAINER_COLUMNS), ("readings.csv", READING_COLUMNS)):
        remarks = [line for line in (folder / name).read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        for column in columns:
            assert any(remark.startswith(f"# {column.name}") and column.meaning in remark for remark in remarks)


def test_templates_never_overwrite_work(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InvalidInputError) as caught:
        write_templates(folder)
    assert caught.value.issues[0].code == "file_exists"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_issues_of_all_files_come_together(folder: Path) -> None:
    replace_in(folder / "fleet.toml", 'zone = "Europe/Berlin"', 'zone = "Europe/Lünen"')
    replace_in(folder / "containers.csv", ",3000,any", ",x,any")
    assert {issue.where.split(",")[0] for issue in issues_of(folder)} == {"fleet.toml", "containers.csv"}
    replace_in(folder / "containers.csv", ",x,any", ",3000,any")
    replace_in(folder / "readings.csv", "62.5", "sixty")
    assert {issue.where.split(",")[0] for issue in issues_of(folder)} == {"fleet.toml", "readings.csv"}


def test_swapped_register_gives_one_report(folder: Path) -> None:
    replace_in(folder / "containers.csv", "container_id,site_id,lon,lat", "container_id,site_id,lat,lon")
    (issue,) = issues_of(folder)
    assert issue.code == "coordinates_swapped"


def test_folder_without_readings_has_an_empty_history(folder: Path) -> None:
    (folder / "readings.csv").unlink()
    assert read_town_folder(folder).history == {}


def test_two_readings_files_are_not_guessed_between(folder: Path) -> None:
    (folder / "readings.parquet").write_bytes(b"PAR1")
    assert issues_of(folder)[0].code == "two_readings_files"


def test_missing_folder_and_files_are_named(folder: Path) -> None:
    assert issues_of(folder / "nowhere")[0].code == "folder_missing"
    (folder / "containers.csv").unlink()
    assert [issue.code for issue in issues_of(folder)] == ["file_missing"]


def test_map_beside_the_fleet_is_found_and_a_named_one_must_exist(folder: Path) -> None:
    (folder / "map.osm.pbf").write_bytes(b"map")
    assert read_town_folder(folder).map_path == folder / "map.osm.pbf"
    replace_in(folder / "fleet.toml", "[town]\n", '[town]\nmap = "streets.osm.pbf"\n')
    assert [issue.code for issue in issues_of(folder)] == ["map_missing"]
    (folder / "streets.osm.pbf").write_bytes(b"map")
    assert read_town_folder(folder).map_path == folder / "streets.osm.pbf"


def test_separate_files_make_a_town(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        load_town_files(
            fleet=folder / "fleet.toml",
            containers=folder / "containers.csv",
            readings=None,
            map_path=tmp_path / "nowhere.osm.pbf",
        )
    loaded = load_town_files(
        fleet=folder / "fleet.toml", containers=folder / "containers.csv", readings=None, map_path=None
    )
    assert loaded.history == {}


def test_town_reads_back_as_written_with_comments_and_notes(folder: Path, tmp_path: Path) -> None:
    loaded = read_town_folder(folder)
    write_town_folder(loaded, tmp_path / "copy")
    back = read_town_folder(tmp_path / "copy")
    assert back.town == loaded.town
    assert_same_history(back.history, loaded.history)
    assert (tmp_path / "copy" / "fleet.toml").read_bytes() == (folder / "fleet.toml").read_bytes()
    assert (tmp_path / "copy" / "containers.csv").read_bytes() == (folder / "containers.csv").read_bytes()


def test_town_made_in_memory_reads_back_as_written(folder: Path, tmp_path: Path) -> None:
    loaded = read_town_folder(folder)
    made = LoadedTown(town=loaded.town, history=loaded.history, map_path=None, rules=loaded.rules)
    write_town_folder(made, tmp_path / "copy", comments={"town": "made up"}, notes={"G-017": "made up"})
    back = read_town_folder(tmp_path / "copy")
    assert (back.town, back.rules) == (loaded.town, loaded.rules)
    assert "# made up\n[town]" in (tmp_path / "copy" / "fleet.toml").read_text(encoding="utf-8")
    assert ",made up\n" in (tmp_path / "copy" / "containers.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", [".osm.pbf", ".osm"])
def test_map_travels_with_the_town(folder: Path, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"elsewhere{suffix}"
    source.write_bytes(b"streets")
    loaded = load_town_files(
        fleet=folder / "fleet.toml", containers=folder / "containers.csv", readings=None, map_path=source
    )
    write_town_folder(loaded, tmp_path / "copy")
    map_path = read_town_folder(tmp_path / "copy").map_path
    assert map_path is not None
    assert (map_path.parent, map_path.read_bytes()) == (tmp_path / "copy", b"streets")


def test_written_town_keeps_plans_and_replaces_old_readings(folder: Path) -> None:
    (folder / "plans").mkdir()
    (folder / "fuhre.db").write_bytes(b"database")
    write_town_folder(read_town_folder(folder), folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "containers.csv",
        "fleet.toml",
        "fuhre.db",
        "plans",
        "readings.parquet",
    ]
    assert sorted(read_town_folder(folder).history) == ["G-017", "G-018"]


def test_failed_writing_leaves_the_folder_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = read_town_folder(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full_disk(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_town_folder(loaded, folder)
    with pytest.raises(OSError, match="No space"):
        write_town_folder(loaded, tmp_path / "new")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]
