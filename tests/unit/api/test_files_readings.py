"""Readings as CSV and Parquet: what is understood, and what is refused with its line."""

import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.files.readings_file import read_readings
from api.files.readings_writer import write_readings
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import FillHistory, FillSeries

HEADING = "container_id,observed_at,fill_percent"
BERLIN = ZoneInfo("Europe/Berlin")
IDS = ("G-1", "G-2", "G-3")


def write(folder: Path, text: str | bytes, name: str = "readings.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(path: Path, zone: ZoneInfo | None = BERLIN) -> FillHistory:
    return read_readings(path, container_ids=IDS, zone=zone)


def issues_of(path: Path, zone: ZoneInfo | None = BERLIN) -> tuple[Issue, ...]:
    with pytest.raises(InvalidInputError) as caught:
        read(path, zone)
    return caught.value.issues


def at_s(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_readings_become_series_in_time_order(tmp_path: Path) -> None:
    history = read(
        write(
            tmp_path,
            f"{HEADING}\nG-2,2026-03-02T06:00:00Z,50\nG-1,2026-03-02T05:00:00+01:00,62.5\n"
            "G-2,2026-03-02T05:00:00Z,40\n",
        )
    )
    assert list(history) == ["G-1", "G-2"]
    assert history["G-1"].observed_at_s.tolist() == [at_s("2026-03-02T04:00:00+00:00")]
    assert history["G-1"].fill_fraction.tolist() == [0.625]
    assert history["G-2"].fill_fraction.tolist() == pytest.approx([0.4, 0.5])
    assert history["G-2"].observed_at_s.dtype == np.int64


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T05:30:00+01:00",
        "2026-03-02 05:30:00+01:00",
        "2026-03-02T05:30+01:00",
        "2026-03-02T05:30:00.123+0100",
        "2026-03-02T04:30:00Z",
        "2026-03-02T05:30:00",
        "2026-03-02 05:30",
        "02.03.2026 05:30",
        "02.03.2026 05:30:00",
    ],
)
def test_instants_are_understood_in_usual_notations(tmp_path: Path, written: str) -> None:
    history = read(write(tmp_path, f"{HEADING}\nG-1,{written},10\n"))
    assert history["G-1"].observed_at_s.tolist() == [at_s("2026-03-02T05:30:00+01:00")]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("G-1,2026-03-02,10", "observed_at", "not_an_instant"),
        ("G-1,45000.25,10", "observed_at", "not_an_instant"),
        ("G-1,2026-13-02T05:30:00Z,10", "observed_at", "not_an_instant"),
        ("G-1,03/02/2026 05:30,10", "observed_at", "not_an_instant"),
        ("G-1,,10", "observed_at", "not_an_instant"),
        ("G-1,2026-03-02T05:3", "", "field_count"),
        ("G-1,2026-03-29T02:30:00,10", "observed_at", "skipped_clock_time"),
        ("G-1,2026-03-02T05:30:00Z,NaN", "fill_percent", "not_a_number"),
        ("G-1,2026-03-02T05:30:00Z,Infinity", "fill_percent", "not_a_number"),
        ("G-1,2026-03-02T05:30:00Z,1e999", "fill_percent", "not_a_number"),
        ("G-1,2026-03-02T05:30:00Z,true", "fill_percent", "not_a_number"),
        ('G-1,2026-03-02T05:30:00Z,"62,5"', "fill_percent", "not_a_number"),
        ("G-1,2026-03-02T05:30:00Z,", "fill_percent", "cell_empty"),
        ("G-1,2026-03-02T05:30:00Z,1e308", "fill_percent", "absurd_level"),
        ("G-9,2026-03-02T05:30:00Z,10", "container_id", "unknown_container"),
        (",2026-03-02T05:30:00Z,10", "container_id", "unknown_container"),
        ("G-1,2026-03-02T05:30:00Z,10,4", "", "field_count"),
    ],
)
def test_bad_line_is_reported_where_it_stands(tmp_path: Path, line: str, column: str, code: str) -> None:
    good = "G-1,2026-03-01T05:30:00Z,10"
    (issue,) = issues_of(write(tmp_path, f"# remark\n{HEADING}\n{good}\n\n{line}\n{good}\n"))
    assert issue.code == code
    assert issue.where == "readings.csv, line 5" + (f", column {column}" if column else "")


def test_levels_and_clocks_of_faulty_sensors_are_passed_on_to_the_cleaning(tmp_path: Path) -> None:
    lines = ["G-1,1970-01-01T00:00:07Z,-5", "G-1,2099-01-01T00:00:00Z,255", "G-1,2026-01-01T00:00:00Z,101"]
    series = read(write(tmp_path, "\n".join([HEADING, *lines])))["G-1"]
    assert series.observed_at_s[0] == 7
    assert series.fill_fraction.tolist() == pytest.approx([-0.05, 1.01, 2.55])


def test_clock_times_without_offset_are_refused_where_no_zone_is_known(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, f"{HEADING}\nG-1,2026-03-02T05:30:00,10\n"), zone=None)
    assert issue.code == "naive_instant"


def test_night_with_two_half_past_twos_keeps_both_readings(tmp_path: Path) -> None:
    with_offset = read(
        write(tmp_path, f"{HEADING}\nG-1,2026-10-25T02:30:00+02:00,10\nG-1,2026-10-25T02:30:00+01:00,11\n")
    )
    assert np.diff(with_offset["G-1"].observed_at_s).tolist() == [3600]


def test_naive_clock_times_of_that_night_follow_the_order_of_the_file(tmp_path: Path) -> None:
    clocks = ["01:45", "02:15", "02:45", "02:15", "02:45", "03:15"]
    lines = [f"G-1,2026-10-25T{clock}:00,{n}" for n, clock in enumerate(clocks)]
    series = read(write(tmp_path, "\n".join([HEADING, *lines])))["G-1"]
    assert np.diff(series.observed_at_s).tolist() == [1800] * 5
    assert series.fill_fraction.tolist() == pytest.approx([n / 100 for n in range(6)])


def test_naive_clock_times_sorted_by_clock_are_told_apart_by_their_repetition(tmp_path: Path) -> None:
    lines = [f"G-1,2026-10-25T{clock}:00,10" for clock in ("02:15", "02:15", "02:45", "02:45")]
    series = read(write(tmp_path, "\n".join([HEADING, *lines])))["G-1"]
    assert np.diff(series.observed_at_s).tolist() == [1800] * 3


def test_days_of_the_clock_changes_have_23_and_25_hours(tmp_path: Path) -> None:
    for first, last, hours in (("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25)):
        path = write(tmp_path, f"{HEADING}\nG-1,{first}T00:00,1\nG-1,{last}T00:00,1\n")
        assert np.diff(read(path)["G-1"].observed_at_s).tolist() == [hours * 3600]


def test_emptyings_are_kept_apart_from_levels(tmp_path: Path) -> None:
    text = (
        f"{HEADING},source,is_emptying\nG-1,2026-03-02T05:00:00Z,80,sensor,no\n"
        "G-1,2026-03-02T06:00:00Z,,driver,yes\nG-1,2026-03-02T07:00:00Z,2,truck,ja\n"
    )
    series = read(write(tmp_path, text))["G-1"]
    assert series.emptied_at_s.tolist() == [at_s("2026-03-02T06:00:00+00:00"), at_s("2026-03-02T07:00:00+00:00")]
    assert series.fill_fraction.tolist() == pytest.approx([0.8, 0.02])


@pytest.mark.parametrize(("cells", "code"), [("robot,no", "unknown_source"), ("sensor,maybe", "not_yes_or_no")])
def test_bad_source_and_emptying_are_reported(tmp_path: Path, cells: str, code: str) -> None:
    text = f"{HEADING},source,is_emptying\nG-1,2026-03-02T05:00:00Z,80,{cells}\n"
    (issue,) = issues_of(write(tmp_path, text))
    assert issue.code == code


def test_same_instant_twice_keeps_the_lowest_level(tmp_path: Path) -> None:
    lines = [f"G-1,2026-03-02T05:00:00Z,{level}" for level in (30, 80, 20, 30)]
    series = read(write(tmp_path, "\n".join([HEADING, *lines])))["G-1"]
    assert series.fill_fraction.tolist() == pytest.approx([0.2])


def test_german_excel_export_is_understood(tmp_path: Path) -> None:
    text = "Behälter;Zeitpunkt;Füllstand Prozent\r\nG-1;02.03.2026 05:30;62,5\r\n"
    for content in (text.encode("utf-8-sig"), text.encode("cp1252")):
        series = read(write(tmp_path, content))["G-1"]
        assert series.fill_fraction.tolist() == [0.625]


def test_scale_is_never_guessed(tmp_path: Path) -> None:
    (issue,) = issues_of(write(tmp_path, "container_id,observed_at,level\nG-1,2026-03-02T05:30:00Z,0.5\n"))
    assert issue.code == "missing_column"
    assert "fill_fraction" in issue.message


@pytest.mark.parametrize(("column", "factor"), [("fill_percent", 1.0), ("fill_fraction", 100.0)])
def test_levels_on_the_wrong_scale_give_one_report(tmp_path: Path, column: str, factor: float) -> None:
    lines = [f"G-1,2026-03-02T05:{n:02d}:00Z,{n / 60 * factor}" for n in range(60)]
    (issue,) = issues_of(write(tmp_path, "\n".join([f"container_id,observed_at,{column}", *lines])))
    assert issue.code == "scale"


def test_thousand_bad_lines_are_counted_not_listed(tmp_path: Path) -> None:
    lines = [f"G-1,never,{n % 100}" for n in range(1000)]
    issues = issues_of(write(tmp_path, "\n".join([HEADING, *lines])))
    assert len(issues) == 11
    assert "990 more like these, the last in line 1001" in issues[-1].message


def test_unknown_container_is_reported_once_with_its_readings(tmp_path: Path) -> None:
    lines = [f"G-9,2026-03-02T05:{n:02d}:00Z,10" for n in range(60)]
    (issue,) = issues_of(write(tmp_path, "\n".join([HEADING, *lines])))
    assert "60 readings" in issue.message


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file_empty"), (b"PK\x03\x04", "file_type"), (b"nonsense", "missing_column")],
)
def test_csv_of_another_kind_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert issues_of(write(tmp_path, content))[0].code == code


@pytest.mark.parametrize("name", ["readings.csv", "readings.parquet"])
def test_file_without_readings_is_an_empty_history(tmp_path: Path, name: str) -> None:
    write_readings({}, tmp_path / name)
    assert read(tmp_path / name) == {}
    assert read(write(tmp_path, f"# remark\n{HEADING}\n\n")) == {}


def frame(**columns: object) -> pd.DataFrame:
    usual = {"container_id": ["G-1"], "observed_at": pd.to_datetime(["2026-03-02T05:30Z"]), "fill_percent": [50.0]}
    return pd.DataFrame(usual | columns)


def test_parquet_is_read_with_aware_and_naive_timestamps(tmp_path: Path) -> None:
    path = tmp_path / "readings.parquet"
    frame().to_parquet(path)
    assert read(path)["G-1"].observed_at_s.tolist() == [at_s("2026-03-02T05:30:00+00:00")]
    frame(observed_at=pd.to_datetime(["2026-03-02T05:30"])).to_parquet(path)
    assert read(path)["G-1"].observed_at_s.tolist() == [at_s("2026-03-02T05:30:00+01:00")]
    assert issues_of(path, zone=None)[0].code == "naive_instant"


def test_parquet_row_without_level_is_reported_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "readings.parquet"
    frame(fill_percent=[float("nan")]).to_parquet(path)
    (issue,) = issues_of(path)
    assert issue.where == "readings.parquet, row 1, column fill_percent"


def test_parquet_of_integers_and_categories_is_read(tmp_path: Path) -> None:
    path = tmp_path / "readings.parquet"
    frame(fill_percent=[50], container_id=pd.Categorical(["G-1"])).to_parquet(path)
    assert read(path)["G-1"].fill_fraction.tolist() == [0.5]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_parquet_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    whole = tmp_path / "whole.parquet"
    write_readings({"G-1": series_of("G-1", list(range(500)), [0.5] * 500)}, whole)
    content = whole.read_bytes()
    (issue,) = issues_of(write(tmp_path, content[: int(len(content) * share)], "readings.parquet"))
    assert issue.code in {"file_damaged", "file_type"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(data=st.data())
def test_parquet_with_a_flipped_byte_is_refused_or_reads_the_same(tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "readings.parquet"
    history = {"G-1": series_of("G-1", list(range(0, 5000, 10)), [n / 500 for n in range(500)], (7,))}
    write_readings(history, whole)
    content = bytearray(whole.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    place = data.draw(st.integers(4, len(content) - footer - 1))  # the pages; the footer has no checksum
    content[place] ^= data.draw(st.integers(1, 255))
    whole.write_bytes(content)
    try:
        series = read(whole)["G-1"]
    except InvalidInputError as error:
        code = error.issues[0].code
    else:
        np.testing.assert_array_equal(series.fill_fraction, history["G-1"].fill_fraction)
        return
    assert code == "file_damaged"


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"fill_percent": None}, "missing_column"), ({"observed_at": [3.5]}, "wrong_kind")],
)
def test_parquet_of_other_columns_is_refused(tmp_path: Path, columns: dict[str, object], code: str) -> None:
    path = tmp_path / "readings.parquet"
    table = frame(**{name: value for name, value in columns.items() if value is not None})
    table.drop(columns=[name for name, value in columns.items() if value is None]).to_parquet(path)
    assert issues_of(path)[0].code == code


def test_csv_named_parquet_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADING}\nG-1,2026-03-02T05:30:00Z,10\n", "readings.parquet")
    assert issues_of(path)[0].code == "file_type"


def series_of(container_id: str, times: list[int], levels: list[float], emptied: tuple[int, ...] = ()) -> FillSeries:
    return FillSeries(
        container_id=container_id,
        observed_at_s=np.array(times, dtype=np.int64),
        fill_fraction=np.array(levels, dtype=np.float32),
        quality=np.zeros(len(times), dtype=np.int8),
        emptied_at_s=np.array(sorted(emptied), dtype=np.int64),
    )


@st.composite
def histories(draw: st.DrawFn) -> FillHistory:
    instants = st.integers(0, 2**32)
    history = {}
    for container_id in draw(st.sets(st.sampled_from(IDS), min_size=1)):
        times = sorted(draw(st.sets(instants, max_size=8)))
        levels = [draw(st.floats(-1, 2, width=32)) for _ in times]
        emptied = draw(st.frozensets(instants | st.sampled_from(times or [0]), min_size=not times, max_size=4))
        history[container_id] = series_of(container_id, times, levels, tuple(emptied))
    return history


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(histories(), st.sampled_from(["readings.csv", "readings.parquet"]))
def test_readings_read_back_as_written(tmp_path: Path, history: FillHistory, name: str) -> None:
    path = tmp_path / name
    write_readings(history, path)
    back = read(path, zone=None)
    assert set(back) == set(history)
    for container_id, series in history.items():
        for name_of in ("observed_at_s", "fill_fraction", "quality", "emptied_at_s"):
            np.testing.assert_array_equal(getattr(back[container_id], name_of), getattr(series, name_of))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_to_one_line_is_reported_there_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    lines = [HEADING, *(f"G-{1 + n % 3},2026-03-02T05:{n:02d}:00Z,{n}.5" for n in range(9)), ""]
    number = data.draw(st.integers(2, 10), label="line")
    line = lines[number - 1]
    start = data.draw(st.integers(0, len(line) - 1), label="from")
    end = data.draw(st.integers(start, min(len(line), start + 4)), label="to")
    patch = data.draw(st.text(st.sampled_from('0123456789.,;"-:TZxNa \tß'), max_size=3), label="put")
    lines[number - 1] = line[:start] + patch + line[end:]
    path = write(tmp_path, "\n".join(lines))
    try:
        history = read(path)
    except InvalidInputError as error:
        issues = error.issues
    else:
        found = {(name, at) for name, series in history.items() for at in series.observed_at_s.tolist()}
        others = {(line[:3], at_s(line[4:24])) for index, line in enumerate(lines[1:-1]) if index != number - 2}
        assert others <= found
        return
    assert any(f"line {number}" in issue.where for issue in issues), issues


@pytest.mark.slow
def test_million_readings_are_read_in_seconds(tmp_path: Path) -> None:
    n = 1_000_000
    times = np.arange(n // 4, dtype=np.int64) * 600
    levels = (np.arange(n // 4) % 1000 / 1000).tolist()
    path = tmp_path / "readings.csv"
    write_readings({f"G-{k}": series_of(f"G-{k}", times.tolist(), levels) for k in range(4)}, path)
    started_s = time.perf_counter()
    history = read_readings(path, container_ids=[f"G-{k}" for k in range(4)], zone=None)
    assert sum(len(series) for series in history.values()) == n
    assert time.perf_counter() - started_s < 30  # some 4 s on two cores; the limit catches a loop over rows


@pytest.mark.shared
def test_readings_of_prague_are_read_without_options(shared_data: Path) -> None:
    register = pd.read_csv(shared_data / "fill" / "prague_containers.csv")
    history = read_readings(
        shared_data / "fill" / "prague_readings.parquet", container_ids=register["container_id"].tolist(), zone=None
    )
    assert len(history) == 30
    assert sum(len(series) for series in history.values()) == 209_592
    first = min(int(series.observed_at_s[0]) for series in history.values())
    assert datetime.fromtimestamp(first, tz=UTC).year == 2023


def test_what_drivers_saw_is_kept_apart_from_what_sensors_measured(tmp_path: Path) -> None:
    lines = (
        "G-1,2026-03-02T05:00:00Z,40,sensor,no\nG-1,2026-03-02T06:00:00Z,75,driver,no\n"
        "G-1,2026-03-02T06:00:00Z,,truck,yes\nG-1,2026-03-02T07:00:00Z,2,,no\nG-2,2026-03-02T07:00:00Z,110,driver,yes\n"
    )
    history = read(write(tmp_path, f"{HEADING},source,is_emptying\n{lines}"))
    assert history["G-1"].fill_fraction.tolist() == pytest.approx([0.4, 0.02])
    assert history["G-1"].glanced_at_s.tolist() == [at_s("2026-03-02T06:00:00+00:00")]
    assert history["G-1"].glance_fraction.tolist() == [0.75]
    assert history["G-1"].emptied_at_s.tolist() == [at_s("2026-03-02T06:00:00+00:00")]
    assert len(history["G-2"]) == 0
    assert history["G-2"].glance_fraction.tolist() == pytest.approx([1.1])


@pytest.mark.parametrize("name", ["glances.csv", "glances.parquet"])
def test_written_glances_read_the_same_again(tmp_path: Path, name: str) -> None:
    history = read(
        write(
            tmp_path,
            f"{HEADING},source,is_emptying\nG-1,2026-03-02T05:00:00Z,40,sensor,no\n"
            "G-1,2026-03-02T06:00:00Z,75,driver,no\nG-1,2026-03-02T06:00:00Z,,truck,yes\n",
        )
    )
    write_readings(history, tmp_path / name)
    again = read(tmp_path / name)["G-1"]
    for field in ("observed_at_s", "fill_fraction", "emptied_at_s", "glanced_at_s", "glance_fraction"):
        assert getattr(again, field).tolist() == getattr(history["G-1"], field).tolist()
