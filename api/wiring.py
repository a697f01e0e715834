"""The composition root: the one place that names adapters and turns settings into ports."""

import logging
from pathlib import Path

from api.files.map_cache import tidy, usable
from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.map_age import MAP_MAX_AGE_DAYS
from optimizer.forecasting.blend.blended_forecaster import BlendedForecaster
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.planning.warm_start import RememberingForecaster
from optimizer.ports import Forecaster, Ports, SelectionPolicy, Solver
from optimizer.search.sisr import SisrSolver
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.selection.measured_prize import MeasuredPrizePolicy
from optimizer.selection.overflow_risk import OverflowRiskPolicy
from optimizer.selection.threshold import ThresholdPolicy
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_solver import OrToolsSolver
from routing.crow_flight import CrowFlightRouter
from routing.override_book import NO_OVERRIDES
from routing.overrides_file import read_overrides
from routing.ports import StreetRouter
from routing.street_router import open_router

_log = logging.getLogger(__name__)

POLICY_NAMES = ("overflow_risk", MeasuredPrizePolicy.name, ThresholdPolicy.name, AllContainersPolicy.name)
"""The first is the default."""

FORECASTER_NAMES = ("empirical_bayes", "blended")
"""The first is the default; the second needs the extra ``ml``."""

OVERRIDES_NAME = "overrides.toml"
"""Beside the map: what the depot knows better, such as closed streets and narrow ones."""


def open_street_router(map_path: Path | None, *, cache_dir: Path | None = None) -> StreetRouter:
    """A router on the map and the overrides beside it, or on straight lines when there is no map.

    Raises
    ------
    BrokenMapError
        When the map cannot be read.
    BrokenOverridesError
        When the overrides cannot be used; every issue is named.
    """
    if map_path is None:
        return CrowFlightRouter()
    overrides_path = map_path.with_name(OVERRIDES_NAME)
    overrides = read_overrides(overrides_path) if overrides_path.is_file() else NO_OVERRIDES
    return open_router(map_path, cache_dir=cache_dir, overrides=overrides)


def open_with_shared_cache(map_path: Path | None, cache_folder: Path) -> StreetRouter:
    """A router that keeps its streets in a folder which other maps and processes use too; without it where that fails.

    Raises
    ------
    BrokenMapError
        When the map cannot be read.
    BrokenOverridesError
        When the overrides cannot be used; every issue is named.
    """
    cache_dir = usable(cache_folder)
    if map_path is None or cache_dir is None:
        return open_street_router(map_path)
    try:
        tidy(cache_dir)
        return open_street_router(map_path, cache_dir=cache_dir)
    except OSError as error:
        # The disk is full, or another process tidied up at this very moment.
        _log.warning("The cache folder %s could not be used (%s); the streets are prepared again.", cache_dir, error)
        return open_street_router(map_path)


def build_ports(
    router: StreetRouter, *, map_max_age_days: int = MAP_MAX_AGE_DAYS, forecaster: str = FORECASTER_NAMES[0]
) -> Ports:
    """Everything the planning flow needs, with a shipped forecaster, policies and solvers.

    Raises
    ------
    InvalidInputError
        When there is no forecaster of this name, or what it needs is not installed.
    """
    return Ports(
        router=router,
        # Questions about a day are asked again by scenarios.
        forecaster=RememberingForecaster(open_forecaster(forecaster)),
        policies=selection_policies(router),
        solvers=solvers(),
        map_max_age_days=map_max_age_days,
    )


def open_forecaster(name: str) -> Forecaster:
    """The forecaster of this name.

    Raises
    ------
    InvalidInputError
        When there is none, or what it needs is not installed.
    """
    if name not in FORECASTER_NAMES:
        message = f"There is no forecaster {name!r}: use {' or '.join(FORECASTER_NAMES)}."
        raise InvalidInputError([Issue(where="forecaster", code="unknown_forecaster", message=message)])
    base = EmpiricalBayesForecaster(statistics=load_fill_statistics())
    return BlendedForecaster(base=base) if name == "blended" else base


def selection_policies(router: StreetRouter) -> dict[str, SelectionPolicy]:
    """All selection policies by name; one of them asks the router what is near to what."""
    policies: tuple[SelectionPolicy, ...] = (
        OverflowRiskPolicy(),
        MeasuredPrizePolicy(router),
        ThresholdPolicy(),
        AllContainersPolicy(),
    )
    return dict(zip(POLICY_NAMES, policies, strict=True))


def solvers() -> dict[str, Solver]:
    """All solvers by name."""
    return {"ortools": OrToolsSolver(), "greedy": GreedySolver(), "sisr": SisrSolver()}
