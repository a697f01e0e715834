"""What all tests share: where the real extracts and series lie, when they are there."""

import os
from pathlib import Path

import pytest

_SHARED = Path(os.environ.get("FUHRE_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real extracts and series; tests that need it are skipped, and say so, when it is absent."""
    if not (_SHARED / "README.md").is_file():
        pytest.skip(f"no real data at {_SHARED.name}/: set FUHRE_SHARED_DATA to run this test")
    return _SHARED
