"""`fuhre study` from a town's files to the report: complete, resumable, stoppable, and clear about bad input."""

import csv
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.cli.main import main
from api.files.templates import write_templates

TINY = ("--days", "3", "--warm-up", "1", "--seeds", "2", "--iterations", "5", "--processes", "1")
TWO = ("--policies", "fixed_schedule,rolling_prize", "--sensors", "100,0")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of three containers, planned without a map."""
    folder = tmp_path_factory.mktemp("study") / "town"
    write_templates(folder)
    return folder


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["fuhre", "study", *arguments])
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def test_study_writes_report_and_tables_and_goes_on_from_kept_runs(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--town", str(town), *TINY, *TWO, "--out", str(tmp_path), "--json", "--first-day", "2026-03-02")
    assert _call(monkeypatch, *arguments, "--language", "en") == 0
    told = json.loads(capfd.readouterr().out)
    assert [Path(one).name for one in told["files"]] == ["report.html", "days.csv", "runs.csv", "comparison.csv"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert told["digest"] in page
    assert "2 March 2026 to 4 March 2026" in page
    with (tmp_path / "days.csv").open(encoding="utf-8", newline="") as file:
        days = list(csv.DictReader(file))
    assert len(days) == 3 * 2 * 3, "three variants, two seeds, three days"
    assert {one["day"] for one in days} == {"2026-03-02", "2026-03-03", "2026-03-04"}
    # Kilometres of the fixed schedule a day: the report's are the mean of the days'.
    fixed = [float(one["distance_m"]) / 1000 for one in days if one["policy"] == "fixed_schedule"]
    rows = re.findall(r'<tr data-variant="fixed_schedule">.*?data-figure="distance">([^<]+)<', page, re.DOTALL)
    assert rows == [f"{sum(fixed) / len(fixed):,.1f}".replace(".", ","), f"{sum(fixed) / len(fixed):,.1f}"]

    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*.json")}
    assert len(kept) == 6
    assert _call(monkeypatch, *arguments, "--language", "de") == 0
    again = json.loads(capfd.readouterr().out)
    assert again["digest"] == told["digest"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*.json")} == kept
    assert '<html lang="de">' in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--policies", "fixed_schedule,magic"), "no policy 'magic'"),
        (("--sensors", "many"), "per cents with commas"),
        (("--sensors", "120"), "shares of containers with a sensor"),
        (("--threshold", "7"), "--threshold"),
        (("--first-day", "monday"), "no calendar day"),
        (("--fills", "town"), "needs 28 days of at least 5 containers"),
        (("--statistics", "absent.toml"), "cannot be read"),
        (("--executor", "dask"), "address of the Dask scheduler"),
        (("--baseline", "clairvoyant", *TWO), "none of --policies"),
    ],
)
def test_study_refuses_bad_input_with_what_to_do(
    arguments: tuple[str, ...],
    words: str,
    town: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert _call(monkeypatch, "--town", str(town), *TINY, "--out", str(out), "--json", *arguments) == 2
    told = json.loads(capfd.readouterr().out)["issues"]
    assert words in " ".join(f"{issue['where']} {issue['message']}" for issue in told)
    assert not (out / "report.html").exists()


@pytest.mark.slow
def test_study_stops_soon_after_an_interrupt_and_says_what_is_kept(town: Path, tmp_path: Path) -> None:
    arguments = ("--days", "500", "--warm-up", "0", "--seeds", "2", "--iterations", "5", "--processes", "1", *TWO)
    with subprocess.Popen(
        [
            *(sys.executable, "-c", "from api.cli.main import main; main()"),
            *("study", "--town", str(town), "--out", str(tmp_path), *arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until_s = time.monotonic() + 60
        while not list(tmp_path.glob(".progress/*.share")) and time.monotonic() < until_s:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on where it was" in " ".join(err.split())
    assert "Traceback" not in out + err
    assert not (tmp_path / ".progress").exists()
    assert not (tmp_path / "report.html").exists()
