"""Who may do what: one line for each operation, and nothing may be done that has no line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.store.tenant_ports import Role


class Trail(StrEnum):
    """What the audit log says of an operation's use; denials are always written."""

    NONE = "none"
    EACH = "each"
    COUNTED = "counted"
    """One line a minute with the number of uses: sensors write too often for a line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One line of the table.

    Attributes
    ----------
    roles
        Who may; empty for a public operation.
    is_ingestion
        True for what sensors and networks send: it has its own rate limits, and messages may be signed.
    """

    roles: frozenset[Role]
    trail: Trail = Trail.NONE
    is_public: bool = False
    is_ingestion: bool = False


_OFFICE = (Role.DISPATCHER, Role.PLANNER, Role.ADMIN)
_DISPATCH = (Role.DISPATCHER, Role.ADMIN)
_NETWORK = (Role.SENSOR, Role.ADMIN)


def _read(*roles: Role) -> Permission:
    return Permission(roles=frozenset(roles))


def _write(*roles: Role) -> Permission:
    return Permission(roles=frozenset(roles), trail=Trail.EACH)


def _ingest(*roles: Role) -> Permission:
    return Permission(roles=frozenset(roles), trail=Trail.COUNTED, is_ingestion=True)


_PUBLIC = Permission(roles=frozenset(), is_public=True)

DOCUMENTATION = "readDocumentation"
METRICS = "readMetrics"

PERMISSIONS: Mapping[str, Permission] = {
    "isLive": _PUBLIC,
    "isReady": _PUBLIC,
    DOCUMENTATION: _read(*_OFFICE),
    METRICS: _read(Role.ADMIN),
    "requestPlan": _write(*_DISPATCH),
    "cancelPlan": _write(*_DISPATCH),
    "listPlans": _read(*_OFFICE),
    "getPlan": _read(*_OFFICE),
    "editPlan": _write(*_DISPATCH),
    "releasePlan": _write(*_DISPATCH),
    "listPlanVersions": _read(*_OFFICE),
    "comparePlans": _read(*_OFFICE),
    "explainContainer": _read(*_OFFICE),
    "getCompliance": _read(*_OFFICE),
    "printCompliance": _read(*_OFFICE),
    "getJob": _read(*_OFFICE),
    "watchJob": _read(*_OFFICE),
    "cancelJob": _write(*_DISPATCH),
    "getTour": _read(*_OFFICE, Role.DRIVER),
    "printTour": _read(*_OFFICE, Role.DRIVER),
    "getReleasedTour": _read(*_OFFICE, Role.DRIVER),
    "getSigningKey": _read(*_OFFICE, Role.DRIVER),
    "getTourBundle": _read(*_OFFICE, Role.DRIVER),
    "getTourChanges": _read(*_OFFICE, Role.DRIVER),
    "addTourEvents": Permission(roles=frozenset({*_DISPATCH, Role.DRIVER}), trail=Trail.COUNTED),
    "getTourState": _read(*_OFFICE, Role.DRIVER),
    "proposeAgreement": _write(*_DISPATCH),
    "acceptAgreement": _write(*_DISPATCH),
    "withdrawAgreement": _write(*_DISPATCH),
    "listAgreements": _read(*_OFFICE),
    "listJointDays": _read(*_OFFICE),
    "getJointDay": _read(*_OFFICE),
    "getErrand": _read(*_DISPATCH, Role.DRIVER),
    "releaseJointDay": _write(*_DISPATCH),
    "settleJointDay": _read(*_OFFICE),
    "reportIncident": _write(*_DISPATCH, Role.DRIVER),
    "listIncidents": _read(*_OFFICE),
    "getIncident": _read(*_OFFICE, Role.DRIVER),
    "acceptIncident": _write(*_DISPATCH),
    "rejectIncident": _write(*_DISPATCH),
    "listClosures": _read(*_OFFICE, Role.DRIVER),
    "addClosure": _write(*_DISPATCH),
    "confirmClosure": _write(*_DISPATCH),
    "removeClosure": _write(*_DISPATCH),
    "requestScenario": _write(*_OFFICE),
    "cancelScenario": _write(*_OFFICE),
    "getScenario": _read(*_OFFICE),
    "listContainers": _read(*_OFFICE),
    "getContainer": _read(*_OFFICE),
    "putContainer": _write(*_OFFICE),
    "listVehicles": _read(*_OFFICE),
    "listDisposalSites": _read(*_OFFICE),
    "listDevices": _read(*_OFFICE),
    "getDevice": _read(*_OFFICE),
    "putDevice": _write(*_DISPATCH),
    "listQuarantine": _read(*_DISPATCH),
    "getQuarantined": _read(*_DISPATCH),
    "replayQuarantined": _write(*_DISPATCH),
    "listAlerts": _read(*_OFFICE),
    "endAlert": _write(*_DISPATCH),
    "ingestThingsStack": _ingest(*_NETWORK),
    "ingestChirpStack": _ingest(*_NETWORK),
    "ingestNgsi": _ingest(*_NETWORK),
    "ingestSensorThings": _ingest(*_NETWORK),
    "ingestSenml": _ingest(*_NETWORK),
    "addReadings": _ingest(Role.DISPATCHER, Role.DRIVER, *_NETWORK),
}
"""By operation id."""
