"""Which forecaster a name stands for."""

import pytest

from api.wiring import FORECASTER_NAMES, open_forecaster
from optimizer.domain.issues import InvalidInputError
from optimizer.forecasting.blend import trees
from optimizer.forecasting.blend.blended_forecaster import BlendedForecaster
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster


def test_the_default_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "find_spec", lambda _name: None)
    assert isinstance(open_forecaster(FORECASTER_NAMES[0]), EmpiricalBayesForecaster)


def test_blended_is_the_default_one_with_trees() -> None:
    blended = open_forecaster("blended")
    assert isinstance(blended, BlendedForecaster)
    assert blended.base == open_forecaster("empirical_bayes")


def test_an_unknown_forecaster_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(InvalidInputError, match="empirical_bayes or blended"):
        open_forecaster("crystal_ball")
