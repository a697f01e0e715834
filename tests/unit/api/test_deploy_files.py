"""The files of an installation name what exists: commands, settings, addresses; its start does what it says."""

import re
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
from typer.main import get_command

from api.cli.main import app
from api.settings import Settings

_FOLDER = Path(__file__).resolve().parents[3] / "api" / "deploy"
_CONTAINERFILE = (_FOLDER / "Containerfile").read_text()
_UNIT = (_FOLDER / "fuhre.service").read_text()
_BACKUP = (_FOLDER / "fuhre-backup.service").read_text()
_NOT_SETTINGS = {"FUHRE_CACHE_DIR"}
"""Read by the command line itself."""


@pytest.mark.parametrize("text", [_CONTAINERFILE, _UNIT, _BACKUP], ids=["Containerfile", "fuhre.service", "backup"])
def test_deploy_files_name_settings_that_exist(text: str) -> None:
    named = set(re.findall(r"\bFUHRE_[A-Z_]+", text)) - _NOT_SETTINGS
    assert named
    assert {name.removeprefix("FUHRE_").lower() for name in named} <= set(Settings.model_fields)


def test_containerfile_copies_only_what_is_there_and_runs_as_nobody_special() -> None:
    root = _FOLDER.parents[1]
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", _CONTAINERFILE, re.MULTILINE) for word in line.split()
    ]
    assert {"routing", "optimizer", "api", "data"} <= set(copied)
    for name in copied:
        assert (root / name).exists(), name
    last = _CONTAINERFILE.rindex("\nFROM ")
    assert "\nUSER fuhre" in _CONTAINERFILE[last:]
    assert "/v1/health/live" in _CONTAINERFILE


def test_backup_is_made_every_night_by_a_command_that_exists() -> None:
    timer, unit = RawConfigParser(strict=False), RawConfigParser(strict=False)
    timer.read_string((_FOLDER / "fuhre-backup.timer").read_text())
    unit.read_string(_BACKUP)
    assert timer["Timer"]["OnCalendar"] == "*-*-* 01:30"
    command, *words = unit["Service"]["ExecStart"].split()
    assert command.endswith("/fuhre")
    asked = get_command(app).commands[words[0]]  # type: ignore[attr-defined]  # a group of commands
    context = asked.make_context("backup", words[1:])
    assert context.params["keep"] == 30
    assert str(context.params["target"]) == "/var/lib/" + unit["Service"]["StateDirectory"].split()[1]


def test_unit_gives_the_service_time_to_drain_and_no_privileges() -> None:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read_string(_UNIT)
    assert int(unit["Service"]["TimeoutStopSec"]) >= 30
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    assert unit["Service"]["User"] != "root"


def test_kernels_are_kept_where_the_service_may_write() -> None:
    assert "NUMBA_CACHE_DIR=/data/" in _CONTAINERFILE[_CONTAINERFILE.rindex("\nFROM ") :]
    assert "VOLUME /data" in _CONTAINERFILE
    assert "Environment=NUMBA_CACHE_DIR=/var/lib/fuhre/" in _UNIT
    assert "StateDirectory=fuhre" in _UNIT


def _start(folder: Path, *, kept: Path | None = None) -> subprocess.CompletedProcess[str]:
    script = folder / "start.sh"
    script.write_text((_FOLDER / "start.sh").read_text().replace("/app/kernels", str(folder / "made")))
    return subprocess.run(
        ["sh", str(script), "echo", "the", "service"],
        env={"PATH": "/usr/bin:/bin", "NUMBA_CACHE_DIR": str(kept or folder / "kept")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_start_lays_kernels_out_once_for_each_image_and_becomes_the_command(tmp_path: Path) -> None:
    made, kept = tmp_path / "made", tmp_path / "kept"
    (made / "search").mkdir(parents=True)
    (made / "made_at").write_text("1")
    (made / "search" / "a.nbi").write_text("of the image")
    assert _start(tmp_path).stdout == "the service\n"
    assert (kept / "search" / "a.nbi").read_text() == "of the image"
    (kept / "search" / "a.nbi").write_text("compiled for this processor since")
    assert _start(tmp_path).returncode == 0
    assert (kept / "search" / "a.nbi").read_text() == "compiled for this processor since"
    (made / "made_at").write_text("2")
    (kept / "old.nbi").touch()
    assert _start(tmp_path).returncode == 0
    assert (kept / "search" / "a.nbi").read_text() == "of the image"
    assert not (kept / "old.nbi").exists()


def test_start_says_who_must_own_the_volume(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    started = _start(tmp_path, kept=tmp_path / "file" / "kept")
    assert started.returncode == 1
    assert "chown 10001" in started.stderr
    assert started.stdout == ""
