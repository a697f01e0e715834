"""The judge's sentences in German: none is missed, none loses a figure."""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType

import pytest

from optimizer.checking import check_figures, check_plan, check_solution
from optimizer.checking.advice import ADVICE, ADVICE_DE, advice_for
from optimizer.checking.errors import Violation
from optimizer.checking.german_words import SENTENCES, in_german, sentence_in_german
from optimizer.planning import complete_plan

MARK = re.compile(r"<\d+>")


def sentences_of(module: ModuleType) -> Iterator[str]:
    """Every sentence that the module's code may write, with numbered marks where values stand."""
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(function, ast.FunctionDef):
            continue
        given = [one for one in ast.walk(function) if isinstance(one, ast.Assign | ast.Call)]
        values: dict[str, list[ast.expr]] = defaultdict(list)
        for one in given:
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                values[one.targets[0].id].append(one.value)
        for call in (one for one in given if isinstance(one, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name == "Violation":
                said = [one.value for one in call.keywords if one.arg == "sentence"]
            elif name in {"wrong", "_note"}:
                said = call.args[-1:]
            else:
                continue
            for sentence in said:
                yield from _written(sentence, values)


def _written(node: ast.expr, values: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(node, ast.Name):
        for value in values.get(node.id, []):
            yield from _written(value, {**values, node.id: []})
    elif isinstance(node, ast.Call):  # reasons.get(name, "usual sentence")
        for argument in node.args:
            yield from _written(argument, {})
    elif isinstance(node, ast.JoinedStr | ast.Constant):
        count = iter(range(100))
        text = _text(node, values, count)
        if " " in text:
            yield text


def _text(node: ast.expr, values: dict[str, list[ast.expr]], count: Iterator[int]) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, values, count) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        inner = node.value
        pieces = (
            [one for one in values.get(inner.id, []) if isinstance(one, ast.JoinedStr)]
            if isinstance(inner, ast.Name)
            else []
        )
        if pieces:
            return _text(pieces[0], values, count)
        return f"<{next(count)}>"
    raise AssertionError(ast.dump(node))


ALL = sorted({sentence for module in (check_figures, check_plan, check_solution) for sentence in sentences_of(module)})
SOLVERS_OWN = (
    "There is no vehicle with index",
    "There is no pickup with index",
    "It is served",
    "It is listed",
    "It is neither",
)
"""About a solver's answer, never about a plan: nobody but a programmer reads them."""


def test_the_judges_code_is_read_completely() -> None:
    assert len(ALL) > 45
    assert any("of break in" in sentence and sentence.count("<") == 4 for sentence in ALL)


@pytest.mark.parametrize(
    "sentence", [one for one in ALL if not one.startswith((*SOLVERS_OWN, "Halt <", "The cost is", "The objective"))]
)
def test_every_sentence_of_the_judge_has_its_german(sentence: str) -> None:
    german = sentence_in_german(sentence)
    assert german != sentence
    kept = set(MARK.findall(german))
    lost = set(MARK.findall(sentence)) - kept
    assert len(lost) <= ("has no such" in sentence), "what it lacks stands before the sentence"
    assert not re.search(r"\b(the|is|and|of|are)\b", MARK.sub("", german))


@pytest.mark.parametrize("sentence", sorted(set(sentences_of(complete_plan))))
def test_sentences_about_plans_made_by_hand_have_their_german(sentence: str) -> None:
    written = sentence.replace("such <1>.<2>", "such container. Perhaps G-1 or G-2 is meant.").replace(
        "It <0>,", "It does not collect glass,"
    )
    assert sentence_in_german(written) != written


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "The leg to stop 3 states 900 m of toll; the map says 1200 m.",
            "Für die Fahrt zu Halt 3 sind 900 m Mautstrecke angegeben, nach der Karte sind es 1200 m.",
        ),
        (
            "It reaches stop 3 at Lange Straße at 07:05:30, but the drive ends at 07:06:00.",
            "Ankunft bei Halt 3 bei Lange Straße um 07:05:30 angegeben, die Fahrt endet um 07:06:00.",
        ),
        (
            "Vehicle L-1 has no shift on Sundays. Vehicle L-2 collects none of the streams that are due.",
            "Fahrzeug L-1 hat an diesem Wochentag keine Schicht. Fahrzeug L-2 sammelt keine der fälligen Abfallarten.",
        ),
        ("Nobody has translated this.", "Nobody has translated this."),
        ("LUE-1: times and breaks were worked out.", "LUE-1: Zeiten und Pausen wurden berechnet."),
    ],
)
def test_sentences_read_like_german(english: str, german: str) -> None:
    assert sentence_in_german(english) == german


@pytest.mark.parametrize(
    ("where", "german"),
    [
        ("vehicle LUE-1", "Fahrzeug LUE-1"),
        ("container G-1", "Behälter G-1"),
        ("disposal site north", "Entladestelle north"),
        ("stop 3 at Lange Straße 1", "Halt 3 bei Lange Straße 1"),
        ("plan", "Plan"),
    ],
)
def test_places_are_named_in_german(where: str, german: str) -> None:
    found = in_german(Violation(code="lost", where=where, sentence="The day begins with a break."))
    assert found == Violation(code="lost", where=german, sentence="Der Tag beginnt mit einer Pause.")


def test_both_languages_use_the_same_values() -> None:
    for english, german in SENTENCES:
        slots = [set(re.findall(r"\{(\w+)\}", text)) for text in (english, german)]
        assert slots[1] <= slots[0], english
        assert slots[0] - slots[1] <= {"kind", "day"}, english


def test_advice_stands_in_both_languages() -> None:
    assert ADVICE.keys() == ADVICE_DE.keys()
    assert advice_for("two_streams", language="de") == "Entladen, bevor die andere Abfallart geladen wird."
    assert advice_for("lost", language="de") == advice_for("lost") == ""
