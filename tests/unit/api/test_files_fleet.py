"""The fleet file: what is understood, and what is refused with its line."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.files.fleet_file import Fleet, read_fleet
from api.files.fleet_writer import write_fleet
from api.files.templates import fleet_template
from optimizer.domain.hours import Hours
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.request import SelectionRules
from optimizer.domain.stream import Stream
from optimizer.domain.vehicle import BreakRule, FuelRates, Shift, Vehicle
from routing.location import Location


def write(folder: Path, text: str) -> Path:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return path


def issues_of(folder: Path, text: str) -> tuple[Issue, ...]:
    with pytest.raises(InvalidInputError) as caught:
        read_fleet(write(folder, text))
    return caught.value.issues


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start))


def changed(start: str, new: str) -> str:
    """The template with the line that begins so replaced, or removed when the new one is empty."""
    lines = fleet_template().splitlines()
    index = line_of(fleet_template(), start) - 1
    lines[index : index + 1] = [new] if new else []
    return "\n".join(lines) + "\n"


def test_template_holds_the_usual_legal_values(tmp_path: Path) -> None:
    fleet = read_fleet(write(tmp_path, fleet_template()))
    assert fleet.zone == ZoneInfo("Europe/Berlin")
    assert fleet.rules == SelectionRules()
    (vehicle,) = fleet.vehicles
    assert (vehicle.shift.starts_local, vehicle.shift.ends_local) == (time(6, 30), time(15, 30))
    assert vehicle.shift.breaks == Shift(starts_local=time(6), ends_local=time(7)).breaks
    assert vehicle.cost_eur_per_km == 1.2


@pytest.mark.parametrize("key", ["cost_eur_per_km", "cost_eur_per_h"])
def test_missing_cost_is_never_guessed(tmp_path: Path, key: str) -> None:
    text = changed(f"{key} =", "")
    (issue,) = issues_of(tmp_path, text)
    assert issue.where == f"fleet.toml, line {line_of(text, '[[vehicle]]')}, vehicle truck-1"
    assert issue.code == "missing_key"
    assert f"{key} is missing" in issue.message
    assert "cost accounting" in issue.message


@pytest.mark.parametrize(
    ("start", "new", "code"),
    [
        ("cost_eur_per_km =", 'cost_eur_per_km = "1,20"', "not_a_number"),
        ("cost_eur_per_km =", "cost_eur_per_km = nan", "not_a_number"),
        ("cost_eur_per_km =", "cost_eur_per_km = true", "not_a_number"),
        ("cost_eur_per_km =", "cost_eur_per_km = -1.0", "number_out_of_range"),
        ("capacity_kg =", "capacity_kg = 0", "number_out_of_range"),
        ("max_trips =", "max_trips = 1.5", "not_whole"),
        ("is_available =", 'is_available = "yes"', "not_yes_or_no"),
        ("streams =", 'streams = "glass"', "wrong_kind"),
        ("zone =", 'zone = "Europe/Lünen"', "unknown_zone"),
        ("hours =", 'hours = "from six to four"', "opening_hours"),
        ("starts =", 'starts = "25:70"', "clock_time"),
        ("ends =", 'ends = "6:30"', "clock_time"),
        ("weekdays =", 'weekdays = ["Mo", "Mi"]', "weekday"),
        ("lon =", "lon = 400.0", "invalid"),
        ("density_kg_per_l =", "density_kg_per_l = 300.0", "number_out_of_range"),
        ("must_collect_probability =", "must_collect_probability = 10", "number_out_of_range"),
        ("depot =", 'depot = "yrad"', "unknown_depot"),
        ("compaction =", "compaction = {galss = 1.0}", "unknown_stream"),
        ("idle_l_per_h =", "idle_per_h = 3.0", "unknown_key"),
    ],
)
def test_wrong_value_is_reported_at_its_line(tmp_path: Path, start: str, new: str, code: str) -> None:
    text = changed(start, new)
    issue = issues_of(tmp_path, text)[0]
    assert issue.code == code
    # A point on no globe is reported where its table begins; all others at the key itself.
    line = line_of(text, "[[depot]]") if code == "invalid" else line_of(text, new)
    assert f"fleet.toml, line {line}, " in issue.where


def test_misspelt_key_is_reported_with_the_right_one(tmp_path: Path) -> None:
    issues = issues_of(tmp_path, changed("cost_eur_per_km =", "cost_eur_per_kn = 1.2"))
    assert {issue.code for issue in issues} == {"missing_key", "unknown_key"}
    assert any("Do you mean 'cost_eur_per_km'?" in issue.message for issue in issues)


def test_misspelt_table_is_reported(tmp_path: Path) -> None:
    issues = issues_of(tmp_path, changed("[[disposal_site]]", "[[disposalsite]]"))
    assert any("Do you mean 'disposal_site'?" in issue.message for issue in issues)


def test_stream_that_is_not_defined_is_reported_wherever_it_is_named(tmp_path: Path) -> None:
    issues = issues_of(tmp_path, changed('id = "glass"', 'id = "gals"'))
    assert [issue.code for issue in issues] == ["unknown_stream"] * 3


def test_id_used_twice_names_both_lines(tmp_path: Path) -> None:
    text = fleet_template() + '\n[[depot]]\nid = "yard"\nlon = 7.5\nlat = 51.6\n'
    (issue,) = issues_of(tmp_path, text)
    assert issue.code == "duplicate_id"
    first, second = line_of(text, 'id = "yard"'), len(text.splitlines()) - 2
    assert f"line {second}," in issue.where
    assert f"line {first}." in issue.message


def test_every_issue_of_the_file_is_reported_at_once(tmp_path: Path) -> None:
    text = changed("cost_eur_per_km =", "").replace('zone = "Europe/Berlin"', 'zone = "Europe/Lünen"')
    text = text.replace("unloading_s = 900", "unloading_s = -1")
    assert {issue.code for issue in issues_of(tmp_path, text)} == {"missing_key", "unknown_zone", "number_out_of_range"}


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 0.6, 0.8])
def test_file_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    text = fleet_template()
    for issue in issues_of(tmp_path, text[: int(len(text) * share)]):
        assert issue.where.startswith("fleet.toml, line ")


def test_text_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    (issue,) = issues_of(tmp_path, '[town]\nid = "a"\nname = Lünen\n')
    assert issue.where == "fleet.toml, line 3"
    assert issue.code == "toml_syntax"


@pytest.mark.parametrize("text", ["town = 3\nvehicle = 4\n", "[vehicle]\nid = 1\n", "[[town]]\n[[rules]]\n"])
def test_tables_of_a_wrong_kind_are_reported(tmp_path: Path, text: str) -> None:
    assert "wrong_kind" in {issue.code for issue in issues_of(tmp_path, text)}


def test_breaks_of_another_country_are_read(tmp_path: Path) -> None:
    text = changed("max_work_s =", "breaks = [{work_above_s = 14400, break_s = 1200}]")
    (vehicle,) = read_fleet(write(tmp_path, text)).vehicles
    assert vehicle.shift.breaks == (BreakRule(work_above_s=14_400, break_s=1_200),)


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=10).filter(
    lambda name: name == name.strip() and name
)
costs = st.floats(0, 1_000)


def locations() -> st.SearchStrategy[Location]:
    return st.builds(Location, lon_deg=st.floats(0.1, 180), lat_deg=st.floats(-90, 90))


def fleets() -> st.SearchStrategy[Fleet]:
    clock = st.times().filter(lambda at: at < time(23))
    shift = st.builds(
        Shift,
        starts_local=clock,
        ends_local=st.just(time(23, 30)),
        weekdays=st.frozensets(st.integers(0, 6)),
        breaks=st.lists(
            st.builds(BreakRule, work_above_s=st.integers(1, 40_000), break_s=st.integers(0, 14_400)),
            min_size=1,
            max_size=3,
        ).map(tuple),
        max_work_s=st.integers(600, 86_400),
        max_stretch_s=st.integers(600, 86_400),
    )
    fuel = st.builds(FuelRates, driving_l_per_100km=st.floats(0, 200), lift_l=st.floats(0, 5))

    def build(stream: str, depot: str, make: Callable[[Vehicle], Vehicle]) -> Vehicle:
        return make(
            Vehicle(
                vehicle_id="v",
                profile="truck_26t",
                streams=frozenset({stream}),
                capacity_kg=1.0,
                body_l=1.0,
                start_depot_id=depot,
                end_depot_id=depot,
                shift=Shift(starts_local=time(1), ends_local=time(2)),
                cost_eur_per_km=0,
                cost_eur_per_h=0,
                fuel=FuelRates(driving_l_per_100km=0),
            )
        )

    @st.composite
    def fleet(draw: st.DrawFn) -> Fleet:
        stream, depot = draw(names), draw(names)
        vehicle = build(
            stream,
            depot,
            lambda one: replace(
                one,
                vehicle_id=draw(names),
                name=draw(names),
                shift=draw(shift),
                fuel=draw(fuel),
                cost_eur_per_km=draw(costs),
                cost_eur_per_h=draw(costs),
                compaction_by_stream=draw(st.sampled_from([{}, {stream: 2.5}])),
                is_available=draw(st.booleans()),
                max_day_kg=draw(st.sampled_from([None, 1, 86_000])),
                systems=draw(st.frozensets(names, max_size=2)),
            ),
        )
        site = DisposalSite(
            disposal_site_id=draw(names),
            name=draw(names),
            location=draw(locations()),
            streams=frozenset({stream}),
            hours=draw(st.sampled_from([Hours(country="AT"), Hours(expression="Mo-Fr 06:00-15:00", country="AT")])),
            fee_eur_per_t=draw(costs),
        )
        return Fleet(
            town_id=draw(names),
            name=draw(names),
            zone=ZoneInfo("Europe/Vienna"),
            rules=SelectionRules(overflow_cost_eur=draw(costs)),
            streams=(
                Stream(stream_id=stream, density_kg_per_l=draw(st.floats(0.001, 2)), is_fast=draw(st.booleans())),
            ),
            depots=(Depot(depot_id=depot, location=draw(locations()), name=draw(names)),),
            disposal_sites=(site,),
            vehicles=(vehicle,),
            country="AT",
            map_name=draw(st.sampled_from(["", "streets.osm.pbf"])),
        )

    return fleet()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(fleets())
def test_fleet_reads_back_as_written(tmp_path: Path, fleet: Fleet) -> None:
    path = tmp_path / "fleet.toml"
    write_fleet(fleet, path, comments={"": "Top\nof file", "town": "Remark"})
    assert read_fleet(path) == fleet


def test_rare_rules_are_read(tmp_path: Path) -> None:
    text = changed("max_out_s =", "max_out_s = 30000").replace("overtime_eur_per_h = 0.0", "overtime_eur_per_h = 12.5")
    text = text.replace("toll_eur_per_km = 0.0", "toll_eur_per_km = 0.354").replace("= 86000\n", "= 21500\n")
    text = text.replace("queue_s_by_hour = {}", 'queue_s_by_hour = {"7-9" = 1200, "23-24" = 60}')
    text = text.replace("travel_slices = []", 'travel_slices = ["07:00", "09:30"]')
    fleet = read_fleet(write(tmp_path, text))
    (vehicle,), (site, *_) = fleet.vehicles, fleet.disposal_sites
    assert (vehicle.shift.max_out_s, vehicle.shift.regular_work_s) == (30_000, 28_800)
    assert (vehicle.overtime_eur_per_h, vehicle.toll_eur_per_km, vehicle.max_day_kg) == (12.5, 0.354, 21_500)
    assert site.queue_s_by_hour == (0,) * 7 + (1_200,) * 2 + (0,) * 14 + (60,)
    assert fleet.travel_slices_local == (time(7), time(9, 30))
    again = tmp_path / "again"
    again.mkdir()
    write_fleet(fleet, again / "fleet.toml")
    assert read_fleet(again / "fleet.toml") == fleet


def test_queue_may_be_given_hour_by_hour(tmp_path: Path) -> None:
    hours = ", ".join(str(60 * hour) for hour in range(24))
    fleet = read_fleet(write(tmp_path, changed("queue_s_by_hour =", f"queue_s_by_hour = [{hours}]")))
    assert fleet.disposal_sites[0].queue_s_by_hour == tuple(60 * hour for hour in range(24))


@pytest.mark.parametrize(
    ("start", "new", "code"),
    [
        ("queue_s_by_hour =", "queue_s_by_hour = [600]", "queue_hours"),
        ("queue_s_by_hour =", 'queue_s_by_hour = {"9-7" = 600}', "queue_hours"),
        ("queue_s_by_hour =", 'queue_s_by_hour = {"7-25" = 600}', "queue_hours"),
        ("queue_s_by_hour =", 'queue_s_by_hour = {"7-9" = "10 min"}', "queue_hours"),
        ("queue_s_by_hour =", 'queue_s_by_hour = {"7-9" = -1}', "number_out_of_range"),
        ("travel_slices =", 'travel_slices = ["09:00", "07:00"]', "travel_slices"),
        ("travel_slices =", 'travel_slices = ["7 am"]', "clock_time"),
        ("max_out_s =", "max_out_s = 30", "number_out_of_range"),
        ("max_day_kg =", "max_day_kg = 0", "number_out_of_range"),
        ("max_day_kg =", 'max_day_kg = "20 t"', "not_whole"),
        ("regular_work_s =", 'regular_work_s = "8 h"', "not_whole"),
        ("overtime_eur_per_h =", "overtime_eur_per_h = -1.0", "number_out_of_range"),
        ("toll_eur_per_km =", 'toll_eur_per_km = "a lot"', "not_a_number"),
    ],
)
def test_rare_rules_are_refused_with_their_line(tmp_path: Path, start: str, new: str, code: str) -> None:
    text = changed(start, new)
    (issue,) = issues_of(tmp_path, text)
    assert issue.code == code
    assert f"line {line_of(text, start)}," in issue.where


def test_overtime_needs_the_work_that_is_none(tmp_path: Path) -> None:
    text = changed("regular_work_s =", "").replace("overtime_eur_per_h = 0.0", "overtime_eur_per_h = 12.5")
    (issue,) = issues_of(tmp_path, text)
    assert issue.code == "no_regular_work"
    assert "add regular_work_s" in issue.message
