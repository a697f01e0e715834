import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from api.http.app import create_app
from api.http.closures import CLOSURE_EXAMPLES, ClosureBody
from api.http.containers import EXAMPLES as CONTAINER_EXAMPLES
from api.http.containers import ContainerBody
from api.http.errors import PROBLEMS
from api.http.incidents import INCIDENT_EXAMPLES, IncidentBody
from api.http.plan_body import EXAMPLES as PLAN_EXAMPLES
from api.http.plan_body import PlanRequestBody
from api.http.plan_edit_body import EXAMPLES as EDIT_EXAMPLES
from api.http.plan_edit_body import EditsBody
from api.http.readings import EXAMPLES as READINGS_EXAMPLES
from api.http.readings import ReadingBody, ReadingsBody
from api.http.scenario_body import EXAMPLES as SCENARIO_EXAMPLES
from api.http.scenario_body import ScenarioBody
from api.http.tablet_body import EXAMPLES as EVENT_EXAMPLES
from api.http.tablet_body import EventsBody
from api.tablet.take_in import EventFields
from tests.flow.http_samples import services_in

OPERATIONS = {
    "addReadings",
    "cancelJob",
    "cancelPlan",
    "comparePlans",
    "editPlan",
    "explainContainer",
    "getCompliance",
    "getJob",
    "getReleasedTour",
    "listPlanVersions",
    "printCompliance",
    "printTour",
    "releasePlan",
    "watchJob",
    "cancelScenario",
    "getContainer",
    "getPlan",
    "getScenario",
    "getTour",
    "isLive",
    "isReady",
    "listContainers",
    "listDisposalSites",
    "listPlans",
    "listVehicles",
    "putContainer",
    "requestPlan",
    "requestScenario",
} | {
    "endAlert",
    "getDevice",
    "getQuarantined",
    "ingestChirpStack",
    "ingestNgsi",
    "ingestSenml",
    "ingestSensorThings",
    "ingestThingsStack",
    "listAlerts",
    "listDevices",
    "listQuarantine",
    "putDevice",
    "replayQuarantined",
    "acceptAgreement",
    "getErrand",
    "releaseJointDay",
    "settleJointDay",
    "getJointDay",
    "getTourState",
    "listAgreements",
    "listJointDays",
    "proposeAgreement",
    "withdrawAgreement",
    "acceptIncident",
    "addClosure",
    "addTourEvents",
    "confirmClosure",
    "getIncident",
    "getSigningKey",
    "getTourBundle",
    "getTourChanges",
    "listClosures",
    "listIncidents",
    "rejectIncident",
    "removeClosure",
    "reportIncident",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    services = services_in(tmp_path_factory.mktemp("openapi"))
    described = create_app(services).openapi()
    services.stores.close()
    return described


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_operations_have_stable_ids_tags_and_summaries(document: dict[str, Any]) -> None:
    assert {operation["operationId"] for operation in operations(document)} == OPERATIONS
    known_tags = {tag["name"] for tag in document["tags"]}
    for operation in operations(document):
        assert set(operation["tags"]) <= known_tags
        assert operation["summary"]
        assert operation["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def visit(part: object) -> None:
        if isinstance(part, dict):
            if "$ref" in part and isinstance(part["$ref"], str):
                assert part["$ref"].removeprefix("#/components/schemas/") in schemas
            for inner in part.values():
                visit(inner)
        elif isinstance(part, list):
            for inner in part:
                visit(inner)

    visit(document)
    assert "HTTPValidationError" not in schemas


def test_problems_are_described_as_what_they_are(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and operation["operationId"] != "isReady":
                assert list(answer["content"]) == ["application/problem+json"], operation["operationId"]
                for code, example in answer["content"]["application/problem+json"]["examples"].items():
                    assert PROBLEMS[code].status == int(status) == example["value"]["status"]


def test_every_body_has_an_example_and_a_schema(document: dict[str, Any]) -> None:
    for operation in operations(document):
        if operation["operationId"] in {"requestPlan", "editPlan", "requestScenario", "putContainer", "addReadings"}:
            content = operation["requestBody"]["content"]["application/json"]
            assert content["examples"]
            assert content["schema"]["$ref"].endswith("Body")


@pytest.mark.parametrize(
    ("model", "examples"),
    [
        (PlanRequestBody, PLAN_EXAMPLES),
        (EditsBody, EDIT_EXAMPLES),
        (ScenarioBody, SCENARIO_EXAMPLES),
        (ContainerBody, CONTAINER_EXAMPLES),
        (ReadingsBody, READINGS_EXAMPLES),
        (EventsBody, EVENT_EXAMPLES),
        (IncidentBody, INCIDENT_EXAMPLES),
        (ClosureBody, CLOSURE_EXAMPLES),
    ],
)
def test_examples_are_accepted(model: type[BaseModel], examples: dict[str, Any]) -> None:
    import json

    for example in examples.values():
        read = model.model_validate_json(json.dumps(example))
        if isinstance(read, ReadingsBody):
            assert all(isinstance(one, ReadingBody) for one in read.readings)
        if isinstance(read, EventsBody):
            assert all(isinstance(fields, EventFields) for _, fields in read.items())


def test_description_teaches_units_and_the_order_of_coordinates(document: dict[str, Any]) -> None:
    description = document["info"]["description"]
    assert "longitude\ncomes first" in description
    for unit in ("_s", "_m", "_kg", "_l", "_eur", "_fraction"):
        assert f"`{unit}`" in description


def test_description_is_made_without_starting_anything(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    create_app(services).openapi()
    assert all(slot.pid is None for slot in services.queue.slot_states())
    services.stores.close()


def test_documentation_page_needs_no_foreign_server(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    transport = httpx.ASGITransport(app=create_app(services))

    async def fetch(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.get(path)

    page = asyncio.run(fetch("/docs")).text
    assert "https://" not in page
    script = re.search(r'src="([^"]+swagger[^"]+)"', page)
    assert script
    answer = asyncio.run(fetch(script[1]))
    assert answer.status_code == 200
    assert len(answer.content) > 100_000
    services.stores.close()
