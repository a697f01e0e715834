"""Writes readings as CSV or Parquet, exactly enough to read the same series again."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from api.files.atomic import write_atomically
from optimizer.domain.reading import FillHistory, FillSeries


def write_readings(history: FillHistory, path: Path) -> None:
    """The readings in one step; the ending ``.parquet`` or ``.csv`` chooses the format.

    Readings that carry no level are left out; qualities are not written, because cleaning finds them again.
    """
    ids: list[str] = []
    parts = [_rows(history[container_id]) for container_id in sorted(history)]
    for container_id, (at_s, _, _, _) in zip(sorted(history), parts, strict=True):
        ids.extend([container_id] * len(at_s))
    at_s = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, dtype=np.int64)
    percent = np.concatenate([part[1] for part in parts]) if parts else np.empty(0)
    emptied = np.concatenate([part[2] for part in parts]) if parts else np.empty(0, dtype=bool)
    glanced = np.concatenate([part[3] for part in parts]) if parts else np.empty(0, dtype=bool)
    # Most towns have no such readings: their files keep the columns that they always had.
    sources = {"source": pa.array(np.where(glanced, "driver", "").tolist(), pa.string())} if glanced.any() else {}
    instants = pa.array(at_s, pa.timestamp("s", "UTC"))
    levels = pa.array(percent, pa.float64(), mask=np.isnan(percent))
    is_parquet = path.suffix == ".parquet"
    if is_parquet:
        table = pa.table(
            {
                "container_id": pa.array(ids, pa.string()),
                "observed_at": instants,
                "fill_percent": levels,
                "is_emptying": pa.array(emptied, pa.bool_()),
                **sources,
            }
        )
    else:
        text = np.datetime_as_string(at_s.astype("datetime64[s]"), timezone="UTC")
        table = pa.table(
            {
                "container_id": pa.array(ids, pa.string()),
                "observed_at": pa.array(text.tolist(), pa.string()),
                "fill_percent": levels,
                "is_emptying": pa.array(np.where(emptied, "yes", "no").tolist(), pa.string()),
                **sources,
            }
        )
    out = io.BytesIO()
    if is_parquet:
        pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    else:
        pa_csv.write_csv(table, out, pa_csv.WriteOptions(quoting_style="needed"))
    write_atomically(path, out.getvalue())


def _rows(
    series: FillSeries,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Instants, percent, emptyings and glances of one container; an emptying between readings has no level."""
    has_level = np.isfinite(series.fill_fraction)
    at_s, level = series.observed_at_s[has_level], series.fill_fraction[has_level]
    emptied_at_s = np.unique(series.emptied_at_s)
    alone = np.setdiff1d(emptied_at_s, at_s)
    all_at_s = np.concatenate([at_s, alone, series.glanced_at_s])
    is_glance = np.arange(len(all_at_s)) >= len(at_s) + len(alone)
    percent = np.concatenate([_percent(level), np.full(len(alone), np.nan), _percent(series.glance_fraction)])
    order = np.argsort(all_at_s, kind="stable")
    return all_at_s[order], percent[order], (np.isin(all_at_s, emptied_at_s) & ~is_glance)[order], is_glance[order]


def _percent(fraction: NDArray[np.float32]) -> NDArray[np.float64]:
    """The shortest usual percentage that reads as the same fraction again."""
    exact = fraction.astype(np.float64) * 100
    short = np.round(exact, 4)
    return np.where((short / 100).astype(np.float32) == fraction, short, exact)
