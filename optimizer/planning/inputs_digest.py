"""A fingerprint of everything a plan depends on, so that equal inputs can be recognised later."""

import dataclasses
import hashlib
import json

from optimizer.domain.request import DayRequest


def digest_inputs(request: DayRequest, *, map_digest: str) -> str:
    """SHA-256 over the request, the town, the readings and the map, as hexadecimal digits."""
    digest = hashlib.sha256()
    # Threads change how soon a plan is there, not which one.
    document = dataclasses.replace(request, history={}, limits=dataclasses.replace(request.limits, n_threads=1))
    digest.update(json.dumps(document, default=_as_json, sort_keys=True).encode())
    digest.update(map_digest.encode())
    for container_id in sorted(request.history):
        series = request.history[container_id]
        known = int(series.observed_at_s.searchsorted(request.as_of.timestamp(), side="right"))
        digest.update(container_id.encode())
        digest.update(series.observed_at_s[:known].tobytes())
        digest.update(series.fill_fraction[:known].tobytes())
        digest.update(series.emptied_at_s[series.emptied_at_s <= request.as_of.timestamp()].tobytes())
    return digest.hexdigest()


def _as_json(value: object) -> object:
    """What JSON has no type for: dataclasses by field, sets in sorted order, the rest by its text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, frozenset | set):
        return sorted(str(item) for item in value)
    return str(value)
