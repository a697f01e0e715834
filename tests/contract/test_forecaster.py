"""What every forecaster promises."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.reading import CleanSeries
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.blend.blended_forecaster import BlendedForecaster
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.ports import Forecaster
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import simulate_fills
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
AS_OF = datetime(2026, 3, 2, 5, 30, tzinfo=BERLIN)
UNTIL = AS_OF + timedelta(days=15)
STREAMS = ("glass", "litter", "paper", "plastic")


def _never(_day: date) -> bool:
    return False


FORECASTERS = {
    "empirical Bayes": EmpiricalBayesForecaster(statistics=load_fill_statistics(), is_holiday=_never),
    "empirical Bayes without statistics": EmpiricalBayesForecaster(is_holiday=_never),
    "blended": BlendedForecaster(base=EmpiricalBayesForecaster(statistics=load_fill_statistics(), is_holiday=_never)),
}


@pytest.fixture(params=FORECASTERS, scope="module")
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    return FORECASTERS[request.param]


@pytest.fixture(scope="module")
def town() -> Town:
    containers = tuple(
        Container(
            container_id=f"{stream}-{index}",
            site_id=f"S{index}",
            location=Location(lon_deg=7.5, lat_deg=51.6),
            stream=stream,
            capacity_l=1100,
            has_sensor=index % 4 != 3,
        )
        for stream in STREAMS
        for index in range(8)
    )
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=tuple(
            Stream(stream_id=one, density_kg_per_l=0.1, is_fast=one in {"litter", "paper"}) for one in STREAMS
        ),
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=containers,
    )


@pytest.fixture(scope="module")
def series(town: Town) -> dict[str, CleanSeries]:
    fills = simulate_fills(
        town.containers,
        load_fill_statistics(),
        start_at=AS_OF - timedelta(days=40),
        days=40,
        zone=BERLIN,
        seed=5,
        logged_share=0.5,
    )
    return {name: clean_series(one, as_of_s=int(AS_OF.timestamp())) for name, one in fills.series.items()}


@pytest.mark.parametrize("with_readings", [True, False])
def test_every_container_gets_a_valid_forecast_up_to_the_end(
    forecaster: Forecaster,
    town: Town,
    series: dict[str, CleanSeries],
    with_readings: bool,  # noqa: FBT001 - a pytest parameter
) -> None:
    known = series if with_readings else {}
    forecasts = forecaster.forecast(town.containers, known, town=town, as_of=AS_OF, until=UNTIL)
    assert set(forecasts) == {one.container_id for one in town.containers}
    for name, forecast in forecasts.items():
        assert forecast.container_id == name
        assert forecast.origin_at.tzinfo is not None
        assert forecast.origin_at <= AS_OF
        assert (np.diff(forecast.grid_at_s) > 0).all()
        assert forecast.grid_at_s[-1] == int(UNTIL.timestamp())
        assert forecast.rate_per_day > 0
        for values in (
            forecast.lower_fraction,
            forecast.expected_fraction,
            forecast.upper_fraction,
            forecast.overflow_probability,
        ):
            assert ((values >= 0) & (values <= 1)).all()
        assert (forecast.lower_fraction <= forecast.expected_fraction).all()
        assert (forecast.expected_fraction <= forecast.upper_fraction).all()
        assert (np.diff(forecast.overflow_probability) >= 0).all()


def test_the_same_input_gives_the_same_forecast(
    forecaster: Forecaster, town: Town, series: dict[str, CleanSeries]
) -> None:
    one, other = (forecaster.forecast(town.containers, series, town=town, as_of=AS_OF, until=UNTIL) for _ in range(2))
    for name, forecast in one.items():
        assert np.array_equal(forecast.expected_fraction, other[name].expected_fraction)
        assert np.array_equal(forecast.overflow_probability, other[name].overflow_probability)


def test_no_containers_are_no_forecasts(forecaster: Forecaster, town: Town) -> None:
    assert forecaster.forecast([], {}, town=town, as_of=AS_OF, until=UNTIL) == {}


def test_an_end_at_the_cut_off_is_a_forecast_of_now(
    forecaster: Forecaster, town: Town, series: dict[str, CleanSeries]
) -> None:
    forecasts = forecaster.forecast(town.containers, series, town=town, as_of=AS_OF, until=AS_OF)
    assert all(forecast.grid_at_s[-1] == int(AS_OF.timestamp()) for forecast in forecasts.values())
