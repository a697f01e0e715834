"""A plan's notices in German: none is missed, none loses a figure."""

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from api.sharing import joint_planning
from optimizer.domain import map_age
from optimizer.planning import closed_stops, driven_plan, joint_day, judge_fills, plan_day, replan, ways_home
from optimizer.planning.notice_words import NOTICES, notice_in_german, notice_to_read

WARNING = re.compile(r"[a-z]+(_[a-z]+)*: [^.]*\w+ \w+")
GAP = re.compile(r"(sensor|container)\(s\) |planned without ")
WRITERS = (map_age, closed_stops, driven_plan, joint_day, judge_fills, plan_day, replan, ways_home, joint_planning)
CLOSED = "closed_street: Weg <0> is closed to truck (override 7: <1>, until 2026-03-02 10:00)"
ENDINGS = (
    "; no other street serves <2>",
    "; <2> is served from <3>, <4> m away",
    "; <2> and 3 more are served from <3>, up to <4> m away",
)


def notices_in(module: ModuleType) -> Iterator[str]:
    """Every notice that the module's code may write, with numbered marks where values stand."""
    tree = ast.parse(inspect.getsource(module))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr | ast.Constant) or id(node) in inner:
            continue
        text = _text(node)
        if GAP.match(text) and "(s)" in text:
            yield f"1 {text.replace('(s)', '')}"
            yield f"23 {text.replace('(s)', 's')}"
        elif text.startswith("planned without "):
            yield text.replace("<1>", "lost saving unknown: there has been no joint day yet")
            yield text.replace("<1>", "lost saving about <1> EUR, the mean of <2> joint days")
        elif WARNING.match(text) and not text.startswith("closed_street"):
            yield text


def _text(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    count = iter(range(100))
    return "".join(str(part.value) if isinstance(part, ast.Constant) else f"<{next(count)}>" for part in parts)


WRITTEN = sorted({one for module in WRITERS for one in notices_in(module)}) + [CLOSED + one for one in ENDINGS]


def test_writers_are_read() -> None:
    codes = {one.split(":")[0] for one in WRITTEN}
    assert codes >= {"breakdown", "emptied_twice", "load_left", "no_readings", "no_vehicle", "nothing_due", "overtime"}
    assert codes >= {"shared", "stale_map", "closed_street"}
    assert len(WRITTEN) >= len(NOTICES)


@pytest.mark.parametrize("notice", WRITTEN)
def test_every_notice_has_german_words_and_keeps_its_values(notice: str) -> None:
    german = notice_in_german(notice)
    assert german != notice
    assert not re.search(r"\b(the|is|are|with|until|more|lost|away|of)\b", german), german
    values = re.findall(r"<\d>", notice)
    assert all(one in german for one in values)


def test_a_code_stays_the_same_word_in_both_languages() -> None:
    for english, german in NOTICES:
        code = re.match(r"[a-z_]+: ", english)
        assert code is None or german.startswith(code[0])


def test_a_day_without_vehicles_has_its_date_and_no_english_weekday() -> None:
    told = notice_in_german("no_vehicle: no vehicle works on Sunday 2026-03-01; change a shift or the day")
    assert told == "no_vehicle: am 2026-03-01 fährt kein Fahrzeug; eine Schicht oder den Tag ändern"


def test_an_unknown_notice_is_shown_as_it_is() -> None:
    assert notice_in_german("new_code: nobody knows this yet") == "new_code: nobody knows this yet"


def test_people_read_no_code() -> None:
    told = notice_to_read("breakdown: truck-1 stands at street: 4 with 320 kg on board")
    assert told.en == "truck-1 stands at street: 4 with 320 kg on board"
    assert told.de == "truck-1 steht mit 320 kg an Bord bei street: 4"


@pytest.mark.parametrize("notice", WRITTEN)
def test_what_people_read_lacks_the_code_alone(notice: str) -> None:
    told = notice_to_read(notice)
    assert not re.match(r"[a-z]+_[a-z_]+:|breakdown:|overtime:|shared:", told.en)
    assert notice.endswith(told.en)
    assert notice_in_german(notice).endswith(told.de)
    assert len(told.en.split()) >= len(notice.split()) - 1


def test_a_partners_trouble_is_told_in_german() -> None:
    told = "planned without unna: it has sent no readings; lost saving unknown: there has been no joint day yet"
    assert notice_in_german(told).startswith("geplant ohne unna: es kamen keine Messwerte; entgangene")
