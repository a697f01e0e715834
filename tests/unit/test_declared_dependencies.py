"""What the packages import is what ``pyproject.toml`` says an installation needs: test tools must not hide a lack."""

import ast
import contextlib
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OWN = {"api", "benchmarks", "optimizer", "routing", "tests"}
PEERS = {"osrm": "osrm-bindings", "routingkit_cch": "routingkit-cch", "valhalla": "pyvalhalla", "vroom": "pyvroom"}
"""Modules that need not be installed here, and who brings them."""


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    declared: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return declared


def _imported(folder: Path) -> Iterator[tuple[str, Path]]:
    """Top-level names of foreign modules, and who imports each."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top not in OWN:
                    yield top, file.relative_to(ROOT)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _brought_by(requirements: list[str]) -> set[str]:
    """Distributions that an installation of these has, as far as they are installed here."""
    found: set[str] = set()
    ahead = [(Requirement(one), "") for one in requirements]
    while ahead:
        one, extra = ahead.pop()
        if (one.marker is not None and not one.marker.evaluate({"extra": extra})) or _plain(one.name) in found:
            continue
        found.add(_plain(one.name))
        with contextlib.suppress(PackageNotFoundError):
            further = [Requirement(text) for text in requires(one.name) or []]
            ahead.extend((each, extra) for each in further for extra in ("", *one.extras))
    return found


def _undeclared(folder: str, declared: set[str]) -> dict[str, str]:
    distributions = packages_distributions()
    return {
        module: str(file)
        for module, file in _imported(ROOT / folder)
        if not {_plain(one) for one in distributions.get(module, [PEERS.get(module, module)])} & declared
    }


@pytest.mark.parametrize("folder", ["optimizer", "routing", "api"])
def test_an_installation_brings_what_a_package_imports(project: dict[str, Any], folder: str) -> None:
    extras = project["optional-dependencies"]
    # What is needed only with an extra may be its own, and not what else comes with it: others lack that.
    optional = {_plain(Requirement(one).name) for name in ("ml", "telemetry", "dask") for one in extras[name]}
    declared = _brought_by(project["dependencies"]) | optional
    assert _undeclared(folder, declared) == {}


@pytest.mark.parametrize("extra", ["bench", "bench-solver"])
def test_what_benchmarks_import_at_once_needs_no_test_tools(project: dict[str, Any], extra: str) -> None:
    declared = _brought_by([*project["dependencies"], *project["optional-dependencies"][extra]])
    folders = {"bench": "benchmarks/routing", "bench-solver": "benchmarks/solver"}
    assert _undeclared(folders[extra], declared) == {}
