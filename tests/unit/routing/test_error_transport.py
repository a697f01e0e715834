"""Errors travel between processes with their class, their facts and their message."""

import inspect
import pickle
from typing import get_type_hints

import pytest

from routing import errors
from routing.errors import RoutingError

SAMPLES: dict[object, object] = {
    str: "north",
    float: 7.25,
    int: 3,
    bool: True,
    tuple[str, ...]: ("one", "two"),
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, RoutingError) and kind.__init__ is not RoutingError.__init__
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_error_arrives_as_it_was_sent(kind: type[RoutingError]) -> None:
    hints = get_type_hints(kind.__init__)
    facts = {name: SAMPLES[hint] for name, hint in hints.items() if name != "return"}
    sent = kind(**facts)
    arrived = pickle.loads(pickle.dumps(sent))
    assert type(arrived) is kind
    assert str(arrived) == str(sent) != ""
    assert vars(arrived) == vars(sent)
    assert vars(sent)


def test_every_kind_of_error_is_sent() -> None:
    assert len(KINDS) >= 10
