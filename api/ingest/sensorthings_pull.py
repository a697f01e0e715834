"""Pulls observations from a SensorThings server: page by page, with the datastream's unit, and never elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from api.ingest.intake import Intake, IntakeReport
from api.ingest.json_text import read_object
from api.ingest.platforms.sensorthings import page_with_stream
from api.ingest.record import RefusedMessageError

PAGE_SIZE = 1_000
MAX_PAGES = 10_000
MAX_PAGE_BYTES = 5_000_000


class PullError(Exception):
    """The server cannot be used."""


def pull(client: httpx.Client, base_url: str, stream_id: str, *, since: datetime, intake: Intake) -> list[IntakeReport]:
    """Take in what one datastream observed after ``since``; one report for each page.

    Repeating it is harmless: observations are known by their ids.

    Raises
    ------
    PullError
        When the server does not answer, or answers something else.
    StoreError
        When the store cannot keep it.
    """
    return [intake.take_in("sensorthings", body) for body in pages(client, base_url, stream_id, since=since)]


def pages(client: httpx.Client, base_url: str, stream_id: str, *, since: datetime) -> Iterator[bytes]:
    """The pages of a datastream as bodies that can be taken in.

    Raises
    ------
    PullError
        When the server does not answer, or answers something else.
    """
    root = base_url.rstrip("/") + "/"
    key = (
        stream_id
        if stream_id.isascii() and stream_id.isdecimal()
        else f"'{quote(stream_id.replace(chr(39), chr(39) * 2))}'"
    )
    datastream = _get(client, f"{root}Datastreams({key})", {})
    if "@iot.id" not in datastream:
        raise PullError(
            "The server's datastream has no @iot.id. Check the address: it ends in the version, e.g. /v1.1."
        )
    begin = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    address: str | None = f"{root}Datastreams({key})/Observations"
    query = {
        "$filter": f"phenomenonTime gt {begin}",
        "$orderby": "phenomenonTime asc",
        "$top": str(PAGE_SIZE),
    }
    seen: set[str] = set()
    while address is not None:
        if len(seen) >= MAX_PAGES or address in seen:
            raise PullError("The server's pages do not end. Ask for a later beginning.")
        seen.add(address)
        page = _get(client, address, query)
        if not isinstance(page.get("value"), list):
            raise PullError("The server's answer has no list of observations under 'value'.")
        if page["value"]:
            yield page_with_stream(page, datastream)
        address, query = _next(page, address, root), {}


def _next(page: dict[str, Any], address: str, root: str) -> str | None:
    link = page.get("@iot.nextLink")
    if not isinstance(link, str) or not link:
        return None
    following = urljoin(address, link)
    # A server behind a proxy may write its inner name; any other host is none of our business.
    if urlsplit(following)[:2] != urlsplit(root)[:2]:
        raise PullError("The server's next page lies on another host. Set its public address (serviceRootUrl).")
    return following


def _get(client: httpx.Client, address: str, query: dict[str, str]) -> dict[str, Any]:
    try:
        with client.stream("GET", address, params=query or None, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise PullError(f"The server answered {answer.status_code}. Check address, datastream and login.")
            content = b""
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MAX_PAGE_BYTES:
                    raise PullError("The server's page is larger than 5 MB. Let it send smaller pages.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PullError(f"The server cannot be reached ({type(error).__name__}). Check the address.") from error
    try:
        return read_object(content)
    except RefusedMessageError as error:
        raise PullError(f"The server's answer is not usable: {error.detail}") from error
