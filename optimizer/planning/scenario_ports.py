"""The ports of a scenario: a map with closed roads, and forecasts in which containers fill faster.

Guards that the live ports stay as they are: only copies change.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import CleanSeries
from optimizer.domain.scenario import CloseRoad, ScaleDemand, Scenario
from optimizer.domain.town import Town
from optimizer.ports import Forecaster, Ports
from routing.location import Location
from routing.override_book import OverrideBook
from routing.overrides import AreaTarget, CloseStreet, Override, StreetTarget
from routing.ports import StreetRouter
from routing.streets import MapIssue

CORNERS = 24
"""Of the polygon that stands for a circle; its sides touch the circle from outside."""

METRES_PER_DEGREE = 111_195.0


@runtime_checkable
class TakesOverrides(Protocol):
    """A router on a map whose streets can be closed."""

    @property
    def overrides(self) -> OverrideBook:
        """What holds now."""
        ...

    @property
    def override_issues(self) -> tuple[MapIssue, ...]:
        """What overrides name and the map does not have."""
        ...

    def with_overrides(self, overrides: OverrideBook) -> "StreetRouter":
        """A router with another book."""
        ...


def scenario_ports(ports: Ports, scenario: Scenario) -> Ports:
    """The ports under the scenario.

    Raises
    ------
    InvalidInputError
        When a road to close is not on the map, or there is no map.
    """
    roads = [change for change in scenario.changes if isinstance(change, CloseRoad)]
    scales = [change for change in scenario.changes if isinstance(change, ScaleDemand)]
    router = _closed(ports.router, roads) if roads else ports.router
    forecaster = ports.forecaster
    for scale in scales:
        forecaster = FasterFilling(inner=forecaster, factor=scale.factor, streams=frozenset(scale.streams))
    return replace(ports, router=router, forecaster=forecaster)


@dataclass(frozen=True, slots=True, kw_only=True)
class FasterFilling:
    """Forecasts in which time runs ``factor`` times as fast after the last reading: fills and risks come sooner.

    Attributes
    ----------
    streams
        Whose containers; empty for all.
    """

    inner: Forecaster
    factor: float
    streams: frozenset[str]

    def forecast(
        self,
        containers: Sequence[Container],
        series: Mapping[str, CleanSeries],
        *,
        town: Town,
        as_of: datetime,
        until: datetime,
    ) -> dict[str, Forecast]:
        """A forecast for every container, up to ``until``."""
        stretch = timedelta(seconds=(until - as_of).total_seconds() * max(1.0, self.factor))
        plain = self.inner.forecast(containers, series, town=town, as_of=as_of, until=as_of + stretch)
        return {
            one.container_id: self._sooner(plain[one.container_id])
            if not self.streams or one.stream in self.streams
            else plain[one.container_id]
            for one in containers
        }

    def _sooner(self, one: Forecast) -> Forecast:
        origin_s = one.origin_at.timestamp()
        at_s = origin_s + (one.grid_at_s - origin_s) * self.factor
        # What lies before the origin is the past; it stays.
        at_s = np.where(one.grid_at_s < origin_s, one.grid_at_s, at_s)

        def seen(values: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.asarray(np.interp(at_s, one.grid_at_s, values), dtype=np.float32)

        return replace(
            one,
            rate_per_day=one.rate_per_day * self.factor,
            expected_fraction=seen(one.expected_fraction),
            lower_fraction=seen(one.lower_fraction),
            upper_fraction=seen(one.upper_fraction),
            overflow_probability=seen(one.overflow_probability),
        )


def _closed(router: StreetRouter, roads: Sequence[CloseRoad]) -> StreetRouter:
    if not isinstance(router, TakesOverrides):
        message = "The town is planned on straight lines: there is no street to close. Give it a map."
        raise InvalidInputError([Issue(where="scenario", code="no_map", message=message)])
    book, closed = router.overrides, {}
    for number, road in enumerate(roads, start=1):
        name = f"scenario road {number}"
        closed[f"override {name}"] = road
        book = book.add(
            Override(
                override_id=name,
                change=CloseStreet(),
                target=_target(road),
                reason="closed in a scenario",
                created_by="fuhre",
                created_at=datetime(2000, 1, 1, tzinfo=UTC),
            )
        )
    changed = router.with_overrides(book)
    if isinstance(changed, TakesOverrides):
        issues = [
            Issue(where="scenario", code="unknown_road", message=one.detail)
            for one in changed.override_issues
            if one.element in closed
        ]
        if issues:
            raise InvalidInputError(issues)
    return changed


def _target(road: CloseRoad) -> StreetTarget | AreaTarget:
    if road.street:
        return StreetTarget(name=road.street)
    corners = road.outline if road.center is None else _around(road.center, road.radius_m)
    return AreaTarget(outline_deg=tuple((one.lon_deg, one.lat_deg) for one in corners))


def _around(center: Location, radius_m: float) -> tuple[Location, ...]:
    out_m = radius_m / math.cos(math.pi / CORNERS)
    per_lon_m = METRES_PER_DEGREE * max(0.01, math.cos(math.radians(center.lat_deg)))
    angles = (2 * math.pi * corner / CORNERS for corner in range(CORNERS))
    return tuple(
        Location(
            lon_deg=center.lon_deg + out_m * math.cos(angle) / per_lon_m,
            lat_deg=center.lat_deg + out_m * math.sin(angle) / METRES_PER_DEGREE,
        )
        for angle in angles
    )
