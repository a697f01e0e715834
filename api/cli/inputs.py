"""Options that several commands share, and the day's request made of them."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.request import DayRequest, SolveLimits

TownOption = Annotated[
    Path | None,
    typer.Option("--town", help="Folder with fleet.toml, containers.csv, readings.parquet and map.osm.pbf."),
]
OsmOption = Annotated[Path | None, typer.Option("--osm", help="Street map: .osm.pbf or .osm, instead of the town's.")]
ContainersOption = Annotated[
    Path | None, typer.Option("--containers", help="Containers as CSV, instead of the town's.")
]
ReadingsOption = Annotated[
    Path | None, typer.Option("--readings", help="Readings as CSV or Parquet, instead of the town's.")
]
FleetOption = Annotated[
    Path | None, typer.Option("--fleet", help="Vehicles, depots and disposal sites as TOML, instead of the town's.")
]
DayOption = Annotated[
    str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="Day to plan [default: the next day with a shift].")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="INSTANT", help="Use readings up to here, e.g. 2026-03-01T18:00+01:00 [default: now]."
    ),
]
TimeLimitOption = Annotated[float, typer.Option("--time-limit", min=0.1, max=3600, help="Seconds for the search.")]
IterationsOption = Annotated[
    int | None,
    typer.Option("--iterations", min=1, help="End the search after so many steps: the same plan every time."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same input, seed and iterations: the same plan.")]
SolverOption = Annotated[str, typer.Option("--solver", help="sisr (the best tours), ortools, or greedy (at once).")]
PolicyOption = Annotated[str, typer.Option("--policy", help="overflow_risk, rolling_prize, threshold or all.")]
ForecasterOption = Annotated[
    str,
    typer.Option("--forecaster", help="empirical_bayes, or blended with trees where they win (needs the extra ml)."),
]
CacheDirOption = Annotated[
    Path | None,
    typer.Option(
        "--cache-dir",
        metavar="DIR",
        envvar="FUHRE_CACHE_DIR",
        help="Where prepared streets are kept between runs [default: cache/ in the town's folder; without a town, "
        "fuhre/ in your cache folder, such as ~/.cache/fuhre].",
        show_default=False,
    ),
]
CacheOption = Annotated[
    bool,
    typer.Option(
        "--cache/--no-cache",
        envvar="FUHRE_CACHE",
        help="Keep prepared streets between runs; files unused for two months are removed.",
    ),
]


class ReportLanguage(StrEnum):
    """In which language a report is written."""

    EN = "en"
    DE = "de"


LanguageOption = Annotated[
    ReportLanguage, typer.Option("--language", envvar="FUHRE_LANGUAGE", help="Language of the report.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output instead of tables.")]

if TYPE_CHECKING:
    from api.files.town_folder import LoadedTown
    from routing.ports import StreetRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class TownFiles:
    """Where a town's files lie; single files replace those of the folder.

    Attributes
    ----------
    cache_dir
        Where prepared streets are kept between runs, instead of the usual places.
    may_cache
        Whether they are kept at all.
    """

    folder: Path | None
    osm: Path | None = None
    containers: Path | None = None
    readings: Path | None = None
    fleet: Path | None = None
    cache_dir: Path | None = None
    may_cache: bool = True

    def load(self) -> "LoadedTown":
        """The town with its readings.

        Raises
        ------
        InvalidInputError
            With every issue in every file, or when a file is not named at all.
        """
        from api.files.town_folder import load_town_files, read_town_folder

        if self.osm is not None and not self.osm.is_file():
            raise _issue("--osm", "no_file", f"There is no map {self.osm}. Correct the path.")
        if self.folder is not None and not any((self.containers, self.readings, self.fleet)):
            loaded = read_town_folder(self.folder)
            return replace(loaded, map_path=self.osm) if self.osm is not None else loaded
        paths = {
            name: given if given is not None else self._in_folder(file_name)
            for name, given, file_name in (
                ("fleet", self.fleet, "fleet.toml"),
                ("containers", self.containers, "containers.csv"),
                ("readings", self.readings, "readings.parquet"),
            )
        }
        if paths["readings"] is None:
            paths["readings"] = self._in_folder("readings.csv")
        if paths["fleet"] is None or paths["containers"] is None:
            raise _issue(
                "command line",
                "no_town",
                "Give --town DIR, or --fleet and --containers. `fuhre import DIR --template` writes templates of them.",
            )
        return load_town_files(
            fleet=paths["fleet"],
            containers=paths["containers"],
            readings=paths["readings"],
            map_path=self.osm if self.osm is not None else self._in_folder("map.osm.pbf"),
        )

    def _in_folder(self, name: str) -> Path | None:
        if self.folder is None or not (self.folder / name).is_file():
            return None
        return self.folder / name

    def open_router(self, loaded: "LoadedTown") -> "StreetRouter":
        """The router on the town's map, with its streets kept for the next run.

        Raises
        ------
        BrokenMapError
            When the map cannot be read.
        BrokenOverridesError
            When the overrides cannot be used.
        """
        from api.files.map_cache import user_cache_folder
        from api.wiring import open_street_router, open_with_shared_cache

        if not self.may_cache:
            return open_street_router(loaded.map_path)
        if self.cache_dir is None and self.folder is not None:
            return open_street_router(loaded.map_path, cache_dir=self.folder / "cache")
        shared = self.cache_dir if self.cache_dir is not None else user_cache_folder()
        return (
            open_street_router(loaded.map_path) if shared is None else open_with_shared_cache(loaded.map_path, shared)
        )


def build_request(
    loaded: "LoadedTown",
    *,
    day: str | None,
    as_of: str | None,
    limits: SolveLimits,
    streams: list[str] | None = None,
    vehicle_ids: list[str] | None = None,
    exclude: list[str] | None = None,
    force: list[str] | None = None,
    policy: str = "overflow_risk",
    solver: str = "sisr",
    with_baseline: bool = False,
) -> DayRequest:
    """The request for a day, from what was typed."""
    cut_off = parse_instant(as_of, loaded.town.zone)
    return DayRequest(
        town=loaded.town,
        day=parse_day(day)
        if day is not None
        else loaded.town.next_working_date(cut_off.astimezone(loaded.town.zone).date()),
        as_of=cut_off,
        history=loaded.history,
        streams=frozenset(streams or ()),
        vehicle_ids=frozenset(vehicle_ids or ()),
        exclude=frozenset(exclude or ()),
        force=frozenset(force or ()),
        rules=loaded.rules,
        limits=limits,
        policy=policy,
        solver=solver,
        with_baseline=with_baseline,
    )


def parse_instant(text: str | None, zone: ZoneInfo) -> datetime:
    """An instant as typed; without an offset it is local time; now when nothing was typed."""
    if text is None:
        return datetime.now(tz=zone)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise _issue("--as-of", "instant", f"'{text}' is no instant. Write e.g. 2026-03-01T18:00+01:00.") from error
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)


def parse_day(text: str) -> date:
    """A calendar day as typed."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _issue("--day", "day", f"'{text}' is no calendar day. Write it as 2026-03-02.") from error


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
