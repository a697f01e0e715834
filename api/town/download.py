"""Downloads the map of a named place: its area from Nominatim, its streets and containers from Overpass.

The answer of Overpass is an OSM file like any other, with turn restrictions, so that a place added by name is planned
on the same ground as one added from an extract.
"""

import http.client
import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry

from routing.crow_flight import metres_per_degree
from routing.errors import PlaceNotFoundError

NOMINATIM_URL = "https://nominatim.openstreetmap.org/"
OVERPASS_URL = "https://overpass-api.de/api/"
MAX_AREA_KM2 = 1_500
"""Above this an extract from Geofabrik is quicker for everybody."""

_AGENT = "fuhre/0.1 (open-source planner of waste collection tours)"  # both services ask who calls
_ATTEMPTS = 3
_BUSY = frozenset({429, 502, 503, 504})
_CHUNK_BYTES = 1 << 20

_QUERY = """\
[out:xml][timeout:{timeout_s}][bbox:{south},{west},{north},{east}];
(
  way["highway"];
  node["amenity"~"^(waste_basket|recycling|waste_disposal|waste_transfer_station)$"];
  way["amenity"~"^(recycling|waste_disposal|waste_transfer_station)$"];
  nwr["landuse"="depot"];
  relation["type"="restriction"];
)->.found;
(.found; .found >;);
out body;
"""  # nodes come before the ways that refer to them: that is the order of "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What Nominatim knows of a place.

    Attributes
    ----------
    name
        As Nominatim writes it.
    country
        Two-letter code in capitals; empty when unknown.
    box_deg
        West, south, east, north.
    outline
        The area; its box when there is no outline.
    """

    name: str
    country: str
    box_deg: tuple[float, float, float, float]
    outline: shapely.Geometry


def find_place(name: str, *, nominatim_url: str = NOMINATIM_URL, timeout_s: float = 60.0) -> Place:
    """The area of a place.

    Raises
    ------
    PlaceNotFoundError
        When it is unknown, no area, too large, or the server cannot be reached.
    """
    query = {"q": name, "format": "jsonv2", "limit": "1", "polygon_geojson": "1", "addressdetails": "1"}
    url = urllib.parse.urljoin(nominatim_url, f"search?{urllib.parse.urlencode(query)}")
    try:
        with _open(urllib.request.Request(url, headers={"User-Agent": _AGENT}), timeout_s) as answer:  # noqa: S310 - checked in _open
            found = json.load(answer)
        return _parse_place(name, found)
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        raise PlaceNotFoundError(place=name, detail=_reason(error)) from error


def download_map(
    place: Place,
    target: Path,
    *,
    overpass_url: str = OVERPASS_URL,
    timeout_s: float = 180.0,
    pause_s: float = 15.0,
) -> None:
    """Write streets, turn restrictions and containers of the place's box as an OSM XML file.

    Parameters
    ----------
    pause_s
        Before asking a busy server again.

    Raises
    ------
    PlaceNotFoundError
        When the download failed or came incomplete.
    """
    west, south, east, north = place.box_deg
    query = _QUERY.format(timeout_s=int(timeout_s), west=west, south=south, east=east, north=north)
    url = urllib.parse.urljoin(overpass_url, "interpreter")
    data = urllib.parse.urlencode({"data": query}).encode()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            request = urllib.request.Request(url, data=data, headers={"User-Agent": _AGENT})  # noqa: S310 - checked in _open
            with _open(request, timeout_s + 30) as answer, target.open("wb") as file:
                while chunk := answer.read(_CHUNK_BYTES):
                    file.write(chunk)
            _require_complete(target)
        except urllib.error.HTTPError as error:
            if error.code not in _BUSY or attempt == _ATTEMPTS:
                raise PlaceNotFoundError(place=place.name, detail=_reason(error)) from error
            time.sleep(pause_s)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise PlaceNotFoundError(place=place.name, detail=_reason(error)) from error
        else:
            return


def _open(request: urllib.request.Request, timeout_s: float) -> Any:
    if request.type not in {"http", "https"}:
        raise ValueError(f"'{request.full_url}' is no web address")
    return urllib.request.urlopen(request, timeout=timeout_s)  # noqa: S310 - the scheme is checked above


def _parse_place(name: str, found: Any) -> Place:
    if not found:
        raise ValueError("OpenStreetMap knows no such place")
    south, north, west, east = (float(edge) for edge in found[0]["boundingbox"])
    outline = shapely.geometry.shape(found[0]["geojson"]) if "geojson" in found[0] else None
    if outline is None or outline.geom_type not in {"Polygon", "MultiPolygon"}:
        raise ValueError("OpenStreetMap knows it as a point, not as an area; name the municipality")
    east_m, north_m = metres_per_degree((south + north) / 2)
    area_km2 = (east - west) * east_m / 1000 * (north - south) * north_m / 1000
    if not math.isfinite(area_km2) or area_km2 > MAX_AREA_KM2:
        raise ValueError(f"its box covers {area_km2:,.0f} km2, more than the {MAX_AREA_KM2:,} that are downloaded")
    return Place(
        name=str(found[0].get("name") or name),
        country=str(found[0].get("address", {}).get("country_code", "")).upper(),
        box_deg=(west, south, east, north),
        outline=outline,
    )


def _require_complete(target: Path) -> None:
    """Overpass reports its own time-outs inside an answer that looks like success."""
    with target.open("rb") as file:
        file.seek(max(0, target.stat().st_size - 2_000))
        tail = file.read().decode("utf-8", errors="replace")
    if "<remark>" in tail:
        remark = tail.split("<remark>", maxsplit=1)[1].split("</remark>", maxsplit=1)[0].strip()
        raise ValueError(f"the map server gave up: {remark}")
    if not tail.rstrip().endswith("</osm>"):
        raise ValueError("the map server's answer was cut off")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"the server cannot be reached ({error.reason})"
    if isinstance(error, KeyError | TypeError | json.JSONDecodeError):
        return "the server's answer cannot be understood"
    return str(error) or type(error).__name__
