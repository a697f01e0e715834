"""Makes what all peers are given: reads the map, draws places and states, and closes a street."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import PROFILE, PROFILES_DIR, Inputs
from benchmarks.routing.points import random_places, random_states, usable_segments
from routing.metric import MS_SHIFT, Metric, build_metric
from routing.osm.pbf import load_streets
from routing.profile import load_profile
from routing.streets import StreetGraph
from routing.turns import TurnGraph, build_turns

CLOSED_MS = 10_000_000
"""What a closed turn costs: nearly three hours more than any detour in a city, and small enough for 32-bit sums."""


def make_inputs(map_path: Path, *, n: int) -> Inputs:
    """Read a map and draw places and states."""
    streets = load_streets(map_path)
    turns = build_turns(streets)
    metric = build_metric(streets, turns, load_profile(PROFILE, profiles_dir=PROFILES_DIR))
    return inputs_from(streets, turns, metric, n=n)


def inputs_from(streets: StreetGraph, turns: TurnGraph, metric: Metric, *, n: int) -> Inputs:
    """Restrict the graph to its strongly connected part and draw places and states."""
    graph = metric.graph
    all_tails = np.repeat(np.arange(turns.n_states, dtype=np.int32), np.diff(graph.first_out))
    is_inside = metric.is_main[all_tails] & metric.is_main[graph.head]
    number = np.cumsum(metric.is_main, dtype=np.int64).astype(np.int32) - 1
    tail, head = number[all_tails[is_inside]], number[graph.head[is_inside]]
    weight_ms = graph.weight[is_inside] >> MS_SHIFT
    segment = turns.state_arc[metric.is_main] >> 1
    middle = (streets.segment_first_point[segment] + streets.segment_last_point[segment]) // 2
    return Inputs(
        lon_lat_deg=random_places(streets, usable_segments(streets, metric), n=n),
        tail=tail,
        head=head,
        weight_ms=weight_ms,
        length_mm=graph.weight[is_inside] & ((1 << MS_SHIFT) - 1),
        closed_weight_ms=close_longest(tail, weight_ms, segment),
        state_lon_deg=streets.point_lon_deg[middle],
        state_lat_deg=streets.point_lat_deg[middle],
        street=segment.astype(np.int32),
        states=random_states(int(metric.is_main.sum()), n=n),
        closed_osm_nodes=_neighbours(streets, usable_segments(streets, metric)),
    )


def close_longest(
    tail: NDArray[np.int32], weight_ms: NDArray[np.int64], segment: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Weights with the longest street between two junctions closed in both directions."""
    longest = segment[tail[np.argmax(weight_ms)]]
    return np.where(segment[tail] == longest, CLOSED_MS, weight_ms)


def _neighbours(streets: StreetGraph, segments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ends of the longest usable segment without a point between them."""
    is_straight = streets.segment_last_point[segments] - streets.segment_first_point[segments] == 1
    straight = segments[is_straight]
    longest = straight[np.argmax(streets.segment_length_mm[straight])]
    return streets.node_osm_id[[streets.segment_tail[longest], streets.segment_head[longest]]]
