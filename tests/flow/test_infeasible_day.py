"""A day that cannot be, as the dispatcher reads it: what is short, why, and what was tried and would serve it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.main import main
from tests.flow.infeasible_town import AS_OF, write_infeasible_town

ENGLISH = (
    "What is short, and what would serve it",
    "6 containers of paper are due and in no tour: the shifts leave no time.",
    "1. +60 min overtime on LKW-1 serves all 6, for 101.92 EUR more.",
    "2. One more vehicle like LKW-1 serves all 6, for 136.03 EUR more.",
    "3. Letting LKW-2 drive too serves all 6, for 286.03 EUR more.",
    "3 containers of glass are due and in no tour: no disposal site that takes it is open and within reach.",
    "1. Opening Glashof from 06:00 to 06:30 serves all 3, for 43.95 EUR more.",
    "1 container of paper is due and in no tour: too far from any road that the vehicles may use.",
    "1. An exemption from the weight limit for truck_26t, Brückenweg, serves it, for 10.32 EUR more.",
    "2. A vehicle with the profile van_3_5t, which may drive there, serves it, for 41.11 EUR more.",
    "Each change was tried on this plan and judged by the checker.",
    "Due, but not collected: 10",
    "No vehicle has enough working time left today.",
)
GERMAN = (
    "Musterhausen, Dienstag 03.03.2026",
    "Was fehlt und was hilft",
    "6 Behälter (paper) sind fällig und in keiner Tour: die Schichten lassen keine Zeit mehr.",
    "1. +60 min Überstunden für LKW-1: alle 6 werden geleert, kostet 101,92 EUR mehr.",
    "2. Ein weiteres Fahrzeug wie LKW-1: alle 6 werden geleert, kostet 136,03 EUR mehr.",
    "3. LKW-2 auch fahren lassen: alle 6 werden geleert, kostet 286,03 EUR mehr.",
    "3 Behälter (glass) sind fällig und in keiner Tour: keine Entladestelle dafür ist offen und erreichbar.",
    "1. Glashof von 06:00 bis 06:30 Uhr öffnen: alle 3 werden geleert, kostet 43,95 EUR mehr.",
    "1 Behälter (paper) ist fällig und in keiner Tour: zu weit von jeder Straße, die die Fahrzeuge befahren dürfen.",
    "1. Eine Ausnahme von der Gewichtsbeschränkung für truck_26t, Brückenweg: er wird geleert, kostet 10,32 EUR mehr.",
    "2. Ein Fahrzeug mit dem Profil van_3_5t, das dorthin darf: er wird geleert, kostet 41,11 EUR mehr.",
    "Jede Änderung wurde an diesem Plan erprobt und vom Prüfer für gültig befunden.",
    "Fällig, aber nicht geleert: 10",
    "Kein Fahrzeug hat heute noch genug Arbeitszeit.",
)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return write_infeasible_town(tmp_path / "town")


@pytest.fixture
def fuhre(
    town: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("FUHRE_CACHE_DIR", str(town / "cache"))

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fuhre", *arguments, "--town", str(town)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        return code, capfd.readouterr().out

    return call


def plan(fuhre: Callable[..., tuple[int, str]], *more: str) -> str:
    limits = ("--as-of", AS_OF, "--policy", "all", "--solver", "greedy", "--iterations", "3", "--no-baseline")
    code, text = fuhre("plan", *limits, *more)
    assert code == 0, text
    return text


@pytest.mark.parametrize(("language", "sentences"), [("en", ENGLISH), ("de", GERMAN)])
def test_dispatcher_reads_what_is_short_and_what_would_serve_it(
    fuhre: Callable[..., tuple[int, str]], language: str, sentences: tuple[str, ...]
) -> None:
    text = plan(fuhre, "--language", language)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for sentence in sentences:
        assert any(sentence in line for line in lines), f"{sentence}\n{text}"
    positions = [text.index(sentence) for sentence in sentences[:-2]]
    assert positions == sorted(positions)


def test_plan_document_and_page_say_the_same(fuhre: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    plan(fuhre, "--out", str(tmp_path / "out"))
    document = json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
    texts = [one["text"] for shortage in document["shortages"] for one in (shortage, *shortage["relaxations"])]
    written_en = "\n".join(one["en"] for one in texts)
    written_de = "\n".join(one["de"] for one in texts)
    page = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    for sentence in (*ENGLISH[1:10], *GERMAN[2:11]):
        bare = sentence[3:] if sentence[1:3] == ". " else sentence
        assert bare in written_en + written_de
        assert bare in page
    due = [one for one in document["unserved"] if one["is_due"]]
    assert {one["reason"] for one in due} == {"time", "disposal_closed", "too_far_from_road"}
    assert all(one["message_de"] and one["what_would_change_it_de"] for one in due)


def test_promised_overtime_holds_when_the_shift_is_made_longer(
    fuhre: Callable[..., tuple[int, str]], town: Path
) -> None:
    fleet = town / "fleet.toml"
    fleet.write_text(fleet.read_text(encoding="utf-8").replace('ends = "08:00"', 'ends = "09:00"'), encoding="utf-8")
    document = json.loads(plan(fuhre, "--json"))
    left = {one["container_id"] for one in document["unserved"] if one["is_due"]}
    assert left == {"G-01", "G-02", "G-03", "P-99"}
