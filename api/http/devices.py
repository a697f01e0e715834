"""Sensors over HTTP: register one, say where it hangs, and calibrate it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.fields import Body, Identifier
from api.http.intakes import Intakes
from api.http.openapi import problems
from api.http.services import Services
from api.ingest.calibration import SHAPES, find_fault
from api.ingest.decoders.catalogue import DECODERS
from api.ingest.values import dev_eui, identifier
from api.store.tenant_ports import Device


class DeviceBody(Body):
    """A sensor without its id, which stands in the address."""

    decoder: Identifier | None = Field(
        default=None, description=f"One of {', '.join(sorted(DECODERS))}; null to go by what the network says."
    )
    container_id: Identifier | None = Field(default=None, description="Where it hangs; null until it is mounted.")
    empty_mm: Annotated[float, Field(ge=50, le=15_000)] | None = Field(
        default=None, description="Measured distance to the ground of the empty container."
    )
    full_mm: Annotated[float, Field(ge=0, le=15_000)] | None = Field(
        default=None, description="Distance to the waste when the container counts as full."
    )
    shape: Identifier = Field(default="box", description=f"One of {', '.join(SHAPES)}.")
    is_active: bool = True

    @model_validator(mode="after")
    def _fits(self) -> "DeviceBody":
        if self.decoder is not None and self.decoder not in DECODERS:
            raise ValueError(f"decoder must be one of {', '.join(sorted(DECODERS))}.")
        if (self.empty_mm is None) != (self.full_mm is None):
            raise ValueError("Give both empty_mm and full_mm, or none of them.")
        if self.shape not in SHAPES:
            raise ValueError(f"shape must be one of {', '.join(SHAPES)}.")
        if self.empty_mm is not None and self.full_mm is not None:
            fault = find_fault(self.empty_mm, self.full_mm, self.shape)
            if fault:
                raise ValueError(fault)
        return self


class DeviceAnswer(BaseModel):
    """A sensor."""

    model_config = ConfigDict(extra="forbid")

    device_id: str
    decoder: str | None
    container_id: str | None
    empty_mm: float | None
    full_mm: float | None
    shape: str
    registered_at: datetime
    is_active: bool


class DevicePage(BaseModel):
    """A page of sensors in the order of their ids."""

    model_config = ConfigDict(extra="forbid")

    devices: list[DeviceAnswer]
    next_after: str | None = Field(description="Send as `after` to get the next page; null on the last.")


EXAMPLES: dict[str, Any] = {
    "ultrasonic sensor in an underground container": {
        "decoder": "milesight_em310",
        "container_id": "P-001",
        "empty_mm": 2350,
        "full_mm": 400,
    }
}
_ANSWER_EXAMPLE: dict[str, Any] = {
    "device_id": "A84041000181C061",
    **EXAMPLES["ultrasonic sensor in an underground container"],
    "shape": "box",
    "registered_at": "2026-03-02T04:00:00Z",
    "is_active": True,
}


def devices_router(services: Services, intakes: Intakes) -> APIRouter:
    """The operations on sensors."""
    router = APIRouter(prefix="/v1/devices", tags=["devices"])

    @router.get(
        "",
        operation_id="listDevices",
        response_model=DevicePage,
        responses={
            200: {"content": {"application/json": {"example": {"devices": [_ANSWER_EXAMPLE], "next_after": None}}}},
            **problems("invalid_request"),
        },
    )
    def list_devices(
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        after: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        """List the registered sensors."""
        if not after.isprintable():
            raise ProblemError("invalid_request", "Use printable characters only.")
        found = list(services.store_of(caller).devices.all(after=after, limit=limit + 1))
        page = DevicePage(
            devices=[_answer(one) for one in found[:limit]],
            next_after=found[limit - 1].device_id if len(found) > limit else None,
        )
        return Response(page.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})

    @router.get(
        "/{device_id:path}",
        operation_id="getDevice",
        response_model=DeviceAnswer,
        responses={
            200: {"content": {"application/json": {"example": _ANSWER_EXAMPLE}}},
            **problems("not_found"),
        },
    )
    def get_device(caller: Caller, device_id: str) -> Response:
        """Read one sensor."""
        name = device_id_of(device_id)
        found = None if name is None else services.store_of(caller).devices.get(name)
        if found is None:
            raise ProblemError("not_found", "There is no device with this id.")
        return _answered(found)

    @router.put(
        "/{device_id:path}",
        operation_id="putDevice",
        response_model=DeviceAnswer,
        openapi_extra=describe_body(DeviceBody, EXAMPLES),
        responses={
            200: {"description": "Changed.", "content": {"application/json": {"example": _ANSWER_EXAMPLE}}},
            201: {"description": "Registered.", "model": DeviceAnswer},
            **problems(
                "malformed_json",
                "body_too_large",
                "body_too_slow",
                "unsupported_media_type",
                "invalid_request",
                "body_too_deep",
                "store_full",
            ),
        },
    )
    def put_device(
        caller: Caller,
        device_id: Annotated[str, Path(max_length=64)],
        body: Annotated[DeviceBody, Depends(JsonBody(DeviceBody))],
    ) -> Response:
        """Register a sensor, or change where it hangs and how it is calibrated; the whole entry is replaced."""
        name = device_id_of(device_id)
        if name is None:
            raise ProblemError("invalid_request", "Give a device id of 1 to 64 printable characters.")
        devices = services.store_of(caller).devices
        known = devices.get(name)
        device = Device(
            device_id=name,
            decoder=body.decoder or "",
            container_id=body.container_id,
            empty_mm=body.empty_mm,
            full_mm=body.full_mm,
            shape=body.shape,
            registered_at=services.now() if known is None else known.registered_at,
            is_active=body.is_active,
        )
        devices.put(device)
        intakes.of(caller).forget(name)
        answer = _answered(device)
        answer.status_code = 201 if known is None else 200
        return answer

    return router


def device_id_of(text: str) -> str | None:
    """A device id as it is kept: a DevEUI in upper case, any other id as it is."""
    return dev_eui(text) or identifier(text)


def _answer(device: Device) -> DeviceAnswer:
    return DeviceAnswer(
        device_id=device.device_id,
        decoder=device.decoder or None,
        container_id=device.container_id,
        empty_mm=device.empty_mm,
        full_mm=device.full_mm,
        shape=device.shape,
        registered_at=device.registered_at,
        is_active=device.is_active,
    )


def _answered(device: Device) -> Response:
    content = _answer(device).model_dump_json()
    return Response(content, media_type="application/json", headers={"cache-control": "no-store"})
