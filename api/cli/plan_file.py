"""Reads a plan's file for the commands that look at finished plans."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.domain.issues import InvalidInputError, Issue

if TYPE_CHECKING:
    from optimizer.domain.plan import Plan


def read_document(path: Path) -> bytes:
    """The plan's document: the file's content, or the plan in it where a service's answer was kept.

    Raises
    ------
    InvalidInputError
        When it cannot be read.
    """
    try:
        return _plan_in(path.read_bytes())
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}). Correct the path."
        raise InvalidInputError([Issue(where="PLAN_FILE", code="no_file", message=message)]) from error


def _plan_in(document: bytes) -> bytes:
    """The plan itself, where the document is what a service answered about it."""
    try:
        found = json.loads(document)
    except ValueError:
        return document  # whoever reads the plan says what is wrong
    is_answer = isinstance(found, dict) and isinstance(found.get("plan"), dict) and "status" in found
    return json.dumps(found["plan"]).encode() if is_answer else document


def read_plan(path: Path) -> "Plan":
    """The plan in the file.

    Raises
    ------
    InvalidInputError
        When it cannot be read or is no plan.
    """
    from api.files.plan_json import load_plan

    return load_plan(read_document(path), source=path.name)
