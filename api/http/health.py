"""Whether the service lives, and whether each part of it can do its work."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from api.http.services import Services
from api.store.errors import StoreError


class LiveAnswer(BaseModel):
    """The process answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["live"] = "live"


class PartAnswer(BaseModel):
    """One part of the service."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["database", "town", "workers", "map"]
    is_ready: bool
    detail: str


class ReadyAnswer(BaseModel):
    """All parts."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ready", "not_ready"]
    parts: list[PartAnswer]
    waiting_jobs: int


def health_router(services: Services) -> APIRouter:
    """The operations on health."""
    router = APIRouter(prefix="/v1/health", tags=["health"])

    @router.get("/live", operation_id="isLive")
    async def is_live() -> LiveAnswer:
        """Whether the process answers at all."""
        return LiveAnswer()

    @router.get(
        "/ready",
        operation_id="isReady",
        response_model=ReadyAnswer,
        responses={503: {"model": ReadyAnswer, "description": "At least one part is not ready."}},
    )
    def is_ready() -> Response:
        """Whether plans can be made, and what is missing if not."""
        parts = [*_stored_parts(services), *_worker_parts(services)]
        is_all = all(part.is_ready for part in parts)
        answer = ReadyAnswer(
            status="ready" if is_all else "not_ready", parts=parts, waiting_jobs=services.queue.waiting_count()
        )
        return Response(
            answer.model_dump_json(),
            status_code=200 if is_all else 503,
            media_type="application/json",
            headers={"cache-control": "no-store"},
        )

    return router


def _stored_parts(services: Services) -> list[PartAnswer]:
    try:
        services.store.ping()
        has_town = services.store.town.version() > 0
    except StoreError as error:
        return [PartAnswer(name="database", is_ready=False, detail=str(error))]
    missing = "" if has_town else "No town has been imported yet."
    return [
        PartAnswer(name="database", is_ready=True, detail=""),
        PartAnswer(name="town", is_ready=has_town, detail=missing),
    ]


def _worker_parts(services: Services) -> list[PartAnswer]:
    slots = services.queue.slot_states()
    alive = sum(slot.pid is not None for slot in slots)
    ready = sum(slot.is_ready for slot in slots)
    trouble = next((slot.trouble for slot in slots if slot.trouble), "")
    return [
        PartAnswer(name="workers", is_ready=alive > 0, detail=f"{alive} of {len(slots)} processes run."),
        PartAnswer(name="map", is_ready=ready > 0, detail=trouble or f"{ready} of {len(slots)} workers have it open."),
    ]
