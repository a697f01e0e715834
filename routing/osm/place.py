"""Streets of a named place, downloaded through OSMnx from Nominatim and Overpass.

OSMnx keeps its settings in one global module and redirects name resolution while it works; this door changes both
for one download at a time and puts them back. OSMnx drops turn restrictions, which the resulting map says.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import osmnx
import requests

from routing.errors import PlaceNotFoundError
from routing.osm.networkx_io import from_networkx
from routing.osm.tag_keys import HIGHWAY_CLASSES, NODE_KEYS, TURNING_SIZE_KEYS, WAY_KEYS
from routing.streets import MapIssue, StreetGraph

_ONE_DOWNLOAD_AT_A_TIME = threading.Lock()
_WAYS = f'["highway"~"^({"|".join(HIGHWAY_CLASSES)})$"]["area"!~"yes"]'


def load_place(
    place: str,
    *,
    cache_dir: Path | None = None,
    nominatim_url: str | None = None,
    overpass_url: str | None = None,
    timeout_s: float = 180.0,
) -> StreetGraph:
    """Download the streets inside the outline of a place.

    Parameters
    ----------
    place
        A name that Nominatim knows as an area, such as ``"Lünen, Germany"``.
    cache_dir
        Where answers of the servers are kept; nothing is kept when it is not given.
    nominatim_url, overpass_url
        Servers to ask instead of the public ones; a server of one's own is asked without waiting for a free slot.
    timeout_s
        How long to wait for one answer.

    Raises
    ------
    PlaceNotFoundError
        When the place is unknown, is no area, has no streets, or the download failed.
    BrokenMapError
        When what was downloaded has no usable street.
    """
    changes: dict[str, Any] = {
        "useful_tags_way": sorted(WAY_KEYS | {"name", "ref"}),
        "useful_tags_node": sorted(NODE_KEYS | TURNING_SIZE_KEYS),
        "all_oneway": True,  # keeps the tag as the map has it, and each street once
        "use_cache": cache_dir is not None,
        "requests_timeout": timeout_s,
        "overpass_rate_limit": overpass_url is None,
    }
    if cache_dir is not None:
        changes["cache_folder"] = cache_dir
    if nominatim_url is not None:
        changes["nominatim_url"] = nominatim_url
    if overpass_url is not None:
        changes["overpass_url"] = overpass_url
    try:
        with _ONE_DOWNLOAD_AT_A_TIME, _changed_settings(changes):
            graph = osmnx.graph_from_place(
                place, custom_filter=_WAYS, simplify=False, retain_all=True, truncate_by_edge=True
            )
    except (ValueError, TypeError, KeyError, requests.RequestException) as error:
        raise PlaceNotFoundError(place=place, detail=str(error).rstrip(".")) from error
    streets = from_networkx(graph, source=place, has_raw_oneway=True)
    note = MapIssue(
        element="all turn restrictions",
        detail="a map downloaded by place name has none; import a file of the area to respect them",
    )
    return replace(streets, issues=(*streets.issues, note))


@contextmanager
def _changed_settings(changes: dict[str, Any]) -> Iterator[None]:
    """Settings of OSMnx for the length of a download."""
    before = {name: getattr(osmnx.settings, name) for name in changes}
    resolve = socket.getaddrinfo
    try:
        for name, value in changes.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = resolve
