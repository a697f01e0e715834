"""What a study is made of: policies, schedules, fills, trucks, and an executor elsewhere."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any, Self

import numpy as np
import pytest

from api.files.town_folder import LoadedTown
from api.study.dask_executor import DaskExecutor
from api.study.fills import town_fills
from api.study.lineup import POLICIES, Dials, lineup, schedule_rules
from api.study.make_study import Wishes, baseline_of, first_monday, make_study, ours_of
from api.study.run_study import Variant
from api.study.trucks import energy_models
from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.reading import FillSeries, Quality
from optimizer.domain.request import SelectionRules
from optimizer.domain.town import Town
from optimizer.season.energy import DIESEL_26T
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from tests.unit.api.study_factory import small_study
from tests.unit.optimizer.season_towns import small_town

MARCH_S = 1_772_323_200
DAY_S = 86_400


def _loaded(town: Town, history: dict[str, FillSeries] | None = None) -> LoadedTown:
    return LoadedTown(town=town, history=history or {}, map_path=None, rules=SelectionRules())


def _sawtooth(container: Container, *, rate_per_day: float, days: int) -> FillSeries:
    """Readings every three hours of a level that grows evenly and is emptied at 80 %."""
    hours = np.arange(0, days * 24, 3)
    levels = (hours / 24 * rate_per_day) % 0.8
    emptied = MARCH_S + hours[1:][np.diff(levels) < 0] * 3600 - 1800
    return FillSeries(
        container_id=container.container_id,
        observed_at_s=MARCH_S + hours * 3600,
        fill_fraction=levels.astype(np.float32),
        quality=np.full(len(hours), Quality.UNCHECKED, dtype=np.int8),
        emptied_at_s=emptied.astype(np.int64),
    )


def _wishes(**changes: Any) -> Wishes:
    usual = Wishes(days=2, seeds=2, policies=POLICIES, sensor_shares=(1.0,), year=2026)
    return replace(usual, **changes)


def _make(loaded: LoadedTown, wishes: Wishes) -> object:
    return make_study(
        loaded, wishes, known_fills=load_fill_statistics(), router=CrowFlightRouter(), solver=GreedySolver()
    )


def test_fills_are_learnt_from_long_readings_and_assumed_from_short_ones() -> None:
    town = small_town()
    history = {
        one.container_id: _sawtooth(one, rate_per_day=0.11, days=60 if one.stream == "glass" else 10)
        for one in town.containers
    }
    found = town_fills(_loaded(town, history), load_fill_statistics())
    glass, paper = found.origins
    assert (glass.stream, glass.is_own, glass.n_containers, round(glass.days)) == ("glass", True, 6, 60)
    assert glass.rate_per_day == pytest.approx(0.11, rel=0.2)
    assert found.statistics["glass"].rate_per_day == glass.rate_per_day
    assert found.statistics["glass"].rate_log_sd < 0.1, "they all fill alike"
    assert not paper.is_own
    assert paper.rate_per_day == load_fill_statistics()["paper"].rate_per_day


def test_fills_of_the_town_are_refused_with_what_is_needed_when_its_history_is_short() -> None:
    town = small_town()
    history = {one.container_id: _sawtooth(one, rate_per_day=0.1, days=10) for one in town.containers[:3]}
    with pytest.raises(InvalidInputError) as refused:
        _make(_loaded(town, history), _wishes(needs_own_fills=True))
    messages = [issue.message for issue in refused.value.issues]
    assert len(messages) == 2, "one for each stream"
    assert "3 containers of 'glass' have readings over 10 days" in messages[0]
    assert "needs 28 days of at least 5 containers" in messages[0]


def test_unknown_streams_are_named_with_what_to_do() -> None:
    statistics = {"glass": load_fill_statistics()["glass"]}
    with pytest.raises(InvalidInputError, match=r"no fill statistics for .paper.*--statistics"):
        town_fills(_loaded(small_town()), statistics)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"policies": ("fixed_schedule", "magic")}, "no policy 'magic'"),
        ({"policies": ("fixed_schedule",)}, "at least two policies"),
        ({"policies": ("threshold", "threshold")}, "at least two policies, each once"),
        ({"sensor_shares": ()}, "shares of containers"),
        ({"sensor_shares": (1.5,)}, "shares of containers"),
        ({"sensor_shares": (0.5, 0.5)}, "each once"),
        ({"days": 0}, "n_days"),
    ],
)
def test_wishes_that_cannot_be_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        _make(_loaded(small_town()), _wishes(**changes))


def test_town_without_vehicles_for_its_streams_is_refused() -> None:
    town = small_town()
    idle = replace(town, vehicles=tuple(replace(one, is_available=False) for one in town.vehicles))
    with pytest.raises(InvalidInputError, match="No available vehicle"):
        _make(_loaded(idle), _wishes())


@pytest.mark.parametrize("value", [0.0, 1.2, float("nan")])
def test_dials_have_limits(value: float) -> None:
    with pytest.raises(InvalidInputError):
        Dials(threshold_fraction=value)


def test_baseline_is_the_first_policy_unless_another_is_named() -> None:
    study = small_study(shares=(0.5, 1.0, 0.0))
    assert baseline_of(study, None) == Variant(policy="fixed_schedule")
    assert baseline_of(study, "threshold") == Variant(policy="threshold", sensor_share=1.0)
    with pytest.raises(InvalidInputError, match="none of --policies"):
        baseline_of(study, "magic")
    fixed = baseline_of(study, None)
    assert ours_of(study, fixed, "rolling_prize") == Variant(policy="rolling_prize", sensor_share=1.0)
    without = small_study(policies=("fixed_schedule", "threshold", "clairvoyant"))
    assert ours_of(without, fixed, "rolling_prize").policy == "threshold", "nobody can buy a clairvoyant"
    prize = Variant(policy="rolling_prize", sensor_share=1.0)
    assert ours_of(study, prize, "rolling_prize").policy == "threshold"


def test_first_monday_lies_in_the_first_week() -> None:
    for year in range(2020, 2035):
        day = first_monday(year)
        assert day.weekday() == 0
        assert date(year, 1, 1) <= day <= date(year, 1, 7)


def test_slow_streams_are_driven_on_few_days_and_fast_ones_on_all() -> None:
    town = small_town(n_sites=30)
    rates = {one.container_id: 0.03 if one.stream == "glass" else 0.2 for one in town.containers}
    rules = schedule_rules(town, rates, 0.5)
    assert len(rules["paper"].weekdays) == 6, "every two to three days, wherever it stands"
    # Every 17 days: 12.6 emptyings a week, which one tour takes.
    assert len(rules["glass"].weekdays) == 1
    assert set(rules["glass"].weekdays) <= town.vehicles[0].shift.weekdays
    busier = {name: rate * 2 for name, rate in rates.items()}
    many = schedule_rules(small_town(n_sites=300), _for_sites(busier, 300), 0.5)
    assert 1 < len(many["glass"].weekdays) < 6


def _for_sites(rates: dict[str, float], n_sites: int) -> dict[str, float]:
    return {f"{stream}-{site}": rates[f"{stream}-0"] for stream in ("glass", "paper") for site in range(n_sites)}


def test_lineup_keeps_the_order_and_the_settings() -> None:
    found = lineup(("clairvoyant", "threshold"), Dials(threshold_fraction=0.7))
    assert [(one.name, one.setting, one.uses_sensors) for one in found] == [
        ("clairvoyant", 0.9995, False),
        ("threshold", 0.7, True),
    ]


def test_vans_need_less_than_trucks_and_lift_as_their_file_says() -> None:
    town = small_town()
    truck = town.vehicles[0]
    van = replace(
        truck, vehicle_id="van", profile="van_3_5t", capacity_kg=900, fuel=replace(truck.fuel, lift_l=0, idle_l_per_h=1)
    )
    own = replace(truck, vehicle_id="own", profile="a_profile_of_our_own")
    models = energy_models(replace(town, vehicles=(truck, van, own)))
    assert models["truck"].empty_kg == 26_000 - truck.capacity_kg
    assert models["van"].empty_kg == 3_500 - 900
    assert models["own"] == DIESEL_26T
    legs = {name: model.leg(distance_m=10_000, load_kg=500) for name, model in models.items()}
    assert legs["van"] < 0.4 * legs["truck"]
    assert (models["van"].lifting(10), models["van"].idling(3600)) == (0, 1)


class _Future:
    def __init__(self, key: str, answer: Callable[[], object]) -> None:
        self.key, self.result = key, answer


class _Client:
    """Answers like Dask's client, in this process, last task first."""

    loop = "of the client"
    seen: list[Any] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self, address: str, **_options: object) -> None:
        if "nobody" in address:
            raise OSError("Timed out trying to connect")
        self.seen.append(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.seen.append("closed")

    def submit(self, function: Callable[[object], object], task: object, *, pure: bool) -> _Future:
        assert not pure
        return _Future(f"key-{len(self.seen)}-{task}", lambda: function(task))

    def cancel(self, futures: Sequence[_Future]) -> None:
        self.seen.append(f"cancelled {len(futures)}")


@pytest.fixture
def dask(monkeypatch: pytest.MonkeyPatch) -> type[_Client]:
    def in_reverse(futures: Sequence[_Future], *, loop: str) -> Iterator[_Future]:
        assert loop == "of the client", "no client is the default one"
        yield from reversed(futures)

    module = ModuleType("distributed")
    module.__dict__.update(Client=_Client, as_completed=in_reverse)
    monkeypatch.setitem(sys.modules, "distributed", module)
    _Client.seen.clear()
    return _Client


def test_dask_executor_answers_with_positions_and_lets_go_of_the_rest(dask: type[_Client]) -> None:
    executor = DaskExecutor(scheduler="tcp://here:8786")
    assert list(executor.map(abs, [-1, -2, -3])) == [(2, 3), (1, 2), (0, 1)]
    assert dask.seen == ["tcp://here:8786", "cancelled 3", "closed"]
    dask.seen.clear()
    early = iter(executor.map(abs, [-1, -2]))
    assert next(early) == (1, 2)
    early.close()  # type: ignore[attr-defined]  # a generator
    assert dask.seen[1:] == ["cancelled 2", "closed"]


@pytest.mark.usefixtures("dask")
def test_dask_executor_says_when_nobody_answers() -> None:
    with pytest.raises(InvalidInputError, match="No Dask scheduler answers at tcp://nobody:1"):
        list(DaskExecutor(scheduler="tcp://nobody:1").map(abs, [1]))


def test_dask_executor_says_when_dask_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InvalidInputError, match="extra 'dask'"):
        list(DaskExecutor(scheduler="tcp://here:8786").map(abs, [1]))
