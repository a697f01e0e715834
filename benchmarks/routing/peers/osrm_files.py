"""OSRM's files for one map: extraction with a profile, then contraction (CH) or partition and customisation (MLD).

All steps run on one thread with the programs that the wheel ``osrm-bindings`` carries.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.routing.kept import keep, versioned
from benchmarks.routing.peer import Case, LeftOutError, Preparation

_STEM = "map.osrm"
OWN_CAR = "car"
"""OSRM's own profile."""


def _package_dir() -> Path:
    spec = importlib.util.find_spec("osrm")
    if spec is None or not spec.submodule_search_locations:
        raise LeftOutError("the package osrm-bindings is not installed")
    return Path(spec.submodule_search_locations[0])


def run_osrm(program: str, *arguments: str | Path) -> None:
    """Run one of OSRM's programs on one thread.

    Raises
    ------
    LeftOutError
        When it fails.
    """
    package_dir = _package_dir()
    profiles_dir = package_dir / "share" / "profiles"
    command = [package_dir / "bin" / program, "--threads", "1", "--verbosity", "WARNING", *arguments]
    environment = {**os.environ, "LUA_PATH": f"{profiles_dir}/?.lua;;"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a program of an installed wheel
    if done.returncode:
        raise LeftOutError(f"{program} failed: {(done.stderr or done.stdout).strip()[-300:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OsrmFiles:
    """Where the files for one algorithm (``CH`` or ``MLD``) lie."""

    case: Case
    algorithm: str
    profile_path: Path | None = None

    @property
    def stem(self) -> Path:
        """What all names of the files start with."""
        return self._folder(self.algorithm.lower()) / _STEM

    def prepare(self) -> Preparation:
        """Make the files; the time is that of the extraction and the algorithm's own steps."""
        extracted = keep(self._folder("extracted"), self._extract)
        made = keep(self.stem.parent, self._finish)
        return Preparation(seconds=extracted.seconds + made.seconds, is_kept=extracted.is_kept and made.is_kept)

    def copy_to(self, folder: Path) -> Path:
        """A copy of the finished files that may be changed; returns its stem."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.stem.parent, folder)
        return folder / _STEM

    def _folder(self, step: str) -> Path:
        profile = OWN_CAR
        if self.profile_path:
            profile = f"{self.profile_path.stem}-{hashlib.sha256(self.profile_path.read_bytes()).hexdigest()[:8]}"
        return self.case.kept_dir / f"{versioned('osrm-bindings')}-{profile}-{step}"

    def _extract(self, folder: Path) -> None:
        map_path = folder / "map.osm.pbf"
        shutil.copyfile(self.case.map_path, map_path)
        own = _package_dir() / "share" / "profiles" / f"{OWN_CAR}.lua"
        run_osrm("osrm-extract", "-p", self.profile_path or own, map_path)
        map_path.unlink()

    def _finish(self, folder: Path) -> None:
        shutil.copytree(self._folder("extracted"), folder, dirs_exist_ok=True)
        if self.algorithm == "CH":
            run_osrm("osrm-contract", folder / _STEM)
        else:
            run_osrm("osrm-partition", folder / _STEM)
            run_osrm("osrm-customize", folder / _STEM)
