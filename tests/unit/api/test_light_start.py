"""The service answers soon after its start: its own process loads nothing that only planning or migrating needs."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import api.store.migrate as migrate_module
from api.store.database import Database
from api.store.errors import BrokenDatabaseError
from api.store.migrate import SERVICE_LAYOUTS, TOWN_LAYOUTS, known_layouts, layout_of, migrate

_HEAVY = ("numba", "scipy", "ortools", "alembic", "osmnx", "networkx", "pandas")


def test_service_process_loads_no_solver_no_kernel_and_no_migration() -> None:
    asked = f"import sys, api.http.serve; print([name for name in {_HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("layouts", [TOWN_LAYOUTS, SERVICE_LAYOUTS])
def test_layouts_are_those_that_migrations_walk_through(layouts: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / layouts))
    walked = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert known_layouts(layouts) == walked


def test_layout_is_what_migrations_have_noted(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'town.sqlite3'}")
    with database.read() as connection:
        assert layout_of(connection, "a") is None
    migrate(database, target="0003")
    with database.read() as connection:
        assert layout_of(connection, "a") == "0003"
        assert MigrationContext.configure(connection).get_current_revision() == "0003"
    database.close()


def test_tables_of_something_else_are_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    with database.read() as connection:
        assert layout_of(connection, "a") is None
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE cats (name TEXT)")
    with database.read() as connection, pytest.raises(BrokenDatabaseError):
        layout_of(connection, "a")
    database.close()
