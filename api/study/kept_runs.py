"""Finished runs on disk, one file each, so that a study that was stopped goes on where it was.

Guards against half-written and foreign files: a file is there completely or not at all, and one that cannot be read is
computed again.
"""

import json
import logging
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

from api.files.atomic import write_atomically
from optimizer.season.records import DayRecord, Effort, RunRecord

_log = logging.getLogger(__name__)


def keep_run(path: Path, run: RunRecord) -> None:
    """Write a finished run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "policy": run.policy,
        "seed": run.seed,
        "n_containers": run.n_containers,
        "wall_s": run.wall_s,
        "days": [
            {"day": one.day.isoformat(), "effort": asdict(one.effort), "fill_fractions": one.fill_fractions}
            for one in run.days
        ],
    }
    write_atomically(path, json.dumps(document, separators=(",", ":")).encode())


def kept_run(path: Path) -> RunRecord | None:
    """The run in a file; None when there is none that can be used."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _run(document)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("%s cannot be used (%s); the run is computed again.", path, error)
        return None


def _run(document: dict[str, Any]) -> RunRecord:
    policy, seed = str(document["policy"]), int(document["seed"])
    names = {one.name for one in fields(Effort)}
    days = []
    for one in document["days"]:
        if set(one["effort"]) != names:
            raise KeyError("its figures are those of another version")
        days.append(
            DayRecord(
                policy=policy,
                seed=seed,
                day=date.fromisoformat(one["day"]),
                effort=Effort(**one["effort"]),
                fill_fractions=tuple(float(fill) for fill in one["fill_fractions"]),
            )
        )
    return RunRecord(
        policy=policy,
        seed=seed,
        n_containers=int(document["n_containers"]),
        days=tuple(days),
        wall_s=float(document["wall_s"]),
    )
