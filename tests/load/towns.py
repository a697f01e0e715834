"""A town for load tests: containers around a depot, with some days of readings; planned on straight lines."""

import math
from dataclasses import replace
from datetime import UTC, datetime

from api.files.town_folder import LoadedTown
from optimizer.domain.container import Container
from optimizer.domain.request import SelectionRules
from routing.location import Location
from tests.flow.http_samples import rising_history, small_town


def load_town(
    container_count: int, *, name: str = "Lünen", history_days: int = 4, vehicle_count: int = 3
) -> LoadedTown:
    """A town of so many containers and vehicles; all fill up by today."""
    town = small_town(container_count=0, vehicle_count=vehicle_count)
    town = replace(town, name=name, containers=tuple(_container(number) for number in range(container_count)))
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    history = rising_history(town, until=now, days=history_days)
    return LoadedTown(town=town, history=history, map_path=None, rules=SelectionRules())


def _container(number: int) -> Container:
    # The golden angle spreads them evenly over a disc.
    angle, radius = 2.399963 * number, 0.002 * math.sqrt(number + 1)
    return Container(
        container_id=f"P-{number:04d}",
        site_id=f"site-{number:04d}",
        location=Location(lon_deg=7.52 + 1.5 * radius * math.cos(angle), lat_deg=51.61 + radius * math.sin(angle)),
        stream="paper" if number % 2 == 0 else "glass",
        capacity_l=3_000,
    )
