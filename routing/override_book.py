"""All overrides of a depot with their history.

Guards that nothing is ever lost: a withdrawn override stays in the book for audit and changes no route any more.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from routing.local_time import LocalTime, in_utc
from routing.overrides import Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Somebody took an override back."""

    override_id: str
    withdrawn_by: str
    withdrawn_at: datetime

    def __post_init__(self) -> None:
        if not self.withdrawn_by.strip() or not self.withdrawn_by.isprintable():
            raise ValueError("Say in one line who withdraws the override.")
        if self.withdrawn_at.utcoffset() is None:
            raise ValueError("Give the instant of the withdrawal with its offset, as in 2026-05-01T06:00:00+02:00.")
        object.__setattr__(self, "withdrawn_at", in_utc(self.withdrawn_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of the audit trail."""

    at: datetime
    by: str
    what: Literal["added", "withdrawn"]
    override: Override


@dataclass(frozen=True, kw_only=True)
class OverrideBook:
    """All overrides of a depot, those taken back included; every change gives a new book.

    Attributes
    ----------
    overrides
        In the order of their addition; where two of them set the same thing, the later one counts.
    withdrawals
        What was taken back, by whom and when.
    """

    overrides: tuple[Override, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()

    def __post_init__(self) -> None:
        ids = [item.override_id for item in self.overrides]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"Two overrides have the id '{twice[0]}'; give each its own.")
        taken_back = [item.override_id for item in self.withdrawals]
        for one in taken_back:
            if one not in ids:
                raise ValueError(f"There is no override '{one}' to withdraw.")
            if taken_back.count(one) > 1:
                raise ValueError(f"The override '{one}' has been withdrawn already.")

    def __len__(self) -> int:
        return len(self.overrides)

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole content, equal for equal books."""
        return hashlib.sha256(repr((self.overrides, self.withdrawals)).encode()).hexdigest()

    def add(self, override: Override) -> "OverrideBook":
        """A book with one more override.

        Raises
        ------
        ValueError
            When the id is taken, also by a withdrawn override.
        """
        return OverrideBook(overrides=(*self.overrides, override), withdrawals=self.withdrawals)

    def withdraw(self, override_id: str, *, by: str, at: datetime) -> "OverrideBook":
        """A book in which an override holds no longer, at no instant, and stays readable.

        Raises
        ------
        ValueError
            When there is no such override or it has been withdrawn already.
        """
        taken_back = Withdrawal(override_id=override_id, withdrawn_by=by, withdrawn_at=at)
        return OverrideBook(overrides=self.overrides, withdrawals=(*self.withdrawals, taken_back))

    def active_at(self, at: datetime | None, local_time: LocalTime) -> tuple[Override, ...]:
        """What holds at an instant, in the book's order; without an instant, what holds at every time."""
        taken_back = {item.override_id for item in self.withdrawals}
        return tuple(
            item for item in self.overrides if item.override_id not in taken_back and item.is_active(at, local_time)
        )

    def history(self) -> tuple[HistoryEntry, ...]:
        """Who said and took back what, in the order of time."""
        by_id = {item.override_id: item for item in self.overrides}
        added = [
            HistoryEntry(at=one.created_at, by=one.created_by, what="added", override=one) for one in by_id.values()
        ]
        withdrawn = [
            HistoryEntry(at=one.withdrawn_at, by=one.withdrawn_by, what="withdrawn", override=by_id[one.override_id])
            for one in self.withdrawals
        ]
        return tuple(sorted([*added, *withdrawn], key=lambda entry: entry.at))

    def as_known_at(self, at: datetime) -> "OverrideBook":
        """The book as it was at an instant, for the question why a tour of that day looks as it does."""
        overrides = tuple(item for item in self.overrides if item.created_at <= at)
        known = {item.override_id for item in overrides}
        withdrawals = (item for item in self.withdrawals if item.withdrawn_at <= at and item.override_id in known)
        return OverrideBook(overrides=overrides, withdrawals=tuple(withdrawals))


NO_OVERRIDES = OverrideBook()
"""A book without overrides."""
