"""The form of a backup: one ZIP file with the content of every part, and a list that says what must be in it."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.store.errors import BrokenArchiveError

MANIFEST = "manifest.json"


class TableList(BaseModel):
    """What one table holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PartList(BaseModel):
    """What one part holds.

    Attributes
    ----------
    months
        PostgreSQL only: the months that have a table of readings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern="^(service|town|tenants/[a-z][a-z0-9-]{0,39})$")]
    layout: Annotated[str, Field(pattern="^[a-z]?[0-9]{4}$")]
    tables: Mapping[str, TableList]
    columns: Mapping[str, list[str]] = Field(default_factory=dict)
    months: list[tuple[int, int]] = Field(default_factory=list)


class Manifest(BaseModel):
    """What the archive holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["fuhre-archive-1"] = "fuhre-archive-1"
    database: Literal["sqlite", "postgresql"]
    made_at: str
    parts: list[PartList]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for part in self.parts for table in part.tables.values())


@contextmanager
def open_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """An archive and its list.

    Raises
    ------
    BrokenArchiveError
        When it is none, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = Manifest.model_validate_json(archive.read(MANIFEST))
            yield archive, manifest
    except FileNotFoundError as error:
        raise BrokenArchiveError(source=str(path), detail="there is no such file") from error
    except (zipfile.BadZipFile, KeyError, ValidationError, json.JSONDecodeError, EOFError) as error:
        raise BrokenArchiveError(source=str(path), detail="it is damaged, or no archive of this service") from error


def check_tables(source: str, part: PartList, found: Mapping[str, TableList]) -> None:
    """Compare what was restored with what was saved.

    Raises
    ------
    BrokenArchiveError
        When a table differs.
    """
    for name in sorted(part.tables.keys() | found.keys()):
        if part.tables.get(name) != found.get(name):
            raise BrokenArchiveError(source=source, detail=f"the table {name} of {part.name} is not what was saved")
