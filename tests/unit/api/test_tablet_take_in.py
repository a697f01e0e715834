from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.tablet_body import EventBody
from api.tablet.take_in import KEPT_FIELDS, KNOWN_FIELDS, Unreadable, sent_batch
from tests.flow.http_samples import small_record

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACE = {"lon_deg": 7.524111, "lat_deg": 51.613117}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KNOWN_FIELDS, "note"]), inner),
    max_leaves=12,
)


def kept(raw: object) -> str:
    refused = Unreadable(code="c", reason="r")
    batch = sent_batch(
        [(raw, refused)],
        small_record().town,
        vehicle_id="LUE-1",
        day=date(2026, 3, 2),
        received_at=NOW,
        sent_at=None,
        actor="key",
    )
    [event] = batch.events
    return event.raw.decode()


def test_fields_that_are_kept_are_all_that_an_event_has_but_its_place() -> None:
    assert set(EventBody.model_fields) == KNOWN_FIELDS
    assert {"location"} == KNOWN_FIELDS - KEPT_FIELDS


@pytest.mark.parametrize(
    "raw",
    [
        {"event_id": "e", "kind": "emptied", "location": PLACE},
        {"event_id": "e", "position": PLACE},
        {"event_id": "e", "at": PLACE},
        [PLACE],
        f"{PLACE}",
    ],
)
def test_refused_event_is_kept_without_where_somebody_was(raw: object) -> None:
    assert "7.524111" not in kept(raw)
    assert ("event_id" in kept(raw)) == isinstance(raw, dict)


def test_refused_event_says_what_was_withheld_of_it() -> None:
    assert kept({"event_id": "e", "location": PLACE}) == '{"event_id":"e","withheld":["location"]}'


@given(JSON, st.sampled_from(["location", "position", "at", "note"]))
def test_no_place_in_any_refused_event_is_kept(raw: object, name: str) -> None:
    for event in (raw, {name: [PLACE]}, {**raw, name: PLACE} if isinstance(raw, dict) else [raw, PLACE]):
        assert "7.524111" not in kept(event)
