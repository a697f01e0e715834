"""Sentences are recognised by what is fixed in them, and what was filled in is filled into the other language."""

from optimizer.domain.sentence_book import SentenceBook


def test_sentence_is_found_and_its_places_are_filled() -> None:
    book = SentenceBook([("{name} is full (50 %?)", "{name} ist voll (50 %?)")], str.upper)
    assert book.translated("bin (1) is full (50 %?)") == "BIN (1) ist voll (50 %?)"
    assert book.translated("bin 1 is full (50 %?) today") is None
    assert book.translated(" is full (50 %?)") is None


def test_first_that_fits_is_used_and_places_may_change_their_order() -> None:
    book = SentenceBook([("{one} before {other}", "{other} nach {one}"), ("{all}", "anders: {all}")], str)
    assert book.translated("a before b") == "b nach a"
    assert book.translated("two\nlines") == "anders: two\nlines"
