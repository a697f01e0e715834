"""The series that are forecast: real ones of Prague where they lie beside the checkout, generated ones otherwise."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pandas as pd

from optimizer.domain.container import Container
from optimizer.domain.reading import FillSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.simulation.fills import simulate_fills
from optimizer.simulation.statistics import FillStatistics
from routing.location import Location

SHARED = Path(os.environ.get("FUHRE_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
STREAMS = ("paper", "plastic", "glass")
GENERATED_PER_STREAM = 12
GENERATED_SEED = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The three parts of time, in order, each instant aware: train until, calibrate until, test until."""

    start_at: datetime
    train_until: datetime
    calibrate_until: datetime
    test_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Series by stream with everything a backtest needs to know of them."""

    name: str
    zone: ZoneInfo
    is_holiday: Callable[[date], bool]
    span: Span
    by_stream: dict[str, dict[str, FillSeries]]


def load_source(statistics: dict[str, FillStatistics]) -> Source:
    """Prague's series, or generated ones of the same streams when Prague's are not there."""
    readings = SHARED / "fill" / "prague_readings.parquet"
    return _prague(SHARED / "fill") if readings.is_file() else generated(statistics)


def _prague(folder: Path) -> Source:
    readings = pd.read_parquet(folder / "prague_readings.parquet")
    streams = pd.read_csv(folder / "prague_containers.csv").set_index("container_id").waste_stream
    calendar = holidays.country_holidays("CZ")
    by_stream: dict[str, dict[str, FillSeries]] = {stream: {} for stream in STREAMS}
    for container_id, group in readings.groupby("container_id"):
        name = str(container_id)
        fill = (group.fill_percent.to_numpy() / 100).astype(np.float32)
        by_stream[str(streams[container_id])][name] = FillSeries(
            container_id=name,
            observed_at_s=group.measured_at.dt.as_unit("s").astype("int64").to_numpy(),
            fill_fraction=fill,
            quality=np.zeros(len(fill), np.int8),
        )
    return Source(
        name="Prague, 30 containers with sensors, 2023-01 to 2025-06",
        zone=ZoneInfo("Europe/Prague"),
        is_holiday=lambda day: day in calendar,
        span=Span(
            start_at=datetime(2023, 7, 1, tzinfo=UTC),
            train_until=datetime(2024, 9, 15, tzinfo=UTC),
            calibrate_until=datetime(2025, 1, 1, tzinfo=UTC),
            test_until=datetime(2025, 7, 1, tzinfo=UTC),
        ),
        by_stream=by_stream,
    )


def generated(statistics: dict[str, FillStatistics], *, per_stream: int = GENERATED_PER_STREAM) -> Source:
    """A year of generated series, of which the truth is not used."""
    zone = ZoneInfo("Europe/Berlin")
    calendar = holidays.country_holidays("DE", subdiv="NW")
    start = datetime(2025, 1, 6, tzinfo=UTC)
    by_stream = {
        stream: simulate_fills(
            make_town([f"{stream}-{index}" for index in range(per_stream)], stream, zone, statistics).containers,
            statistics,
            start_at=start,
            days=365,
            zone=zone,
            seed=GENERATED_SEED,
            is_holiday=lambda day: day in calendar,
        ).series
        for stream in STREAMS
    }
    return Source(
        name="GENERATED series (the real ones are not beside this checkout): the figures say nothing of reality",
        zone=zone,
        is_holiday=lambda day: day in calendar,
        span=Span(
            start_at=datetime(2025, 2, 20, tzinfo=UTC),
            train_until=datetime(2025, 8, 1, tzinfo=UTC),
            calibrate_until=datetime(2025, 10, 15, tzinfo=UTC),
            test_until=datetime(2026, 1, 6, tzinfo=UTC),
        ),
        by_stream=by_stream,
    )


def make_town(ids: list[str], stream: str, zone: ZoneInfo, statistics: dict[str, FillStatistics]) -> Town:
    """A town that has nothing but these containers."""
    return Town(
        town_id="benchmark",
        name="benchmark",
        zone=zone,
        streams=(
            Stream(stream_id=stream, density_kg_per_l=0.1, is_fast=stream in statistics and statistics[stream].is_fast),
        ),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=tuple(
            Container(
                container_id=one,
                site_id=one,
                location=Location(lon_deg=14.4, lat_deg=50.1),
                stream=stream,
                capacity_l=1100,
            )
            for one in ids
        ),
    )
