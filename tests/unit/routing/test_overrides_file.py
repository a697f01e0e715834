import contextlib
import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.errors import BrokenOverridesError
from routing.override_book import OverrideBook, Withdrawal
from routing.overrides import (
    AllowAccess,
    AllowPrivate,
    AreaTarget,
    CloseStreet,
    ForbidReversing,
    Override,
    SetDirection,
    SetLimit,
    SetSpeed,
    StreetTarget,
    WayTarget,
)
from routing.overrides_file import parse_overrides, read_overrides, write_overrides
from routing.overrides_text import OVERRIDES_TEMPLATE, overrides_text

LINES = st.text(st.characters(categories=["L", "N", "P", "S"]) | st.just(" "), min_size=1, max_size=30).map(
    lambda text: text if text.strip() else f"x{text}"
)
INSTANTS = st.datetimes(
    datetime.fromisoformat("1950-01-01"),
    datetime.fromisoformat("2900-01-01"),
    timezones=st.sampled_from([UTC, ZoneInfo("Europe/Berlin")]),
)
DEGREES = st.floats(-80, 80, allow_nan=False)
SIZES = st.none() | st.integers(1, 1_000_000)
CHANGES = st.one_of(
    st.builds(CloseStreet),
    st.builds(AllowPrivate),
    st.builds(AllowAccess),
    st.builds(ForbidReversing),
    st.builds(SetSpeed, kph=st.floats(1, 200) | st.integers(1, 200)),
    st.builds(SetDirection, open_to=st.sampled_from(["forward", "backward", "both"])),
    st.builds(SetLimit, weight_kg=st.integers(1, 60_000), height_cm=SIZES, width_cm=SIZES, length_cm=SIZES),
)
TARGETS = st.one_of(
    st.builds(WayTarget, way_ids=st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=3).map(tuple)),
    st.builds(
        AreaTarget, outline_deg=st.lists(st.tuples(DEGREES, DEGREES), min_size=3, max_size=5, unique=True).map(tuple)
    ),
    st.builds(StreetTarget, name=LINES, box_deg=st.none() | st.just((8.5, 49.25, 8.75, 49.5))),
)


@st.composite
def books(draw: st.DrawFn) -> OverrideBook:
    ids = draw(st.lists(LINES, max_size=3, unique=True))
    overrides = []
    for one in ids:
        begin = draw(st.none() | INSTANTS)
        overrides.append(
            Override(
                override_id=one,
                change=draw(CHANGES),
                target=draw(TARGETS),
                reason=draw(LINES),
                created_by=draw(LINES),
                created_at=draw(INSTANTS),
                valid_from_at=begin,
                valid_until_at=draw(st.none() | st.just(begin and begin + timedelta(days=3))),
                hours=draw(st.sampled_from(["", "Mo-Fr 07:30-08:15; PH off", "24/7"])),
                profiles=tuple(draw(st.lists(LINES, max_size=2))),
            )
        )
    taken_back = ids[:1] if draw(st.booleans()) else []
    withdrawals = [
        Withdrawal(override_id=one, withdrawn_by=draw(LINES), withdrawn_at=draw(INSTANTS)) for one in taken_back
    ]
    return OverrideBook(overrides=tuple(overrides), withdrawals=tuple(withdrawals))


@settings(max_examples=60, deadline=None)
@given(books())
def test_what_is_written_reads_back_the_same(book: OverrideBook) -> None:
    text = overrides_text(book)
    assert text.startswith(OVERRIDES_TEMPLATE)
    back = parse_overrides(tomllib.loads(text), source="overrides.toml")
    assert back == book
    assert back.digest == book.digest
    assert overrides_text(back) == text


def test_file_is_written_and_read(tmp_path: Path) -> None:
    book = OverrideBook().add(
        Override(
            override_id="market",
            change=CloseStreet(),
            target=StreetTarget(name='Straße "am Markt" \\ 1'),
            reason="weekly market # not a comment",
            created_by="dispatch",
            created_at=datetime(2026, 5, 4, tzinfo=UTC),
            hours="Sa 06:00-14:00",
        )
    )
    path = tmp_path / "overrides.toml"
    write_overrides(path, book)
    assert read_overrides(path) == book
    assert [entry.name for entry in tmp_path.iterdir()] == ["overrides.toml"]


def test_template_is_a_file_without_overrides_and_its_examples_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "overrides.toml"
    path.write_text(OVERRIDES_TEMPLATE, encoding="utf-8")
    assert read_overrides(path) == OverrideBook()
    lines = [line.removeprefix("# ") for line in OVERRIDES_TEMPLATE.splitlines() if re.match(r"# (\[|\w+ = )", line)]
    kept = [line for line in lines if not line.startswith(("street", "polygon")) and "change" not in line]
    kept.insert(kept.index("[[withdrawal]]"), 'change = "close"')
    path.write_text("\n".join(kept), encoding="utf-8")
    book = read_overrides(path)
    assert (len(book), len(book.withdrawals)) == (1, 1)
    assert book.overrides[0].target == WayTarget(way_ids=(4711, 4712))


GOOD = """
[[override]]
id = "a"
reason = "r"
created_by = "me"
created_at = 2026-05-04T06:00:00+02:00
ways = [1]
change = "close"
"""


def _problems(text: str, **options: ZoneInfo) -> tuple[str, ...]:
    with pytest.raises(BrokenOverridesError) as caught:
        parse_overrides(tomllib.loads(text), source="overrides.toml", **options)
    return caught.value.issues


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("id =", "ident ="), "override 1: id is missing."),
        (("reason =", "reasn ="), "override 1 'a': 'reasn' is unknown here; do you mean 'reason'?"),
        (('"r"', "7"), "override 1 'a': reason must be a text in double quotes."),
        (("+02:00", ""), "created_at must be an instant with its offset"),
        (("2026-05-04T06:00:00+02:00", '"yesterday"'), "created_at must be an instant"),
        (("2026-05-04T06:00:00+02:00", "2026-05-04"), "created_at must be an instant"),
        (("2026-05-04T06:00:00+02:00", "0001-01-01T00:00:00+14:00"), "years 1900 to 2999"),
        (("ways = [1]", "ways = []"), "ways must be a list of OSM way numbers."),
        (("ways = [1]", 'ways = ["1"]'), "ways must be a list of OSM way numbers."),
        (("ways = [1]", "ways = [true]"), "ways must be a list of OSM way numbers."),
        (("ways = [1]", "ways = [-1]"), "above zero"),
        (("ways = [1]", "ways = [99999999999999999999]"), "at least one OSM way"),
        (("ways = [1]", 'ways = [1]\nstreet = "A"'), "exactly one of ways, polygon or street"),
        (("ways = [1]", ""), "exactly one of ways, polygon or street"),
        (("ways = [1]", 'ways = [1]\ndirection = "left"'), "direction is 'left'"),
        (("ways = [1]", "polygon = [[8, 49], [9, 49]]"), "at least three corners"),
        (("ways = [1]", "polygon = [[8, 49], [9, 49], [nan, 3]]"), "pairs of longitude and latitude"),
        (("ways = [1]", "polygon = [[8, 49], [9]]"), "polygon must be a list of corners"),
        (("ways = [1]", 'street = "A"\nbox = [1, 2, 3]'), "box must be [west, south, east, north]."),
        (("ways = [1]", 'street = "A"\nbox = [3, 2, 1, 4]'), "west below east"),
        (('"close"', '"clse"'), "change is 'clse'; it must be one of close, limit, speed, direction"),
        (('"close"', '"limit"'), "A limit needs a weight_kg"),
        (('"close"', '"limit"\nweight_kg = 7.5'), "weight_kg must be a whole number."),
        (('"close"', '"limit"\nweight_t = 7'), "'weight_t' is unknown here; do you mean 'weight_kg'?"),
        (('"close"', '"speed"'), "kph is missing."),
        (('"close"', '"speed"\nkph = 0'), "close the street to keep out of it"),
        (('"close"', '"speed"\nkph = inf'), "not between 1 and 200"),
        (('"close"', '"direction"\nopen = "left"'), "not 'left'"),
        (('"close"', '"close"\nkph = 10'), "'kph' is unknown here"),
        (('"close"', '"close"\nhours = "never"'), "The hours 'never' cannot be understood"),
        (('"close"', '"close"\nprofiles = "truck_26t"'), "profiles must be a list of profile names"),
        (("[[override]]", "[override]"), "'override' must be written as tables [[override]]."),
        (("[[override]]", "[[overide]]"), "'overide' is unknown; known are [[override]] and [[withdrawal]]."),
    ],
)
def test_what_is_wrong_is_named(change: tuple[str, str], problem: str) -> None:
    issues = _problems(GOOD.replace(*change))
    assert any(problem in issue for issue in issues), issues


def test_all_problems_are_named_at_once() -> None:
    bad = GOOD.replace('"r"', "7").replace("[1]", "[]").replace('"close"', '"clse"')
    issues = _problems(bad + GOOD.replace('"a"', '"b"').replace("[1]", "[0]") + "\n[[withdrawal]]\nid = 'c'\n")
    assert [issue.split(":")[0] for issue in issues] == [
        "override 1 'a'",
        "override 1 'a'",
        "override 1 'a'",
        "override 2 'b'",
        "withdrawal 1 'c'",
        "withdrawal 1 'c'",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + GOOD, "Two overrides have the id 'a'"),
        (GOOD + '[[withdrawal]]\nid = "b"\nby = "me"\nat = 2026-05-04T06:00:00Z', "no override 'b' to withdraw"),
    ],
)
def test_contradictions_between_tables_are_named(text: str, problem: str) -> None:
    assert any(problem in issue for issue in _problems(text))


def test_instants_without_an_offset_are_local_where_a_zone_is_given() -> None:
    text = GOOD.replace("+02:00", "")
    book = parse_overrides(tomllib.loads(text), source="", zone=ZoneInfo("Europe/Berlin"))
    assert book == parse_overrides(tomllib.loads(GOOD), source="")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[[override", b"a = 1\na = 2", b"\x00", b"x = " + b"[" * 5_000])
def test_file_that_is_no_toml_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "overrides.toml"
    path.write_bytes(content)
    with pytest.raises(BrokenOverridesError, match=r"overrides\.toml cannot be used\. It cannot be read"):
        read_overrides(path)
    with pytest.raises(BrokenOverridesError, match="cannot be read"):
        read_overrides(tmp_path / "absent.toml")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["id", "reason", "created_by", "created_at", "from", "until", "hours", "profiles", "ways", "polygon", "street"]
KEYS += ["box", "direction", "change", "weight_kg", "kph", "open", "by", "at"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON), max_size=2), st.sampled_from(["override", "withdrawal"]))
def test_any_values_are_either_read_or_refused_in_words(tables: list[dict[str, object]], name: str) -> None:
    with contextlib.suppress(BrokenOverridesError):
        parse_overrides({name: tables}, source="overrides.toml")
        return
    with pytest.raises(BrokenOverridesError) as caught:
        parse_overrides({name: tables}, source="overrides.toml")
    issues = caught.value.issues
    assert issues
    assert all(issue.endswith((".", "?")) for issue in issues)
