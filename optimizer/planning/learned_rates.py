"""What tours teach about densities and handling times: what was weighed and timed, shrunk to what was assumed.

Few measurements change little, odd ones nothing: a rate is used from a least number of measurements on, moves from its
prior by the share of evidence, and never leaves a range around it. Rates are of streams and the whole fleet, never of
a crew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.domain.container import Container
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Collection, StopKind, Tour
from optimizer.domain.tour_event import EventKind, TourEvent
from optimizer.domain.town import Town
from optimizer.domain.used_rates import GREATEST_DENSITY, LEAST_DENSITY, UsedDensity, UsedRates, town_at_rates
from optimizer.planning.tour_progress import TourProgress

FEWEST_LOADS, PRIOR_LOADS = 5, 5
"""Weighed loads of a stream before its density is used, and how many the prior counts for."""

FEWEST_STOPS, PRIOR_STOPS = 60, 60
"""The same for timed stops."""

DENSITY_RANGE = (1 / 3, 3.0)
HANDLING_RANGE = (0.5, 2.0)
"""How far rates may move, as shares of the prior."""

_ODD_SHARES = (0.2, 5.0)
"""A stop that took less or more of its planned time had another reason: a talk, a jam, a button pressed late."""

_FEWEST_CONTAINERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One weighed load: kilograms on the scale, litres as the containers were thought or seen to hold."""

    stream: str
    kg: float
    litres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """One timed stop: what it took, and what was planned."""

    took_s: int
    planned_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TourLesson:
    """What one tour teaches."""

    loads: tuple[Load, ...] = ()
    stops: tuple[Handling, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedRates:
    """What many tours teach together.

    Attributes
    ----------
    density_kg_per_l
        By stream; only where there is enough to go by.
    handling_factor
        What stops take, as a share of what was assumed; 1 where there is too little to go by.
    load_count, stop_count, loads_by_stream
        How much it rests on.
    """

    density_kg_per_l: Mapping[str, float] = field(default_factory=dict)
    handling_factor: float = 1.0
    load_count: int = 0
    stop_count: int = 0
    loads_by_stream: Mapping[str, int] = field(default_factory=dict)


def lesson_of(progress: TourProgress, tour: Tour | None, town: Town) -> TourLesson:
    """What a tour teaches, from what its vehicle reported and what was planned for it (None for nothing)."""
    containers = {one.container_id: one for one in town.containers}
    planned = {} if tour is None else {one.container_id: one for stop in tour.stops for one in stop.collections}
    # Containers of other towns stay among the facts: their weight is on the scale, too.
    facts = [one for one in progress.facts if one.kind in {EventKind.TIPPED, EventKind.EMPTIED}]
    return TourLesson(
        loads=tuple(_loads(facts, containers, planned)), stops=tuple(_handlings(facts, progress, tour, containers))
    )


def learn_rates(lessons: Iterable[TourLesson], town: Town) -> LearnedRates:
    """The rates that the lessons speak for, measured against the town's own."""
    told = list(lessons)
    loads = [load for lesson in told for load in lesson.loads]
    stops = [stop for lesson in told for stop in lesson.stops]
    densities = {}
    for stream in town.streams:
        ours = [load for load in loads if load.stream == stream.stream_id]
        if len(ours) >= FEWEST_LOADS:
            observed = sum(load.kg for load in ours) / sum(load.litres for load in ours)
            share = _shrunk(
                observed / stream.density_kg_per_l, count=len(ours), prior_count=PRIOR_LOADS, within=DENSITY_RANGE
            )
            densities[stream.stream_id] = stream.density_kg_per_l * share
    factor = 1.0
    if len(stops) >= FEWEST_STOPS:
        observed = sum(stop.took_s for stop in stops) / sum(stop.planned_s for stop in stops)
        factor = _shrunk(observed, count=len(stops), prior_count=PRIOR_STOPS, within=HANDLING_RANGE)
    return LearnedRates(
        density_kg_per_l=densities,
        handling_factor=factor,
        load_count=len(loads),
        stop_count=len(stops),
        loads_by_stream=Counter(load.stream for load in loads),
    )


def with_rates(town: Town, rates: LearnedRates) -> Town:
    """The town with the learnt rates in place of the assumed ones."""
    return town_at_rates(town, used_rates(town, rates))


def used_rates(town: Town, rates: LearnedRates, *, source: str = "") -> UsedRates:
    """The learnt rates as a plan carries them."""
    assumed = {one.stream_id: one.density_kg_per_l for one in town.streams}
    return UsedRates(
        source=source,
        densities=tuple(
            UsedDensity(
                stream=stream,
                kg_per_l=min(GREATEST_DENSITY, max(LEAST_DENSITY, density)),
                assumed_kg_per_l=assumed[stream],
                observations=rates.loads_by_stream.get(stream, 0),
            )
            for stream, density in sorted(rates.density_kg_per_l.items())
            if stream in assumed
        ),
        handling_factor=rates.handling_factor,
        handling_observations=0 if rates.handling_factor == 1.0 else rates.stop_count,
    )


def _shrunk(observed: float, *, count: int, prior_count: int, within: tuple[float, float]) -> float:
    """The mean of a prior of 1 and what was observed, each by its weight."""
    mean = (prior_count + count * observed) / (prior_count + count)
    return min(within[1], max(within[0], mean))


def _loads(
    facts: Sequence[TourEvent], containers: Mapping[str, Container], planned: Mapping[str, Collection]
) -> Iterable[Load]:
    """Weighed loads of one stream; a load with a container of which nothing is known, or of others, teaches nothing."""
    emptied: list[TourEvent] = []
    for event in facts:
        if event.kind is EventKind.EMPTIED:
            emptied.append(event)
            continue
        if any(one.container_id not in containers for one in emptied):
            emptied = []
            continue
        streams = {containers[str(one.container_id)].stream for one in emptied}
        litres = [_litres(one, containers, planned) for one in emptied]
        scales = [one.weight_kg for one in emptied]
        kg = event.weight_kg
        if kg is None and scales and None not in scales:
            kg = sum(one for one in scales if one is not None)
        if kg and len(streams) == 1 and len(emptied) >= _FEWEST_CONTAINERS and None not in litres:
            total_l = sum(one for one in litres if one is not None)
            if total_l > 0:
                yield Load(stream=streams.pop(), kg=kg, litres=total_l)
        emptied = []


def _litres(event: TourEvent, containers: Mapping[str, Container], planned: Mapping[str, Collection]) -> float | None:
    container_id = str(event.container_id)
    if event.fill_fraction is not None:
        return containers[container_id].capacity_l * event.fill_fraction
    return planned[container_id].expected_l if container_id in planned else None


def _handlings(
    facts: Sequence[TourEvent], progress: TourProgress, tour: Tour | None, containers: Mapping[str, Container]
) -> Iterable[Handling]:
    """Stops that were driven to from the stop before them, as planned, without a break between."""
    if tour is None:
        return
    leg_s = {
        (before.place_id, stop.place_id): stop.leg.duration_s
        for before, stop in zip(tour.stops, tour.stops[1:], strict=False)
        if stop.kind is StopKind.COLLECT and stop.leg is not None
    }
    last: TourEvent | None = None
    site, lifted = "", 0
    for event in (*facts, None):
        container = None if event is None else containers.get(str(event.container_id))
        here = "" if container is None else container.site_id
        if event is not None and container is not None and here == site and last is not None:
            took_s = seconds_between(last.happened_at, event.happened_at)
            yield from _plausible(took_s, container.service_s)
        elif event is not None and container is not None and last is not None and lifted and (site, here) in leg_s:
            has_rested = any(
                last.happened_at < one.ends_at and one.starts_at < event.happened_at for one in progress.breaks
            )
            took_s = seconds_between(last.happened_at, event.happened_at) - leg_s[site, here]
            if not has_rested:
                yield from _plausible(took_s, container.setup_s + container.service_s)
        lifted = lifted + 1 if here else 0
        last, site = event, here


def _plausible(took_s: int, planned_s: int) -> Iterable[Handling]:
    if planned_s > 0 and _ODD_SHARES[0] <= took_s / planned_s <= _ODD_SHARES[1]:
        yield Handling(took_s=took_s, planned_s=planned_s)
