"""Commented files to start a town with; they load as they are."""

from pathlib import Path

from api.files.atomic import write_atomically
from api.files.columns import CONTAINER_COLUMNS, READING_COLUMNS, Column, explain, heading
from api.files.fleet_keys import FLEET_KEYS
from api.files.town_folder import CONTAINERS_NAME, FLEET_NAME, READINGS_NAMES
from optimizer.domain.issues import InvalidInputError, Issue

_CONTAINERS = (
    "G-017,S-009,7.52310,51.61520,glass,3000,any,90,120,Mo-Sa 07:00-20:00; PH off,crane,,yes,Münsterstraße 12,Lünen,",
    "G-018,S-009,7.52310,51.61520,glass,3000,any,90,120,Mo-Sa 07:00-20:00; PH off,crane,,yes,Münsterstraße 12,Lünen,",
    "G-019,,7.53050,51.61180,glass,1100,right,60,120,,crane,14,no,,Lünen,no sensor yet",
)
_READINGS = (
    "G-017,2026-03-02T05:30:00+01:00,62.5,sensor,no",
    "G-017,2026-03-02T09:12:00+01:00,,driver,yes",
    "G-018,2026-03-02T05:31:00+01:00,35,sensor,no",
)

_TOP = """\
# The town, its streams, depots, disposal sites and vehicles. Text after # is a remark.
# Tables in double brackets may be repeated: one [[vehicle]] per vehicle, each with its shift and fuel.
# The street map is map.osm.pbf beside this file; or name another: map = "streets.osm.pbf" under [town]."""


def write_templates(folder: Path) -> list[Path]:
    """Write ``fleet.toml``, ``containers.csv`` and ``readings.csv``; returns their paths.

    Raises
    ------
    InvalidInputError
        When one of them is there already: nobody's work is overwritten.
    """
    texts = {
        FLEET_NAME: fleet_template(),
        CONTAINERS_NAME: containers_template(),
        READINGS_NAMES[1]: readings_template(),
    }
    there = [name for name in (*texts, READINGS_NAMES[0]) if (folder / name).exists()]
    if there:
        message = f"{', '.join(there)} is there already. Choose another folder, or move the files away."
        raise InvalidInputError([Issue(where=str(folder), code="file_exists", message=message)])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    return [folder / name for name in texts]


def fleet_template() -> str:
    """The fleet file, each key with its meaning."""
    parts = [_TOP]
    for table, keys in FLEET_KEYS.items():
        lines = [table]
        for key in keys:
            lines += [f"# {_meaning(key)}", f"{key.name} = {key.example}"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def containers_template() -> str:
    """The register of containers with three lines as examples."""
    return _csv_template("One line per container.", CONTAINER_COLUMNS, _CONTAINERS)


def readings_template(examples: tuple[str, ...] = _READINGS) -> str:
    """The readings, with lines as examples."""
    return _csv_template("One line per observation, in any order.", READING_COLUMNS, examples)


def _csv_template(title: str, columns: tuple[Column, ...], lines: tuple[str, ...]) -> str:
    remarks = [title, "Lines that begin with # above the heading are remarks.", *explain(columns)]
    return "\n".join([*(f"# {remark}" for remark in remarks), heading(columns), *lines]) + "\n"


def _meaning(key: Column) -> str:
    unit = f" [{key.unit}]" if key.unit else ""
    return f"{key.meaning}{unit}{'' if key.is_required else ' Optional.'}"
