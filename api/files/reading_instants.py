"""Instants of a million readings at once: ISO 8601 with an offset, or clock times of a zone with its two odd nights.

Guards that no hour is lost or counted twice when the clocks go back, and that a clock time which never was is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_WITH_OFFSET = rf"{_ISO}\s?(?:[Zz]|[+-]\d{{2}}(?::?\d{{2}})?)"
_GERMAN = r"\d{2}\.\d{2}\.\d{4},? \d{2}:\d{2}(?::\d{2})?"

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instants:
    """What was read.

    Attributes
    ----------
    at_s
        ``(n,)`` int64: seconds since 1970-01-01 UTC; 0 where one of the flags is set.
    is_unreadable, is_naive, never_was
        ``(n,)`` flags of cells that are no instant, lack an offset while no zone is known, or name a clock time that
        the zone skips in spring.
    """

    at_s: NDArray[np.int64]
    is_unreadable: Flags
    is_naive: Flags
    never_was: Flags


def parse_instants(cells: Sequence[str], group: NDArray[np.int64], zone: ZoneInfo | None) -> Instants:
    """Instants from text; ``group`` tells which container a cell belongs to."""
    text = pd.Series(cells, dtype="str").str.strip()
    has_offset = text.str.fullmatch(_WITH_OFFSET).to_numpy(dtype=bool)
    is_iso = text.str.fullmatch(_ISO).to_numpy(dtype=bool)
    is_german = np.zeros(len(text), dtype=bool)
    rest = ~(has_offset | is_iso)
    if rest.any():
        is_german[rest] = text[rest].str.fullmatch(_GERMAN).to_numpy(dtype=bool)
    aware = pd.to_datetime(text[has_offset], format="ISO8601", utc=True, errors="coerce")
    naive = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    naive[is_iso] = pd.to_datetime(text[is_iso], format="ISO8601", errors="coerce").astype("datetime64[ns]")
    for pattern, length in (("%d.%m.%Y %H:%M", 16), ("%d.%m.%Y %H:%M:%S", 19)):
        plain = text.str.replace(",", "", regex=False)
        chosen = is_german & (plain.str.len() == length).to_numpy(dtype=bool)
        if chosen.any():
            parsed = pd.to_datetime(plain[chosen], format=pattern, errors="coerce")
            naive[chosen] = parsed.astype("datetime64[ns]")
    at_s = np.zeros(len(text), dtype=np.int64)
    is_read = np.zeros(len(text), dtype=bool)
    is_read[has_offset] = aware.notna().to_numpy()
    at_s[is_read] = _seconds(aware[aware.notna()].dt.tz_localize(None))
    return _with_naive(at_s, is_read, naive, group, zone)


def from_timestamps(values: pd.Series, group: NDArray[np.int64], zone: ZoneInfo | None) -> Instants:
    """Instants from a column of timestamps, with or without a zone."""
    if getattr(values.dt, "tz", None) is not None:
        utc = values.dt.tz_convert("UTC").dt.tz_localize(None)
        is_read = utc.notna().to_numpy()
        at_s = np.zeros(len(values), dtype=np.int64)
        at_s[is_read] = _seconds(utc[is_read])
        nothing = np.zeros(len(values), dtype=bool)
        return Instants(at_s=at_s, is_unreadable=~is_read, is_naive=nothing, never_was=nothing)
    nothing_read = np.zeros(len(values), dtype=bool)
    return _with_naive(np.zeros(len(values), dtype=np.int64), nothing_read, values, group, zone)


def _with_naive(
    at_s: NDArray[np.int64], is_read: Flags, naive: pd.Series, group: NDArray[np.int64], zone: ZoneInfo | None
) -> Instants:
    is_clock = naive.notna().to_numpy()
    is_unreadable = ~(is_read | is_clock)
    never_was = np.zeros(len(naive), dtype=bool)
    if zone is None or not is_clock.any():
        return Instants(at_s=at_s, is_unreadable=is_unreadable, is_naive=is_clock, never_was=never_was)
    clock = naive[is_clock].reset_index(drop=True)
    is_first_pass = ~_is_second_pass(clock, group[is_clock], zone)
    local = clock.dt.tz_localize(zone, ambiguous=is_first_pass, nonexistent="NaT")
    exists = local.notna().to_numpy()
    positions = np.flatnonzero(is_clock)
    never_was[positions[~exists]] = True
    at_s[positions[exists]] = _seconds(local[exists].dt.tz_convert("UTC").dt.tz_localize(None))
    return Instants(
        at_s=at_s, is_unreadable=is_unreadable, is_naive=np.zeros(len(naive), dtype=bool), never_was=never_was
    )


def _is_second_pass(clock: pd.Series, group: NDArray[np.int64], zone: ZoneInfo) -> Flags:
    """Which clock times of the hour that autumn repeats belong to its second pass.

    In the order of the file: a clock time that the container had before, or any after its clock went back. A time
    seen once tells nothing; it is taken as the first pass.
    """
    second = np.zeros(len(clock), dtype=bool)
    unsure = clock.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna().to_numpy()
    if not unsure.any():
        return second
    latest: dict[tuple[int, object], pd.Timestamp] = {}
    seen: set[tuple[int, pd.Timestamp]] = set()
    went_back: set[tuple[int, object]] = set()
    for index in np.flatnonzero(unsure).tolist():
        at = clock.iloc[index]
        night = (int(group[index]), at.date())
        if night in latest and at < latest[night]:
            went_back.add(night)
        second[index] = night in went_back or (night[0], at) in seen
        seen.add((night[0], at))
        latest[night] = at
    return second


def _seconds(utc: pd.Series) -> NDArray[np.int64]:
    # Floor, not truncation: instants before 1970 (a lost clock) keep their order.
    nanoseconds = utc.to_numpy().astype("datetime64[ns]").astype(np.int64)
    return np.asarray(nanoseconds // 1_000_000_000, dtype=np.int64)
