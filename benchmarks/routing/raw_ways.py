"""What a map says that our street graph leaves out: ways that are no streets of ours, and limits in other tags."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import osmium
import osmium.filter
from osmium import osm

IMPLICIT_LIMITS = ("source:maxspeed", "maxspeed:type")
"""Tags that OSRM reads a limit from when ``maxspeed`` is missing: "BR:urban"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawWays:
    """Ways of an OSM file beside a street graph.

    Attributes
    ----------
    foreign
        Ways that are none of the graph's in words, by neighbouring OSM nodes in both directions.
    implicit_limit
        The limit in a tag that stands for ``maxspeed``, by way.
    """

    foreign: dict[tuple[int, int], str]
    implicit_limit: dict[int, str]


def read_raw_ways(map_path: Path, known_ids: set[int]) -> RawWays:
    """Read a map's ways; ``known_ids`` are those of the street graph."""
    foreign: dict[tuple[int, int], str] = {}
    known: set[tuple[int, int]] = set()
    limits: dict[int, str] = {}
    for way in osmium.FileProcessor(str(map_path), osm.WAY).with_filter(osmium.filter.KeyFilter("highway", "route")):
        assert isinstance(way, osm.Way)
        pairs = list(pairwise(node.ref for node in way.nodes))
        if way.id in known_ids:
            known.update(pairs)
            limit = next((f"{key}={way.tags[key]}" for key in IMPLICIT_LIMITS if key in way.tags), "")
            if limit and "maxspeed" not in way.tags:
                limits[way.id] = limit
            continue
        text = f"way {way.id} " + " ".join(f"{tag.k}={tag.v}" for tag in way.tags)
        for one, other in pairs:
            foreign[one, other] = foreign[other, one] = text
    alone = {pair: text for pair, text in foreign.items() if pair not in known and pair[::-1] not in known}
    return RawWays(foreign=alone, implicit_limit=limits)
