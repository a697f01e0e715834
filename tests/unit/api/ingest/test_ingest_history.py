import csv
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from api.ingest.history_table import HistoryScale, read_history_table
from optimizer.domain.issues import InvalidInputError

BERLIN = ZoneInfo("Europe/Berlin")
PERCENT = HistoryScale(zone=BERLIN, full_value=100)
HEAD = ["ID", "Date & time of collection", "Frozen", "Fill level before", "Fill level after", "Partial", "Confidence"]


def write_csv(path: Path, *rows: list[object], head: list[str] = HEAD) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_row_becomes_two_levels_and_an_emptying(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "h.csv", ["217", "2026-03-02 05:10", "", "72", "3", "", ""])
    series = read_history_table(path, PERCENT).history["217"]
    begin = seconds("2026-03-02T05:10:00+01:00")
    assert series.observed_at_s.tolist() == [begin, begin + 60]
    assert series.fill_fraction.tolist() == pytest.approx([0.72, 0.03])
    assert series.emptied_at_s.tolist() == [begin]


def test_hundred_percent_may_mean_eighty(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "h.csv", ["217", "2026-03-02 05:10", "", "100", "", "", ""])
    scale = HistoryScale(zone=BERLIN, full_value=100, full_fraction=0.8)
    assert read_history_table(path, scale).history["217"].fill_fraction.tolist() == pytest.approx([0.8])


@pytest.mark.parametrize("column", [2, 5])
def test_frozen_or_partial_collection_is_no_emptying(tmp_path: Path, column: int) -> None:
    row: list[object] = ["217", "2026-03-02 05:10", "", "72", "60", "", ""]
    row[column] = "Yes"
    series = read_history_table(write_csv(tmp_path / "h.csv", row), PERCENT).history["217"]
    assert series.emptied_at_s.tolist() == []
    assert len(series) == 2


def test_level_of_low_confidence_is_left_out_and_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "h.csv", ["217", "2026-03-02 05:10", "", "72", "3", "", "20"])
    table = read_history_table(path, PERCENT)
    assert (len(table.history["217"]), len(table.history["217"].emptied_at_s)) == (0, 1)
    assert "1 lines of low confidence" in table.notes[0]


def test_excel_day_number_is_a_clock_time_of_the_zone(tmp_path: Path) -> None:
    # 46083.215277... is 2026-03-02 05:10 counted from 1899-12-30.
    path = write_csv(tmp_path / "h.csv", ["217", "46083.2152777778", "", "72", "", "", ""])
    series = read_history_table(path, PERCENT).history["217"]
    assert abs(int(series.observed_at_s[0]) - seconds("2026-03-02T05:10:00+01:00")) <= 1


@pytest.mark.parametrize("is_1904", [False, True])
def test_workbook_gives_the_same_as_csv(tmp_path: Path, is_1904: bool) -> None:  # noqa: FBT001 - a case
    workbook = Workbook()
    if is_1904:
        workbook.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - as Excel counts
    sheet = workbook.active
    assert sheet is not None
    sheet.append(HEAD)
    sheet.append([217, datetime(2026, 3, 2, 5, 10), None, 72, 3.0, False, None])  # noqa: DTZ001 - Excel knows no zone
    workbook.save(tmp_path / "h.xlsx")
    plain = write_csv(tmp_path / "h.csv", ["217", "2026-03-02 05:10", "", "72", "3", "", ""])
    one, other = (read_history_table(path, PERCENT).history["217"] for path in (tmp_path / "h.xlsx", plain))
    assert one.observed_at_s.tolist() == other.observed_at_s.tolist()
    assert one.fill_fraction.tolist() == other.fill_fraction.tolist()


def test_night_with_the_doubled_hour_loses_nothing(tmp_path: Path) -> None:
    rows = [["217", f"2026-10-25 {hour}", "", "50", "", "", ""] for hour in ("01:30", "02:30", "02:30", "03:30")]
    series = read_history_table(write_csv(tmp_path / "h.csv", *rows), PERCENT).history["217"]
    assert [b - a for a, b in zip(series.observed_at_s, series.observed_at_s[1:], strict=False)] == [3600] * 3


def test_weights_that_were_computed_are_named(tmp_path: Path) -> None:
    head = [*HEAD, "Volume (litres)", "Weight (kg)"]
    rows: list[list[object]] = [
        ["217", f"2026-03-{day:02d} 05:10", "", "72", "", "", "", 100 + day, round((100 + day) * 0.07, 4)]
        for day in range(1, 26)
    ]
    [note] = read_history_table(write_csv(tmp_path / "h.csv", *rows, head=head), PERCENT).notes
    assert "0.07 kg/l" in note
    rows[3][-1] = 22.0
    assert read_history_table(write_csv(tmp_path / "h.csv", *rows, head=head), PERCENT).notes == ()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["", "2026-03-02 05:10", "", "72", "", "", ""], "cell_empty"),
        (["217", "yesterday", "", "72", "", "", ""], "not_an_instant"),
        (["217", "2026-03-29 02:30", "", "72", "", "", ""], "not_an_instant"),
        (["217", "2026-03-02 05:10", "", "full", "", "", ""], "not_a_number"),
        (["217", "2026-03-02 05:10", "", "nan", "", "", ""], "not_a_number"),
        (["217", "2026-03-02 05:10", "", "720", "", "", ""], "absurd_level"),
        (["217", "2026-03-02 05:10", "", "-3", "", "", ""], "absurd_level"),
        (["217", "2026-03-02 05:10", "perhaps", "72", "", "", ""], "not_yes_or_no"),
    ],
)
def test_bad_cell_is_refused_with_its_place(tmp_path: Path, row: list[object], code: str) -> None:
    path = write_csv(tmp_path / "h.csv", ["216", "2026-03-01 05:10", "", "50", "", "", ""], row)
    with pytest.raises(InvalidInputError) as caught:
        read_history_table(path, PERCENT)
    assert [(issue.code, "line 3" in issue.where) for issue in caught.value.issues] == [(code, True)]


def test_broken_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h.xlsx").write_bytes(b"PK\x03\x04 this is no archive")
    with pytest.raises(InvalidInputError, match="damaged"):
        read_history_table(tmp_path / "h.xlsx", PERCENT)


def test_workbook_that_unpacks_beyond_measure_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "h.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(3):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b" " * 70_000_000)
    assert (tmp_path / "h.xlsx").stat().st_size < 300_000
    with pytest.raises(InvalidInputError, match="200 MB"):
        read_history_table(tmp_path / "h.xlsx", PERCENT)
