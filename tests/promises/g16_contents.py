"""G16: the list of what an installation consists of, made as ``make sbom`` makes it."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.promises.place import Place
from tests.promises.table import Table

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300.0


def measure(place: Place, table: Table) -> None:
    """The recipe's own words, with the environment that runs this and a folder of one's own."""
    place.tell("the list of contents is made")
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        tree = Path(folder) / "tree"
        done = _in_a_copy(tree, "sbom")
        if done.returncode or not (tree / "sbom.json").is_file():
            said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            table.says("G16", "make sbom writes its list", "yes", f"no: {said[0][:200]}", is_met=False)
            return
        components = json.loads((tree / "sbom.json").read_text(encoding="utf-8"))["components"]
    _judge(components, table)
    if not place.size.is_quick:
        place.tell("advisories are looked up")
        _advisories(table)


def _advisories(table: Table) -> None:
    """What ``make audit`` says, where the advisories can be reached."""
    what, target = "packages with a known hole, of whatever weight and age", "0"
    with tempfile.TemporaryDirectory() as folder:
        done = _in_a_copy(Path(folder) / "tree", "audit")
    told = f"{done.stdout}\n{done.stderr}"
    found = re.search(r"Found (\d+) known vulnerabilit", told)
    if done.returncode == 0:
        table.says("G16", what, target, "0", is_met=True)
    elif found is not None:
        table.says("G16", what, target, found[1], is_met=False)
    else:
        table.unknown("G16", what, target, "the advisories cannot be reached from here")


def _in_a_copy(tree: Path, target: str) -> "subprocess.CompletedProcess[str]":
    """A target's commands beside a copy of what they read, so that nothing of the checkout is changed."""
    tree.mkdir()
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in (".ci", "api", "optimizer", "routing"):
        (tree / name).symlink_to(ROOT / name)
    words = ["bash", "-c", "set -e\n" + "\n".join(_recipe(target))]
    return subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def _judge(components: list[dict[str, Any]], table: Table) -> None:
    count = len(components)
    wanted = _locked()
    named = {_plain(one["name"]) for one in components}
    table.none_of(
        "G16", "packages of the locked installation that the list lacks", len(wanted - named), len(wanted), "all"
    )
    table.none_of(
        "G16", "components without a version", sum(not one.get("version") for one in components), count, "all"
    )
    table.none_of(
        "G16", "components without a licence", sum(not one.get("licenses") for one in components), count, "all"
    )
    hashed = sum("hashes" in json.dumps(one) for one in components)
    table.none_of("G16", "components without a hash of what is installed", count - hashed, count, "all")


def _recipe(target: str) -> list[str]:
    """The commands of a target in the Makefile, in the environment of this interpreter; nothing is made beside them."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert found is not None
    programs = Path(sys.executable).parent
    lines = [line.strip().removeprefix("@") for line in found[1].splitlines()]
    return [
        line.replace("$(BIN)", str(programs)).replace("$(PYTHON)", sys.executable).replace("$$", "$") for line in lines
    ]


def _locked() -> set[str]:
    """What the lock says of a plain installation."""
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "uv"), "export", "--locked", "--no-default-groups", "--no-emit-project",
            "--format", "requirements-txt", "--no-hashes", "--quiet",
        ],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = (re.match(r"([A-Za-z0-9][\w.-]*)==", line) for line in done.stdout.splitlines())
    return {_plain(one[1]) for one in names if one is not None}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
