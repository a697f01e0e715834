from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.files.town_folder import LoadedTown, write_town_folder
from api.identity.access_keys import is_secret_of, split_key
from api.store.sql_tenants import open_tenant_stores
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SelectionRules
from tests.flow.http_samples import rising_history, small_town


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    town = small_town(container_count=3)
    history = rising_history(town, until=datetime(2026, 3, 2, tzinfo=UTC), days=1)
    write_town_folder(LoadedTown(town=town, history=history, map_path=None, rules=SelectionRules()), tmp_path / "town")
    return tmp_path / "town"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_key_is_shown_once_listed_without_its_secret_and_revoked(folder: Path) -> None:
    made = CliRunner().invoke(app, ["key", "add", "--role", "driver", "--for", "LUE-1", "--label", "tablet", "--town", str(folder)])  # fmt: skip  # noqa: E501 - one command
    text = next(line for line in made.stdout.splitlines() if line.startswith("fuhre_"))
    key_id, secret = split_key(text) or ("", "")
    listed = run("key", "list", "--town", folder)
    assert key_id in listed
    assert "valid" in listed
    assert secret not in listed
    run("key", "revoke", key_id, "--town", folder)
    assert "revoked" in run("key", "list", "--town", folder)
    stores = open_tenant_stores(folder)
    assert is_secret_of(stores.keys.find(key_id), secret)
    assert [one.action for one in stores.store("lue").audit.entries()] == ["addKey", "revokeKey"]
    stores.close()
    with pytest.raises(InvalidInputError):
        run("key", "revoke", key_id, "--town", folder)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "emperor", "--label", "x"),
        ("--role", "admin", "--label", "x", "--for", "LUE-1"),
        ("--role", "admin", "--label", "x", "--tenant", "nobody"),
    ],
)
def test_key_that_makes_no_sense_is_not_made(folder: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError):
        run("key", "add", *arguments, "--town", folder)
    stores = open_tenant_stores(folder)
    assert all(not stores.keys.of_tenant(tenant.tenant_id) for tenant in stores.tenants())
    stores.close()


def test_towns_of_a_service_for_several_each_have_their_own_keys_and_files(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for tenant_id in ("luenen", "werne"):
        run("tenant", "add", tenant_id, "--from", folder, "--data", data)
        run("key", "add", "--tenant", tenant_id, "--role", "admin", "--label", "x", "--data", data)
    listed = run("tenant", "list", "--data", data)
    assert "luenen" in listed
    assert "werne" in listed
    assert (data / "towns" / "werne" / "fleet.toml").is_file()
    stores = open_tenant_stores(data)
    for tenant_id in ("luenen", "werne"):
        assert len(stores.keys.of_tenant(tenant_id)) == 1
        assert len(stores.store(tenant_id).town.containers()) == 3
    stores.close()
    with pytest.raises(InvalidInputError):
        run("key", "list", "--data", data)  # which town?
