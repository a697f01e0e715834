"""From traces to what a driver gets: lines, street names and manoeuvres of all legs together."""

from collections.abc import Sequence

from routing.leg_shapes import Drives, draw_lines, name_streets
from routing.location import Location
from routing.manoeuvres import LegEnd, TurnGuide
from routing.path import LegPath
from routing.places import Places
from routing.query import Traces


def leg_paths(
    guide: TurnGuide, traces: Traces, *, starts: Places, ends: Places, goals: Sequence[Location]
) -> tuple[LegPath, ...]:
    """Legs along traces, from where they start on the street to where they end; their goals lie beside it."""
    streets = guide.streets
    drives = Drives.between(streets, traces.first, traces.arc, starts=starts, ends=ends)
    duration_s, distance_m = traces.duration_s.tolist(), traces.distance_m.tolist()
    lines, names = draw_lines(streets, drives), name_streets(streets, drives)
    ends_of_legs = [
        LegEnd(line=line, distance_m=metres, place=goal, aside_m=aside_m)
        for line, metres, goal, aside_m in zip(lines, distance_m, goals, ends.distance_m.tolist(), strict=True)
    ]
    manoeuvres = guide.manoeuvres(drives, ends_of_legs)
    return tuple(
        LegPath(
            lon_lat_deg=lines[leg],
            duration_s=duration_s[leg],
            distance_m=distance_m[leg],
            street_names=names[leg],
            manoeuvres=manoeuvres[leg],
        )
        for leg in range(len(lines))
    )
