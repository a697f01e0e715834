"""Agreements between neighbouring towns over HTTP: propose, accept, withdraw."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.fields import Body, ClockTime, Day, Identifier
from api.http.openapi import problems
from api.http.services import Services
from api.identity.principal import Principal
from api.sharing.agreements import AgreementUnusableError, accept, check_lending, require_agreements, withdraw
from optimizer.domain.agreement import Agreement, AgreementState, Lending, PriceRule

_CHANGED = ProblemError("version_conflict", "The other side changed the agreement at this moment.")


class AcceptanceBody(Body):
    """What one side opens to the other."""

    vehicle_ids: Annotated[list[Identifier], Field(max_length=100)] = Field(
        default=[], description="Vehicles that may work for the partner."
    )
    disposal_site_ids: Annotated[list[Identifier], Field(max_length=100)] = Field(
        default=[], description="Disposal sites that the partner's vehicles may use."
    )

    def to_lending(self) -> Lending:
        """The same as the planner knows it."""
        return Lending(vehicle_ids=tuple(self.vehicle_ids), disposal_site_ids=tuple(self.disposal_site_ids))


class AgreementBody(AcceptanceBody):
    """A proposal; it holds when the partner has accepted it, and until one of both withdraws."""

    partner_id: Identifier
    streams: Annotated[list[Identifier], Field(min_length=1, max_length=100)]
    valid_from: Day
    valid_until: Day
    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)] = Field(
        default=[0, 1, 2, 3, 4], description="0 is Monday."
    )
    starts_local: ClockTime = time(0)
    ends_local: ClockTime = time(23, 59)
    max_share_fraction: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5, description="At most this share of what one's vehicles empty may be the partner's."
    )
    price_rule: Annotated[PriceRule, Field(strict=False)] = PriceRule.EQUAL_SAVING


class AgreementAnswer(BaseModel):
    """An agreement as one side sees it: of the other side's vehicles it knows the number only."""

    model_config = ConfigDict(extra="forbid")

    agreement_id: str
    partner_id: str
    is_proposer: bool
    state: AgreementState = Field(description="Of today.")
    is_accepted_by_you: bool
    is_accepted_by_partner: bool
    streams: list[str]
    valid_from: date
    valid_until: date
    weekdays: list[int]
    starts_local: time
    ends_local: time
    max_share_fraction: float
    price_rule: PriceRule
    your_vehicle_ids: list[str]
    your_disposal_site_ids: list[str]
    partner_vehicle_count: int
    withdrawn_by: str
    withdrawn_at: datetime | None


class AgreementList(BaseModel):
    """All agreements, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    agreements: list[AgreementAnswer]


EXAMPLES: dict[str, Any] = {
    "two trucks on weekdays, until the end of the year": {
        "partner_id": "kalletal",
        "streams": ["glass", "paper"],
        "vehicle_ids": ["LUE-11", "LUE-12"],
        "disposal_site_ids": ["plant"],
        "valid_from": "2026-03-01",
        "valid_until": "2026-12-31",
        "starts_local": "06:00",
        "ends_local": "14:00",
        "max_share_fraction": 0.3,
        "price_rule": "equal_saving",
    }
}
ACCEPTANCES: dict[str, Any] = {"one truck": {"vehicle_ids": ["KAL-1"], "disposal_site_ids": []}}


def agreements_router(services: Services) -> APIRouter:
    """The operations on agreements."""
    router = APIRouter(prefix="/v1/agreements", tags=["sharing"])
    body_problems = (
        "malformed_json",
        "body_too_large",
        "body_too_slow",
        "unsupported_media_type",
        "invalid_request",
        "body_too_deep",
        "no_town",
        "store_full",
    )

    @router.post(
        "",
        operation_id="proposeAgreement",
        status_code=201,
        response_model=AgreementAnswer,
        openapi_extra=describe_body(AgreementBody, EXAMPLES),
        responses={201: {"description": "Proposed; the partner sees it now."}, **problems("not_found", *body_problems)},
    )
    def propose_agreement(caller: Caller, body: Annotated[AgreementBody, Depends(JsonBody(AgreementBody))]) -> Response:
        """Propose to collect together."""
        lending = body.to_lending()
        check_lending(lending, services.town_of(caller).town)
        now = services.now()
        agreement = Agreement(
            # Ids rise with time, so that the latest agreement is the last.
            agreement_id=f"{int(now.timestamp() * 1000):013x}{uuid.uuid4().hex[:12]}",
            proposer_id=caller.tenant_id,
            partner_id=body.partner_id,
            streams=tuple(sorted(set(body.streams))),
            lendings={caller.tenant_id: lending},
            valid_from=body.valid_from,
            valid_until=body.valid_until,
            weekdays=tuple(sorted(set(body.weekdays))),
            starts_local=body.starts_local,
            ends_local=body.ends_local,
            max_share_fraction=body.max_share_fraction,
            price_rule=body.price_rule,
            accepted_by=(caller.tenant_id,),
        )
        partner = services.stores.tenant(body.partner_id)
        if partner is None or not partner.is_active:
            raise ProblemError("not_found", "There is no town of this id to agree with.")
        services.stores.agreements.add(agreement)
        return _answered(agreement, caller, now.date(), status=201)

    @router.get(
        "",
        operation_id="listAgreements",
        responses=problems(),
    )
    def list_agreements(caller: Caller) -> AgreementList:
        """List the agreements of your town."""
        today = services.now().date()
        found = services.stores.agreements.of_tenant(caller.tenant_id)
        return AgreementList(agreements=[_answer(one, caller.tenant_id, today) for one in found])

    @router.post(
        "/{agreement_id}/accept",
        operation_id="acceptAgreement",
        response_model=AgreementAnswer,
        openapi_extra=describe_body(AcceptanceBody, ACCEPTANCES),
        responses=problems("not_found", "agreement_unusable", "version_conflict", *body_problems),
    )
    def accept_agreement(
        caller: Caller, agreement_id: str, body: Annotated[AcceptanceBody, Depends(JsonBody(AcceptanceBody))]
    ) -> Response:
        """Accept a proposal, or change what you lend."""
        agreement = _find(services, caller, agreement_id)
        if agreement.withdrawn_at is not None:
            raise ProblemError("agreement_unusable", "It was withdrawn: propose a new one.")
        lending = body.to_lending()
        check_lending(lending, services.town_of(caller).town)
        after = accept(services.stores.agreements, agreement, caller.tenant_id, lending)
        if after is None:
            raise _CHANGED
        return _answered(after, caller, services.now().date())

    @router.post(
        "/{agreement_id}/withdraw",
        operation_id="withdrawAgreement",
        response_model=AgreementAnswer,
        responses=problems("not_found", "version_conflict", "store_full"),
    )
    def withdraw_agreement(caller: Caller, agreement_id: str) -> Response:
        """End an agreement at once; plans that are asked for from now on do without it."""
        agreement = _find(services, caller, agreement_id)
        now = services.now()
        after = withdraw(services.stores.agreements, agreement, caller.tenant_id, at=now)
        if after is None:
            raise _CHANGED
        return _answered(after, caller, now.date())

    return router


def require_partners(services: Services, caller: Principal, partners: Sequence[str], day: date) -> None:
    """Refuse a plan with partners that nothing is agreed with.

    Raises
    ------
    ProblemError
        With the reason for each.
    """
    try:
        require_agreements(services.stores.agreements, caller.tenant_id, partners, day)
    except AgreementUnusableError as error:
        raise ProblemError("agreement_unusable", error.issues[0].message, issues=error.issues) from error


def _find(services: Services, caller: Principal, agreement_id: str) -> Agreement:
    agreement = services.stores.agreements.get(agreement_id, caller.tenant_id)
    if agreement is None:
        raise ProblemError("not_found", "There is no agreement with this id.")
    return agreement


def _answered(agreement: Agreement, caller: Principal, today: date, *, status: int = 200) -> Response:
    content = _answer(agreement, caller.tenant_id, today).model_dump_json()
    return Response(content, status_code=status, media_type="application/json", headers={"cache-control": "no-store"})


def _answer(agreement: Agreement, tenant_id: str, today: date) -> AgreementAnswer:
    partner_id = agreement.other(tenant_id)
    own, theirs = agreement.lent_by(tenant_id), agreement.lent_by(partner_id)
    return AgreementAnswer(
        agreement_id=agreement.agreement_id,
        partner_id=partner_id,
        is_proposer=agreement.proposer_id == tenant_id,
        state=agreement.state_on(today),
        is_accepted_by_you=tenant_id in agreement.accepted_by,
        is_accepted_by_partner=partner_id in agreement.accepted_by,
        streams=list(agreement.streams),
        valid_from=agreement.valid_from,
        valid_until=agreement.valid_until,
        weekdays=list(agreement.weekdays),
        starts_local=agreement.starts_local,
        ends_local=agreement.ends_local,
        max_share_fraction=agreement.max_share_fraction,
        price_rule=agreement.price_rule,
        your_vehicle_ids=list(own.vehicle_ids),
        your_disposal_site_ids=list(own.disposal_site_ids),
        partner_vehicle_count=len(theirs.vehicle_ids),
        withdrawn_by=agreement.withdrawn_by,
        withdrawn_at=agreement.withdrawn_at,
    )
