"""Measures the house's rules that no linter knows: file sizes, names that explain nothing, the wheel's packages."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

MAX_LINES = 500
MEDIAN_LINES = 150
EMPTY_NAMES = re.compile(r"(^|/)(utils?|helpers?|common|core|base|manager|misc)\.py$")


def main() -> int:
    """Print the figures; return 1 when a rule is broken."""
    listed = subprocess.run(["git", "ls-files", "*.py"], capture_output=True, text=True, check=True).stdout.split()  # noqa: S607 - git is on the path
    lines = {name: len(Path(name).read_text(encoding="utf-8").splitlines()) for name in listed if Path(name).exists()}
    sizes = {name: count for name, count in lines.items() if not name.endswith("__init__.py")}
    longest = max(sizes, key=lambda name: sizes[name])
    median = statistics.median(sizes.values())
    print(f"{len(sizes)} files, median {median:.0f} lines, longest {sizes[longest]} lines ({longest})")
    faults = [f"{name} has {count} lines; at most {MAX_LINES}" for name, count in sizes.items() if count > MAX_LINES]
    faults += [f"{name} has a name that explains nothing" for name in sizes if EMPTY_NAMES.search(name)]
    faults += [
        f"{name} should hold one line at most"
        for name, count in lines.items()
        if name.endswith("__init__.py") and count > 1
    ]
    if median > MEDIAN_LINES:
        faults.append(f"the median file has {median:.0f} lines; at most {MEDIAN_LINES}")
    for fault in faults:
        print(f"house: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
