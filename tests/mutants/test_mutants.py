"""The list of faults is kept up to date: each can still be made, and its tests are there."""

import ast
import re
from pathlib import Path

import pytest

from tests.mutants.mutants import ROOT, Mutant, StaleMutantError, read_mutants
from tests.mutants.run_mutants import judge

MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name.replace(" ", "-"))
def test_fault_can_be_made_and_its_tests_are_there(mutant: Mutant) -> None:
    changed = mutant.applied_to((ROOT / mutant.file).read_text(encoding="utf-8"))
    ast.parse(changed)
    for test in mutant.tests:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE), f"{test} is gone"


def test_there_are_faults_of_many_kinds() -> None:
    assert len(MUTANTS) >= 12
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
    assert len({one.file for one in MUTANTS}) >= 12


def test_fault_whose_text_is_gone_is_said_so() -> None:
    with pytest.raises(StaleMutantError, match="stands 0 times"):
        MUTANTS[0].applied_to("something else")


def test_only_a_test_that_was_green_can_notice_a_fault(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("ANSWER = 42\n")
    (tmp_path / "test_blind.py").write_text("def test_blind():\n    import code\n")
    (tmp_path / "test_seeing.py").write_text(
        "from pathlib import Path\ndef test_seeing():\n    assert '42' in Path('code.py').read_text()\n"
    )
    (tmp_path / "test_red.py").write_text("def test_red():\n    assert False\n")

    def verdict(tests: str) -> str:
        fault = Mutant(name="x", breaks="y", file="code.py", old="42", new="41", tests=(tests,))
        return judge(fault, tmp_path, {}).word

    assert verdict("test_seeing.py") == "noticed"
    assert verdict("test_blind.py") == "NOT NOTICED"
    assert verdict("test_red.py") == "its tests were red before"
    assert (tmp_path / "code.py").read_text() == "ANSWER = 42\n"
