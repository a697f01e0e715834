"""The register of containers: what is understood, and what is refused with line and column."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.files.containers_file import containers_csv, read_containers, write_containers
from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.issues import InvalidInputError, Issue
from routing.location import Location, Side

HEADING = "container_id,lon,lat,stream,capacity_l"
GOOD = "G-1,8.24,50.08,glass,3000"
WIESBADEN = Location(lon_deg=8.24, lat_deg=50.08)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "containers.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def issues_of(path: Path, **options: object) -> tuple[Issue, ...]:
    with pytest.raises(InvalidInputError) as caught:
        read_containers(path, **options)
    return caught.value.issues


def test_containers_take_documented_values_where_optional_columns_are_absent(tmp_path: Path) -> None:
    (container,) = read_containers(write(tmp_path, f"{HEADING}\n{GOOD}\n"))
    assert container == Container(
        container_id="G-1", site_id="G-1", location=WIESBADEN, stream="glass", capacity_l=3000.0
    )


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (",8.24,50.08,glass,3000", "container_id", "cell_empty"),
        ("G-2,8.24,abc,glass,3000", "lat", "not_a_number"),
        ('G-2,8.24,"50,08",glass,3000', "lat", "not_a_number"),
        ("G-2,8.24,NaN,glass,3000", "lat", "not_a_number"),
        ("G-2,8.24,inf,glass,3000", "lat", "not_a_number"),
        ("G-2,8.24,1e999,glass,3000", "lat", "not_a_number"),
        ("G-2,8.24,,glass,3000", "lat", "cell_empty"),
        ("G-2,190,50.08,glass,3000", "lon", "number_out_of_range"),
        ("G-2,0,0,glass,3000", "lat", "no_coordinates"),
        ("G-2,8.24,50.08,glas,3000", "stream", "unknown_stream"),
        ("G-2,8.24,50.08,,3000", "stream", "cell_empty"),
        ("G-2,8.24,50.08,glass,-5", "capacity_l", "number_out_of_range"),
        ("G-2,8.24,50.08,glass,0", "capacity_l", "number_out_of_range"),
        ("G-2,8.24,50.08,glass,1e308", "capacity_l", "number_out_of_range"),
        ("G-2,8.24,50.08,glass,3_000", "capacity_l", "not_a_number"),
        ("G-2,8.24,50.08,glass,true", "capacity_l", "not_a_number"),
    ],
)
def test_bad_cell_is_reported_with_line_and_column(tmp_path: Path, line: str, column: str, code: str) -> None:
    path = write(tmp_path, f"{HEADING}\n{GOOD}\n\n{line}\n")
    (issue,) = issues_of(path, streams=frozenset({"glass", "paper"}))
    assert issue.where == f"containers.csv, line 4, column {column}"
    assert issue.code == code


def test_comma_decimal_in_a_comma_file_says_what_to_write(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, f'{HEADING}\nG-1,8.24,"50,08",glass,3000\n'))
    assert str(issue) == "containers.csv, line 2, column lat: '50,08' is no number; use a point, as in 50.08."


@pytest.mark.parametrize(
    ("extra", "value", "code"),
    [
        ("side", "left", "side"),
        ("service_s", "90.5", "not_whole"),
        ("setup_s", "99999", "number_out_of_range"),
        ("hours", "Mo-Fr 6-26:99", "opening_hours"),
        ("max_days_between_visits", "0", "number_out_of_range"),
        ("has_sensor", "perhaps", "not_yes_or_no"),
    ],
)
def test_bad_optional_cell_is_reported(tmp_path: Path, extra: str, value: str, code: str) -> None:
    (issue,) = issues_of(write(tmp_path, f"{HEADING},{extra}\n{GOOD},{value}\n"))
    assert issue.where == f"containers.csv, line 2, column {extra}"
    assert issue.code == code


def test_every_bad_line_is_reported_at_once(tmp_path: Path) -> None:
    lines = ["G-1,x,50.08,glass,3000", GOOD.replace("G-1", "G-2"), "G-3,8.24,y,glass,z"]
    wheres = [issue.where for issue in issues_of(write(tmp_path, "\n".join([HEADING, *lines])))]
    assert wheres == [
        "containers.csv, line 2, column lon",
        "containers.csv, line 4, column lat",
        "containers.csv, line 4, column capacity_l",
    ]


def test_german_excel_export_is_understood(tmp_path: Path) -> None:
    text = (
        "sep=;\r\nBehälter;Längengrad;Breitengrad;Fraktion;Liter;Adresse\r\n"
        "G-1;8,24;50,08;glass;1100,5;Mühlstraße 1\r\nG-2;8,24;50,08;glass;1.100,5;\r\n"
    )
    expected = [("G-1", 1100.5, "Mühlstraße 1"), ("G-2", 1100.5, "")]
    for content in (text.encode("utf-8-sig"), text.encode("cp1252"), text.encode("utf-16")):
        containers = read_containers(write(tmp_path, content))
        assert [(one.container_id, one.capacity_l, one.address) for one in containers] == expected
        assert containers[0].location == WIESBADEN


def test_point_that_may_group_thousands_is_not_guessed(tmp_path: Path) -> None:
    text = "container_id;lon;lat;stream;capacity_l\nG-1;8,24;50,08;glass;1.100\n"
    (issue,) = issues_of(write(tmp_path, text))
    assert issue.code == "ambiguous_number"
    assert "1100" in issue.message


def test_duplicate_id_names_both_lines(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, f"{HEADING}\n{GOOD}\nG-2,8.24,50.08,glass,3000\n{GOOD}\n"))
    assert issue.where == "containers.csv, line 4, column container_id"
    assert "line 2" in issue.message


def test_500_swapped_lines_give_one_report(tmp_path: Path) -> None:
    lines = [f"G-{n},50.08,{8.2 + n / 10_000:.4f},glass,3000" for n in range(500)]
    (issue,) = issues_of(write(tmp_path, "\n".join([HEADING, *lines])), near=WIESBADEN)
    assert issue.code == "coordinates_swapped"
    assert "500 of 500" in issue.message


def test_swapped_lines_are_found_without_a_depot_where_latitudes_are_impossible(tmp_path: Path) -> None:
    lines = [f"G-{n},-33.8,151.{n},glass,3000" for n in range(100, 200)]
    (issue,) = issues_of(write(tmp_path, "\n".join([HEADING, *lines])))
    assert issue.code == "coordinates_swapped"


def test_single_swapped_line_is_reported_at_its_line(tmp_path: Path) -> None:
    lines = [f"G-{n},8.24,50.08,glass,3000" for n in range(9)] + ["G-9,50.08,8.24,glass,3000"]
    (issue,) = issues_of(write(tmp_path, "\n".join([HEADING, *lines])), near=WIESBADEN)
    assert issue.where == "containers.csv, line 11"


def test_correct_lines_far_from_the_depot_are_not_called_swapped(tmp_path: Path) -> None:
    assert len(read_containers(write(tmp_path, f"{HEADING}\nG-1,9.5,51.3,glass,1100\n"), near=WIESBADEN)) == 1


def test_missing_columns_show_the_expected_heading(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, "container_id,lon,stream\nG-1,8.24,glass\n"))
    assert issue.where == "containers.csv, line 1"
    assert "'lat' and 'capacity_l' is missing" in issue.message
    assert "max_days_between_visits" in issue.message


def test_misspelt_optional_column_is_not_ignored(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, f"{HEADING},sytem\n{GOOD},crane\n"))
    assert issue.code == "unknown_column"
    assert "'system'" in issue.message


def test_columns_of_the_towns_own_are_ignored(tmp_path: Path) -> None:
    assert len(read_containers(write(tmp_path, f"{HEADING},inventory number\n{GOOD},4711\n"))) == 1


def test_column_can_be_named_by_the_caller(tmp_path: Path) -> None:
    text = "Nr.,lon,lat,stream,capacity_l\nG-1,8.24,50.08,glass,3000\n"
    (container,) = read_containers(write(tmp_path, text), columns={"container_id": "Nr."})
    assert container.container_id == "G-1"


def test_file_cut_off_in_its_last_line_says_so(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, f"{HEADING}\n{GOOD}\nG-2,8.24,50."))
    assert issue.where == "containers.csv, line 3"
    assert "cut off" in issue.message


def test_quote_that_is_never_closed_is_reported_where_it_opens(tmp_path: Path) -> None:
    issue = issues_of(
        write(tmp_path, f'{HEADING},address\n{GOOD},x\nG-2,8.24,50.08,glass,1,"Mühl\nG-3,8,50,glass,1,\n')
    )[0]
    assert issue.where == "containers.csv, line 3"
    assert issue.code == "broken_quotes"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf\r\n", "file_empty"),
        (HEADING.encode(), "no_rows"),
        (b"PK\x03\x04rest of a workbook", "file_type"),
        (b"PAR1rest", "file_type"),
        (b"\x00\x01\x02\x03", "file_type"),
        (b"%PDF-1.7", "file_type"),
        (b"just some text\n", "missing_column"),
    ],
)
def test_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert [issue.code for issue in issues_of(write(tmp_path, content))] == [code]


def test_missing_file_is_named(tmp_path: Path) -> None:
    (issue,) = issues_of(tmp_path / "containers.csv")
    assert issue.code == "file_missing"


def test_many_issues_are_summarised_by_kind(tmp_path: Path) -> None:
    lines = [f"G-{n},x,50.08,glass,y" for n in range(200)]
    issues = issues_of(write(tmp_path, "\n".join([HEADING, *lines])))
    assert len(issues) == 4
    assert "397 more of the kind 'not_a_number'" in issues[-1].message
    assert "line 201" in issues[-1].message


texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
names = texts.filter(bool)
containers = st.builds(
    Container,
    container_id=names,
    site_id=names,
    location=st.builds(Location, lon_deg=st.floats(-180, 180).filter(lambda lon: lon != 0), lat_deg=st.floats(-90, 90)),
    stream=names,
    capacity_l=st.floats(1, 40_000).map(lambda litres: float(f"{litres:.15g}")),
    side=st.sampled_from(Side),
    service_s=st.integers(0, 7200),
    setup_s=st.integers(0, 7200),
    hours=st.sampled_from([Hours(), Hours(expression="Mo-Sa 07:00-20:00; PH off")]),
    system=names,
    max_days_between_visits=st.none() | st.integers(1, 3650),
    has_sensor=st.booleans(),
    address=texts,
    municipality=texts,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(containers, min_size=1, max_size=6, unique_by=lambda one: one.container_id))
def test_containers_read_back_as_written(tmp_path: Path, given_containers: list[Container]) -> None:
    path = tmp_path / "containers.csv"
    write_containers(given_containers, path)
    assert list(read_containers(path)) == given_containers


REGISTER = containers_csv(
    [
        Container(
            container_id=f"G-{n}",
            site_id=f"S-{n // 2}",
            location=Location(lon_deg=8.24 + n / 1000, lat_deg=50.08),
            stream="glass",
            capacity_l=3000.0,
            address="Mühlstraße 1, Hof",
        )
        for n in range(8)
    ],
    notes={},
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_to_one_line_is_reported_there_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    lines = REGISTER.split("\n")
    number = data.draw(st.integers(2, 9), label="line")
    line = lines[number - 1]
    start = data.draw(st.integers(0, len(line) - 1), label="from")
    end = data.draw(st.integers(start, min(len(line), start + 4)), label="to")
    patch = data.draw(st.text(st.sampled_from('0123456789.,;"-xNa \tß'), max_size=3), label="put")
    lines[number - 1] = line[:start] + patch + line[end:]
    path = write(tmp_path, "\n".join(lines))
    try:
        containers = read_containers(path, near=WIESBADEN)
    except InvalidInputError as error:
        issues = error.issues
    else:
        untouched = [one for index, one in enumerate(read_register(tmp_path)) if index != number - 2]
        kept = {one.container_id: one for one in containers}
        assert [kept.get(one.container_id) for one in untouched] == untouched
        return
    assert any(f"line {number}" in issue.where or f"line {number}." in issue.message for issue in issues), issues


def read_register(folder: Path) -> tuple[Container, ...]:
    path = folder / "whole.csv"
    path.write_text(REGISTER, encoding="utf-8")
    return read_containers(path)


def test_written_file_has_one_line_per_container() -> None:
    assert len(list(csv.reader(io.StringIO(REGISTER)))) == 9
