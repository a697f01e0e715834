"""The composition root: the one place that names adapters and turns settings into ports."""

from pathlib import Path

from api.town.fill_statistics import load_fill_statistics
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.ports import Ports, SelectionPolicy, Solver
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.selection.overflow_risk import OverflowRiskPolicy
from optimizer.selection.threshold import ThresholdPolicy
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.ortools_solver import OrToolsSolver
from routing.crow_flight import CrowFlightRouter
from routing.ports import StreetRouter
from routing.street_router import open_router


def open_street_router(map_path: Path | None, *, cache_dir: Path | None = None) -> StreetRouter:
    """A router on the map, or on straight lines when there is no map.

    Raises
    ------
    BrokenMapError
        When the file cannot be read.
    """
    if map_path is None:
        return CrowFlightRouter()
    return open_router(map_path, cache_dir=cache_dir)


def build_ports(router: StreetRouter) -> Ports:
    """Everything the planning flow needs, with the shipped forecaster, policies and solvers."""
    return Ports(
        router=router,
        forecaster=EmpiricalBayesForecaster(statistics=load_fill_statistics()),
        policies=selection_policies(),
        solvers=solvers(),
    )


def selection_policies() -> dict[str, SelectionPolicy]:
    """All selection policies by name."""
    return {"overflow_risk": OverflowRiskPolicy(), "threshold": ThresholdPolicy(), "all": AllContainersPolicy()}


def solvers() -> dict[str, Solver]:
    """All solvers by name."""
    return {"ortools": OrToolsSolver(), "greedy": GreedySolver()}
