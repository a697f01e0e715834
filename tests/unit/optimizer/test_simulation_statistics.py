import copy
import tomllib
from pathlib import Path

import pytest

from optimizer.domain.issues import InvalidInputError
from optimizer.simulation.statistics import parse_statistics

SHIPPED = Path(__file__).resolve().parents[3] / "data" / "fill_statistics.toml"


def shipped() -> dict[str, dict[str, object]]:
    return tomllib.loads(SHIPPED.read_text("utf-8"))


def messages_of(document: dict[str, object]) -> str:
    with pytest.raises(InvalidInputError) as refused:
        parse_statistics(document)
    return str(refused.value)


def test_the_shipped_statistics_are_valid_and_tell_fast_from_slow() -> None:
    statistics = parse_statistics(shipped())
    assert {name for name, one in statistics.items() if one.is_fast} == {"paper", "litter"}
    assert {name for name, one in statistics.items() if not one.is_fast} == {"glass", "plastic"}
    assert statistics["glass"].emptying.every_days == (7, 7, 14, 14, 21)


# Each case: where the figure stands, what somebody wrote there, a word that the message must hold.
@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("paper", "rate_per_day"), "much", "number"),
        (("paper", "rate_per_day"), 0, "rate_per_day"),
        (("paper", "rate_per_day"), float("nan"), "rate_per_day"),
        (("paper", "hour_weights"), [1.0] * 7, "8 numbers"),
        (("paper", "hour_weights"), [0.0] * 8, "weight above zero"),
        (("paper", "hour_weights"), 1.0, "list"),
        (("paper", "is_fast"), 1, "true or false"),
        (("paper", "sensor", "missing_share"), 1.5, "missing_share"),
        (("paper", "sensor", "report_every_s"), True, "number"),
        (("paper", "emptying", "from_hour"), 18, "from_hour"),
        (("paper", "emptying", "every_days"), [], "number"),
        (("paper", "emptying", "every_days"), [0], "every_days"),
        (("paper", "colour"), 3, "colour"),
        (("paper", "sensor"), 3, "sensor"),
        (("paper",), 3, "table"),
    ],
)
def test_a_wrong_figure_is_refused_with_its_name(path: tuple[str, ...], value: object, word: str) -> None:
    document = copy.deepcopy(shipped())
    place: dict[str, object] = document
    for name in path[:-1]:
        place = place[name]  # type: ignore[assignment]  # tables all the way
    place[path[-1]] = value
    message = messages_of(document)
    assert word in message
    assert "paper" in message


def test_every_missing_figure_is_named_at_once() -> None:
    document = shipped()
    del document["glass"]["rate_per_day"]
    del document["glass"]["sensor"]["phantom_hours"]  # type: ignore[attr-defined]  # a table
    message = messages_of(document)
    assert "'rate_per_day' is missing" in message
    assert "'sensor.phantom_hours' is missing" in message


def test_an_empty_document_is_refused() -> None:
    assert "no stream" in messages_of({})
