"""Two towns agree, plan a day together, and see only their own part of it; strangers see nothing."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from benchmarks.sharing.neighbour_towns import DAY
from tests.flow.http_samples import served, wait_until_ready
from tests.flow.joint_towns import (
    KALLETAL,
    LEMGO,
    LIMITS,
    STRANGER,
    TOWNS,
    Office,
    border_services,
    names_and_places,
    office_of,
    proposal,
    tablet_of,
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return border_services(tmp_path_factory.mktemp("sharing"))


@pytest.fixture(scope="module")
def opened(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="module")
def offices(opened: httpx.Client, services: Services) -> dict[str, Office]:
    return {name: office_of(opened, services, name) for name in (LEMGO, KALLETAL, STRANGER)}


@pytest.fixture(scope="module")
def shared(offices: dict[str, Office]) -> dict[str, Any]:
    """Refused before it is accepted; then planned, with the agreement's id."""
    lemgo, kalletal = offices[LEMGO], offices[KALLETAL]
    body = {"day": DAY.isoformat(), "partners": [KALLETAL], "limits": LIMITS}
    refused = lemgo.post("/v1/plans", body)
    assert (refused.status_code, refused.json()["issues"][0]["code"]) == (409, "no_agreement")
    proposed = lemgo.post("/v1/agreements", proposal(LEMGO))
    assert proposed.status_code == 201, proposed.text
    agreement_id = proposed.json()["agreement_id"]
    waiting = lemgo.post("/v1/plans", body)
    assert (waiting.status_code, waiting.json()["issues"][0]["code"]) == (409, "agreement_not_accepted")
    terms = {name: proposal(KALLETAL)[name] for name in ("vehicle_ids", "disposal_site_ids")}
    accepted = kalletal.post(f"/v1/agreements/{agreement_id}/accept", terms)
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["state"] == "in_force"
    return {"agreement_id": agreement_id, "answer": lemgo.plan(partners=[KALLETAL])}


def test_both_towns_see_their_part_and_pay_no_more_than_alone(
    offices: dict[str, Office], shared: dict[str, Any]
) -> None:
    plan_id = shared["answer"]["plan_id"]
    shares = {}
    for name in (LEMGO, KALLETAL):
        part = offices[name].get(f"/v1/joint-days/{plan_id}").raise_for_status().json()
        own = {one.container_id for one in TOWNS[name].town.containers}
        seen = [c["container_id"] for t in part["plan"]["tours"] for s in t["stops"] for c in s["collections"]]
        assert sorted([*seen, *(one["container_id"] for one in part["plan"]["unserved"])]) == sorted(own)
        assert part["share"]["party_id"] == name
        assert part["share"]["share_micro_eur"] <= part["share"]["alone_micro_eur"]
        listed = offices[name].get("/v1/joint-days").json()["joint_days"]
        assert [one["plan_id"] for one in listed] == [plan_id]
        shares[name] = part["share"]
    assert sum(one["alone_micro_eur"] - one["share_micro_eur"] for one in shares.values()) > 0
    assert shared["answer"]["plan"]["warnings"][0].startswith("shared: with kalletal")


def test_no_answer_to_a_town_holds_another_towns_ids_or_places(
    offices: dict[str, Office], shared: dict[str, Any]
) -> None:
    plan_id = shared["answer"]["plan_id"]
    agreement_id = shared["agreement_id"]
    for name, other in ((LEMGO, KALLETAL), (KALLETAL, LEMGO)):
        office, foreign = offices[name], names_and_places(TOWNS[other].town)
        answers = [
            office.get(path).text
            for path in (
                f"/v1/joint-days/{plan_id}",
                "/v1/joint-days",
                "/v1/agreements",
                "/v1/plans",
                f"/v1/plans/{plan_id}",
                f"/v1/joint-days/{plan_id}/errands/{TOWNS[other].town.vehicles[0].vehicle_id}",
                "/v1/containers",
                "/v1/vehicles",
            )
        ]
        assert not [one for text in answers for one in foreign if one in text]
    stranger = offices[STRANGER]
    for path in (f"/v1/joint-days/{plan_id}", f"/v1/plans/{plan_id}"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("/v1/agreements").json() == {"agreements": []}
    assert stranger.post(f"/v1/agreements/{agreement_id}/withdraw").status_code == 404
    assert stranger.post(f"/v1/agreements/{agreement_id}/accept", {}).status_code == 404


def test_crew_finds_the_places_of_its_errand_and_nobody_elses(
    opened: httpx.Client, services: Services, shared: dict[str, Any]
) -> None:
    plan_id = shared["answer"]["plan_id"]
    found = 0
    for name in (LEMGO, KALLETAL):
        for vehicle in TOWNS[name].town.vehicles:
            path = f"/v1/joint-days/{plan_id}/errands/{vehicle.vehicle_id}"
            crew = tablet_of(opened, services, name, vehicle.vehicle_id)
            answer = crew.get(path)
            other = KALLETAL if name == LEMGO else LEMGO
            theirs = tablet_of(opened, services, other, vehicle.vehicle_id)
            assert theirs.get(path).status_code == 404
            if answer.status_code == 200:
                found += 1
                labels = [stop["label"] for stop in answer.json()["stops"]]
                assert any(label.startswith(f"{other}: ") for label in labels)
                assert not [one.container_id for one in TOWNS[other].town.containers if one.container_id in answer.text]
    assert found > 0


def test_joint_plan_is_not_edited_behind_the_partners_back(
    opened: httpx.Client, offices: dict[str, Office], shared: dict[str, Any]
) -> None:
    answer = opened.patch(
        f"/v1/plans/{shared['answer']['plan_id']}",
        json={"edits": [{"op": "exclude", "container_id": "lemgo-000"}]},
        headers={**offices[LEMGO].headers, "If-Match": f'"{shared["answer"]["etag"]}"'},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "joint_plan")


def test_partner_may_withdraw_and_the_plan_is_made_without(offices: dict[str, Office], shared: dict[str, Any]) -> None:
    lemgo, kalletal = offices[LEMGO], offices[KALLETAL]
    withdrawn = kalletal.post(f"/v1/agreements/{shared['agreement_id']}/withdraw")
    assert withdrawn.json()["state"] == "agreement_withdrawn"
    again = kalletal.post(f"/v1/agreements/{shared['agreement_id']}/withdraw")
    assert again.json()["withdrawn_at"] == withdrawn.json()["withdrawn_at"]
    refused = lemgo.post("/v1/plans", {"day": DAY.isoformat(), "partners": [KALLETAL], "limits": LIMITS})
    assert (refused.status_code, refused.json()["issues"][0]["code"]) == (409, "agreement_withdrawn")
    late = lemgo.post(f"/v1/agreements/{shared['agreement_id']}/accept", {})
    assert (late.status_code, late.json()["code"]) == (409, "agreement_unusable")
    alone = lemgo.plan()
    assert {t["vehicle_id"] for t in alone["plan"]["tours"]} <= {v.vehicle_id for v in TOWNS[LEMGO].town.vehicles}


@pytest.mark.usefixtures("shared")
def test_partner_without_data_costs_the_saving_and_not_the_plan(
    offices: dict[str, Office],
) -> None:
    lemgo, stranger = offices[LEMGO], offices[STRANGER]
    body = proposal(LEMGO, partner_id=STRANGER)
    agreement_id = lemgo.post("/v1/agreements", body).json()["agreement_id"]
    assert stranger.post(f"/v1/agreements/{agreement_id}/accept", {}).status_code == 200
    plan = lemgo.plan(partners=[STRANGER])["plan"]
    assert plan["tours"]
    assert plan["degraded"][0].startswith("planned without detmold: it has sent no readings")
    assert "lost saving about" in plan["degraded"][0]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"partner_id": "nowhere"}, 404, "not_found"),
        ({"partner_id": LEMGO}, 422, "invalid_request"),
        ({"vehicle_ids": ["kalletal-truck-0"]}, 422, "invalid_request"),
        ({"disposal_site_ids": ["kalletal-plant"]}, 422, "invalid_request"),
        ({"valid_until": "2025-01-01"}, 422, "invalid_request"),
        ({"max_share_fraction": 2}, 422, "invalid_request"),
        ({"price_rule": "winner_takes_all"}, 422, "invalid_request"),
        ({"accepted_by": [KALLETAL]}, 422, "invalid_request"),
    ],
)
def test_impossible_proposal_is_refused(
    offices: dict[str, Office], changes: dict[str, Any], status: int, code: str
) -> None:
    answer = offices[LEMGO].post("/v1/agreements", proposal(LEMGO, **changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_plan_with_itself_or_a_stranger_is_refused(offices: dict[str, Office]) -> None:
    for name in (LEMGO, "nowhere"):
        answer = offices[LEMGO].post("/v1/plans", {"day": DAY.isoformat(), "partners": [name]})
        assert (answer.status_code, answer.json()["issues"][0]["code"]) == (409, "no_agreement")
    assert json.loads(answer.text)["what_you_can_do"]
