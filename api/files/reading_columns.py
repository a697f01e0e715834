"""The columns of a readings file as arrays, whichever format they came in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.files.columns import FILL_FRACTION, READING_COLUMNS
from optimizer.domain.issues import InvalidInputError, Issue

LEVEL_OPTIONAL = (
    *(replace(column, is_required=False) if column.name == "fill_percent" else column for column in READING_COLUMNS),
    replace(FILL_FRACTION, is_required=False),
)
"""All columns; which of the two levels is there is asked afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingColumns:
    """Raw cells, all of one length.

    Attributes
    ----------
    place
        What a position is called: ``"line"`` in a CSV file, ``"row"`` in a Parquet file.
    number
        ``(n,)`` int64: line or row of each reading, from 1.
    container_id
        ``(n,)`` text.
    observed_at
        ``(n,)`` text, or a pandas series of timestamps.
    level
        ``(n,)`` text or numbers.
    is_percent
        Scale of ``level``.
    source, is_emptying
        ``(n,)`` text or truth values; None where the column is absent.
    has_comma_decimals
        Whether a comma inside a number can only be a decimal comma.
    heading_of
        What the file calls each column.
    """

    place: str
    number: NDArray[np.int64]
    container_id: Any
    observed_at: Any
    level: Any
    is_percent: bool
    source: Any
    is_emptying: Any
    has_comma_decimals: bool
    heading_of: Mapping[str, str]


def level_is_percent(heading_of: Mapping[str, str], *, where: str) -> bool:
    """Whether the level column holds percent.

    Raises
    ------
    InvalidInputError
        When no level column says its scale, or both do.
    """
    given = [name for name in ("fill_percent", "fill_fraction") if name in heading_of]
    if len(given) == 1:
        return given[0] == "fill_percent"
    if given:
        message = "Both fill_percent and fill_fraction are there. Keep one of them."
    else:
        message = (
            "No column says how full the containers were. Name it fill_percent (0 to 100) or fill_fraction (0 to 1); "
            "the scale is not guessed."
        )
    raise InvalidInputError([Issue(where=where, code="missing_column", message=message)])
