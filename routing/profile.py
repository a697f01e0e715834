"""Vehicle profiles: what a vehicle is, where it may go and how fast, as data in TOML files.

Guards that a profile is complete and possible: ``load_profile`` names every problem of a file at once.
"""

import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from routing.errors import BrokenProfileError, UnknownProfileError
from routing.profile_reader import ProfileReader
from routing.reversing_rule import ReversingRule
from routing.time_slices import TimeSlice

_SHIPPED = importlib.resources.files("routing.profiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleProfile:
    """One kind of vehicle.

    Attributes
    ----------
    name, title
        Identity (the file's name) and what people read.
    weight_kg, axle_load_kg, height_cm, width_cm, length_cm
        What limits on signs are compared with.
    access_keys
        OSM access keys from general to particular.
    denied_access, may_use_private, closed_barriers
        What closes a street or a barrier.
    class_kph, service_kph, track_kph, surface_max_kph
        Speeds by ``highway``, ``service`` and ``tracktype``, and upper limits by ``surface``.
    max_kph, signed_fraction, slow_classes
        How a signed limit becomes a speed.
    left_s, right_s, straight_s, sharp_s, traffic_signals_s, barrier_s
        Seconds of turns and places.
    turning_circle_s, dead_end_s, junction_u_turn_s
        Seconds of turning round; negative where it is forbidden.
    time_slices
        Hours of the week with slower traffic; the first one that fits an instant counts.
    reversing
        Limits of reversing in dead ends, ``None`` where the vehicle turns round at every end of a street.
    """

    name: str
    title: str
    weight_kg: int
    axle_load_kg: int
    height_cm: int
    width_cm: int
    length_cm: int
    access_keys: tuple[str, ...]
    denied_access: frozenset[str]
    may_use_private: bool
    closed_barriers: frozenset[str]
    class_kph: Mapping[str, float]
    service_kph: Mapping[str, float]
    track_kph: Mapping[str, float]
    surface_max_kph: Mapping[str, float]
    max_kph: float
    signed_fraction: float
    slow_classes: frozenset[str]
    left_s: float
    right_s: float
    straight_s: float
    sharp_s: float
    traffic_signals_s: float
    barrier_s: float
    turning_circle_s: float
    dead_end_s: float
    junction_u_turn_s: float
    time_slices: tuple[TimeSlice, ...] = ()
    reversing: ReversingRule | None = None

    @property
    def is_heavy(self) -> bool:
        """Whether signs for goods vehicles above 3.5 t apply."""
        return self.weight_kg > 3500


def profile_names(profiles_dir: Path | None = None) -> tuple[str, ...]:
    """Names of the shipped profiles and of those in a folder."""
    shipped = {entry.name.removesuffix(".toml") for entry in _SHIPPED.iterdir() if entry.name.endswith(".toml")}
    own = {path.stem for path in profiles_dir.glob("*.toml")} if profiles_dir else set()
    return tuple(sorted(shipped | own))


def load_profile(profile: str | Path, *, profiles_dir: Path | None = None) -> VehicleProfile:
    """Read a profile by its name or from a file; a file in the folder goes before a shipped one of the same name.

    Raises
    ------
    UnknownProfileError
        When no file has that name.
    BrokenProfileError
        When the file cannot be read or has missing or impossible values; the message names all of them.
    """
    source: Path | Traversable
    if isinstance(profile, Path):
        name, source = profile.stem, profile
    else:
        name = profile
        if name not in profile_names(profiles_dir):
            raise UnknownProfileError(profile=name, known=profile_names(profiles_dir))
        own = profiles_dir / f"{name}.toml" if profiles_dir else None
        source = own if own is not None and own.is_file() else _SHIPPED / f"{name}.toml"
    try:
        text = source.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BrokenProfileError(source=source.name, detail=str(error)) from error
    return parse_profile(document, name=name, source=source.name)


def parse_profile(document: dict[str, Any], *, name: str, source: str) -> VehicleProfile:
    """A profile from the tables of its TOML file.

    Raises
    ------
    BrokenProfileError
        When values are missing, unknown or impossible; the message names all of them.
    """
    read = ProfileReader(document)
    profile = VehicleProfile(
        name=name,
        title=read.text("", "title"),
        weight_kg=read.whole("dimensions", "weight_kg", low=1, high=100_000),
        axle_load_kg=read.whole("dimensions", "axle_load_kg", low=1, high=30_000),
        height_cm=read.whole("dimensions", "height_cm", low=1, high=500),
        width_cm=read.whole("dimensions", "width_cm", low=1, high=400),
        length_cm=read.whole("dimensions", "length_cm", low=1, high=3_000),
        access_keys=read.texts("access", "keys"),
        denied_access=frozenset(read.texts("access", "denied")),
        may_use_private=read.flag("access", "may_use_private"),
        closed_barriers=frozenset(read.texts("access", "closed_barriers")),
        class_kph=read.speeds("speeds_kph"),
        service_kph=read.speeds("service_kph"),
        track_kph=read.speeds("track_kph"),
        surface_max_kph=read.speeds("surface_max_kph"),
        max_kph=read.number("speed_rules", "max_kph", low=1, high=200),
        signed_fraction=read.number("speed_rules", "signed_fraction", low=0.1, high=1),
        slow_classes=frozenset(read.texts("speed_rules", "slow_classes")),
        left_s=read.number("turns", "left_s", low=0, high=600),
        right_s=read.number("turns", "right_s", low=0, high=600),
        straight_s=read.number("turns", "straight_s", low=0, high=600),
        sharp_s=read.number("turns", "sharp_s", low=0, high=600),
        traffic_signals_s=read.number("turns", "traffic_signals_s", low=0, high=600),
        barrier_s=read.number("turns", "barrier_s", low=0, high=600),
        turning_circle_s=read.number("u_turns", "turning_circle_s", low=-1, high=3600),
        dead_end_s=read.number("u_turns", "dead_end_s", low=-1, high=3600),
        junction_u_turn_s=read.number("u_turns", "junction_s", low=-1, high=3600),
        time_slices=read.time_slices("time_slice"),
        reversing=_reversing(read) if read.has("reversing") else None,
    )
    issues = read.all_issues()
    if issues:
        raise BrokenProfileError(source=source, detail="; ".join(issues))
    return profile


def _reversing(read: ProfileReader) -> ReversingRule | None:
    kind = read.choice("reversing", "rule", known=("none", "dguv"))
    rule = ReversingRule(
        turning_circle_m=read.number("reversing", "turning_circle_m", low=0, high=100),
        max_reversing_m=read.number("reversing", "max_reversing_m", low=0, high=1_000),
        max_rolling_m=read.number("reversing", "max_rolling_m", low=0, high=1_000),
    )
    return rule if kind == "dguv" else None
