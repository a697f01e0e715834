import dataclasses
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.conditional import hours_in, parse_condition, parse_conditional, split_clauses, tags_in_force
from routing.local_time import LocalTime
from routing.profile import VehicleProfile, load_profile
from routing.rules import tag_problems

TRUCK = load_profile("truck_26t")  # 26 t, 10 m, 3.6 m high, 2.55 m wide, 11.5 t on an axle
VAN = load_profile("van_3_5t")
HEIDELBERG = LocalTime(lon_deg=8.69, lat_deg=49.41)
BERLIN = ZoneInfo("Europe/Berlin")


def _in_force(profile: VehicleProfile, at: datetime, **tags: str) -> dict[str, str]:
    named = {key.replace("__", ":"): value for key, value in tags.items()}
    running = {hours for hours in hours_in(named) if HEIDELBERG.is_running(hours, at)}
    return tags_in_force(named, profile=profile, running=running)


MONDAY_8 = datetime(2026, 5, 4, 8, tzinfo=BERLIN)
MONDAY_13 = datetime(2026, 5, 4, 13, tzinfo=BERLIN)
SUNDAY_8 = datetime(2026, 5, 3, 8, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("value", "at", "expected"),
    [
        ("no @ (Mo-Fr 07:00-09:00)", MONDAY_8, "no"),
        ("no @ (Mo-Fr 07:00-09:00)", MONDAY_13, None),
        ("no @ (Mo-Fr 07:00-09:00)", SUNDAY_8, None),
        ("no @ Mo-Fr 07:00-09:00", MONDAY_8, "no"),
        ("no@(Mo-Fr 07:00-09:00)", MONDAY_8, "no"),
        ("no @ ((Mo-Fr 07:00-09:00))", MONDAY_8, "no"),
        ("no @ (Su,PH; Mo 07:00-09:00)", MONDAY_8, "no"),
        ("no @ Sa 10:00-12:00; Mo 07:00-09:00", MONDAY_8, "no"),
        ("no @ (Mo-Su); destination @ (Mo 07:00-09:00)", MONDAY_8, "destination"),
        ("no @ (Mo-Su); destination @ (Mo 07:00-09:00)", MONDAY_13, "no"),
        ("destination @ (Mo 07:00-09:00); no @ (Mo-Su)", MONDAY_8, "no"),
        ("no @ (wet)", MONDAY_8, None),
        ("no @ (wet); destination @ (Mo 07:00-09:00)", MONDAY_8, "destination"),
        ("no @ (Mo-Fr 07:00-09:00 AND wet)", MONDAY_8, None),
        ("no", MONDAY_8, None),
        ("", MONDAY_8, None),
    ],
)
def test_last_clause_that_holds_decides(value: str, at: datetime, expected: str | None) -> None:
    assert _in_force(TRUCK, at, hgv__conditional=value).get("hgv") == expected


@pytest.mark.parametrize(
    ("condition", "holds_for_truck", "holds_for_van"),
    [
        ("weight>7.5", True, False),
        ("weight > 7.5 t", True, False),
        ("weight>=26", True, False),
        ("weight>26", False, False),
        ("weight<3.6", False, True),
        ("weight<=3500 kg", False, True),
        ("weight=26", True, False),
        ("maxweight>7.5", True, False),
        ("weightrating>12", True, False),
        ("axleload>10", True, False),
        ("length>9.99", True, False),
        ("length>10", False, False),
        ("height>3.5", True, False),
        ("width>2.5 m", True, False),
        ("(7:30-19:00 AND weight>7.5)", True, False),
        ("7:30-19:00 and weight>7.5", True, False),
        ("(7:30-19:00) AND (weight>7.5)", True, False),
        ("20:00-22:00 AND weight>7.5", False, False),
        ("weight>3 AND length>5", True, True),
    ],
)
def test_sizes_are_compared_with_the_vehicle(condition: str, *, holds_for_truck: bool, holds_for_van: bool) -> None:
    for profile, holds in ((TRUCK, holds_for_truck), (VAN, holds_for_van)):
        assert ("access" in _in_force(profile, MONDAY_8, access__conditional=f"no @ {condition}")) == holds


def test_conditional_value_replaces_the_plain_one_and_leaves_the_rest() -> None:
    tags = {"highway": "residential", "maxspeed": "50", "maxspeed__conditional": "30 @ (Mo-Fr 07:00-17:00)"}
    assert _in_force(TRUCK, MONDAY_8, **tags) == {"highway": "residential", "maxspeed": "30"}
    assert _in_force(TRUCK, SUNDAY_8, **tags) == {"highway": "residential", "maxspeed": "50"}


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("access:conditional", "yes @ agricultural", "'agricultural' is no time and no size"),
        ("maxspeed:conditional", "80 @ wet", "'wet' is no time and no size"),
        ("maxweight:conditional", "none @ destination", "'destination' is no time and no size"),
        ("hgv:conditional", "no @ (Mo-Fr 07:00-09:00; SH off)", "no time and no size"),
        ("hgv:conditional", "no @ (weight>heavy)", "the weight 'heavy' cannot be understood"),
        ("hgv:conditional", "no @ (weight>none)", "compares with no number"),
        ("hgv:conditional", "no", "it has no condition"),
        ("hgv:conditional", "no @", "it has no condition"),
        ("maxspeed:conditional", "fast @ (22:00-06:00)", "the speed 'fast' cannot be understood"),
        ("maxheight:conditional", "low @ (22:00-06:00)", "the length 'low' cannot be understood"),
        ("oneway:conditional", "maybe @ (22:00-06:00)", "the direction 'maybe' cannot be understood"),
        ("hgv:conditional", "no @ (" + "x" * 2000, "longer than"),
    ],
)
def test_what_cannot_be_followed_is_named(key: str, value: str, problem: str) -> None:
    assert [problem in detail for detail in tag_problems(key, value)] == [True]


def test_understood_conditions_have_no_problem() -> None:
    assert tag_problems("access:conditional", "no @ (7:30-19:00 AND weight>7.5); yes @ (PH)") == []


def test_clauses_are_split_outside_brackets_only() -> None:
    assert split_clauses("no_left_turn @ (Mo-Fr 07:00-09:00; Sa 08:00-09:00); no_u_turn @ (Su)") == [
        ("no_left_turn", "Mo-Fr 07:00-09:00; Sa 08:00-09:00"),
        ("no_u_turn", "Su"),
    ]


def test_boundary_of_a_comparison_is_the_vehicles_own_size() -> None:
    [comparison] = parse_condition("height>3.6").comparisons
    assert not comparison.holds(TRUCK)
    assert comparison.holds(dataclasses.replace(TRUCK, height_cm=361))


@given(st.text(alphabet=st.sampled_from("no@();MoFr0-9:AND weight>7.5\x00é"), max_size=60))
def test_any_text_ends_in_clauses_that_can_be_judged(text: str) -> None:
    for clause in parse_conditional(text):
        assert clause.holds(TRUCK, set()) in {True, False}
        assert clause.problem or clause.hours or clause.comparisons
