"""Whether the service lives, and whether each part of it can do its work."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from api.http.services import Services

PartName = Literal["database", "town", "disk", "map_files", "workers", "map"]
PartState = Literal["ready", "warning", "not_ready"]


class LiveAnswer(BaseModel):
    """The process answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["live"] = "live"


class PartAnswer(BaseModel):
    """One part of the service.

    Attributes
    ----------
    state
        ``warning`` is ready, too: the part works, and the detail says what somebody should look after.
    """

    model_config = ConfigDict(extra="forbid")

    name: PartName
    is_ready: bool
    state: PartState
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
        parts = [*_watched_parts(services), *_worker_parts(services)]
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


def _watched_parts(services: Services) -> list[PartAnswer]:
    return [
        _part(one.name, one.detail, is_ready=one.is_ready, has_warning=one.has_warning)
        for one in services.health.findings()
    ]


def _worker_parts(services: Services) -> list[PartAnswer]:
    # Who is kept free for edits makes no plans.
    slots = [slot for slot in services.queue.slot_states() if not slot.does_short_only]
    alive = sum(slot.pid is not None for slot in slots)
    ready = sum(slot.is_ready for slot in slots)
    # Why is in the log: the reason may name files, and this answer is for everybody.
    trouble = "A worker could not open its map; the log says why." if any(slot.trouble for slot in slots) else ""
    return [
        _part("workers", f"{alive} of {len(slots)} processes run.", is_ready=alive > 0),
        _part("map", trouble or f"{ready} of {len(slots)} workers have it open.", is_ready=ready > 0),
    ]


def _part(name: PartName, detail: str, *, is_ready: bool, has_warning: bool = False) -> PartAnswer:
    state: PartState = "not_ready" if not is_ready else "warning" if has_warning else "ready"
    return PartAnswer(name=name, is_ready=is_ready, state=state, detail=detail)
