"""Sends deadlines to a context broker, in batches, and says what it answered."""

from typing import Any

import httpx

from api.ingest.ngsi_deadlines import NgsiVersion, update_request

BATCH_SIZE = 500


class PushError(Exception):
    """The broker did not take the update."""


def send(
    broker: str,
    found: list[dict[str, Any]],
    *,
    version: NgsiVersion,
    token: str | None = None,
    service: str | None = None,
    context_url: str | None = None,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Write the entities' attributes; the number of entities that the broker took.

    A broker that does not know some of the entities takes the others.

    Parameters
    ----------
    service
        FIWARE service, or NGSI-LD tenant.
    context_url
        Where the broker finds what the attributes' short names mean; None for its own default.

    Raises
    ------
    PushError
        When the broker does not answer, or refuses a batch.
    """
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    if service is not None:
        headers["fiware-service" if version is NgsiVersion.V2 else "ngsild-tenant"] = service
    if context_url is not None:
        headers["link"] = f'<{context_url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    taken = 0
    with httpx.Client(base_url=broker, headers=headers, timeout=30, transport=transport) as client:
        for start in range(0, len(found), BATCH_SIZE):
            batch = found[start : start + BATCH_SIZE]
            path, body = update_request(batch, version=version)
            try:
                answer = client.post(path, json=body)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise PushError(f"The broker cannot be reached ({type(error).__name__}). Check the address.") from error
            taken += _taken(answer, len(batch))
    return taken


def _taken(answer: httpx.Response, asked: int) -> int:
    if answer.status_code in {httpx.codes.OK, httpx.codes.CREATED, httpx.codes.NO_CONTENT}:
        return asked
    if answer.status_code == httpx.codes.MULTI_STATUS:  # NGSI-LD: some entities are not there
        try:
            success = answer.json().get("success", [])
        except (ValueError, AttributeError):
            success = []
        return len(success) if isinstance(success, list) else 0
    raise PushError(f"The broker answered {answer.status_code}. Check login, tenant and the prefix of the ids.")
