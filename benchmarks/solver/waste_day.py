"""Makes waste days on real streets: two sizes of trucks, two tipping sites, several trips, kilograms and litres.

The same ground, numbers and version give the same day, bit for bit; a change of what is drawn is a new version. The
cost is metres + 8 x seconds between departure and return + prizes of what is left, which in micro-euros is 1 EUR a
kilometre and 28.80 EUR an hour.
"""

from datetime import UTC, datetime
from random import Random

from benchmarks.solver.day import Day
from benchmarks.solver.ground import LARGE, N_YARDS, SMALL, Ground
from optimizer.problem.problem import Pickup, Problem, ProblemBreak, ProblemDisposal, ProblemVehicle, Window

VERSION = 1
MICRO_EUR_PER_UNIT = 1_000
UNITS_PER_M, UNITS_PER_S = 1, 8
MUST_UNITS = 200_000
"""Price of leaving a container that must be emptied: more than any detour on the map."""
HOUR_S = 3600
SHIFT = (6 * HOUR_S, 14 * HOUR_S)
SITE_OPENS = (6 * HOUR_S, 14 * HOUR_S)
UNLOADING_S = (12 * 60, 18 * 60)
BREAK = ProblemBreak(work_above_s=6 * HOUR_S, break_s=30 * 60)
CONTAINERS_PER_TRUCK = 75
CAPACITY_KG = {LARGE: 10_500, SMALL: 5_500}
CAPACITY_L = {LARGE: 95_000, SMALL: 55_000}
STREAMS = ("residual", "paper", "glass", "organic")


def waste_day(
    ground: Ground,
    *,
    n: int,
    seed: int,
    optional_share: float = 0.0,
    streams: int = 1,
    with_breaks: bool = False,
    version: int = VERSION,
) -> Day:
    """A day of ``n`` pickups.

    Parameters
    ----------
    ground
        At least three places more than pickups.
    optional_share
        Of the pickups, those that may be left for a prize.
    with_breaks
        Whether more than six hours of work need 30 min of break.

    Raises
    ------
    ValueError
        When there is no such version, or the ground is too small.
    """
    if version != VERSION:
        raise ValueError(f"There is no version {version} of waste days; the version is {VERSION}.")
    if len(ground) < N_YARDS + n:
        raise ValueError(f"The ground has {len(ground)} places; {N_YARDS + n} are needed.")
    draw = Random(f"waste day {version} {n} {seed} {optional_share} {streams} {with_breaks}")  # noqa: S311 - no secret
    used_streams = STREAMS[:streams]
    profiles = [LARGE if at % 2 == 0 else SMALL for at in range(max(2, round(n / CONTAINERS_PER_TRUCK)))]
    vehicles = tuple(
        _vehicle(at, profile, used_streams, with_breaks=with_breaks) for at, profile in enumerate(profiles)
    )
    everyone = frozenset(range(len(vehicles)))
    small = frozenset(at for at, profile in enumerate(profiles) if profile == SMALL)
    disposals = tuple(
        ProblemDisposal(
            disposal_site_id=f"site {at + 1}",
            place_index=1 + at,
            streams=frozenset(used_streams),
            windows=(SITE_OPENS,),
            unloading_s=UNLOADING_S[at],
            per_kg_micro_eur=0,
            allowed_vehicles=everyone,
        )
        for at in range(2)
    )
    pickups = tuple(
        _pickup(at, draw, used_streams, vehicles=(everyone, small), optional_share=optional_share) for at in range(n)
    )
    problem = Problem(
        midnight_at=datetime(2026, 3, 2, tzinfo=UTC),
        travel=ground.travel,
        pickups=pickups,
        vehicles=vehicles,
        disposals=disposals,
    )
    extras = ("b" if with_breaks else "") + ("o" if optional_share else "")
    return Day(
        name=f"{ground.name}-{n}-{seed}{'-' if extras else ''}{extras}",
        family="waste_day",
        problem=problem,
        per_unit=MICRO_EUR_PER_UNIT,
    )


def _vehicle(at: int, profile: str, streams: tuple[str, ...], *, with_breaks: bool) -> ProblemVehicle:
    shift_s = SHIFT[1] - SHIFT[0]
    return ProblemVehicle(
        vehicle_id=f"truck {at + 1}",
        profile=profile,
        start_place_index=0,
        end_place_index=0,
        shift=SHIFT,
        max_work_s=shift_s,
        max_stretch_s=BREAK.work_above_s if with_breaks else shift_s,
        breaks=(BREAK,) if with_breaks else (),
        capacity_kg=CAPACITY_KG[profile],
        capacity_l_by_stream=dict.fromkeys(streams, CAPACITY_L[profile]),
        max_trips=6,
        fixed_micro_eur=0,
        per_m_micro_eur=UNITS_PER_M * MICRO_EUR_PER_UNIT,
        per_s_micro_eur=UNITS_PER_S * MICRO_EUR_PER_UNIT,
    )


def _pickup(
    at: int,
    draw: Random,
    streams: tuple[str, ...],
    *,
    vehicles: tuple[frozenset[int], frozenset[int]],
    optional_share: float,
) -> Pickup:
    everyone, small = vehicles
    containers = draw.choice((1, 1, 1, 2, 2, 3))
    litres = containers * draw.choice((770, 1100))
    kg = round(litres * draw.uniform(0.06, 0.16))
    is_narrow = draw.random() < 0.12
    is_optional = draw.random() < optional_share
    prize = draw.randint(500, 6_000) if is_optional else MUST_UNITS
    return Pickup(
        pickup_id=f"stop {at + 1}",
        place_index=N_YARDS + at,
        stream=draw.choice(streams),
        container_ids=tuple(f"stop {at + 1}.{one + 1}" for one in range(containers)),
        demand_kg=kg,
        demand_l=litres,
        service_s=20 + 30 * containers,
        windows=(_window(draw),),
        allowed_vehicles=small if is_narrow else everyone,
        prize_micro_eur=prize * MICRO_EUR_PER_UNIT,
        is_must=not is_optional,
    )


def _window(draw: Random) -> Window:
    """Mostly the whole shift; before school, after the market, or two hours some time."""
    kind = draw.random()
    if kind < 0.80:
        return SHIFT
    if kind < 0.87:
        return (SHIFT[0], 9 * HOUR_S)
    if kind < 0.94:
        return (10 * HOUR_S, SHIFT[1])
    opens = SHIFT[0] + draw.randint(0, 6 * 4) * 900
    return (opens, opens + 2 * HOUR_S)
