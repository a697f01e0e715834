from datetime import datetime, timedelta

import pytest

from routing.local_time import LocalTime
from routing.override_book import OverrideBook, Withdrawal
from tests.unit.routing.depot_notes import BERLIN, NOTED_AT, book_of, note

HEIDELBERG = LocalTime(lon_deg=8.69, lat_deg=49.41)
DAY = timedelta(days=1)
A, B = note(override_id="a"), note(override_id="b", created_at=NOTED_AT + DAY)


def _active(book: OverrideBook, at: datetime | None = None) -> list[str]:
    return [item.override_id for item in book.active_at(at, HEIDELBERG)]


def test_books_never_change() -> None:
    empty = OverrideBook()
    one = empty.add(A)
    two = one.add(B).withdraw("a", by="lead", at=NOTED_AT + 2 * DAY)
    assert (len(empty), len(one), len(two)) == (0, 1, 2)
    assert (_active(empty), _active(one), _active(two)) == ([], ["a"], ["b"])


def test_withdrawn_override_holds_at_no_instant_but_stays_in_the_history() -> None:
    book = book_of(A, B).withdraw("a", by="lead", at=NOTED_AT + 2 * DAY)
    for at in (None, NOTED_AT - DAY, NOTED_AT + DAY, NOTED_AT + 3 * DAY):
        assert _active(book, at) == ["b"]
    assert [(entry.what, entry.by, entry.override.override_id) for entry in book.history()] == [
        ("added", "dispatch", "a"),
        ("added", "dispatch", "b"),
        ("withdrawn", "lead", "a"),
    ]


def test_book_can_be_read_as_it_was_known_at_an_instant() -> None:
    book = book_of(A, B).withdraw("a", by="lead", at=NOTED_AT + 2 * DAY)
    assert book.as_known_at(NOTED_AT - DAY) == OverrideBook()
    assert _active(book.as_known_at(NOTED_AT)) == ["a"]
    assert _active(book.as_known_at(NOTED_AT + DAY)) == ["a", "b"]
    assert book.as_known_at(NOTED_AT + 2 * DAY) == book


def test_id_can_be_used_once_only_also_after_a_withdrawal() -> None:
    book = book_of(A).withdraw("a", by="lead", at=NOTED_AT)
    with pytest.raises(ValueError, match="Two overrides have the id 'a'"):
        book.add(A)


def test_only_known_overrides_can_be_withdrawn_and_only_once() -> None:
    with pytest.raises(ValueError, match="no override 'b' to withdraw"):
        book_of(A).withdraw("b", by="lead", at=NOTED_AT)
    with pytest.raises(ValueError, match="'a' has been withdrawn already"):
        book_of(A).withdraw("a", by="lead", at=NOTED_AT).withdraw("a", by="lead", at=NOTED_AT)


def test_withdrawal_needs_a_name_and_an_offset() -> None:
    with pytest.raises(ValueError, match="who withdraws"):
        book_of(A).withdraw("a", by="", at=NOTED_AT)
    with pytest.raises(ValueError, match="with its offset"):
        Withdrawal(override_id="a", withdrawn_by="lead", withdrawn_at=datetime(2026, 5, 4))  # noqa: DTZ001 - the fault


def test_digest_tells_books_apart_and_equal_ones_are_equal() -> None:
    zoned = book_of(note(created_at=NOTED_AT))
    assert zoned.digest == book_of(note(created_at=NOTED_AT.astimezone(BERLIN))).digest
    books = {book_of(A), book_of(B), book_of(A, B), book_of(B, A), book_of(A).withdraw("a", by="x", at=NOTED_AT)}
    assert len({book.digest for book in books}) == len(books) == 5
