"""Draws one leg before and after a bridge is closed, with its manoeuvres: what a closure does, at a glance.

Run with an OSM extract and two places; by default a leg over the Theodor-Heuss-Brücke in Heidelberg:
``python -m benchmarks.routing.closure_picture heidelberg.osm.pbf --street "Theodor-Heuss-Brücke" --out closure.png``
"""

import argparse
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from routing.location import Location, Waypoint
from routing.manoeuvre_texts import describe_manoeuvre
from routing.override_book import OverrideBook
from routing.overrides import CloseStreet, Override, StreetTarget
from routing.path import LegPath
from routing.street_router import RoadRouter, open_router

FROM_DEG, TO_DEG = (8.6862, 49.4090), (8.6910, 49.4200)
"""Bismarckplatz and Handschuhsheim: the bridge lies between."""


def main() -> None:
    """Write the picture and print both legs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extract", type=Path)
    parser.add_argument("--street", default="Theodor-Heuss-Brücke")
    parser.add_argument("--profile", default="truck_26t")
    parser.add_argument("--out", type=Path, default=Path("bench-results/closure.png"))
    given = parser.parse_args()

    router = open_router(given.extract)
    closed = router.with_overrides(OverrideBook().add(_closure(given.street)))
    figure, axes = plt.subplots(1, 2, figsize=(15, 8.4), sharex=True, sharey=True, layout="constrained")
    for axis, title, one in ((axes[0], "open", router), (axes[1], "closed", closed)):
        path = one.paths(_ends(), [(0, 1)], profile=given.profile)[0]
        _draw(
            axis, one, path, f"{given.street} {title}: {path.distance_m / 1000:.2f} km, {path.duration_s / 60:.1f} min"
        )
        print(f"{given.street} {title}: {path.distance_m} m, {path.duration_s} s")
        for line in _words(path):
            print("  " + line)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(given.out, dpi=90)


def _closure(street: str) -> Override:
    return Override(
        override_id="closure",
        target=StreetTarget(name=street),
        change=CloseStreet(),
        reason="bridge works",
        created_by="dispatch",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def _ends() -> list[Waypoint]:
    return [
        Waypoint(label=label, location=Location(lon_deg=lon_deg, lat_deg=lat_deg))
        for label, (lon_deg, lat_deg) in (("start", FROM_DEG), ("end", TO_DEG))
    ]


def _draw(axis: Axes, router: RoadRouter, path: LegPath, title: str) -> None:
    for line in router.streets.edge_lines():
        axis.plot(line.lon_deg, line.lat_deg, color="#d5d2ca", linewidth=0.8, zorder=1)
    axis.plot(path.lon_lat_deg[:, 0], path.lon_lat_deg[:, 1], color="#1a5fb4", linewidth=3, zorder=2)
    for number, one in enumerate(path.manoeuvres, start=1):
        place = (one.location.lon_deg, one.location.lat_deg)
        axis.annotate(
            str(number), place, fontsize=8, color="white", ha="center", va="center", zorder=4,
            bbox={"boxstyle": "circle,pad=0.25", "color": "#b8420b"},
        )  # fmt: skip
    axis.set_title(title)
    axis.set_xlim(8.655, 8.715)
    axis.set_ylim(49.398, 49.430)
    axis.set_aspect(1.53)
    axis.set_axis_off()
    words = "\n".join(f"{number}. {text}" for number, text in enumerate(_words(path), start=1))
    axis.text(0.0, -0.01, words, transform=axis.transAxes, fontsize=8, va="top")
    axis.text(1.0, 0.0, "© OpenStreetMap contributors", transform=axis.transAxes, fontsize=7, ha="right")


def _words(path: LegPath) -> list[str]:
    said = [describe_manoeuvre(path.manoeuvres[0], "en")]
    return said + [
        describe_manoeuvre(one, "en", after_m=one.at_m - before.at_m) for before, one in pairwise(path.manoeuvres)
    ]


if __name__ == "__main__":
    main()
