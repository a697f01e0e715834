"""The API's description: what it teaches, and the shapes that the framework cannot see by itself."""

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.http.errors import MEDIA_TYPE, PROBLEMS, ProblemDocument, ProblemError, problem_body
from api.identity.permissions import PERMISSIONS

DESCRIPTION = """
Plans a day's waste collection from fill levels, and hands out the tours.

**Units stand in the names**: `_s` seconds, `_m` metres, `_kg`, `_l` litres, `_eur`, `_fraction` and `_probability`
from 0 to 1 (0.72, never 72). Places are objects with `lon_deg` and `lat_deg`; in lists of two numbers **longitude
comes first**, as in GeoJSON. Instants (`_at`) carry their offset; days are calendar days at the depot.

**Planning takes time.** `POST /v1/plans` answers 202 with an address; ask there until `status` is `succeeded`,
`failed` or `cancelled`. Send an `Idempotency-Key` so that a repeated request makes no second plan.

**Errors** are RFC 9457 problem documents: `code` is stable, `what_you_can_do` says so in a sentence, `issues` names
every field at fault, `trace_id` finds the request in the log.

**Who may what.** Send `Authorization: Bearer fuhre_...`; the key says which town's data you work on and what you may
do. Other towns' things are as unknown to you as things that never were (404).

**Not too much at once.** Each key, each town, and each town's sensors have a rate; beyond it the answer is 429 with
`Retry-After`. A town whose sensors go on faster than the service works has at most half of the messages under way; the
others are refused the same way, most of them unread, and a connection that is refused hundreds of times without a pause
is read more slowly. Other towns, tablets and the office do not wait for it.
"""

TAGS = [
    {"name": "plans", "description": "Ask for a day's tours, watch the planning, fetch the result."},
    {"name": "jobs", "description": "Work that takes a while: watch it, follow its events, end it."},
    {"name": "tours", "description": "One vehicle's day, for its tablet or navigation device."},
    {"name": "tablet", "description": "Tours on the road: what a tablet takes along, and what it reports."},
    {"name": "sharing", "description": "Neighbouring towns that collect together: agreements, joint days, shares."},
    {"name": "incidents", "description": "Breakdowns, full trucks, blocked containers, closed roads, and what to do."},
    {"name": "scenarios", "description": "What if a truck were missing? Nothing of this touches live plans."},
    {"name": "containers", "description": "What is emptied, with its latest reading."},
    {"name": "readings", "description": "What sensors, drivers and trucks observe."},
    {"name": "ingest", "description": "Messages of sensor networks and platforms, as these send them."},
    {"name": "devices", "description": "Sensors: where they hang, and how distance becomes fill."},
    {"name": "quarantine", "description": "Messages that could not be used, to be read and taken in after all."},
    {"name": "alerts", "description": "What cannot wait for a plan: fire first."},
    {"name": "fleet", "description": "Vehicles and disposal sites."},
    {"name": "health", "description": "For those who run the service."},
]


_EVERYWHERE = ("unauthenticated", "forbidden", "too_many_requests", "store_unavailable", "internal_error")
_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key `fuhre_...`, or a login's token (OpenID Connect).",
    }
}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The problem answers of an operation, by status."""
    answers: dict[int | str, dict[str, Any]] = {}
    for code in (*_EVERYWHERE, *codes):
        kind = PROBLEMS[code]
        content = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": {}}
        answer = answers.setdefault(kind.status, {"description": "", "content": {MEDIA_TYPE: content}})
        answer["description"] = f"{answer['description']} {kind.title} (`{code}`).".strip()
        _, _, document = problem_body(ProblemError(code, f"{kind.title}."), "4b1c0f9e2d3a4c5b8e7f6a5d4c3b2a10")
        answer["content"][MEDIA_TYPE]["examples"][code] = {"value": document.model_dump()}
    return answers


def describe(app: FastAPI, bodies: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
            license_info=app.license_info,
        )
        models: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(ProblemDocument, "validation")]
        models += [(model, "validation") for model in bodies]
        _, shapes = models_json_schema(
            models,
            ref_template="#/components/schemas/{model}",
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(shapes["$defs"])
        _drop_framework_errors(document)
        document["components"]["securitySchemes"] = _SCHEMES
        for operations in document["paths"].values():
            for operation in operations.values():
                if not PERMISSIONS[operation["operationId"]].is_public:
                    operation["security"] = [{"key": []}]
                for place, code in (("query", "invalid_request"), ("path", "not_found")):
                    if any(one["in"] == place for one in operation.get("parameters", ())):
                        for status, answer in problems(code).items():
                            operation["responses"].setdefault(str(status), answer)
        app.openapi_schema = document
    return app.openapi_schema


def _drop_framework_errors(document: dict[str, Any]) -> None:
    # The framework adds its own 422 where an operation names none: those cannot happen, ids are plain text.
    for operations in document["paths"].values():
        for operation in operations.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
