"""Every pair to the last bit, on real extracts, for every shipped profile, under random overrides.

``FUHRE_EXACT_POINTS=400`` makes it a long run of millions of pairs; the number compared is printed (``pytest -s``).
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from routing.conditions import Conditions
from routing.metric import build_metric
from routing.osm.pbf import load_streets
from routing.override_book import NO_OVERRIDES, OverrideBook
from routing.overrides import Change, CloseStreet, Override, SetDirection, SetLimit, SetSpeed, WayTarget
from routing.places import Places
from routing.profile import load_profile
from routing.query import QueryEngine
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turns import build_turns
from tests.unit.routing.plain_engine import PlainEngine
from tests.unit.routing.test_query_twin import PROFILES, _in_units, _random_snaps

N_POINTS = int(os.environ.get("FUHRE_EXACT_POINTS", "40"))
N_OVERRIDDEN_WAYS = 120
EXTRACTS = ("heidelberg", "bad_hersfeld", "porto_alegre", "testfeld_niedersachsen", "dortmund_aplerbeck")


def random_book(streets: StreetGraph, seed: int) -> OverrideBook:
    """Closed, narrowed, slowed and one-way streets, chosen at random."""
    rng = np.random.default_rng(seed)
    changes: list[Change] = [
        CloseStreet(),
        SetLimit(weight_kg=7_500),
        SetLimit(width_cm=200),
        SetSpeed(kph=7.0),
        SetDirection(open_to="forward"),
    ]
    book = NO_OVERRIDES
    for number, way in enumerate(rng.choice(streets.way_osm_id, N_OVERRIDDEN_WAYS).tolist()):
        book = book.add(
            Override(
                override_id=f"random-{number}",
                change=changes[int(rng.integers(len(changes)))],
                target=WayTarget(way_ids=(way,)),
                reason="drawn at random",
                created_by="test",
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
    return book


@pytest.mark.shared
@pytest.mark.parametrize("extract", EXTRACTS)
def test_matrices_equal_plain_searches_under_random_overrides(shared_data: Path, extract: str) -> None:
    streets = load_streets(shared_data / "osm" / f"{extract}.osm.pbf")
    turns = build_turns(streets)
    books = [NO_OVERRIDES, random_book(streets, 1), random_book(streets, 2)]
    compared = changed = 0
    for profile_index, name in enumerate(PROFILES):
        metrics = [build_metric(streets, turns, load_profile(name), conditions=Conditions(overrides=b)) for b in books]
        engine = QueryEngine.on(streets, turns, metrics[0], build_turn_hierarchy(streets, turns, metrics))
        for book_index, metric in enumerate(metrics):
            snaps = _random_snaps(streets, metric, N_POINTS, 10 * profile_index + book_index)
            expected = _in_units(PlainEngine(streets=streets, turns=turns, metric=metric).packed_costs(snaps))
            found = engine.with_metric(metric).matrices(Places.of(snaps), n_threads=2)  # re-weighed, not built anew
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(one, other)
            compared += N_POINTS**2
            before = engine.matrices(Places.of(snaps), n_threads=2)
            changed += int((before[0] != found[0]).sum())
    print(f"{extract}: {compared} pairs equal, {changed} of them changed by overrides")  # noqa: T201 - for -s
    assert changed > 0
