"""Tablets that were not updated: what a tablet of the first version sends is taken, and what it reads is there.

``tests/fixtures/tablet`` has one file for each version that may still be on the road. A file is never changed: what a
new version adds comes in a file of its own, and the oldest may go when no tablet is that old any more.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in
from tests.flow.tablet_days import busiest, released_plan

FOLDER = Path(__file__).parents[1] / "fixtures" / "tablet"
VERSIONS = sorted(path.stem for path in FOLDER.glob("*.json"))
_NAMES = {bool: "flag", int: "number", float: "number", str: "text", type(None): "null", list: "list", dict: "object"}


def kinds_at(document: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every path of a document with the kind of value that is there; members of lists share a path."""
    yield path, _NAMES[type(document)]
    if isinstance(document, dict):
        for name, value in document.items():
            yield from kinds_at(value, f"{path}.{name}" if path else name)
    elif isinstance(document, list):
        for value in document:
            yield from kinds_at(value, f"{path}[]")


def lacks(document: Any, reads: dict[str, list[str]]) -> list[str]:
    """What a tablet reads and would not find, or not as it understands it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, kind in kinds_at(document):
        found[path].add(kind)
    return [
        f"{path}: {sorted(found[path]) or 'missing'} instead of {kinds}"
        for path, kinds in reads.items()
        if not found[path] or not found[path] <= set(kinds)
    ]


@pytest.fixture(scope="module")
def tablet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """A driver's client, and the vehicle whose tour is released."""
    services = services_in(tmp_path_factory.mktemp("versions"), has_keys=True)
    vehicle = busiest(released_plan(services))
    with served(create_app(services)) as client:
        client.headers["authorization"] = f"Bearer {key_for(services, Role.DRIVER)}"
        yield client, vehicle


@pytest.mark.parametrize("version", VERSIONS)
def test_tablet_of_an_earlier_version_works(version: str, tablet: tuple[httpx.Client, str]) -> None:
    client, vehicle = tablet
    known = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    assert known["exchanges"]
    for one in known["exchanges"]:
        address = one["address"].format(vehicle=vehicle)
        answer = client.request(one["method"], address, headers=one["headers"], json=one["body"])
        assert answer.status_code == one["status"], answer.text
        for name in one["answer_headers"]:
            assert name in answer.headers
        assert lacks(answer.json(), one["reads"]) == [], one["what"]
        assert {path: value for path, value in one["says"].items() if answer.json()[path] != value} == {}


def test_what_is_missing_or_of_another_kind_is_noticed() -> None:
    reads = {"a": ["number"], "b[].c": ["text", "null"], "b[].d": ["flag"]}
    assert lacks({"a": 1.5, "b": [{"c": None, "d": True, "new": 1}, {"c": "x", "d": False}]}, reads) == []
    assert lacks({"a": "1", "b": [{"c": 3}]}, reads) == [
        "a: ['text'] instead of ['number']",
        "b[].c: ['number'] instead of ['text', 'null']",
        "b[].d: missing instead of ['flag']",
    ]
