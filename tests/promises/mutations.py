"""Requests that nobody meant: valid ones with values, bytes, ids, queries and headers changed at random, by a seed."""

import json
import random
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import quote, urlencode

from tests.flow.test_http_input import MALFORMED
from tests.promises.addresses import Operation
from tests.promises.lines import request_bytes
from tests.unit.api.ingest.memory_store import FIXTURES

ODD: list[Any] = [
    None, True, False, -1, 0, 1, 255, 1e308, -1e308, float("nan"), float("inf"), 5e-324, 2**31, 2**63,
    -(2**63) - 1, 10**400,
    "", " ", "0", "80", "NaN", "true", "null", "\u0000", "\ud800", "\u202e", "\U0001f69b", "ß", "İ", "x" * 65,
    "x" * 5_000,
    [], {}, [[]], [None], [{}], {"": ""}, {"a": {"b": {"c": []}}}, [[[[[[[[[[1]]]]]]]]]], [0] * 600, ["a", "a"],
    "2026-03-02", "2026-02-30", "9999-12-31", "0001-01-01", "10000-01-01", "2026-03-02T05:10:00",
    "2026-03-29T02:30:00+01:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02T05:10:60Z", "24:00", "25:99", "06:00+01:00",
    "Mo-Fr 25:00", "PH off; week 99", "'; DROP TABLE jobs; --", "../../etc/passwd", "%00", "%s%n", "{}", "${x}",
    {"lon_deg": 181, "lat_deg": 91}, {"lon_deg": 0, "lat_deg": -90}, {"lon_deg": "7.5", "lat_deg": None},
]  # fmt: skip
_ODD_PARTS = [
    "", " ", ".", "..", "%00", "%2F", "%2e%2e%2f", "%ff%fe", "%ED%A0%80", "a" * 65, "a" * 3_000, "%", "*", "'", "-1",
    "0", "1e999", "null", "ü", "%F0%9F%9A%9B", "P-001/..", ";", "?", "fire:", "sha256:0", "\t",
]  # fmt: skip
_ODD_HEADERS = [
    "", "*", "*, *", '""', 'W/"x"', '"x", "y"', "x" * 3_000, '"' * 50, "-1", "0", "1e999", "gzip", "identity",
    "de;q=2", "de-DE-x-x-x,*;q=nan", "text/plain", "application/json; charset=utf-16", "multipart/form-data",
    "bytes=0-0,1-1", "Thu, 99 Foo 0000 00:00:00 GMT", "\u00e9", "chunked",
]  # fmt: skip
_HEADERS = [
    "if-match", "if-none-match", "idempotency-key", "accept-language", "accept", "content-type", "content-encoding",
    "range", "if-modified-since", "x-forwarded-for", "cookie", "x-tenant", "origin", "expect",
]  # fmt: skip
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
_SLOW = {"editPlan", "explainContainer", "printTour", "printCompliance", "reportIncident", "watchJob"}
"""Operations that a worker answers, or that draw: asked less often, so that the many others are asked more."""

_INGEST = {
    "ingestThingsStack": "tts_*.json",
    "ingestChirpStack": "chirpstack_*.json",
    "ingestNgsi": "ngsi_*.json",
    "ingestSensorThings": "sensorthings_*.json",
    "ingestSenml": "senml_*.json",
}


class Mutations:
    """Makes requests of a key holder.

    Parameters
    ----------
    ids
        Of things that there are, by name.
    bodies
        Valid bodies by operation; what is not here is as the description's example.
    """

    def __init__(
        self,
        operations: list[Operation],
        *,
        ids: Mapping[str, str],
        bodies: Mapping[str, list[Any]],
        etag: str,
        key: str,
        seed: int,
    ) -> None:
        self._operations = [one for one in operations if "/health/" not in one.path]
        self._weights = [1 if one.operation_id in _SLOW else 8 for one in self._operations]
        self._ids, self._bodies, self._etag, self._key = ids, bodies, etag, key
        self._chance = random.Random(seed)
        self._fixtures = {
            name: [json.loads(path.read_bytes()) for path in sorted(FIXTURES.glob(pattern))]
            for name, pattern in _INGEST.items()
        }

    def some(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Operations and requests."""
        for one in self._chance.choices(self._operations, self._weights, k=count):
            yield one.operation_id, self._request(one)

    def raw(self, count: int) -> Iterator[tuple[str, bytes]]:
        """So many raw bodies for each operation that writes, at its valid address."""
        for one in self._operations:
            for number in range(count if one.writes else 0):
                body = MALFORMED[number] if number < len(MALFORMED) else self._bytes(self._body(one))
                headers = {"if-match": self._etag} if "if-match" in one.headers else {}
                yield (
                    one.operation_id,
                    request_bytes(one.method, one.address(self._quoted()), key=self._key, body=body, headers=headers),
                )

    def _quoted(self) -> dict[str, str]:
        return {name: quote(value, safe="") for name, value in self._ids.items()}

    def _body(self, one: Operation) -> Any:
        known = self._fixtures.get(one.operation_id) or self._bodies.get(one.operation_id) or [one.body]
        return deepcopy(self._chance.choice(known))

    def _request(self, one: Operation) -> bytes:
        chance = self._chance
        value = self._body(one)
        parts = {chance.choice(["valid", "value", "value", "value", "bytes", "address", "query", "headers", "method"])}
        if chance.random() < 0.25:
            parts |= {chance.choice(["value", "address", "query", "headers"])}
        if "value" in parts and not isinstance(value, (dict, list)):
            parts |= {"address", "query"}  # there is nothing to change in its body
        headers = self._headers(one, is_odd="headers" in parts)
        method = chance.choice(_METHODS) if "method" in parts else one.method
        target = self._path(one, is_odd="address" in parts) + self._query(one, is_odd="query" in parts)
        body = self._changed_body(value, parts)
        return request_bytes(method, target, key=self._key, body=body or None, headers=headers)

    def _headers(self, one: Operation, *, is_odd: bool) -> dict[str, str]:
        headers = {"if-match": self._etag} if "if-match" in one.headers and self._chance.random() < 0.6 else {}
        if is_odd:
            headers |= {name: self._chance.choice(_ODD_HEADERS) for name in self._chance.sample(_HEADERS, 2)}
        return headers

    def _path(self, one: Operation, *, is_odd: bool) -> str:
        ids = self._quoted()
        if is_odd and one.names:
            for name in self._chance.sample(one.names, self._chance.randint(1, len(one.names))):
                ids[name] = self._odd_part()
        return one.address(ids).replace(" ", "%20").replace("\t", "%09")

    def _query(self, one: Operation, *, is_odd: bool) -> str:
        if not is_odd:
            return f"?container={quote(self._ids['container'])}" if "container" in one.query else ""
        values = {
            name: self._odd_part() if self._chance.random() < 0.7 else str(self._chance.choice(ODD))[:200]
            for name in one.query or ("limit",)
        }
        if self._chance.random() < 0.8:
            return f"?{urlencode(values, errors='surrogatepass')}"
        # As they are: what is already quoted means other bytes then.
        return "?" + "&".join(
            f"{name}={quote(text, safe='%', errors='surrogatepass')}" for name, text in values.items()
        )

    def _changed_body(self, value: Any, parts: set[str]) -> bytes:
        if "bytes" in parts:
            return self._bytes(value)
        if value is None:
            return b""
        if "value" in parts and isinstance(value, (dict, list)):
            for _ in range(self._chance.randint(1, 4)):
                self._change(value)
        return json.dumps(value).encode()

    def _odd_part(self) -> str:
        if self._chance.random() < 0.3:
            return quote(self._chance.choice(list(self._ids.values())), safe="")  # a thing of another kind
        return self._chance.choice(_ODD_PARTS)

    def _bytes(self, value: Any) -> bytes:
        if self._chance.random() < 0.2:
            return self._chance.randbytes(self._chance.randint(0, 300))
        changed = bytearray(json.dumps(value).encode())
        for _ in range(self._chance.randint(1, 6)):
            at = self._chance.randrange(len(changed) + 1)
            noise = self._chance.choice(
                [b"NaN", b"1e999", b"\xff", b"\x00", b"[", b"{", b'"', b"\\ud800", b"9" * 400, b""]
            )
            changed[at : at + self._chance.randint(0, 8)] = noise
        return bytes(changed)

    def _change(self, document: Any) -> None:
        """One place, at whatever depth: another value, none at all, a further one, or a copy beside it."""
        place = document
        while True:
            names: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not names:
                return
            name = self._chance.choice(names)
            inner = place[name]
            if isinstance(inner, (dict, list)) and inner and self._chance.random() < 0.75:
                place = inner
                continue
            kind = self._chance.random()
            if kind < 0.15:
                del place[name]
            elif kind < 0.25 and isinstance(place, dict):
                place[str(self._chance.choice(ODD))[:50]] = deepcopy(self._chance.choice(ODD))
            elif kind < 0.35 and isinstance(place, list):
                place.append(deepcopy(self._chance.choice([inner, *ODD])))
            elif kind < 0.5:
                place[name] = self._chance.choice(list(self._ids.values()))
            else:
                place[name] = deepcopy(self._chance.choice(ODD))
            return
