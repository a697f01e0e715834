"""Finds the shipped fill statistics, in a checkout and in an installed wheel alike."""

import tomllib
from importlib import resources
from pathlib import Path

from optimizer.simulation.statistics import FillStatistics, parse_statistics

_NAME = "fill_statistics.toml"


def load_fill_statistics() -> dict[str, FillStatistics]:
    """How each known stream's containers fill, are emptied and are measured.

    Raises
    ------
    FileNotFoundError
        When the installation lacks the file.
    InvalidInputError
        When somebody has edited it wrongly.
    """
    packed = resources.files("api.town") / _NAME  # the wheel carries it here
    text = packed.read_text("utf-8") if packed.is_file() else _in_checkout().read_text("utf-8")
    return parse_statistics(tomllib.loads(text))


def _in_checkout() -> Path:
    return Path(__file__).resolve().parents[2] / "data" / _NAME
