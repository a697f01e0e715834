"""Reads a plan's file for the commands that look at finished plans."""

from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from optimizer.domain.plan import Plan


def read_document(path: Path) -> bytes:
    """The file's content.

    Raises
    ------
    InvalidInputError
        When it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}). Correct the path."
        raise InvalidInputError([Issue(where="PLAN_FILE", code="no_file", message=message)]) from error


def read_plan(path: Path) -> "Plan":
    """The plan in the file.

    Raises
    ------
    InvalidInputError
        When it cannot be read or is no plan.
    """
    from api.files.plan_json import load_plan

    return load_plan(read_document(path), source=path.name)
