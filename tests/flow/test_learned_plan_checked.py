"""A plan tells which learnt densities and handling times it was made with, and is judged by them once downloaded."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from api.cli.main import main
from api.files.town_folder import LoadedTown, write_town_folder
from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenTenantRunner
from api.store.town_document import TownRecord
from benchmarks.sharing.neighbour_towns import DAY, filling, generated_town
from optimizer.domain.request import SelectionRules
from optimizer.domain.town import Town
from optimizer.planning.learned_rates import Handling, Load, TourLesson
from tests.flow.http_samples import NOW, served, services_in, store_of, wait_until_ready
from tests.flow.joint_towns import LEMGO, Office, office_of, opener_of

_LESSON = TypeAdapter(TourLesson)
LOADS, STOPS = 20, 200


@pytest.fixture(scope="module")
def town() -> Town:
    return generated_town(LEMGO, seed=3, east_km=0.0, count=14, vehicles=2)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, town: Town) -> Services:
    """Tours have taught that paper weighs twice what was assumed, and that stops take half as long again."""
    folder: Path = tmp_path_factory.mktemp("learned")
    made = services_in(
        folder, OpenTenantRunner(opener_of=partial(opener_of, folder)), tenant_ids=(LEMGO,), has_keys=True
    )
    store = store_of(made, LEMGO)
    store.town.replace(TownRecord(town=town))
    store.readings.add_history(filling(town), received_at=NOW)
    assumed = {one.stream_id: one.density_kg_per_l for one in town.streams}["paper"]
    for back in range(1, 11):
        lesson = TourLesson(
            loads=(Load(stream="paper", kg=2_000 * assumed, litres=1_000.0),) * (LOADS // 10),
            stops=(Handling(took_s=150, planned_s=100),) * (STOPS // 10),
        )
        store.tour_events.put_lesson(DAY - timedelta(days=back), "lemgo-truck-0", _LESSON.dump_json(lesson))
    return made


@pytest.fixture(scope="module")
def office(services: Services) -> Iterator[Office]:
    with served(create_app(services)) as client:
        wait_until_ready(client)
        yield office_of(client, services, LEMGO)


@pytest.fixture(scope="module")
def answer(office: Office) -> dict[str, Any]:
    return office.plan(policy="all")


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, town: Town) -> Callable[[object], int]:
    write_town_folder(
        LoadedTown(town=town, history=filling(town), map_path=None, rules=SelectionRules()), tmp_path / "town"
    )

    def call(document: object) -> int:
        (tmp_path / "plan.json").write_text(json.dumps(document), encoding="utf-8")
        arguments = ["fuhre", "check", str(tmp_path / "plan.json"), "--town", str(tmp_path / "town"), "--json"]
        monkeypatch.setattr(sys, "argv", arguments)
        try:
            main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        return 0

    return call


def test_plan_tells_the_rates_it_was_made_with_and_what_they_rest_on(answer: dict[str, Any], town: Town) -> None:
    rates = answer["plan"]["rates"]
    assumed = {one.stream_id: one.density_kg_per_l for one in town.streams}["paper"]
    (density,) = rates["densities"]
    assert (density["stream"], density["observations"]) == ("paper", LOADS)
    assert density["assumed_kg_per_l"] == pytest.approx(assumed)
    assert 1.5 * assumed < density["kg_per_l"] < 2 * assumed
    assert rates["handling_observations"] == STOPS
    assert 1.25 < rates["handling_factor"] < 1.5
    assert rates["source"] == f"tours from {DAY - timedelta(days=90)} to {DAY - timedelta(days=1)}"


def test_downloaded_plan_keeps_every_rule_by_the_rates_in_it_and_not_by_the_master_data(
    answer: dict[str, Any], check: Callable[[object], int]
) -> None:
    assert sum(len(stop["collections"]) for tour in answer["plan"]["tours"] for stop in tour["stops"]) > 5
    assert check(answer) == 0  # as the service answered
    assert check(answer["plan"]) == 0
    assert check(answer["plan"] | {"rates": None}) == 1


def test_edit_keeps_the_rates_of_its_plan_whatever_was_learnt_since(
    services: Services, office: Office, answer: dict[str, Any], check: Callable[[object], int]
) -> None:
    """Late reports of earlier days would otherwise mix two sets of rates in one plan."""
    late = TourLesson(stops=(Handling(took_s=50, planned_s=100),) * 500)
    store_of(services, LEMGO).tour_events.put_lesson(DAY - timedelta(days=1), "late", _LESSON.dump_json(late))
    container_id = answer["plan"]["tours"][0]["stops"][1]["collections"][0]["container_id"]
    edited = office.client.patch(
        f"/v1/plans/{answer['plan_id']}",
        json={"edits": [{"op": "exclude", "container_id": container_id}], "max_wait_s": 30},
        headers={**office.headers, "If-Match": f'"{answer["etag"]}"'},
    )
    assert edited.status_code == 200, edited.text
    assert edited.json()["plan"]["rates"] == answer["plan"]["rates"]
    assert check(edited.json()) == 0
    # A plan that is asked for now knows better.
    again = office.plan(policy="all")
    assert again["plan"]["rates"]["handling_observations"] == STOPS + 500
