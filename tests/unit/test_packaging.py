"""The distribution holds exactly three packages and what they need at run time."""

import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture(scope="module")
def wheel_names(unpacked_wheel: Path) -> set[str]:
    return {path.relative_to(unpacked_wheel).as_posix() for path in unpacked_wheel.rglob("*") if path.is_file()}


def test_wheel_holds_exactly_the_three_packages(wheel_names: set[str]) -> None:
    top_level = {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name}
    assert top_level == {"api", "optimizer", "routing"}


def test_installed_wheel_claims_its_three_packages(unpacked_wheel: Path) -> None:
    question = (
        "from importlib.metadata import packages_distributions as known\n"
        "print(sorted(name for name, owners in known().items() if 'fuhre' in owners))"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(unpacked_wheel)!r})\n{question}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert answer.stdout.strip() == "['api', 'optimizer', 'routing']"


def test_wheel_holds_the_data_files_that_run_time_reads(wheel_names: set[str]) -> None:
    assert "api/town/fill_statistics.toml" in wheel_names
    assert {"routing/profiles/truck_26t.toml", "routing/profiles/van_3_5t.toml"} <= wheel_names
    assert any(name.startswith("api/store/migrations/versions/") for name in wheel_names)
    assert any(name.startswith("api/export/templates/") for name in wheel_names)


def test_distribution_depends_on_the_fixed_libraries() -> None:
    names = {line.split(">")[0].split("[")[0].strip() for line in requires("fuhre") or ()}
    assert {"ortools", "osmnx", "networkx", "fastapi", "numba"} <= names
