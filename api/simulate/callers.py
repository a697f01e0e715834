"""Those who use the service, each by HTTP with a key of their own: the office, the sensors' network, the tablets."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import httpx

from api.tablet.signature import is_signed_by

WAIT_S = 300
_POLL_S = 0.1
_READINGS_AT_ONCE = 2_000


class UnexpectedAnswerError(RuntimeError):
    """The service answered otherwise than it should; the message holds what it said."""


@dataclass(slots=True)
class Journal:
    """Every request of the week: how many of which kind, and what was answered."""

    requests: Counter[str] = field(default_factory=Counter)
    slowest_s: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, status: int, seconds: float) -> None:
        """One more."""
        self.requests[f"{what} {status}"] += 1
        self.slowest_s[what] = max(self.slowest_s.get(what, 0.0), seconds)


class ServiceClient:
    """Asks the service with one key, and expects what was agreed."""

    def __init__(self, base_url: str, key: str, journal: Journal) -> None:
        self._client = httpx.Client(base_url=base_url, headers={"authorization": f"Bearer {key}"}, timeout=60)
        self._journal = journal

    def ask(
        self,
        method: str,
        path: str,
        *,
        expect: int | tuple[int, ...],
        json: object = None,
        headers: Mapping[str, str] | None = None,
        what: str = "",
    ) -> httpx.Response:
        """The answer.

        Raises
        ------
        UnexpectedAnswerError
            When its status is another one than expected.
        """
        began_s = time.perf_counter()
        answer = self._client.request(method, path, json=json, headers=dict(headers or {}))
        self._journal.note(what or f"{method} {path}", answer.status_code, time.perf_counter() - began_s)
        if answer.status_code not in ((expect,) if isinstance(expect, int) else expect):
            raise UnexpectedAnswerError(f"{method} {path} answered {answer.status_code}: {answer.text[:2_000]}")
        return answer

    def wait(self, path: str, *, what: str) -> dict[str, Any]:
        """The document at an address, when its status is final.

        Raises
        ------
        UnexpectedAnswerError
            When it fails, or does not end.
        """
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            document: dict[str, Any] = self.ask("GET", path, expect=200, what=what).json()
            if document["status"] == "succeeded":
                return document
            if document["status"] not in {"queued", "running"}:
                raise UnexpectedAnswerError(f"{path} ended as {document['status']}: {document.get('failure')}")
            time.sleep(_POLL_S)
        raise UnexpectedAnswerError(f"{path} did not end within {WAIT_S} s.")

    def close(self) -> None:
        """End its connections."""
        self._client.close()


class Network(ServiceClient):
    """What carries the readings of a town's sensors."""

    def send(self, readings: Sequence[Mapping[str, object]]) -> Counter[str]:
        """Send readings in batches; how many became what."""
        became: Counter[str] = Counter()
        for start in range(0, len(readings), _READINGS_AT_ONCE):
            part = list(readings[start : start + _READINGS_AT_ONCE])
            answer = self.ask("POST", "/v1/readings", expect=207, json={"readings": part}, what="send readings")
            told = answer.json()
            became.update({name: told[name] for name in ("accepted", "duplicate", "rejected")})
        return became


class Office(ServiceClient):
    """A dispatcher."""

    def plan(self, body: Mapping[str, object]) -> dict[str, Any]:
        """Ask for a plan and wait for it."""
        asked = self.ask("POST", "/v1/plans", expect=202, json=body, what="ask for a plan")
        return self.wait(asked.headers["location"], what="watch a plan")

    def release(self, planned: Mapping[str, Any]) -> dict[str, Any]:
        """Give a plan's latest version to the tablets."""
        address = f"/v1/plans/{planned['plan_id']}"
        answer = self.ask(
            "POST",
            f"{address}/release",
            expect=200,
            headers={"if-match": f'"{planned["etag"]}"'},
            what="release a plan",
        )
        released: dict[str, Any] = answer.json()
        return released

    def plan_of(self, plan_id: str) -> dict[str, Any]:
        """A plan's latest version."""
        answer: dict[str, Any] = self.ask("GET", f"/v1/plans/{plan_id}", expect=200, what="fetch a plan").json()
        return answer

    def wait_for_proposal(self, address: str) -> float:
        """Wait until an incident has its proposal; the seconds that took.

        Raises
        ------
        UnexpectedAnswerError
            When there is none, or none can be made.
        """
        began_s = time.monotonic()
        while time.monotonic() < began_s + WAIT_S:
            proposal = self.ask("GET", address, expect=200, what="watch an incident").json()["proposal"]
            if proposal is None or proposal["status"] not in {"queued", "running", "succeeded"}:
                raise UnexpectedAnswerError(f"{address} has no proposal: {proposal}")
            if proposal["status"] == "succeeded":
                return time.monotonic() - began_s
            time.sleep(_POLL_S)
        raise UnexpectedAnswerError(f"{address} had no proposal within {WAIT_S} s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What came of sending a tour's events.

    Attributes
    ----------
    results
        Status by event.
    answers
        Batches that were sent.
    """

    results: Mapping[str, str]
    answers: int


class Tablet(ServiceClient):
    """The tablet of one vehicle: fetches its tour, verifies it, and tells later what happened."""

    def __init__(
        self,
        base_url: str,
        key: str,
        journal: Journal,
        *,
        vehicle_id: str,
        clock_ahead_s: float,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(base_url, key, journal)
        self.vehicle_id = vehicle_id
        self.clock_ahead_s = clock_ahead_s
        self._now = now
        self._public_key = ""
        self._etag = ""

    def fetch(self, day: date) -> dict[str, Any] | None:
        """The day's tour, verified; None where it has none.

        Raises
        ------
        UnexpectedAnswerError
            When its signature is wrong, or asking again does not confirm it.
        """
        if not self._public_key:
            self._public_key = self.ask("GET", "/v1/signing-key", expect=200, what="fetch the signing key").json()[
                "public_key"
            ]
        path, what = f"/v1/tours/{self.vehicle_id}/bundle?date={day}", "fetch a tour"
        answer = self.ask("GET", path, expect=(200, 404), what=what)
        if answer.status_code == 404:
            return None
        if not is_signed_by(self._public_key, answer.content, answer.headers["x-fuhre-signature"]):
            raise UnexpectedAnswerError(f"The tour of {self.vehicle_id} on {day} has a wrong signature.")
        self.ask("GET", path, expect=304, headers={"if-none-match": answer.headers["etag"]}, what=what)
        bundle: dict[str, Any] = answer.json()
        return bundle

    def changes(self, day: date, *, since_release: int) -> dict[str, Any]:
        """What a later release changes."""
        path = f"/v1/tours/{self.vehicle_id}/changes?date={day}&since={since_release}"
        answer = self.ask("GET", path, expect=(200, 404), what="fetch changes of a tour")
        told: dict[str, Any] = answer.json()
        return told

    def sync(
        self, day: date, events: Sequence[Mapping[str, object]], *, at_once: int, shuffle_seed: int | None = None
    ) -> Sync:
        """Send events in batches, in their order or in another."""
        ordered = list(events)
        if shuffle_seed is not None:
            random.Random(shuffle_seed).shuffle(ordered)  # noqa: S311 - no secret
        results: dict[str, str] = {}
        batches = [ordered[start : start + at_once] for start in range(0, len(ordered), at_once)]
        for batch in batches:
            sent_at = self._now().timestamp() + self.clock_ahead_s
            body = {
                "day": day.isoformat(),
                "sent_at": datetime.fromtimestamp(sent_at, tz=self._now().tzinfo).isoformat(),
                "events": batch,
            }
            path = f"/v1/tours/{self.vehicle_id}/events"
            told = self.ask("POST", path, expect=207, json=body, what="send events").json()
            results |= {one["event_id"]: one["status"] for one in told["results"]}
        return Sync(results=results, answers=len(batches))
