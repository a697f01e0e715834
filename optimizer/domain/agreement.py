"""An agreement between two towns to collect together: who lends what, when, how much at most, and how they pay.

Guards that nothing is shared which both sides have not accepted, and that either side may end it at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum

from optimizer.domain.issues import IssueCollector

PARTIES = 2


class PriceRule(StrEnum):
    """How what is saved is divided; under each of them nobody pays more than alone."""

    EQUAL_SAVING = "equal_saving"
    """The Shapley value: two partners halve what they save together."""
    BY_WEIGHT = "by_weight"
    """In proportion to the expected kilograms of each."""


class AgreementState(StrEnum):
    """Whether an agreement may be used on a day; every state but the first is a reason not to."""

    IN_FORCE = "in_force"
    NOT_ACCEPTED = "agreement_not_accepted"
    WITHDRAWN = "agreement_withdrawn"
    NOT_YET_VALID = "agreement_not_yet_valid"
    EXPIRED = "agreement_expired"
    RESTS = "agreement_rests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """What one party opens to the other: some of its vehicles, and some of its disposal sites."""

    vehicle_ids: tuple[str, ...] = ()
    disposal_site_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two towns share tours.

    Attributes
    ----------
    proposer_id, partner_id
        The two parties.
    streams
        Waste streams that vehicles of one may collect for the other.
    lendings
        By party, what it opens; a party that has not accepted has none.
    weekdays, starts_local, ends_local
        When vehicles may work for the other party.
    max_share_fraction
        Of the containers that a party's vehicles empty in a day, at most this share may be the other's.
    valid_from, valid_until
        First and last day.
    accepted_by
        Parties that have accepted; the proposer has from the start.
    withdrawn_by, withdrawn_at
        Who ended it, and when.
    """

    agreement_id: str
    proposer_id: str
    partner_id: str
    streams: tuple[str, ...]
    valid_from: date
    valid_until: date
    lendings: Mapping[str, Lending] = field(default_factory=dict)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    starts_local: time = time(0)
    ends_local: time = time(23, 59)
    max_share_fraction: float = 0.5
    price_rule: PriceRule = PriceRule.EQUAL_SAVING
    accepted_by: tuple[str, ...] = ()
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        issues = IssueCollector("agreement")
        issues.require(self.proposer_id != self.partner_id, "same_party", "Name another town as the partner.")
        issues.require(bool(self.streams), "no_streams", "List the waste streams that are shared.")
        issues.require(self.valid_from <= self.valid_until, "validity", "It ends before it begins: exchange the days.")
        issues.require(self.starts_local < self.ends_local, "window", "The window ends before it begins.")
        issues.require(
            bool(self.weekdays) and set(self.weekdays) <= set(range(7)),
            "weekday",
            "Weekdays are numbers from 0 (Monday) to 6 (Sunday), at least one.",
        )
        issues.require_number("max_share_fraction", self.max_share_fraction, high=1)
        issues.require(
            set(self.accepted_by) | set(self.lendings) <= set(self.parties),
            "foreign_party",
            "Only the two parties accept and lend.",
        )
        issues.raise_if_any()

    @property
    def parties(self) -> tuple[str, str]:
        """Both, the proposer first."""
        return self.proposer_id, self.partner_id

    def other(self, party_id: str) -> str:
        """The other party."""
        return self.partner_id if party_id == self.proposer_id else self.proposer_id

    def state_on(self, day: date) -> AgreementState:
        """Whether it may be used for a day."""
        if self.withdrawn_at is not None:
            return AgreementState.WITHDRAWN
        if len(self.accepted_by) < PARTIES:
            return AgreementState.NOT_ACCEPTED
        if day < self.valid_from:
            return AgreementState.NOT_YET_VALID
        if day > self.valid_until:
            return AgreementState.EXPIRED
        return AgreementState.IN_FORCE if day.weekday() in self.weekdays else AgreementState.RESTS

    def lent_by(self, party_id: str) -> Lending:
        """What a party opens."""
        return self.lendings.get(party_id, Lending())

    def accepted(self, party_id: str, lending: Lending) -> "Agreement":
        """The agreement with one party's consent and what it lends."""
        accepted_by = (*(one for one in self.accepted_by if one != party_id), party_id)
        return replace(self, accepted_by=accepted_by, lendings={**self.lendings, party_id: lending})

    def withdrawn(self, party_id: str, *, at: datetime) -> "Agreement":
        """The agreement, ended by one party; who ended it first stays."""
        return self if self.withdrawn_at is not None else replace(self, withdrawn_by=party_id, withdrawn_at=at)
