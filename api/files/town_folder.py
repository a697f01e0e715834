"""A town as a folder of files: read completely or refused, written completely or not at all."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.files.containers_file import read_containers, write_containers
from api.files.fleet_file import Fleet, read_fleet
from api.files.fleet_writer import write_fleet
from api.files.issue_summary import raise_if_any
from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import FillHistory
from optimizer.domain.request import SelectionRules
from optimizer.domain.town import Town

FLEET_NAME = "fleet.toml"
CONTAINERS_NAME = "containers.csv"
READINGS_NAMES = ("readings.parquet", "readings.csv")
MAP_NAME = "map.osm.pbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTown:
    """What the files of a town say.

    Attributes
    ----------
    history
        Uncleaned series; empty when there is no readings file.
    map_path
        The street map; None when there is none yet.
    fleet_path, containers_path
        The files it was read from, whose comments and notes are kept when the town is written elsewhere.
    """

    town: Town
    history: FillHistory
    map_path: Path | None
    rules: SelectionRules
    fleet_path: Path | None = None
    containers_path: Path | None = None


def read_town_folder(path: Path) -> LoadedTown:
    """The town in a folder with ``fleet.toml``, ``containers.csv``, readings and a map.

    Raises
    ------
    InvalidInputError
        With every issue of every file.
    """
    if not path.is_dir():
        message = f"There is no folder {path}. Correct the path, or make a town with the demo or the templates."
        raise InvalidInputError([Issue(where=str(path), code="folder_missing", message=message)])
    given = [path / name for name in READINGS_NAMES if (path / name).is_file()]
    if len(given) > 1:
        message = f"Both {' and '.join(READINGS_NAMES)} are there. Remove the one that is out of date."
        raise InvalidInputError([Issue(where=path.name, code="two_readings_files", message=message)])
    return load_town_files(
        fleet=path / FLEET_NAME, containers=path / CONTAINERS_NAME, readings=given[0] if given else None, map_path=None
    )


def load_town_files(*, fleet: Path, containers: Path, readings: Path | None, map_path: Path | None) -> LoadedTown:
    """The town in separate files.

    Parameters
    ----------
    readings
        None when there are no sensors yet.
    map_path
        None to take the map that the fleet file names, or ``map.osm.pbf`` beside it.

    Raises
    ------
    InvalidInputError
        With every issue of every file.
    """
    issues: list[Issue] = []
    known = _fleet(fleet, issues)
    register = _containers(containers, known, issues)
    history: FillHistory = {}
    if readings is not None and register is not None:
        ids = [container.container_id for container in register]
        try:
            # Imported here: who only asks for a town's map needs no tables, and they take 70 MB of every process.
            from api.files.readings_file import read_readings  # noqa: PLC0415 - the reason is above

            history = read_readings(readings, container_ids=ids, zone=known.zone if known else None)
        except InvalidInputError as error:
            # Without a fleet there is no zone; clock times without an offset are then no news.
            issues += [issue for issue in error.issues if known or issue.code != "naive_instant"]
    if map_path is None and known is not None:
        map_path = _map_path(fleet, known, issues)
    elif map_path is not None and not map_path.is_file():
        message = f"There is no map {map_path}. Correct the path."
        issues.append(Issue(where=map_path.name, code="map_missing", message=message))
    raise_if_any(issues)
    assert known is not None
    assert register is not None
    return LoadedTown(
        town=known.town_with(register),
        history=history,
        map_path=map_path,
        rules=known.rules,
        fleet_path=fleet,
        containers_path=containers,
    )


def write_town_folder(
    loaded: LoadedTown,
    folder: Path,
    *,
    comments: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Put the town's files into a folder; plans, database and caches that are there stay.

    All files are made beside the folder first, so that a full disk or a lost map leaves it as it was.

    Parameters
    ----------
    comments
        Remarks for a fleet file that is made anew, by table as in ``write_fleet``.
    notes
        Remarks for a containers file that is made anew, by container id.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        staging = Path(name)
        map_name = _copy_map(loaded, staging)
        _write_fleet(loaded, staging / FLEET_NAME, map_name, comments or {})
        if loaded.containers_path is not None:
            shutil.copyfile(loaded.containers_path, staging / CONTAINERS_NAME)
        else:
            write_containers(loaded.town.containers, staging / CONTAINERS_NAME, notes=notes)
        if loaded.history:
            from api.files.readings_writer import write_readings  # noqa: PLC0415 - as for reading

            write_readings(loaded.history, staging / READINGS_NAMES[0])
        folder.mkdir(exist_ok=True)
        for path in sorted(staging.iterdir()):
            path.replace(folder / path.name)
    if loaded.history:
        (folder / READINGS_NAMES[1]).unlink(missing_ok=True)


def _copy_map(loaded: LoadedTown, staging: Path) -> str:
    """Copy the map; the name that it has in the folder, empty without a map."""
    if loaded.map_path is None:
        return ""
    named = read_fleet(loaded.fleet_path).map_name if loaded.fleet_path is not None else ""
    is_plain = bool(named) and Path(named).name == named and named.endswith(loaded.map_path.suffix)
    name = named if is_plain else "map" + "".join(loaded.map_path.suffixes[-2:])
    shutil.copyfile(loaded.map_path, staging / name)
    return name


def _write_fleet(loaded: LoadedTown, path: Path, map_name: str, comments: Mapping[str, str]) -> None:
    if loaded.fleet_path is not None:
        named = read_fleet(loaded.fleet_path).map_name
        if (named or MAP_NAME) == (map_name or MAP_NAME):  # it says where the map will be: keep it with its comments
            shutil.copyfile(loaded.fleet_path, path)
            return
    write_fleet(fleet_of(loaded, map_name="" if map_name == MAP_NAME else map_name), path, comments=comments)


def fleet_of(loaded: LoadedTown, *, map_name: str) -> Fleet:
    """Everything of the town but its containers."""
    town = loaded.town
    return Fleet(
        town_id=town.town_id,
        name=town.name,
        zone=town.zone,
        rules=loaded.rules,
        streams=town.streams,
        depots=town.depots,
        disposal_sites=town.disposal_sites,
        vehicles=town.vehicles,
        country=next((site.hours.country for site in town.disposal_sites), "DE"),
        map_name=map_name,
    )


def _fleet(path: Path, issues: list[Issue]) -> Fleet | None:
    try:
        return read_fleet(path)
    except InvalidInputError as error:
        issues += error.issues
        return None


def _containers(path: Path, fleet: Fleet | None, issues: list[Issue]) -> tuple[Container, ...] | None:
    try:
        if fleet is None:
            return read_containers(path)
        return read_containers(
            path,
            streams=frozenset(stream.stream_id for stream in fleet.streams),
            country=fleet.country,
            near=fleet.depots[0].location,
        )
    except InvalidInputError as error:
        issues += error.issues
        return None


def _map_path(fleet_path: Path, fleet: Fleet, issues: list[Issue]) -> Path | None:
    path = fleet_path.parent / (fleet.map_name or MAP_NAME)
    if path.is_file():
        return path
    if fleet.map_name:
        message = f"The map '{fleet.map_name}' named in [town] is not there ({path}). Correct map, or put it there."
        issues.append(Issue(where=fleet_path.name, code="map_missing", message=message))
    return None
