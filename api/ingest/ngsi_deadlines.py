"""What goes back to a FIWARE platform: until when a container must be emptied, and when it last was.

``nextActuationDeadline`` is the first instant at which the risk of overflow passes a bound; without one in reach the
attribute is left out, because an old deadline would be worse than none.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np

from optimizer.domain.forecast import Forecast

DEFAULT_RISK_PROBABILITY = 0.1


class NgsiVersion(StrEnum):
    """The two forms of the standard."""

    V2 = "v2"
    LD = "ld"


def deadline(forecast: Forecast, *, risk_probability: float) -> datetime | None:
    """When the probability of overflow passes the bound; None when it does not within the forecast."""
    risky = np.flatnonzero(forecast.overflow_probability >= risk_probability)
    if not len(risky):
        return None
    after = int(risky[0])
    if after == 0:
        return datetime.fromtimestamp(int(forecast.grid_at_s[0]), UTC)
    low, high = (float(one) for one in forecast.overflow_probability[after - 1 : after + 1])
    begin_s, end_s = (int(one) for one in forecast.grid_at_s[after - 1 : after + 1])
    return datetime.fromtimestamp(round(begin_s + (end_s - begin_s) * (risk_probability - low) / (high - low)), UTC)


def entities(
    forecasts: Iterable[Forecast],
    entity_ids: Mapping[str, str],
    *,
    version: NgsiVersion,
    risk_probability: float = DEFAULT_RISK_PROBABILITY,
) -> list[dict[str, Any]]:
    """Entities with the attributes to change and nothing else; containers without anything to say are absent.

    Parameters
    ----------
    entity_ids
        The platform's id by container.
    """
    found = []
    for forecast in forecasts:
        values = {
            "nextActuationDeadline": deadline(forecast, risk_probability=risk_probability),
            "dateLastEmptying": forecast.last_emptied_at,
        }
        attributes = {name: _attribute(at, version) for name, at in values.items() if at is not None}
        if attributes and forecast.container_id in entity_ids:
            found.append({"id": entity_ids[forecast.container_id], "type": "WasteContainer", **attributes})
    return found


def _attribute(at: datetime, version: NgsiVersion) -> dict[str, Any]:
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if version is NgsiVersion.V2:
        return {"type": "DateTime", "value": text}
    return {"type": "Property", "value": {"@type": "DateTime", "@value": text}}


def update_request(found: list[dict[str, Any]], *, version: NgsiVersion) -> tuple[str, object]:
    """Path and body of the platform's batch operation; it changes attributes and makes no entities."""
    if version is NgsiVersion.V2:
        return "/v2/op/update", {"actionType": "update", "entities": found}
    return "/ngsi-ld/v1/entityOperations/update", found
