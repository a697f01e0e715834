"""A day's plan: tours with their stops, what is unserved and why, and what it all costs."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from optimizer.domain.relaxation import Relaxation, Text
from optimizer.domain.used_rates import UsedRates
from routing.location import Location


class StopKind(StrEnum):
    """What a vehicle halts for; a position is where it was when its day was planned anew, and no halt."""

    START = "start"
    COLLECT = "collect"
    TIP = "tip"
    BREAK = "break"
    POSITION = "position"
    END = "end"


class ReasonCode(StrEnum):
    """Why a container is in no tour."""

    CAPACITY = "capacity"
    CHEAPER_TO_WAIT = "cheaper_to_wait"
    DISPOSAL_CLOSED = "disposal_closed"
    EXCEEDS_VEHICLE = "exceeds_vehicle"
    EXCLUDED = "excluded"
    LOW_RISK = "low_risk"
    NO_VEHICLE = "no_vehicle"
    OUTSIDE_MAP = "outside_map"
    REVERSING = "reversing"
    TIME = "time"
    TIME_WINDOW = "time_window"
    TOO_FAR_FROM_ROAD = "too_far_from_road"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The travel that leads to a stop.

    Attributes
    ----------
    toll_m
        Those of the metres that lie on toll roads; 0 where nobody has counted them.
    """

    duration_s: int
    distance_m: int
    toll_m: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One container emptied at a stop, with the figures the selection rests on.

    Attributes
    ----------
    cost_of_waiting_eur
        Expected cost of leaving it to the next visit; 0 in plans of earlier versions.
    reasons_de
        The reasons in German; empty in plans of earlier versions.
    """

    container_id: str
    expected_fraction: float
    expected_kg: float
    expected_l: float
    overflow_probability: float
    is_must: bool
    reasons: tuple[str, ...]
    cost_of_waiting_eur: float = 0.0
    reasons_de: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A halt of a vehicle.

    Attributes
    ----------
    place_id
        Container site, disposal site or depot; the place before it for a break.
    leg
        The travel to this stop; None at the start and at a break (taken where the vehicle stands).
    arrives_at, starts_at, departs_at
        Arrival, begin of the work (later than the arrival when the vehicle waits), departure.
    load_kg, load_l
        On board at departure.
    """

    sequence: int
    kind: StopKind
    place_id: str
    label: str
    location: Location
    leg: Leg | None
    arrives_at: datetime
    starts_at: datetime
    departs_at: datetime
    load_kg: float
    load_l: float
    collections: tuple[Collection, ...] = ()
    stream: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over a tour or a plan.

    Working time is elapsed time less breaks, overtime is the part paid as such; the cost contains the toll.
    """

    distance_m: int = 0
    driving_s: int = 0
    working_s: int = 0
    break_s: int = 0
    lifts: int = 0
    tips: int = 0
    collected_kg: float = 0.0
    diesel_l: float = 0.0
    co2e_kg: float = 0.0
    cost_eur: float = 0.0
    overtime_s: int = 0
    toll_eur: float = 0.0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            **{
                name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__
            }  # slots: no vars()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """One vehicle's day.

    Attributes
    ----------
    done_stops
        So many stops at its beginning are facts: they were done, or begun, when the day was planned anew.
    is_cut_short
        The vehicle broke down: the tour ends at its last stop, perhaps with a load on board.
    """

    vehicle_id: str
    profile: str
    stops: tuple[Stop, ...]
    totals: Totals
    done_stops: int = 0
    is_cut_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """A container in no tour.

    Attributes
    ----------
    is_due
        Whether it had to be emptied today: then something is wrong or short; otherwise it may wait.
    reason
        Code for machines.
    message
        Sentence for people.
    what_would_change_it
        What to do so that it is served; empty when it simply may wait.
    message_de, what_would_change_it_de
        The same in German; empty in plans of earlier versions.
    """

    container_id: str
    is_due: bool
    reason: ReasonCode
    message: str
    what_would_change_it: str
    expected_fraction: float
    overflow_probability: float
    cost_of_waiting_eur: float
    message_de: str = ""
    what_would_change_it_de: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Due containers of one stream that are left for one reason, and what would serve them.

    Attributes
    ----------
    text
        What is short, in one sentence.
    relaxations
        Changes that were tried and serve some or all of them, the cheapest per container first; may be empty.
    """

    reason: ReasonCode
    stream: str
    container_ids: tuple[str, ...]
    text: Text
    relaxations: tuple[Relaxation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverReport:
    """How the tours were found."""

    name: str
    status: str
    wall_s: float
    iterations: int
    cost_eur: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All tours of a day, the containers left out, and the figures of the whole.

    Attributes
    ----------
    data_as_of
        The instant at which readings were cut off.
    inputs_digest
        Digest of everything that the plan depends on; the same digest, seed and iteration limit give the same plan.
    map_source, map_digest
        Which map the travel times come from.
    baseline
        The same day with every reachable container of the streams emptied; None when not asked for.
    degraded
        What the plan had to do without, e.g. ``"23 sensors silent: forecast used"``.
    seconds_by_step
        Wall time of forecast, matrix, solve and so on.
    shortages
        Due containers in no tour by stream and reason, the largest group first, with what would serve them.
    rates
        Learnt densities and handling times that the day was planned with; None where that was not noted.
    map_data_at
        How old the map's data are, where it says so.
    """

    plan_id: str
    town_id: str
    town_name: str
    day: date
    streams: tuple[str, ...]
    generated_at: datetime
    data_as_of: datetime
    inputs_digest: str
    map_source: str
    map_digest: str
    tours: tuple[Tour, ...]
    unserved: tuple[Unserved, ...]
    totals: Totals
    baseline: Totals | None
    solver: SolverReport
    warnings: tuple[str, ...]
    degraded: tuple[str, ...]
    seconds_by_step: dict[str, float]
    shortages: tuple[Shortage, ...] = ()
    rates: UsedRates | None = None
    map_data_at: datetime | None = None
