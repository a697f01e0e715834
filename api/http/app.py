"""The HTTP application, built from its services: no globals, no settings read here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from api.http.agreements import AcceptanceBody, AgreementBody, agreements_router
from api.http.closures import ClosureBody, closures_router
from api.http.containers import ContainerBody, containers_router
from api.http.devices import DeviceBody
from api.http.early_refusals import STATE_NAME as EARLY_REFUSALS
from api.http.early_refusals import EarlyRefusals
from api.http.envelope import Envelope
from api.http.errors import ProblemError, issues_of, problem_body, problem_of, problem_of_status
from api.http.fair_share import CountsMessages, FairShare
from api.http.fleet import fleet_router
from api.http.gate import Gate
from api.http.health import health_router
from api.http.incidents import IncidentBody, incidents_router
from api.http.ingest import BATCH_PATHS as INGEST_BATCH_PATHS
from api.http.ingest import ingest_router
from api.http.intakes import Intakes
from api.http.jobs import jobs_router
from api.http.joint_days import joint_days_router
from api.http.kept_connections import KeepsConnections
from api.http.metrics import Metrics, metrics_router
from api.http.open_alerts import OpenAlerts
from api.http.openapi import DESCRIPTION, TAGS, describe
from api.http.operations import OperationIndex
from api.http.plan_body import PlanBody, PlanRequestBody
from api.http.plan_edit_body import EditsBody
from api.http.plan_edits import plan_edits_router
from api.http.plan_questions import plan_questions_router
from api.http.plans import plans_router
from api.http.readings import ReadingsBody, readings_router
from api.http.scenario_body import ScenarioBody
from api.http.scenarios import scenarios_router
from api.http.security_headers import security_headers
from api.http.services import Services
from api.http.tablet import tablet_router
from api.http.tablet_body import EventsBody
from api.http.tour_state import tour_state_router
from api.http.tours import tours_router
from api.jobs.errors import JobsError
from api.store.errors import StoreError
from optimizer.domain.issues import InvalidInputError

BATCH_PATHS = INGEST_BATCH_PATHS | {"/v1/readings"}


def create_app(services: Services) -> FastAPI:
    """The application; its start and end start and stop the services.

    Raises
    ------
    UnlistedOperationError
        When an operation has no line in the table of permissions.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        await run_sync(services.start)
        yield {EARLY_REFUSALS: early_refusals}
        early_refusals.tell()
        await run_sync(services.stop)

    metrics = Metrics(services.queue)
    headers = security_headers(is_behind_tls=services.settings.is_behind_tls)
    early_refusals = EarlyRefusals(metrics=metrics, headers=headers)
    share = FairShare()

    # Documentation without a foreign server: a depot may have no internet.
    app = FastAPIOffline(
        title="fuhre",
        version=version("fuhre"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        redirect_slashes=False,
    )
    intakes = Intakes(services)
    alerts = OpenAlerts(services, intakes)
    routers = (  # an address is looked for from the top: what machines ask without end comes first
        readings_router(services),
        ingest_router(services, intakes, alerts),
        tour_state_router(services),
        tablet_router(services),  # before the tours: its addresses are longer than theirs
        tours_router(services),
        plans_router(services, alerts),
        plan_edits_router(services, alerts),
        plan_questions_router(services),
        jobs_router(services),
        scenarios_router(services),
        agreements_router(services),
        joint_days_router(services),
        containers_router(services),
        fleet_router(services),
        incidents_router(services),
        closures_router(services),
        health_router(services),
        metrics_router(metrics),
    )
    operations = OperationIndex(app, routers)
    for router in routers:
        app.include_router(router)
    for kind in (ProblemError, InvalidInputError, StoreError, JobsError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer_error)
    app.add_middleware(CountsMessages, share=share, operations=operations)  # the last one added is asked first
    app.add_middleware(
        Envelope,
        gate=Gate(services, operations, services.trail, share=share, early_refusals=early_refusals),
        metrics=metrics,
        body_limit=_body_limits(services),
        headers=headers,
    )
    app.add_middleware(KeepsConnections)
    bodies = (
        AgreementBody,
        AcceptanceBody,
        PlanBody,
        PlanRequestBody,
        EditsBody,
        ScenarioBody,
        ContainerBody,
        ReadingsBody,
        DeviceBody,
        EventsBody,
        IncidentBody,
        ClosureBody,
    )
    app.openapi = lambda: describe(app, bodies)  # type: ignore[method-assign]  # the framework's documented way
    return app


def _body_limits(services: Services) -> Any:
    settings = services.settings
    return lambda path: settings.max_batch_bytes if path in BATCH_PATHS else settings.max_body_bytes


async def _answer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        problem = ProblemError(
            "invalid_request", "The address or the headers are not valid.", issues=issues_of(error.errors())
        )
    elif isinstance(error, HTTPException):
        problem = problem_of_status(error.status_code)
    else:
        problem = problem_of(error)
    status, headers, document = problem_body(problem, request.state.trace_id)
    if status == 405:
        headers["allow"] = ", ".join(_methods_at(request))
    return Response(document.model_dump_json(), status_code=status, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """Every method that the address knows; the framework names those of one operation only."""
    paths = request.app.openapi()["paths"]
    asked = request.url.path.split("/")
    found = {
        method.upper()
        for path, operations in paths.items()
        for parts in [path.split("/")]
        if len(parts) == len(asked) and all(a == b or a.startswith("{") for a, b in zip(parts, asked, strict=True))
        for method in operations
    }
    return sorted(found)
