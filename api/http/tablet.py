"""Tours on the road over HTTP: what a tablet takes along, what it reports, and what changes meanwhile."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import JsonBody, describe_body
from api.http.caller import Caller
from api.http.errors import ProblemError
from api.http.etags import is_unchanged, not_modified, quoted, versioned
from api.http.fields import Day
from api.http.openapi import problems
from api.http.services import Services
from api.http.tablet_body import ANSWER_EXAMPLE, EXAMPLES, EventResult, EventsAnswer, EventsBody
from api.http.tours import may_see_vehicle
from api.identity.principal import Principal
from api.sharing.errand_events import find_references, pass_on
from api.sharing.joint_document import NEIGHBOURS_FORMAT, load_places
from api.store.plan_version_ports import ReleasedTour, ReleaseMark
from api.tablet.bundle import TourParts, bundle_etag, tour_bundle
from api.tablet.changes import pinned_containers, tour_changes
from api.tablet.learn import LessonNotes
from api.tablet.ports import EventStatus, SentBatch
from api.tablet.signature import TourSigner, new_private_key
from api.tablet.take_in import EventFields, Unreadable, sent_batch
from optimizer.domain.tour_event import EventKind
from optimizer.planning.tour_progress import fold_events

SIGNATURE = "x-fuhre-signature"
SIGNING_KEY = "x-fuhre-signing-key"
_KEPT_BUNDLES = 500
_PATHS = "paths"

VehicleId = Annotated[str, Path(min_length=1, max_length=64)]
TourDay = Annotated[Day | None, Query(alias="date", description="The tour's day; today where it is left out.")]


class SigningKeyAnswer(BaseModel):
    """What verifies the signatures."""

    model_config = ConfigDict(extra="forbid")

    key_id: str
    algorithm: str = "Ed25519"
    public_key: str = Field(description="32 bytes in Base64.")


class ChangesAnswer(BaseModel):
    """What a tablet has to change in the tour that it has."""

    model_config = ConfigDict(extra="forbid")

    release: int = Field(description="What the tablet has after these changes.")
    since: int
    version: int
    is_unchanged: bool
    added: list[dict[str, Any]] = Field(description="Stops that are new, as in the tour.")
    removed: list[dict[str, Any]] = Field(description="Stops that are gone, with their containers.")
    changed: list[dict[str, Any]] = Field(description="Stops with other times or containers.")
    order: list[dict[str, Any]] = Field(description="All stops in their new order.")
    pinned_container_ids: list[str] = Field(description="Done, or being done: what the tablet knows of them stays.")


class _Signed:
    """Bundles with their signatures, kept in memory: a hundred tablets ask for the same again and again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._signers: dict[str, TourSigner] = {}
        self._kept: OrderedDict[tuple[str, str], tuple[bytes, str]] = OrderedDict()
        self._lock = threading.Lock()

    def signer(self, caller: Principal) -> TourSigner:
        """The tenant's key."""
        with self._lock:
            signer = self._signers.get(caller.tenant_id)
        if signer is None:
            store = self._services.store_of(caller)
            signer = TourSigner.of_bytes(*store.signing_keys.current(new_private_key, at=self._services.now()))
            with self._lock:
                self._signers[caller.tenant_id] = signer
        return signer

    def kept(self, caller: Principal, etag: str) -> tuple[bytes, str] | None:
        """Content and signature, where they were made before."""
        with self._lock:
            return self._kept.get((caller.tenant_id, etag))

    def make(self, caller: Principal, parts: TourParts, etag: str) -> tuple[bytes, str]:
        """Content and signature."""
        content = tour_bundle(parts, self._services.town_of(caller).town, etag=etag)
        made = (content, self.signer(caller).sign(content))
        with self._lock:
            self._kept[caller.tenant_id, etag] = made
            while len(self._kept) > _KEPT_BUNDLES:
                self._kept.popitem(last=False)
        return made


def tablet_router(services: Services) -> APIRouter:
    """The operations of tablets."""
    router = APIRouter(prefix="/v1", tags=["tablet"])
    signed = _Signed(services)
    lessons = LessonNotes()

    @router.get(
        "/signing-key",
        operation_id="getSigningKey",
        response_model=SigningKeyAnswer,
        responses={**problems()},
    )
    def get_signing_key(caller: Caller) -> Response:
        """Fetch the key that verifies the signatures of tours; made once for a town."""
        signer = signed.signer(caller)
        answer = SigningKeyAnswer(key_id=signer.key_id, public_key=signer.public_key)
        return Response(answer.model_dump_json(), media_type="application/json")

    @router.get(
        "/tours/{vehicle_id:path}/bundle",
        operation_id="getTourBundle",
        responses={
            200: {
                "description": f"The tour with all that it needs without a network; `{SIGNATURE}` signs its bytes.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            304: {"description": "It is the one you have."},
            **problems("not_found", "no_town", "invalid_request"),
        },
    )
    def get_bundle(
        caller: Caller,
        vehicle_id: VehicleId,
        day: TourDay = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Fetch the released tour as a package that works offline."""
        wanted = _day(services, caller, day)
        mark = _mark(services, caller, vehicle_id, wanted)
        etag = bundle_etag(mark.tour_etag, release=mark.release, town_version=mark.town_version)
        if is_unchanged(etag, if_none_match):
            return not_modified(etag)
        made = signed.kept(caller, etag)
        if made is None:
            # Another release may have come since: the version is that of what is read now.
            found = _released(services, caller, vehicle_id, wanted)
            etag = bundle_etag(found.tour.etag, release=found.release.sequence, town_version=mark.town_version)
            made = signed.make(caller, _parts(services, caller, vehicle_id, wanted, found), etag)
        content, signature = made
        answer = versioned(content, etag)
        answer.headers[SIGNATURE] = signature
        answer.headers[SIGNING_KEY] = signed.signer(caller).key_id
        return answer

    @router.get(
        "/tours/{vehicle_id:path}/changes",
        operation_id="getTourChanges",
        response_model=ChangesAnswer,
        responses={**problems("not_found", "invalid_request")},
    )
    def get_changes(
        caller: Caller,
        vehicle_id: VehicleId,
        since: Annotated[int, Query(ge=0, description="The release that the tablet has.")],
        day: TourDay = None,
    ) -> Response:
        """Fetch what a later release changes; what is done, and the stop being done, stay as they are."""
        wanted = _day(services, caller, day)
        found = _released(services, caller, vehicle_id, wanted)
        store = services.store_of(caller)
        events = store.tour_events.of_tour(wanted, vehicle_id)
        before = store.released_tours.sheet(since, vehicle_id)
        pinned = pinned_containers(before, fold_events(vehicle_id, events))
        told = tour_changes(before, found.tour.document, done=pinned)
        answer = ChangesAnswer(
            release=found.release.sequence,
            since=since,
            version=found.release.version,
            is_unchanged=not (told["added"] or told["removed"] or told["changed"]),
            **told,
        )
        headers = {"etag": quoted(f"{found.release.sequence}-{found.tour.etag}"), "cache-control": "no-store"}
        return Response(answer.model_dump_json(), media_type="application/json", headers=headers)

    @router.post(
        "/tours/{vehicle_id:path}/events",
        operation_id="addTourEvents",
        status_code=207,
        response_model=EventsAnswer,
        openapi_extra=describe_body(EventsBody, EXAMPLES),
        responses={
            207: {
                "description": "One result per event, in the order sent; the same event always gets the same.",
                "content": {"application/json": {"example": ANSWER_EXAMPLE}},
            },
            **problems(
                "not_found",
                "malformed_json",
                "body_too_large",
                "body_too_slow",
                "unsupported_media_type",
                "invalid_request",
                "body_too_deep",
                "no_town",
                "store_full",
            ),
        },
    )
    def add_events(
        caller: Caller, vehicle_id: VehicleId, body: Annotated[EventsBody, Depends(JsonBody(EventsBody))]
    ) -> Response:
        """Report what happened on a tour; kept before the answer, in any order, as often as needed."""
        if not may_see_vehicle(caller, vehicle_id):
            raise ProblemError("forbidden", "This key is another vehicle's.")
        town = services.town_of(caller).town
        if all(one.vehicle_id != vehicle_id for one in town.vehicles):
            raise ProblemError("not_found", "There is no such vehicle.")
        items = body.items()
        references = find_references(services.stores, caller.tenant_id, vehicle_id, body.day, _named(items))
        batch = sent_batch(
            items,
            town,
            references=references.container_ids | references.site_ids,
            vehicle_id=vehicle_id,
            day=body.day,
            received_at=services.now(),
            sent_at=body.sent_at,
            actor=caller.actor,
        )
        pass_on(services.stores, caller.tenant_id, batch, references)
        store = services.store_of(caller)
        receipts = store.tour_events.take(batch)
        lessons.note(store, town, vehicle_id=vehicle_id, day=body.day, has_ended=_ends_tour(batch))
        counts = Counter(one.status for one in receipts)
        answer = EventsAnswer(
            accepted=counts[EventStatus.ACCEPTED],
            duplicate=counts[EventStatus.DUPLICATE],
            superseded=counts[EventStatus.SUPERSEDED],
            rejected=counts[EventStatus.REJECTED],
            results=[
                EventResult(event_id=one.event_key, status=one.status, code=one.code, reason=one.reason)
                for one in receipts
            ],
        )
        return Response(answer.model_dump_json(), status_code=207, media_type="application/json")

    return router


def _named(items: Sequence[tuple[Any, EventFields | Unreadable]]) -> set[str]:
    """What the events name that could be another town's."""
    told = [fields for _, fields in items if isinstance(fields, EventFields)]
    return {name for one in told for name in (one.container_id, one.disposal_site_id) if name is not None}


def _ends_tour(batch: SentBatch) -> bool:
    return any(one.event is not None and one.event.kind is EventKind.RETURNED for one in batch.events)


def _day(services: Services, caller: Principal, day: date | None) -> date:
    return day or services.now().astimezone(services.town_of(caller).town.zone).date()


def _mark(services: Services, caller: Principal, vehicle_id: str, day: date) -> ReleaseMark:
    is_possible = vehicle_id.isprintable() and may_see_vehicle(caller, vehicle_id)
    found = services.store_of(caller).versions.released_mark(vehicle_id, day) if is_possible else None
    if found is None:
        raise _nothing_released()
    return found


def _released(services: Services, caller: Principal, vehicle_id: str, day: date) -> ReleasedTour:
    is_possible = vehicle_id.isprintable() and may_see_vehicle(caller, vehicle_id)
    found = services.store_of(caller).versions.released_tour(vehicle_id, day) if is_possible else None
    if found is None:
        raise _nothing_released()
    return found


def _nothing_released() -> ProblemError:
    return ProblemError("not_found", "No tour of this vehicle has been released for this day.")


def _parts(services: Services, caller: Principal, vehicle_id: str, day: date, found: ReleasedTour) -> TourParts:
    plans = services.store_of(caller).plans
    foreign = plans.tour_export(found.content_id, vehicle_id, NEIGHBOURS_FORMAT)
    return TourParts(
        vehicle_id=vehicle_id,
        day=day,
        plan_id=found.release.plan_id,
        release=found.release.sequence,
        version=found.release.version,
        sheet=found.tour.document,
        sheet_etag=found.tour.etag,
        paths=plans.tour_export(found.content_id, vehicle_id, _PATHS),
        neighbours={} if foreign is None else load_places(foreign),
    )
