from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from api.export.geojson import UnknownTourError
from api.export.pdf_sheets import compliance_sheet_pdf, tour_sheet_pdf
from api.export.texts import Language
from optimizer.compliance.judge_plan import judge_compliance
from optimizer.compliance.rules import ComplianceRules
from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.town import Town
from tests.unit.api.plan_factory import make_plan, make_town


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def plan(town: Town) -> Plan:
    return make_plan(town)


def words_of(document: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(document)).pages).split())


def test_tour_sheet_names_every_stop_and_container(plan: Plan, town: Town) -> None:
    tour = plan.tours[0]
    said = words_of(tour_sheet_pdf(plan, tour.vehicle_id, town=town))
    assert tour.vehicle_id in said
    assert "Montag, 2. März 2026" in said
    for stop in tour.stops:
        assert f"{stop.arrives_at.astimezone(town.zone):%H:%M}" in said
        for one in stop.collections:
            assert one.container_id in said
    assert said.count("☐") == sum(stop.kind in {StopKind.COLLECT, StopKind.TIP} for stop in tour.stops)


def test_tour_sheet_speaks_english_and_is_the_same_each_time(plan: Plan, town: Town) -> None:
    vehicle_id = plan.tours[0].vehicle_id
    first = tour_sheet_pdf(plan, vehicle_id, town=town, language="en")
    assert "Tour sheet" in words_of(first)
    assert first == tour_sheet_pdf(plan, vehicle_id, town=town, language="en")


@pytest.mark.parametrize(
    ("language", "out", "extras"),
    [
        ("de", "Unterwegs", ("davon Überstunden", "0:45 h", "Maut", "3,20 EUR")),
        ("en", "Time out", ("Toll", "3.20 EUR")),
    ],
)
def test_tour_sheet_states_time_out_and_what_costs_extra(
    plan: Plan, town: Town, language: Language, out: str, extras: tuple[str, ...]
) -> None:
    tour = plan.tours[0]
    plain = words_of(tour_sheet_pdf(plan, tour.vehicle_id, town=town, language=language))
    assert out in plain
    assert not any(extra in plain for extra in extras)
    dear = replace(tour, totals=replace(tour.totals, overtime_s=2_700, toll_eur=3.2))
    said = words_of(tour_sheet_pdf(replace(plan, tours=(dear,)), tour.vehicle_id, town=town, language=language))
    assert all(extra in said for extra in (out, *extras))


@pytest.mark.parametrize(("language", "told"), [("de", "Karte vom 08.09.2024"), ("en", "map of 08.09.2024")])
def test_tour_sheet_tells_the_date_of_the_map(plan: Plan, town: Town, language: Language, told: str) -> None:
    vehicle_id = plan.tours[0].vehicle_id
    dated = replace(plan, map_data_at=datetime(2024, 9, 8, 20, 21, tzinfo=UTC))
    assert told in words_of(tour_sheet_pdf(dated, vehicle_id, town=town, language=language))
    assert told[:5] not in words_of(tour_sheet_pdf(plan, vehicle_id, town=town, language=language))


def test_tour_sheet_prints_any_name(plan: Plan, town: Town) -> None:
    tour = plan.tours[0]
    odd = tuple(replace(stop, label="Łódzka <b> & Žižkov") for stop in tour.stops)
    said = words_of(tour_sheet_pdf(replace(plan, tours=(replace(tour, stops=odd),)), tour.vehicle_id, town=town))
    assert "Łódzka <b> & Žižkov" in said


def test_tour_sheet_refuses_a_vehicle_without_a_tour(plan: Plan, town: Town) -> None:
    with pytest.raises(UnknownTourError):
        tour_sheet_pdf(plan, "nobody", town=town)


def test_compliance_sheet_has_a_page_for_each_tour_with_its_paragraphs(plan: Plan, town: Town) -> None:
    sheets = judge_compliance(plan, ComplianceRules(), lambda _day: False, town.zone)
    document = compliance_sheet_pdf(plan, sheets, town=town)
    assert len(PdfReader(BytesIO(document)).pages) == len(plan.tours)
    said = words_of(document)
    for sheet in sheets:
        assert sheet.vehicle_id in said
        for one in sheet.findings:
            assert one.reference in said
