from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.reading import FillSeries
from optimizer.series.clean_series import clean_series
from optimizer.series.resets import fuse_with_logged
from optimizer.simulation.fills import simulate_fills
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_S = 3600
DAY_S = 86_400
VISIBLE_FRACTION = 0.10


def count_matches(true_s: list[int], found_s: list[int]) -> int:
    left = list(true_s)
    matches = 0
    for instant in found_s:
        near = [one for one in left if abs(one - instant) <= 12 * HOUR_S]
        if near:
            left.remove(min(near, key=lambda one: abs(one - instant)))
            matches += 1
    return matches


@pytest.mark.parametrize(
    ("stream", "least_f1"), [("paper", 0.95), ("litter", 0.95), ("glass", 0.95), ("plastic", 0.96)]
)
def test_emptyings_are_found_in_generated_series_whose_truth_is_known(stream: str, least_f1: float) -> None:
    containers = [
        Container(
            container_id=f"{stream}-{index}",
            site_id=f"S{index}",
            location=Location(lon_deg=7.5, lat_deg=51.6),
            stream=stream,
            capacity_l=1100,
        )
        for index in range(40)
    ]
    fills = simulate_fills(
        containers,
        load_fill_statistics(),
        start_at=datetime(2026, 1, 5, tzinfo=BERLIN),
        days=90,
        zone=BERLIN,
        seed=1,
    )
    n_true = n_found = n_recalled = n_right = 0
    for container_id, series in fills.series.items():
        truth = fills.truth[container_id]
        found = clean_series(series, as_of_s=int(truth.grid_at_s[-1])).reset_at_s
        first_s, last_s = int(series.observed_at_s[0]), int(series.observed_at_s[-1])
        seen = (truth.emptied_at_s > first_s + 6 * HOUR_S) & (truth.emptied_at_s < last_s - 6 * HOUR_S)
        was_visible = truth.level_at(truth.emptied_at_s - 61) > VISIBLE_FRACTION
        visible = truth.emptied_at_s[seen & was_visible].tolist()
        n_true += len(visible)
        n_found += found.shape[0]
        n_recalled += count_matches(visible, found.tolist())
        n_right += count_matches(truth.emptied_at_s.tolist(), found.tolist())
    precision, recall = n_right / n_found, n_recalled / n_true
    f1 = 2 * precision * recall / (precision + recall)
    print(f"{stream}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f} of {n_true} emptyings")  # noqa: T201 - the measured figure
    assert f1 >= least_f1


def test_a_logged_emptying_replaces_the_detected_one_near_it_and_leaves_the_others() -> None:
    observed = HOUR_S * np.arange(24 * 20, dtype=np.int64)
    detected = np.array([5 * DAY_S, 12 * DAY_S], dtype=np.int64)
    logged = np.array([5 * DAY_S - 40 * 60, 16 * DAY_S], dtype=np.int64)
    assert fuse_with_logged(detected, logged, observed).tolist() == [5 * DAY_S - 40 * 60, 12 * DAY_S, 16 * DAY_S]


def test_a_logged_emptying_within_a_silence_explains_the_fall_seen_after_it() -> None:
    observed = np.array([0, DAY_S, 6 * DAY_S, 7 * DAY_S], dtype=np.int64)
    fused = fuse_with_logged(np.array([6 * DAY_S]), np.array([3 * DAY_S]), observed)
    assert fused.tolist() == [3 * DAY_S]


@pytest.mark.shared
def test_emptyings_of_real_containers_follow_the_rhythm_of_their_stream(shared_data: Path) -> None:
    readings = pd.read_parquet(shared_data / "fill" / "prague_readings.parquet")
    streams = pd.read_csv(shared_data / "fill" / "prague_containers.csv").set_index("container_id").waste_stream
    gaps: dict[str, list[float]] = {"paper": [], "plastic": [], "glass": []}
    landings: dict[str, list[float]] = {"paper": [], "plastic": [], "glass": []}
    for container_id, group in readings.groupby("container_id"):
        times = group.measured_at.dt.as_unit("s").astype("int64").to_numpy()
        fill = (group.fill_percent.to_numpy() / 100).astype(np.float32)
        series = FillSeries(
            container_id=str(container_id),
            observed_at_s=times,
            fill_fraction=fill,
            quality=np.zeros(len(fill), np.int8),
        )
        found = clean_series(series, as_of_s=int(times[-1])).reset_at_s
        stream = str(streams[container_id])
        gaps[stream].extend(np.diff(found) / DAY_S)
        landings[stream].extend(fill[np.searchsorted(times, found)])
    for stream, own_gaps in gaps.items():
        print(stream, np.quantile(own_gaps, (0.05, 0.5, 0.95)).round(1), np.median(landings[stream]).round(2))  # noqa: T201
    assert 0.8 < np.median(gaps["paper"]) < 2.2
    assert 10 < np.median(gaps["plastic"]) < 28
    assert 6 < np.median(gaps["glass"]) < 22
    assert max(np.median(landing) for landing in landings.values()) < 0.12
