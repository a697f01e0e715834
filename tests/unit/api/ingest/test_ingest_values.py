"""Plain values of payloads: instants worded by hand are those of the standard library."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.values import instant_text

ZONES = st.sampled_from(
    [UTC, timezone(timedelta(0)), timezone(timedelta(hours=2)), timezone(timedelta(seconds=-3_661))]
)
INSTANTS = st.datetimes(timezones=ZONES)


@given(at=st.one_of(INSTANTS, INSTANTS.map(lambda at: at.replace(microsecond=0))))
def test_instant_text_is_the_instant_in_iso_8601(at: datetime) -> None:
    assert instant_text(at) == at.isoformat()


@pytest.mark.parametrize("year", [1, 999, 1000, 9999])
def test_instant_text_holds_at_the_ends_of_the_calendar(year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert instant_text(at) == at.isoformat()
