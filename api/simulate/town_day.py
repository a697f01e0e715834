"""One town's day: the plan in force, what the tablets carry, and what was driven of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely

from api.simulate.callers import UnexpectedAnswerError
from api.simulate.crew import DrivenTour
from api.simulate.protocol import DayRecord
from api.simulate.town_life import TownLife, expected_in
from api.tablet.closures import Closure, outline, overrides_of
from routing.location import Location
from routing.ports import StreetRouter
from routing.street_router import RoadRouter

THROUGH_M = 3.0
_DEGREES_PER_M = 1 / 111_195


@dataclass(slots=True, kw_only=True)
class TownDay:
    """A day under way.

    Attributes
    ----------
    bundles
        What each tablet carries.
    expected, expected_of_all
        What the plan expects of the containers in its tours, and of all.
    joint_path, neighbours
        The joint day's address, and the towns that drive it; empty on other days.
    """

    life: TownLife
    record: DayRecord
    bundles: dict[str, dict[str, Any]] = field(default_factory=dict)
    tours: dict[str, DrivenTour] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    expected_of_all: dict[str, float] = field(default_factory=dict)
    broken: str = ""
    joint_path: str = ""
    neighbours: Mapping[str, TownLife] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def day(self) -> date:
        """The calendar day."""
        return self.record.day

    def take(self, plan: Mapping[str, Any]) -> None:
        """Work by this plan from now on."""
        self.expected = self.expected | expected_in(plan)
        left = {one["container_id"]: one["expected_fraction"] for one in plan["unserved"]}
        self.expected_of_all = expected_in(plan) | left

    def fetch(self, *, since: datetime | None = None) -> None:
        """Let every tablet fetch its tour."""
        self.since = since
        for name, tablet in self.life.tablets.items():
            if name in self.bundles and since is not None:
                tablet.changes(self.day, since_release=self.bundles[name]["release"])
            bundle = tablet.fetch(self.day)
            if bundle is not None:
                self.bundles[name] = bundle
                self.life.find_neighbours(bundle, self.neighbours)
                self.tours.setdefault(name, DrivenTour(name))

    def drive(self, *, until: datetime | None = None) -> None:
        """Let the crews work up to an instant, or to the end of the day."""
        for name, bundle in self.bundles.items():
            if name != self.broken:
                tour = self.tours[name]
                gone = frozenset(one for other in self.tours.values() if other is not tour for one in other.emptied)
                self.life.crews[name].drive(tour, bundle, since=self.since, until=until, gone=gone)

    def judge_part(self, part: Mapping[str, Any]) -> None:
        """Look at this town's part of a joint day: its own containers alone, and no dearer than alone."""
        share, plan = part["share"], part["plan"]
        alone_eur, share_eur = share["alone_micro_eur"] / 1e6, share["share_micro_eur"] / 1e6
        self.record.happenings.append(
            f"joint day: {share_eur:.2f} EUR instead of {alone_eur:.2f} EUR alone, {share['expected_kg']:.0f} kg"
        )
        own = {one.container_id for one in self.life.town.containers}
        shown = {*expected_in(plan), *(one["container_id"] for one in plan["unserved"])}
        if shown != own:
            self.record.violations.append(f"the joint day shows {sorted(shown ^ own)[:3]} too much or too little")
        record = self.record
        record.plans, record.tours, record.km = (
            record.plans + 1,
            len(plan["tours"]),
            plan["totals"]["distance_m"] / 1000,
        )
        record.left_though_due = sum(one["is_due"] for one in plan["unserved"])
        if share_eur > alone_eur:
            self.record.violations.append("the joint day costs this town more than its day alone")

    def require_open(self, closed: Location) -> None:
        """Look whether any leg to come drives through a closed place.

        Raises
        ------
        UnexpectedAnswerError
            When one does.
        """
        place = shapely.Point(closed.lon_deg, closed.lat_deg)
        for name, bundle in self.bundles.items():
            for stop in bundle["stops"]:
                path = stop["path_lon_lat_deg"]
                is_to_come = self.since is None or datetime.fromisoformat(stop["arrives_at"]) > self.since
                if is_to_come and path and len(path) > 1:
                    away_m = shapely.LineString(path).distance(place) / _DEGREES_PER_M
                    if away_m < THROUGH_M and datetime.fromisoformat(stop["departs_at"]) > _after(self.since):
                        raise UnexpectedAnswerError(f"{name} is sent through the closed street to {stop['label']}.")


def _after(since: datetime | None) -> datetime:
    """Legs that were being driven when the street was closed may still end behind it."""
    return datetime.min.replace(tzinfo=UTC) if since is None else since + timedelta(minutes=30)


def report(one: TownDay, kind: str, at: datetime) -> dict[str, Any] | None:
    """Tell the service of an incident, wait for its proposal and accept it; None where nobody drives any more.

    The answer is the accepted incident, with the closed place as ``closed``.
    """
    out = [name for name, tour in one.tours.items() if not tour.has_returned]
    if not out:
        return None
    life = one.life
    for name in out:
        life.tell_so_far(one.tours[name], one.day)
    name = max(out, key=lambda each: len(one.bundles[each]["stops"]))
    body: dict[str, object] = {"kind": kind, "vehicle_id": name, "happened_at": at.astimezone(UTC).isoformat()}
    closed = None
    if kind == "breakdown":
        one.broken = name
    else:
        closed = place_ahead(one.bundles[name], at)
        body["location"] = {"lon_deg": closed.lon_deg, "lat_deg": closed.lat_deg}
    tablet = life.tablets[name]
    incident: dict[str, Any] = tablet.ask(
        "POST", "/v1/incidents", expect=202, json=body, what="report an incident"
    ).json()
    address = f"/v1/incidents/{incident['incident_id']}"
    took_s = life.office.wait_for_proposal(address)
    accepted: dict[str, Any] = life.office.ask("POST", f"{address}/accept", expect=200, what="accept a proposal").json()
    told = "; ".join(change["en"] for change in accepted["proposal"]["changes"]["sentences"][:2])
    one.record.happenings.append(
        f"{at:%H:%M} {kind.replace('_', ' ')} told by {name}: version {accepted['proposal']['version']} proposed in "
        f"{took_s:.1f} s and accepted. {told}"
    )
    return accepted | {"closed": closed}


def place_ahead(bundle: Mapping[str, Any], at: datetime) -> Location:
    """The middle of the longest leg that is still to come: a bridge on the way could lie there."""
    legs = [
        shapely.LineString(stop["path_lon_lat_deg"])
        for stop in bundle["stops"]
        if stop["path_lon_lat_deg"]
        and len(stop["path_lon_lat_deg"]) > 1
        and datetime.fromisoformat(stop["arrives_at"]) > at + timedelta(minutes=30)
    ]
    if not legs:
        place = bundle["stops"][-1]["location"]
        return Location(lon_deg=place["lon_deg"], lat_deg=place["lat_deg"])
    middle = max(legs, key=lambda leg: leg.length).interpolate(0.5, normalized=True)
    return Location(lon_deg=round(middle.x, 7), lat_deg=round(middle.y, 7))


def with_street_closed(router: StreetRouter, closed: Location, day: date) -> StreetRouter:
    """The router with this place closed for the day, as the checker must know it."""
    if not isinstance(router, RoadRouter):
        return router
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    closure = Closure(
        closure_id="checked",
        line=(closed,),
        reason="closed",
        valid_from_at=begins,
        valid_until_at=None,
        added_at=begins,
        added_by="simulation",
    )
    assert outline(closure.line)
    (override,) = overrides_of([closure], from_at=begins, until_at=begins + timedelta(days=1))
    return router.with_overrides(router.overrides.add(override))
