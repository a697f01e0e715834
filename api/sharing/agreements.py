"""What tenants may do with agreements: propose, accept, withdraw, and plan with partners while one is in force."""

from collections.abc import Sequence
from datetime import date, datetime

from api.store.sharing_ports import AgreementStore
from optimizer.domain.agreement import Agreement, AgreementState, Lending
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.sendable_error import SendableError
from optimizer.domain.town import Town

REASONS = {
    "no_agreement": "There is no agreement with {name}. Propose one, and wait until it is accepted.",
    AgreementState.NOT_ACCEPTED: "The agreement with {name} waits for the other side to accept it.",
    AgreementState.WITHDRAWN: "The agreement with {name} was withdrawn. Plan without, or propose a new one.",
    AgreementState.NOT_YET_VALID: "The agreement with {name} is not valid yet on {day}. Plan without until then.",
    AgreementState.EXPIRED: "The agreement with {name} has expired by {day}. Plan without, or propose a new one.",
    AgreementState.RESTS: "The agreement with {name} does not cover the weekday of {day}. Plan without on this day.",
}


class AgreementUnusableError(SendableError):
    """A partner was named with whom nothing is agreed for the day; the issues say why."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        self.issues = issues
        super().__init__("; ".join(f"{issue.where}: {issue.message}" for issue in issues))


def best_agreement(agreements: Sequence[Agreement], one: str, other: str, day: date) -> Agreement | None:
    """The latest agreement of the two that is in force, or else the latest of all."""
    both = [each for each in agreements if set(each.parties) == {one, other}]
    usable = [each for each in both if each.state_on(day) is AgreementState.IN_FORCE]
    found = usable or both
    return found[-1] if found else None


def why_not(agreements: Sequence[Agreement], one: str, other: str, day: date) -> Issue | None:
    """Why the two may not share the day; None where they may."""
    agreement = best_agreement(agreements, one, other, day)
    state = "no_agreement" if agreement is None else agreement.state_on(day)
    if state is AgreementState.IN_FORCE:
        return None
    return Issue(where="partners", code=str(state), message=REASONS[state].format(name=other, day=day))


def require_agreements(store: AgreementStore, tenant_id: str, partners: Sequence[str], day: date) -> None:
    """Refuse a request that names partners without an agreement in force.

    Raises
    ------
    AgreementUnusableError
        With the reason for each partner.
    """
    if not partners:
        return
    agreements = store.of_tenant(tenant_id)
    issues = tuple(issue for name in partners if (issue := why_not(agreements, tenant_id, name, day)) is not None)
    if issues:
        raise AgreementUnusableError(issues)


def check_lending(lending: Lending, town: Town) -> None:
    """Refuse to lend what the town does not have.

    Raises
    ------
    InvalidInputError
        With every unknown id.
    """
    known = {
        "vehicle": {one.vehicle_id for one in town.vehicles},
        "disposal_site": {one.disposal_site_id for one in town.disposal_sites},
    }
    issues = [
        Issue(
            where="lending",
            code=f"unknown_{kind}",
            message=f"There is no {kind.replace('_', ' ')} '{name}' in your town. Correct it.",
        )
        for kind, names in (("vehicle", lending.vehicle_ids), ("disposal_site", lending.disposal_site_ids))
        for name in names
        if name not in known[kind]
    ]
    if issues:
        raise InvalidInputError(issues)


def accept(store: AgreementStore, agreement: Agreement, tenant_id: str, lending: Lending) -> Agreement | None:
    """The agreement with the tenant's consent; None when it was changed meanwhile."""
    after = agreement.accepted(tenant_id, lending)
    return after if store.replace(agreement, after) else None


def withdraw(store: AgreementStore, agreement: Agreement, tenant_id: str, *, at: datetime) -> Agreement | None:
    """The agreement, ended; None when it was changed meanwhile."""
    after = agreement.withdrawn(tenant_id, at=at)
    return after if after == agreement or store.replace(agreement, after) else None
