"""Kim, Kim and Sahoo's real waste days (2006), doi:10.1016/j.cor.2005.02.045: read, and mapped onto a day of ours.

How their rules are read:

- Distances are rectilinear, in feet; a truck drives 40 mph. A model's seconds are rounded up, the judge's not at all.
- ``HHMM`` windows are about the start of service; minutes above 59 roll over (``0775`` is 08:15).
- Each truck leaves and re-enters the depot within its window, returns empty, and may tip several times at any landfill;
  the time there is the landfill's service time.
- A truck has a capacity a trip, a limit of load a day, and a limit of stops a day.
- Lunch lasts an hour and starts from 11:00 to 12:00, wherever the truck is then, also on the road; a truck that is
  back by then has none.
- Fewer trucks come first, miles second. The compared cost is miles; trucks are in a column of their own.

Capacity and the limit of load a day are given as they are; only time limits the number of trips. PyVRP, which knows no
limit of load a day, gets as many trips of an equal share of it: fewer choices, and no answer that breaks the rule. The
limit of stops a day, 500 in every file, is left to the judge.

Our day has no hour without work. The mapping takes it out of time: everything after 11:30 lies an hour earlier. A
service or drive under way at 11:30 is finished first, or the lunch is taken on the road, which the rule allows; the
judge places the lunch by the rule itself.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.solver.day import Day
from benchmarks.solver.families.cvrplib import BadFileError
from optimizer.problem.problem import Pickup, Problem, ProblemDisposal, ProblemVehicle, Window
from routing.matrix import TravelMatrix

FEET_PER_MILE = 5280
FEET_PER_S_PER_MPH = FEET_PER_MILE / 3600
LUNCH_FROM_S, LUNCH_UNTIL_S = 11 * 3600, 12 * 3600
SPLIT_S = 11 * 3600 + 1800
N_VEHICLES = 20
VEHICLE_MILES = 500
"""Price of a truck: more than it can save."""
MICRO_EUR_PER_FOOT = 10
PER_YARD = 100
"""Loads are given with fractions."""
STREAM = "waste"
DEPOT, STOP, LANDFILL = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KimDay:
    """A file as it stands, rows sorted into depot, landfills, stops.

    Attributes
    ----------
    feet
        ``(rows, 2)``
    early_s, late_s, service_s
        Per row.
    load_yards
        Per row; meaningless for depot and landfills.
    """

    capacity_yards: float
    day_yards: float
    day_stops: int
    lunch_s: int
    feet_per_s: float
    n_landfills: int
    feet: NDArray[np.float64]
    early_s: NDArray[np.int64]
    late_s: NDArray[np.int64]
    service_s: NDArray[np.int64]
    load_yards: NDArray[np.float64]

    def distance_feet(self, a: int, b: int) -> float:
        """Rectilinear."""
        return float(np.abs(self.feet[a] - self.feet[b]).sum())


def read_kim(path: Path) -> Day:
    """One ``.txt`` file."""
    raw = read_kim_file(path)
    return Day(
        name=path.stem,
        family="kim",
        problem=kim_problem(raw),
        per_unit=MICRO_EUR_PER_FOOT * FEET_PER_MILE,
        raw=raw,
    )


def read_kim_file(path: Path) -> KimDay:
    """The figures of a file."""
    lines = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    heads = [line for line in lines if "//" in line or any(word.startswith("//") for word in line)]
    rows = [line for line in lines if len(line) == 8 and _are_numbers(line)]
    if len(heads) != 5 or not rows:
        raise BadFileError(
            f"{path.name}: five lines with a figure and a remark, and rows of eight figures are expected."
        )
    capacity, day_yards, day_stops, lunch_s, mph = (float(line[0]) for line in heads)
    kind_order = {DEPOT: 0, LANDFILL: 1, STOP: 2}
    rows.sort(key=lambda row: kind_order[int(row[7])])
    kinds = [int(row[7]) for row in rows]
    if kinds.count(DEPOT) != 1 or LANDFILL not in kinds:
        raise BadFileError(f"{path.name}: one depot and at least one landfill are expected.")
    return KimDay(
        capacity_yards=capacity,
        day_yards=day_yards,
        day_stops=int(day_stops),
        lunch_s=int(lunch_s),
        feet_per_s=mph * FEET_PER_S_PER_MPH,
        n_landfills=kinds.count(LANDFILL),
        feet=np.array([[float(row[1]), float(row[2])] for row in rows]),
        early_s=np.array([clock_s(row[3]) for row in rows], dtype=np.int64),
        late_s=np.array([clock_s(row[4]) for row in rows], dtype=np.int64),
        service_s=np.array([round(float(row[5])) for row in rows], dtype=np.int64),
        load_yards=np.array([float(row[6]) for row in rows]),
    )


def clock_s(hhmm: str) -> int:
    """Seconds since midnight of ``HHMM``."""
    number = int(hhmm)
    return number // 100 * 3600 + number % 100 * 60


def without_lunch_s(at_s: int, lunch_s: int) -> int:
    """An instant in the day that has no lunch."""
    return at_s if at_s <= SPLIT_S else max(SPLIT_S, at_s - lunch_s)


def kim_problem(raw: KimDay) -> Problem:
    """The day without its lunch hour, in feet for metres."""
    feet = np.abs(raw.feet[:, None, :] - raw.feet[None, :, :]).sum(axis=2)
    travel = TravelMatrix.from_arrays(
        duration_s=np.ceil(feet / raw.feet_per_s - 1e-9).astype(np.int64), distance_m=np.rint(feet).astype(np.int64)
    )
    everyone = frozenset(range(N_VEHICLES))
    first_stop = 1 + raw.n_landfills
    shift = (without_lunch_s(int(raw.early_s[0]), raw.lunch_s), without_lunch_s(int(raw.late_s[0]), raw.lunch_s))
    long_s = shift[1] - shift[0]
    most_trips = max(1, long_s // max(1, int(raw.service_s[1:first_stop].min())))
    penalty = 10 * VEHICLE_MILES * FEET_PER_MILE * MICRO_EUR_PER_FOOT
    return Problem(
        midnight_at=datetime(2006, 1, 2, tzinfo=UTC),
        travel={"truck": travel},
        pickups=tuple(
            Pickup(
                pickup_id=f"{at - first_stop + 1}",
                place_index=at,
                stream=STREAM,
                container_ids=(f"{at - first_stop + 1}",),
                demand_kg=int(np.ceil(raw.load_yards[at] * PER_YARD - 1e-6)),
                demand_l=0,
                service_s=int(raw.service_s[at]),
                windows=(_window(raw, at),),
                allowed_vehicles=everyone,
                prize_micro_eur=penalty,
                is_must=True,
            )
            for at in range(first_stop, len(raw.feet))
        ),
        vehicles=tuple(
            ProblemVehicle(
                vehicle_id=f"{at + 1}",
                profile="truck",
                start_place_index=0,
                end_place_index=0,
                shift=shift,
                max_work_s=long_s,
                max_stretch_s=long_s,
                breaks=(),
                capacity_kg=int(raw.capacity_yards * PER_YARD),
                capacity_l_by_stream={STREAM: 1},
                max_trips=most_trips,
                max_day_kg=int(raw.day_yards * PER_YARD),
                fixed_micro_eur=VEHICLE_MILES * FEET_PER_MILE * MICRO_EUR_PER_FOOT,
                per_m_micro_eur=MICRO_EUR_PER_FOOT,
                per_s_micro_eur=0,
            )
            for at in range(N_VEHICLES)
        ),
        disposals=tuple(
            ProblemDisposal(
                disposal_site_id=f"landfill {at}",
                place_index=at,
                streams=frozenset({STREAM}),
                windows=(_window(raw, at),),
                unloading_s=int(raw.service_s[at]),
                per_kg_micro_eur=0,
                allowed_vehicles=everyone,
            )
            for at in range(1, first_stop)
        ),
    )


def _window(raw: KimDay, at: int) -> Window:
    opens_s = without_lunch_s(int(raw.early_s[at]), raw.lunch_s)
    closes_s = without_lunch_s(int(raw.late_s[at]), raw.lunch_s)
    return (opens_s, max(closes_s + int(raw.service_s[at]), opens_s + 1))


def _are_numbers(words: list[str]) -> bool:
    try:
        return all(float(word) is not None for word in words)
    except ValueError:
        return False
