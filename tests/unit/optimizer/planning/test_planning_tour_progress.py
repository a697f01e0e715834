from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.issues import InvalidInputError
from optimizer.domain.reading import Source
from optimizer.domain.tour_event import EventKind, ExceptionCode, TourEvent
from optimizer.planning.tour_progress import fold_events, readings_of
from routing.location import Location

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)


def event(number: int, kind: EventKind, *, minute: float, container: str | None = None, **more: object) -> TourEvent:
    code = ExceptionCode.BLOCKED_BY_CAR if kind is EventKind.NOT_EMPTIED else None
    return TourEvent(
        event_id=f"e{number}",
        vehicle_id="t",
        sequence=number,
        device_at=SIX + timedelta(minutes=minute),
        kind=kind,
        container_id=container,
        **{"code": code, **more},  # type: ignore[arg-type]  # a test may give anything
    )


@st.composite
def _events(draw: st.DrawFn) -> list[TourEvent]:
    drawn = draw(
        st.lists(st.tuples(st.sampled_from(list(EventKind)), st.integers(0, 20), st.sampled_from("ABC")), max_size=12)
    )
    return [
        event(
            number,
            kind,
            minute=minute,
            container=container if kind in {EventKind.EMPTIED, EventKind.NOT_EMPTIED} else None,
        )
        for number, (kind, minute, container) in enumerate(drawn)
    ]


@given(_events(), st.randoms())
def test_fold_events_depends_neither_on_order_nor_on_repetition(events: list[TourEvent], random: object) -> None:
    shuffled = [*events, *events[: len(events) // 2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert fold_events("t", shuffled) == fold_events("t", events)


def test_fold_events_lets_an_emptying_win_over_any_refusal() -> None:
    events = [
        event(1, EventKind.NOT_EMPTIED, minute=1, container="A"),
        event(2, EventKind.EMPTIED, minute=5, container="A"),
        event(3, EventKind.NOT_EMPTIED, minute=9, container="A"),
        event(4, EventKind.EMPTIED, minute=12, container="A"),
    ]
    for order in permutations(events):
        progress = fold_events("t", order)
        assert [one.event_id for one in progress.facts] == ["e2"]
        assert progress.not_emptied == {}


def test_fold_events_keeps_the_latest_refusal() -> None:
    events = [event(n, EventKind.NOT_EMPTIED, minute=n, container="A") for n in (1, 2, 3)]
    assert [one.event_id for one in fold_events("t", events).facts] == ["e3"]


def test_fold_events_corrects_the_clock_of_the_device() -> None:
    wrong_by_s = 3 * 86_400
    early = event(1, EventKind.EMPTIED, minute=wrong_by_s / 60 + 1, container="A", clock_offset_s=wrong_by_s)
    late = event(2, EventKind.EMPTIED, minute=2, container="B")
    progress = fold_events("t", [late, early])
    assert [one.event_id for one in progress.facts] == ["e1", "e2"]
    assert progress.last_at == SIX + timedelta(minutes=2)


def test_fold_events_knows_a_full_body_until_it_is_tipped() -> None:
    full, tipped = event(1, EventKind.FULL, minute=10), event(2, EventKind.TIPPED, minute=30)
    assert fold_events("t", [full]).is_full
    assert not fold_events("t", [tipped, full]).is_full


def test_fold_events_pairs_breaks() -> None:
    progress = fold_events(
        "t",
        [
            event(1, EventKind.BREAK_ENDED, minute=1),
            event(2, EventKind.BREAK_STARTED, minute=10),
            event(3, EventKind.BREAK_STARTED, minute=12),
            event(4, EventKind.BREAK_ENDED, minute=40),
            event(5, EventKind.BREAK_STARTED, minute=60),
        ],
    )
    assert [(one.starts_at - SIX).seconds // 60 for one in progress.breaks] == [10]
    assert progress.resting_since == SIX + timedelta(minutes=60)


def test_readings_of_tells_emptyings_and_what_the_driver_saw() -> None:
    progress = fold_events(
        "t",
        [
            event(1, EventKind.EMPTIED, minute=1, container="A", fill_fraction=0.75),
            event(2, EventKind.NOT_EMPTIED, minute=2, container="B", fill_fraction=0.5),
            event(3, EventKind.NOT_EMPTIED, minute=3, container="C"),
        ],
    )
    found = [(one.container_id, one.source, one.is_emptying) for one in readings_of(progress)]
    assert found == [("A", Source.DRIVER, False), ("A", Source.TRUCK, True), ("B", Source.DRIVER, False)]


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        (EventKind.EMPTIED, {}, "Name the container"),
        (EventKind.TIPPED, {"container": "A"}, "Name the container"),
        (EventKind.NOT_EMPTIED, {"container": "A", "code": None}, "Say with a code why"),
        (EventKind.EMPTIED, {"container": "A", "location": Location(lon_deg=7, lat_deg=51)}, "closed roads"),
        (EventKind.EMPTIED, {"container": "A", "fill_fraction": -0.1}, "fill_fraction"),
        (EventKind.TIPPED, {"weight_kg": 99_999.0}, "weight_kg"),
    ],
)
def test_tour_event_refuses_what_makes_no_sense(kind: EventKind, more: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        event(1, kind, minute=0, **more)  # type: ignore[arg-type]  # the table mixes types
