"""The table of faults in tests/README.md names tests that exist, and every fault of priority 1 once."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
TABLE = (TESTS / "README.md").read_text(encoding="utf-8")
FAULTS = {
    "ING": (1, 4, 5, 6, 7, 11, 12, 14, 15, 17, 20),
    "API": (2, 3, 4, 7, 8, 10),
    "STO": (1, 3, 5, 8, 9),
    "SEC": (2, 3, 4, 5, 6, 7, 8, 12, 14, 15),
    "OPS": (1, 3, 4, 5, 6, 7, 10),
    "TAB": (1, 2, 3, 7, 8, 12),
    "PLN": (1, 2, 5, 6, 13, 15),
    "SOL": (2, 3, 4, 5, 7, 11),
    "MAP": (1, 2, 4, 6, 7, 10, 12),
}


def test_every_test_that_the_table_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", TABLE)
    assert len(named) > 110
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"^(?:async )?def {name}\(", (TESTS / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert gone == []


def test_every_fault_has_one_line() -> None:
    wanted = sorted(f"{group}-{number:02d}" for group, numbers in FAULTS.items() for number in numbers)
    assert sorted(re.findall(r"^\| ([A-Z]{3}-\d\d) \|", TABLE, re.MULTILINE)) == wanted
