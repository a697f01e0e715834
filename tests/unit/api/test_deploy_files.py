"""The files of an installation name what exists: commands, settings, addresses."""

import re
from configparser import RawConfigParser
from pathlib import Path

import pytest

from api.settings import Settings

_FOLDER = Path(__file__).resolve().parents[3] / "api" / "deploy"
_CONTAINERFILE = (_FOLDER / "Containerfile").read_text()
_UNIT = (_FOLDER / "fuhre.service").read_text()
_NOT_SETTINGS = {"FUHRE_CACHE_DIR"}
"""Read by the command line itself."""


@pytest.mark.parametrize("text", [_CONTAINERFILE, _UNIT], ids=["Containerfile", "fuhre.service"])
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


def test_unit_gives_the_service_time_to_drain_and_no_privileges() -> None:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read_string(_UNIT)
    assert int(unit["Service"]["TimeoutStopSec"]) >= 30
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    assert unit["Service"]["User"] != "root"
