"""What people should look at, over HTTP: fires first."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.intakes import Intakes
from api.http.open_alerts import OpenAlerts
from api.http.openapi import problems
from api.http.services import Services
from api.ingest.alerts import Alert, AlertKind


class AlertAnswer(BaseModel):
    """Something that a person should look at."""

    model_config = ConfigDict(extra="forbid")

    alert_id: str
    kind: AlertKind
    subject_id: str = Field(description="The device; for silent areas the area.")
    container_id: str | None
    began_at: datetime
    seen_at: datetime = Field(description="The last message that told of it.")
    ended_at: datetime | None
    detail: str


class AlertList(BaseModel):
    """Open alerts: the most urgent kind first, then the latest."""

    model_config = ConfigDict(extra="forbid")

    alerts: list[AlertAnswer]


_EXAMPLE: dict[str, Any] = {
    "alert_id": "fire:A84041000181C061",
    "kind": "fire",
    "subject_id": "A84041000181C061",
    "container_id": "P-001",
    "began_at": "2026-03-02T05:10:00Z",
    "seen_at": "2026-03-02T05:20:00Z",
    "ended_at": None,
    "detail": "Fire alarm at 81 degrees. Call the fire brigade, and take the container out of the tours.",
}


def alerts_router(services: Services, intakes: Intakes, open_alerts: OpenAlerts) -> APIRouter:
    """The operations on alerts."""
    router = APIRouter(prefix="/v1/alerts", tags=["ingest"])

    @router.get(
        "",
        operation_id="listAlerts",
        response_model=AlertList,
        responses={200: {"content": {"application/json": {"example": {"alerts": [_EXAMPLE]}}}}, **problems()},
    )
    def list_alerts(
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> Response:
        """List what is the matter now: fire, tilt, open lids, and areas whose sensors fell silent together."""
        answer = AlertList(alerts=[_answer(one) for one in open_alerts.of(caller, limit=limit)])
        return Response(answer.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    @router.post(
        "/{alert_id:path}/end",
        operation_id="endAlert",
        response_model=AlertAnswer,
        responses={
            200: {"content": {"application/json": {"example": {**_EXAMPLE, "ended_at": "2026-03-02T06:00:00Z"}}}},
            **problems("not_found"),
        },
    )
    def end_alert(caller: Caller, alert_id: str) -> Response:
        """End an alert, e.g. when the fire is out; a later message opens it again."""
        alerts, ended = intakes.alerts_of(caller), None
        if alert_id.isprintable():  # no database is asked for what none can hold
            alerts.end(alert_id, at=services.now())
            ended = alerts.get(alert_id)
        if ended is None:
            raise ProblemError("not_found", "There is no alert with this id.")
        return Response(
            _answer(ended).model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"}
        )

    return router


def _answer(alert: Alert) -> AlertAnswer:
    return AlertAnswer(
        alert_id=alert.alert_id,
        kind=alert.kind,
        subject_id=alert.subject_id,
        container_id=alert.container_id,
        began_at=alert.began_at,
        seen_at=alert.seen_at,
        ended_at=alert.ended_at,
        detail=alert.detail,
    )
