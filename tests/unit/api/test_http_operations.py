"""The operation of a request is the one that the framework will call, remembered or not."""

from fastapi import APIRouter, FastAPI

from api.http.operations import OperationIndex
from api.identity.permissions import PERMISSIONS


def scope(method: str, path: str) -> dict[str, object]:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def index() -> OperationIndex:
    router = APIRouter()

    @router.get("/v1/things", operation_id="listPlans")
    def first() -> None: ...

    @router.post("/v1/things", operation_id="requestPlan")
    def second() -> None: ...

    @router.get("/v1/things/{name}", operation_id="getPlan")
    def third(name: str) -> None: ...

    @router.get("/v1/things/special", operation_id="listJobs" if "listJobs" in PERMISSIONS else "listContainers")
    def hidden_behind_the_third() -> None: ...

    return OperationIndex(FastAPI(openapi_url=None), [router])


def test_operation_is_the_same_however_often_it_is_asked_for() -> None:
    found = index()
    asked = [
        ("GET", "/v1/things"),
        ("POST", "/v1/things"),
        ("PUT", "/v1/things"),
        ("GET", "/v1/things/a"),
        ("GET", "/"),
    ]
    expected = ["listPlans", "requestPlan", None, "getPlan", None]
    for _ in range(3):
        told = [found.find(scope(*one)) for one in asked]  # type: ignore[arg-type]  # what the index reads of a scope
        assert [None if one is None else one.operation_id for one in told] == expected
        behind = found.find(scope("GET", "/v1/things/special"))  # type: ignore[arg-type]
        assert behind is not None
        assert behind.operation_id == "getPlan"


def test_index_remembers_plain_addresses_only() -> None:
    found = index()
    for number in range(50):
        found.find(scope("GET", f"/v1/things/{number}"))  # type: ignore[arg-type]
        found.find(scope("GET", f"/{number}"))  # type: ignore[arg-type]
    found.find(scope("GET", "/v1/things"))  # type: ignore[arg-type]
    assert list(found._of_plain) == [("GET", "/v1/things")]
