"""Bodies that no sender meant: fixtures with bytes, values and structure changed at random, and plain noise."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.unit.api.ingest.memory_store import FIXTURES

_ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    255,
    1e308,
    -1e308,
    10**30,
    "",
    "80",
    "NaN",
    "\u0000",
    "\ud800",
    "x" * 5_000,
    [],
    {},
    [[]],
    {"value": {"value": {}}},
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-03-02T05:10:00",
    "AQ==",
    "3.3(low battery)",
    "Invalid Reading",
]
_NOISE = [b"NaN", b"1e999", b"Infinity", b"-", b"\xff", b"\x00", b"[", b"{", b'"', b"\\ud800", b"9" * 5_000]


def bodies(count: int, *, seed: int) -> Iterator[tuple[str, bytes]]:
    """Formats and bodies."""
    rng = random.Random(seed)
    formats = ("things_stack", "chirpstack", "ngsi", "ngsi_percent", "ngsi_fraction", "sensorthings", "senml")
    paths = sorted(FIXTURES.glob("*.json"))
    names = [path.name.split("_", 1)[0].replace("tts", "things_stack") for path in paths]
    texts = [path.read_bytes() for path in paths]
    documents = [json.loads(text) for text in texts]
    for _ in range(count):
        kind = rng.random()
        chosen = rng.randrange(len(paths))
        if kind < 0.5:
            document = deepcopy(documents[chosen])
            for _ in range(rng.randint(1, 4)):
                _change(document, rng)
            body = json.dumps(document).encode()
        elif kind < 0.9:
            changed = bytearray(texts[chosen])
            for _ in range(rng.randint(1, 6)):
                at = rng.randrange(len(changed) + 1)
                changed[at : at + rng.randint(0, 8)] = rng.choice(_NOISE) if rng.random() < 0.5 else rng.randbytes(3)
            body = bytes(changed)
        else:
            body = rng.randbytes(rng.randint(0, 200))
        yield names[chosen] if rng.random() < 0.8 else rng.choice(formats), body


def _change(document: Any, rng: random.Random) -> None:
    place = document
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = rng.choice(keys)
        inner = place[key]
        if isinstance(inner, (dict, list)) and inner and rng.random() < 0.8:
            place = inner
            continue
        if rng.random() < 0.2:
            del place[key]
        else:
            place[key] = deepcopy(rng.choice(_ODD))
        return
