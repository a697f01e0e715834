"""How a stream's containers fill, are emptied and are measured, as values; read from a document, checked at once."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeGuard

from optimizer.domain.issues import InvalidInputError, IssueCollector

LEVELS = (0.02, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.88, 0.96)
"""Levels at which ``level_multiplier`` is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyingStatistics:
    """The fixed schedule by which containers are emptied.

    Attributes
    ----------
    every_days
        Days between two visits; each container draws one of these.
    from_hour, to_hour
        Local hours of the crews.
    left_over_fraction
        Mean level after an emptying.
    """

    every_days: tuple[int, ...]
    from_hour: int
    to_hour: int
    left_over_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorStatistics:
    """What sensors do to the truth.

    Attributes
    ----------
    report_every_s
        Usual seconds between two reports.
    missing_share
        Share of reports that never arrive, one by one.
    gaps_per_day
        Silences of hours to days, per container and day.
    quantum_fraction, noise_fraction
        Step of the reported level, and standard deviation of those readings that are not exact.
    phantoms_per_day, phantom_hours
        Echoes of something fixed inside: mean number per container and day (few containers have most of them), and
        their mean duration.
    """

    report_every_s: int
    missing_share: float
    gaps_per_day: float
    quantum_fraction: float
    noise_fraction: float
    phantoms_per_day: float
    phantom_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningStatistics:
    """What the forecast assumes before it has learnt.

    Attributes
    ----------
    prior_weight_days
        Days of own data that weigh as much as the siblings.
    half_life_days
        Age at which data count half.
    variance_constant, variance_linear, variance_square
        Variance of the growth as a polynomial of its mean, fractions of a container.
    """

    prior_weight_days: float
    half_life_days: float
    variance_constant: float
    variance_linear: float
    variance_square: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FillStatistics:
    """One stream.

    Attributes
    ----------
    stream
        Identifier of the waste stream.
    rate_per_day, rate_log_sd
        Median growth, and how much containers differ (standard deviation of the logarithm).
    deposit_fraction, deposit_shape
        Mean of one deposit, and the shape of its gamma distribution.
    common_day_sd, container_day_sd
        How much days differ: for all containers of the stream together, and for each alone.
    hour_weights, weekday_weights, month_weights, holiday_weight
        Relative intensity in spans of 3 h local time, from Monday, from January, and on public holidays.
    level_multiplier
        Growth relative to the usual at ``LEVELS``.
    """

    stream: str
    is_fast: bool
    density_kg_per_l: float
    rate_per_day: float
    rate_log_sd: float
    deposit_fraction: float
    deposit_shape: float
    common_day_sd: float
    container_day_sd: float
    hour_weights: tuple[float, ...]
    weekday_weights: tuple[float, ...]
    month_weights: tuple[float, ...]
    holiday_weight: float
    level_multiplier: tuple[float, ...]
    emptying: EmptyingStatistics
    sensor: SensorStatistics
    learning: LearningStatistics


_LENGTHS = {"hour_weights": 8, "weekday_weights": 7, "month_weights": 12, "level_multiplier": len(LEVELS)}
_SHARES = ("missing_share", "left_over_fraction", "deposit_fraction", "quantum_fraction", "noise_fraction")
_POSITIVE = (
    "deposit_fraction", "deposit_shape", "rate_per_day", "report_every_s", "half_life_days", "prior_weight_days",
    "quantum_fraction", "variance_constant",
)  # fmt: skip
_SECTIONS = {"emptying": EmptyingStatistics, "sensor": SensorStatistics, "learning": LearningStatistics}


def parse_statistics(document: Mapping[str, object]) -> dict[str, FillStatistics]:
    """Statistics by stream from a document of one table per stream, as in ``data/fill_statistics.toml``.

    Raises
    ------
    InvalidInputError
        With every missing, unknown or impossible figure.
    """
    issues = IssueCollector("fill statistics")
    parsed = {}
    for stream, table in document.items():
        stream_issues = IssueCollector(f"fill statistics of {stream}")
        statistics = _parse_stream(stream, table, stream_issues)
        if statistics is not None and not stream_issues.issues:
            parsed[stream] = statistics
        issues.issues.extend(stream_issues.issues)
    issues.require(bool(document), "empty", "There is no stream. Give one table per stream.")
    issues.raise_if_any()
    return parsed


def _parse_stream(stream: str, table: object, issues: IssueCollector) -> FillStatistics | None:
    if not isinstance(table, Mapping):
        issues.add("table", "This is no table. Write the figures below [stream].")
        return None
    sections = {
        name: _parse_fields(kind, table.get(name), name, issues, skip=frozenset()) for name, kind in _SECTIONS.items()
    }
    hours = sections["emptying"]
    if hours is not None and not float(str(hours["from_hour"])) < float(str(hours["to_hour"])):
        issues.add("hours", "emptying.from_hour must lie before emptying.to_hour. Correct one of them.")
    figures = _parse_fields(FillStatistics, table, "", issues, skip=frozenset({"stream", *_SECTIONS}))
    if figures is None or any(section is None for section in sections.values()):
        return None
    built = {name: kind(**sections[name]) for name, kind in _SECTIONS.items()}  # type: ignore[arg-type]  # checked above
    return FillStatistics(stream=stream, **figures, **built)  # type: ignore[arg-type]  # checked field by field


def _parse_fields(
    kind: type, table: object, where: str, issues: IssueCollector, *, skip: frozenset[str]
) -> dict[str, object] | None:
    if not isinstance(table, Mapping):
        issues.add("missing_table", f"The table '{where}' is missing. Add it.")
        return None
    wanted = {field.name: str(field.type) for field in fields(kind) if field.name not in skip}
    for name in sorted(set(table) - set(wanted) - skip):
        issues.add("unknown_figure", f"There is no figure '{_path(where, name)}'. Remove it or correct its name.")
    values: dict[str, object] = {}
    for name, type_name in wanted.items():
        if name not in table:
            issues.add("missing_figure", f"The figure '{_path(where, name)}' is missing. Add it.")
            continue
        try:
            values[name] = _convert(name, table[name], type_name, where=f"{issues.where}, {_path(where, name)}")
        except InvalidInputError as error:
            issues.issues.extend(error.issues)
    return values if len(values) == len(wanted) else None


def _convert(name: str, value: object, type_name: str, *, where: str) -> object:
    issues = IssueCollector(where)
    if "bool" in type_name:
        issues.require(isinstance(value, bool), "type", "Write true or false.")
        issues.raise_if_any()
        return value
    is_list = isinstance(value, list | tuple)
    numbers = [number for number in (value if isinstance(value, list | tuple) else [value]) if _is_number(number)]
    wants_list = "tuple" in type_name
    issues.require(is_list == wants_list, "type", "Write a list." if wants_list else "Write a number.")
    n_given = len(value) if isinstance(value, list | tuple) else 1
    issues.require(len(numbers) == n_given > 0, "type", f"'{value}' holds something that is no number.")
    issues.raise_if_any()
    length = _LENGTHS.get(name)
    issues.require(length in {None, len(numbers)}, "length", f"Give {length} numbers, not {len(numbers)}.")
    for number in numbers:
        low = 1.0 if name == "every_days" else 1e-9 if name in _POSITIVE else 0.0
        high = 24.0 if name.endswith("_hour") else 1.0 if name in _SHARES else float("inf")
        issues.require_number(name, number, low=low, high=high)
    if name.endswith("_weights"):
        issues.require(sum(numbers) > 0, "zero", "Give at least one weight above zero.")
    issues.raise_if_any()
    convert = int if "int" in type_name else float
    return tuple(convert(number) for number in numbers) if wants_list else convert(numbers[0])


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
