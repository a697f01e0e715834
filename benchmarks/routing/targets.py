"""The project's targets for travel matrices, each beside what was measured, its peer in the same run and the ratio.

Guards that nothing is claimed that was not measured: a missing figure is a dash, and its row says "not measured".
"""

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.routing.figures import Figures, ratio
from benchmarks.routing.table import format_value

N = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row of the table.

    Attributes
    ----------
    what
        What is measured, and where.
    ours, peer
        Both figures with their unit, or a dash.
    measured
        The number that the target is about.
    to_ship, goal
        What it must reach, and what it shall reach.
    unit
        What stands after all three: ``x`` for ratios.
    is_upper
        The number must not be above the target, instead of not below.
    """

    what: str
    ours: str
    peer: str
    measured: float
    to_ship: float
    goal: float
    unit: str = "x"
    is_upper: bool = False

    @property
    def verdict(self) -> str:
        """How far it is."""
        meets: Callable[[float, float], bool] = operator.le if self.is_upper else operator.ge
        if math.isnan(self.measured):
            return "not measured"
        if meets(self.measured, self.goal):
            return "goal"
        return "ships" if meets(self.measured, self.to_ship) else "missed"

    def cells(self) -> list[str]:
        """The row as texts."""
        sign = "<= " if self.is_upper else ""
        limits = [f"{sign}{_limit(value)}{self.unit}" for value in (self.to_ship, self.goal)]
        measured = "-" if math.isnan(self.measured) else f"{format_value(self.measured)}{self.unit}"
        return [self.what, self.ours, self.peer, measured, *limits, self.verdict]


_HEAD = ["what", "ours", "peer, same run", "measured", "to ship", "goal", "reached"]


def target_table(figures: Figures, *, city: str, large: str) -> str:
    """All targets as a table in Markdown."""
    rows = [_HEAD, ["---"] * len(_HEAD), *(target.cells() for target in targets(figures, city=city, large=large))]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def targets(figures: Figures, *, city: str, large: str) -> Iterator[Target]:
    """All targets, in the order of the project's list."""
    for map_name in (city, large):
        yield from _matrix_targets(_Reader(figures, map_name), is_city=map_name == city)
    for map_name in (city, large):
        yield from _chore_targets(_Reader(figures, map_name), is_city=map_name == city)
    yield from _exactness(figures)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Figures of one map."""

    figures: Figures
    map_name: str

    def __call__(self, track: str, peer: str, what: str, n: int = 0) -> float:
        return self.figures.value(map_name=self.map_name, track=track, peer=peer, what=what, n=n)

    def race(self, track: str, ours: str, peer: str, n: int) -> tuple[float, float]:
        """CPU milliseconds of both."""
        return self(track, ours, "matrix_cpu_ms", n), self(track, peer, "matrix_cpu_ms", n)


def _matrix_targets(read: _Reader, *, is_city: bool) -> Iterator[Target]:
    races = [
        ("OSRM CH table", "places", "osrm_ch", N, 25, 50),
        ("OSRM MLD table", "places", "osrm_mld", N, 100, 300),
        ("RoutingKit CCH, same graph, equal answers", "graph", "routingkit_cch", N, 40, 80),
        ("SciPy Dijkstra, same graph", "graph", "scipy", N, 700, 1500),
        ("Valhalla matrix", "places", "valhalla", 100, 600, 2000),
        ("OSRM CH table", "places", "osrm_ch", 2000, 25, 50),
        ("OSRM CH table", "places", "osrm_ch", 5000, 25, 50),
    ]
    for title, track, peer, n, to_ship, goal in races:
        if not is_city or n != 5000:
            ours_ms, peer_ms = read.race(track, "ours" if track == "places" else "ours_bare", peer, n)
            what = f"{read.map_name}: {n} x {n} vs {title}"
            times = ratio(peer_ms, ours_ms)
            yield Target(what=what, ours=_ms(ours_ms), peer=_ms(peer_ms), measured=times, to_ship=to_ship, goal=goal)
    bare_ms, with_metres_ms = read.race("graph", "ours_bare", "ours_with_metres", N)
    router_ms, router_both_ms = read.race("places", "ours", "ours_both", N)
    inside_ms, inside_both_ms = (
        read("chores", "ours", what, N) for what in ("durations_ms", "durations_and_metres_ms")
    )
    for title, alone_ms, both_ms in (
        ("the router, snapping included", router_ms, router_both_ms),
        ("the bare engine", bare_ms, with_metres_ms),
        ("the router's engine, snapping apart", inside_ms, inside_both_ms),
    ):
        yield Target(
            what=f"{read.map_name}: {N} x {N} durations and metres vs durations alone ({title})",
            ours=_ms(both_ms),
            peer=_ms(alone_ms),
            measured=ratio(both_ms, alone_ms),
            to_ship=1.6,
            goal=1.3,
            is_upper=True,
        )
    for ours in ("ours", "ours_both") if not is_city else ():
        ours_mb, peer_mb = (read("places", peer, "peak_mb", 5000) for peer in (ours, "osrm_ch"))
        title = "durations" if ours == "ours" else "durations and metres"
        yield Target(
            what=f"{read.map_name}: peak memory of the process at 5000 x 5000 ({title}), vs OSRM CH's",
            ours=_with_unit(ours_mb, "MB"),
            peer=_with_unit(peer_mb, "MB"),
            measured=ours_mb,
            to_ship=1000,
            goal=1000,
            unit=" MB",
            is_upper=True,
        )


def _chore_targets(read: _Reader, *, is_city: bool) -> Iterator[Target]:
    closures = [
        ("every edge weighed anew, durations", "graph", "ours_bare"),
        ("only what changed, durations and metres", "graph", "ours_with_metres"),
        ("RoadRouter.with_overrides, then travel", "chores", "ours"),
    ]
    for title, track, peer in closures:
        ours_ms = read(track, peer, "closed_matrix_ms", N)
        yield Target(
            what=f"{read.map_name}: close a street, then exact {N} x {N} ({title}) vs RoutingKit CCH",
            ours=_ms(ours_ms),
            peer=_ms(read("graph", "routingkit_cch", "closed_matrix_ms", N)),
            measured=ours_ms,
            to_ship=35 if is_city else 250,
            goal=15 if is_city else 100,
            unit=" ms",
            is_upper=True,
        )
    ours_s, peer_s = (read("chores", peer, "import_s") for peer in ("ours", "osmnx"))
    yield Target(
        what=f"{read.map_name}: pbf to routable truck graph vs OSMnx's route",
        ours=_with_unit(ours_s, "s"),
        peer=_with_unit(peer_s, "s"),
        measured=ratio(peer_s, ours_s),
        to_ship=20,
        goal=50,
    )
    if is_city:
        yield from _city_targets(read)
    for n in (N, 2000, 5000):
        one_ms, two_ms = (read("chores", "ours", f"wall_{n_threads}_threads_ms", n) for n_threads in (1, 2))
        others = read("chores", "ours", "others_fraction", n)
        yield Target(
            what=f"{read.map_name}: {n} x {n}, two threads vs one (wall, others took {_share(others)} of the cores)",
            ours=_ms(two_ms),
            peer=_ms(one_ms),
            measured=read("chores", "ours", "two_threads_ratio", n),
            to_ship=1.7,
            goal=1.9,
        )


def _city_targets(read: _Reader) -> Iterator[Target]:
    warm_s = read("places", "ours", "warm_start_s")
    yield Target(
        what=f"{read.map_name}: warm start from disk to the first answer, vs OSRM CH",
        ours=_with_unit(warm_s, "s"),
        peer=_with_unit(read("places", "osrm_ch", "warm_start_s"), "s"),
        measured=warm_s,
        to_ship=0.5,
        goal=0.2,
        unit=" s",
        is_upper=True,
    )
    for title, what in (("between random places", "random_legs_ms"), ("from neighbour to neighbour", "tour_legs_ms")):
        legs_ms = read("chores", "ours", what, 300)
        yield Target(
            what=f"{read.map_name}: 300 leg geometries with manoeuvres, {title}",
            ours=_ms(legs_ms),
            peer="-",
            measured=legs_ms,
            to_ship=50,
            goal=20,
            unit=" ms",
            is_upper=True,
        )


def _exactness(figures: Figures) -> Iterator[Target]:
    peers = ("ours_bare", "ours_with_metres")
    exact, wrong = (
        math.fsum(item.value for item in figures.notes(what) if item.peer in peers)
        for what in ("exact_pairs", "mismatches")
    )
    yield Target(
        what="all maps: pairs that differ from SciPy's Dijkstra, bit by bit, closures included",
        ours=f"{exact:,.0f} equal" if exact else "-",
        peer="-",
        measured=wrong if exact else math.nan,
        to_ship=0,
        goal=0,
        unit=" pairs",
        is_upper=True,
    )


def _ms(value: float) -> str:
    return _with_unit(value, "ms")


def _with_unit(value: float, unit: str) -> str:
    return "-" if math.isnan(value) else f"{format_value(value)} {unit}"


def _share(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{fraction:.0%}"


def _limit(value: float) -> str:
    return f"{value:,g}"
