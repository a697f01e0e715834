"""A vehicle's reports become the stops that it really made: in their real order, at their real times, with real loads.

Guards that the stops of a tour never go back in time, whatever the clocks of tablets say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from optimizer.domain.container import Container
from optimizer.domain.day_state import BreakTaken
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Collection, Stop, StopKind
from optimizer.domain.tour_event import EventKind, TourEvent
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.driven_legs import DrivenLegs
from optimizer.planning.tour_progress import TourProgress

UNKNOWN_FRACTION = 1.0
"""A container of which nothing is known is taken for full, so that no body is thought emptier than it is."""


@dataclass(slots=True, kw_only=True)
class DrivenStops:
    """Follows one vehicle through its reports.

    Attributes
    ----------
    planned
        What the plan says of each container, whichever tour it was in.
    left
        Planned stops that are not done yet; tippings leave it as they are reported.
    """

    town: Town
    vehicle: Vehicle
    now: datetime
    legs: DrivenLegs
    planned: Mapping[str, Collection]
    left: list[Stop]
    containers: Mapping[str, Container]
    stops: list[Stop] = field(default_factory=list)

    def follow(self, progress: TourProgress, start: Stop, emptied_here: frozenset[str]) -> None:
        """Make the stops; nothing where the vehicle has not left."""
        happened: list[tuple[datetime, int, TourEvent | BreakTaken]] = [
            (one.happened_at, at, one)
            for at, one in enumerate(progress.facts)
            if one.kind is EventKind.TIPPED or (one.kind is EventKind.EMPTIED and one.container_id in emptied_here)
        ]
        breaks = [*progress.breaks]
        if progress.resting_since is not None and progress.resting_since < self.now:
            breaks.append(BreakTaken(starts_at=progress.resting_since, ends_at=self.now))
        happened += [(one.starts_at, -1, one) for one in breaks]
        happened.sort(key=lambda one: one[:2])
        first_at = min((at for at, _, _ in happened), default=None)
        began_at = min(one for one in (progress.started_at, first_at, self.now) if one is not None)
        left_at = _whole(began_at)
        self.stops = [replace(start, arrives_at=left_at, starts_at=left_at, departs_at=left_at)]
        for _, _, one in happened:
            if isinstance(one, BreakTaken):
                self._rest(one)
            elif one.kind is EventKind.TIPPED:
                self._tip(one)
            else:
                self._empty(one)

    def return_home(self, returned_at: datetime) -> None:
        """End the tour at the vehicle's depot."""
        depot = next(one for one in self.town.depots if one.depot_id == self.vehicle.end_depot_id)
        last = self.stops[-1]
        end = replace(
            last,
            kind=StopKind.END,
            place_id=depot.depot_id,
            label=depot.name or depot.depot_id,
            location=depot.location,
            collections=(),
            stream="",
        )
        self._add(end, at=returned_at, work_s=0)

    def _empty(self, event: TourEvent) -> None:
        container = self.containers[str(event.container_id)]
        collection = self._collected(container, event)
        last = self.stops[-1]
        kg, litres = last.load_kg + collection.expected_kg, last.load_l + collection.expected_l
        is_same_stop = (
            last.kind is StopKind.COLLECT and last.place_id == container.site_id and last.stream == container.stream
        )
        if is_same_stop:
            self.stops[-1] = replace(
                last,
                departs_at=max(last.departs_at, self._instant(event.happened_at)),
                collections=(*last.collections, collection),
                load_kg=round(kg, 1),
                load_l=round(litres, 1),
            )
            return
        stop = replace(
            last,
            kind=StopKind.COLLECT,
            place_id=container.site_id,
            label=container.address or container.site_id,
            location=container.location,
            collections=(collection,),
            stream=container.stream,
            load_kg=round(kg, 1),
            load_l=round(litres, 1),
        )
        self._add(stop, at=event.happened_at, work_s=container.setup_s + container.service_s)

    def _collected(self, container: Container, event: TourEvent) -> Collection:
        known = self.planned.get(container.container_id)
        fraction = event.fill_fraction
        if fraction is None:
            fraction = known.expected_fraction if known is not None else UNKNOWN_FRACTION
        litres = container.capacity_l * fraction
        density = self.town.stream(container.stream).density_kg_per_l
        if event.fill_fraction is None and known is not None:
            litres = known.expected_l
        kg = event.weight_kg
        if kg is None:
            kg = known.expected_kg if known is not None and event.fill_fraction is None else litres * density
        if known is not None:
            return replace(known, expected_fraction=fraction, expected_kg=round(kg, 1), expected_l=round(litres, 1))
        return Collection(
            container_id=container.container_id,
            expected_fraction=fraction,
            expected_kg=round(kg, 1),
            expected_l=round(litres, 1),
            overflow_probability=0.0,
            is_must=False,
            reasons=("emptied, though nobody had planned it",),
        )

    def _tip(self, event: TourEvent) -> None:
        at = next((at for at, stop in enumerate(self.left) if stop.kind is StopKind.TIP), None)
        site = next(
            (one for one in self.town.disposal_sites if one.disposal_site_id == event.disposal_site_id),
            None,
        )
        if site is None and at is not None:
            site = next(one for one in self.town.disposal_sites if one.disposal_site_id == self.left[at].place_id)
        if site is None:
            stream = stream_on_board(self.stops)
            taking = [one for one in self.town.disposal_sites if not stream or stream in one.streams]
            site = (taking or list(self.town.disposal_sites))[0]
        if at is not None:
            del self.left[at]
        if event.weight_kg is not None:
            self._weigh(event.weight_kg)
        last = self.stops[-1]
        stop = replace(
            last,
            kind=StopKind.TIP,
            place_id=site.disposal_site_id,
            label=site.name or site.disposal_site_id,
            location=site.location,
            collections=(),
            stream="",
            load_kg=0.0,
            load_l=0.0,
        )
        self._add(stop, at=event.happened_at, work_s=site.unloading_s)

    def _weigh(self, weight_kg: float) -> None:
        """What the weighbridge says holds for all that was on board: each part by its share."""
        thought_kg = self.stops[-1].load_kg
        if thought_kg <= 0:
            return
        share = weight_kg / thought_kg
        for at in range(len(self.stops) - 1, -1, -1):
            stop = self.stops[at]
            if stop.kind is StopKind.TIP:
                break
            self.stops[at] = replace(
                stop,
                load_kg=round(stop.load_kg * share, 1),
                collections=tuple(
                    replace(one, expected_kg=round(one.expected_kg * share, 1)) for one in stop.collections
                ),
            )

    def _rest(self, pause: BreakTaken) -> None:
        last = self.stops[-1]
        starts_at = max(last.departs_at, self._instant(pause.starts_at))
        ends_at = self._instant(pause.ends_at)
        at = next((at for at, stop in enumerate(self.left) if stop.kind is StopKind.BREAK), None)
        if at is not None:
            del self.left[at]
        if ends_at <= starts_at:
            return
        self.stops.append(
            replace(
                last,
                sequence=len(self.stops),
                kind=StopKind.BREAK,
                leg=None,
                arrives_at=starts_at,
                starts_at=starts_at,
                departs_at=ends_at,
                collections=(),
                stream="",
            )
        )

    def _add(self, stop: Stop, *, at: datetime, work_s: int) -> None:
        """A stop that was over at an instant; it began no earlier than the way there allows."""
        last = self.stops[-1]
        over_at = max(last.departs_at, self._instant(at))
        way = self.legs.between(self.stops, stop)
        gap_s = seconds_between(last.departs_at, over_at)
        duration_s = min(way.duration_s, gap_s)
        arrives_at = last.departs_at + timedelta(seconds=duration_s)
        starts_at = max(arrives_at, over_at - timedelta(seconds=work_s))
        self.stops.append(
            replace(
                stop,
                sequence=len(self.stops),
                leg=replace(way, duration_s=duration_s),
                arrives_at=arrives_at,
                starts_at=starts_at,
                departs_at=over_at,
            )
        )

    def _instant(self, at: datetime) -> datetime:
        """An instant by the town's clock, in whole seconds and never in the future."""
        return _whole(min(at, self.now)).astimezone(self.stops[0].departs_at.tzinfo)


def stream_on_board(stops: Sequence[Stop]) -> str:
    """What a vehicle carries after its stops; empty for nothing."""
    for stop in reversed(stops):
        if stop.kind is StopKind.TIP:
            return ""
        if stop.kind is StopKind.COLLECT:
            return stop.stream
    return ""


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
