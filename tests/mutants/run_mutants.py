"""Puts each fault of ``mutants.toml`` into a copy of the tree, and shows which test turns red.

    python tests/mutants/run_mutants.py                 # all of them
    python tests/mutants/run_mutants.py signature sync  # those whose name holds one of the words
    python tests/mutants/run_mutants.py --out report.md

Before a fault is made its tests run on the copy as it is: what is red already proves nothing. The exit code is 1 when a
fault was not noticed, could not be made, or its tests were red before.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.mutants.mutants import ROOT, Mutant, StaleMutantError, read_mutants

COPIED = ("api", "optimizer", "routing", "benchmarks", "tests", "data", "pyproject.toml", "README.md", "LICENSE")
TIME_LIMIT_S = 300
_RED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant: noticed only if a test was green without it and red with it."""

    mutant: Mutant
    word: str
    red: tuple[str, ...] = ()
    seconds: float = 0.0


def main() -> int:
    """Run what was asked for, tell, and say by the exit code whether every fault was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="run only mutants whose name holds one of these")
    parser.add_argument("--out", type=Path, help="write the table to this Markdown file too")
    asked = parser.parse_args()
    chosen = [one for one in read_mutants() if not asked.words or any(word in one.name for word in asked.words)]
    with tempfile.TemporaryDirectory(prefix="fuhre-mutants-") as name:
        copy = copy_tree(Path(name) / "tree")
        verdicts = []
        greens: dict[tuple[str, ...], bool] = {}
        for mutant in chosen:
            verdicts.append(judge(mutant, copy, greens))
            print(row_of(verdicts[-1]), flush=True)  # noqa: T201 - a script talks
    if asked.out is not None:
        asked.out.write_text("\n".join([HEADING, *map(row_of, verdicts), ""]), encoding="utf-8")
    noticed = sum(one.word == "noticed" for one in verdicts)
    print(f"{noticed} of {len(verdicts)} faults were noticed")  # noqa: T201 - a script talks
    return 0 if noticed == len(verdicts) else 1


HEADING = "| fault | it breaks | verdict | red | s |\n|---|---|---|---|---:|"


def row_of(verdict: Verdict) -> str:
    """A line of the table."""
    red = "<br>".join(f"`{one}`" for one in verdict.red[:4]) + (" ..." if len(verdict.red) > 4 else "")
    one = verdict.mutant
    return f"| {one.name} | {one.breaks} | {verdict.word} | {red} | {verdict.seconds:.0f} |"


def copy_tree(target: Path) -> Path:
    """The working tree without its history; compiled kernels come along, for they look at times of files only."""
    target.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("*.pyc"))
        elif source.exists():
            shutil.copy2(source, target / name)
    return target


def judge(mutant: Mutant, copy: Path, greens: dict[tuple[str, ...], bool]) -> Verdict:
    """Run the mutant's tests without and with the fault."""
    path = copy / mutant.file
    original = path.read_bytes()
    try:
        changed = mutant.applied_to(original.decode())
    except StaleMutantError as error:
        return Verdict(mutant=mutant, word=f"stale: {error}")
    began_s = time.monotonic()
    if mutant.tests not in greens:
        greens[mutant.tests] = not run_tests(mutant.tests, copy)
    if not greens[mutant.tests]:
        return Verdict(mutant=mutant, word="its tests were red before", seconds=time.monotonic() - began_s)
    times = path.stat()
    path.write_text(changed, encoding="utf-8")
    try:
        red = run_tests(mutant.tests, copy)
    finally:
        path.write_bytes(original)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return Verdict(mutant=mutant, word="noticed" if red else "NOT NOTICED", red=red, seconds=time.monotonic() - began_s)


def run_tests(tests: Sequence[str], copy: Path) -> tuple[str, ...]:
    """The tests that turn red; ``("no answer",)`` where they do not end."""
    # The tree's own packages stand before installed ones, in the tests and in the processes that they start.
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ("no answer",)
    if done.returncode == 0:
        return ()
    return tuple(_RED.findall(done.stdout)) or (f"pytest ended with {done.returncode}: {done.stdout[-300:]}",)


if __name__ == "__main__":
    sys.exit(main())
