"""What all tests share: where the real extracts and series lie, when they are there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are drawn and run says more about the machine, which has other tests to run, than about the code.
settings.register_profile("fuhre", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fuhre")

_SHARED = Path(os.environ.get("FUHRE_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real extracts and series; tests that need it are skipped, and say so, when it is absent."""
    if not (_SHARED / "README.md").is_file():
        pytest.skip(f"no real data at {_SHARED.name}/: set FUHRE_SHARED_DATA to run this test")
    return _SHARED


@pytest.fixture(scope="session", autouse=True)
def _own_cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the cache folder of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache-home")))
        patch.delenv("FUHRE_CACHE_DIR", raising=False)
        yield
