import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.store.archive import MANIFEST
from api.store.backup import back_up
from api.store.check import check_data
from api.store.errors import (
    BrokenArchiveError,
    BrokenDatabaseError,
    InUseError,
    NewerDatabaseError,
    TargetExistsError,
    TenantExistsError,
)
from api.store.export_readings import ExportFormat, export_readings
from api.store.restore import restore
from api.store.sql_store import open_store
from api.store.sql_tenants import SqlTenantStores, open_tenant_stores
from api.store.tenant_ports import Tenant
from optimizer.domain.reading import Reading
from tests.contract.test_tenant_stores import DEVICE, LUENEN, UNNA, append, key, message
from tests.durability.old_layout import content, make_old_store
from tests.flow.http_samples import NOW, rising_history, small_record
from tests.postgres import postgres

__all__ = ["postgres"]


class Place:
    """Where the tests' data lives, and where it can be restored to."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
        self._folder = folder
        self.is_server = self._server is not None
        self.data = self.fresh("data")

    def fresh(self, name: str) -> str:
        return str(self._folder / name) if self._server is None else self._server.make_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request, tmp_path)


@pytest.fixture
def stores(place: Place) -> Iterator[SqlTenantStores]:
    opened = open_tenant_stores(place.data)
    opened.add_tenant(LUENEN)
    opened.add_tenant(UNNA)
    opened.keys.add(key())
    store = opened.store("luenen")
    store.town.replace(small_record())
    store.readings.add_history(rising_history(small_record().town), received_at=NOW)
    store.devices.put(DEVICE)
    store.quarantine.add(message(1))
    append(store)
    yield opened
    opened.close()


def export(stores: SqlTenantStores, tenant_id: str = "luenen") -> tuple[int, str]:
    done = export_readings(stores.store(tenant_id).database, io.BytesIO())
    return done.count, done.digest


@pytest.mark.usefixtures("stores")
def test_backup_comes_back_equal_and_works(place: Place, stores: SqlTenantStores, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    made = back_up(place.data, archive, now=NOW)
    new = place.fresh("new")
    assert restore(archive, new) == made
    again = open_tenant_stores(new)
    assert again.tenants() == [LUENEN, UNNA]
    assert again.keys.find("k1") == key()
    store = again.store("luenen")
    assert store.town.load() == small_record()
    assert store.devices.all() == [DEVICE]
    assert store.quarantine.all() == [message(1)]
    assert export(again) == export(stores)
    assert append(store) == 2
    assert store.audit.first_broken() is None
    # What is written after a restore gets numbers that are not taken yet.
    record = small_record()
    more = replace(record.town.containers[0], container_id="P-900", site_id="site-900")
    store.town.put_container(more, if_match=None)
    late = Reading(container_id="P-900", observed_at=NOW, fill_fraction=0.5)
    assert store.readings.add([late], received_at=NOW) == ["accepted"]
    again.close()


def test_backup_of_a_running_service_has_everything_acknowledged_before(
    place: Place, stores: SqlTenantStores, tmp_path: Path
) -> None:
    stores.claim()
    store = stores.store("luenen")
    late = Reading(container_id="P-001", observed_at=NOW + timedelta(hours=1), fill_fraction=0.9)
    store.readings.add([late], received_at=NOW)
    before = export(stores)
    back_up(place.data, tmp_path / "a.zip", now=NOW)
    store.readings.add([replace(late, fill_fraction=0.1)], received_at=NOW)
    restore(tmp_path / "a.zip", new := place.fresh("new"))
    again = open_tenant_stores(new)
    assert export(again) == before != export(stores)
    again.close()


@pytest.mark.usefixtures("stores")
def test_backup_and_restore_overwrite_nothing(place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"precious")
    with pytest.raises(TargetExistsError):
        back_up(place.data, archive, now=NOW)
    assert archive.read_bytes() == b"precious"
    archive.unlink()
    back_up(place.data, archive, now=NOW)
    with pytest.raises(TargetExistsError):
        restore(archive, place.data)
    assert all(not one.faults for one in check_data(place.data))
    assert not [one.name for one in tmp_path.iterdir() if "unfinished" in one.name or "backup" in one.name]


def rewrite(archive: Path, member: str, change: str) -> None:
    """The archive with one member changed, its own checksums made right again."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    content = members[member]
    if change == "manifest rows":
        manifest = json.loads(content)
        table = next(one for part in manifest["parts"] for name, one in part["tables"].items() if name == "devices")
        table["digest"] = "0" * 64
        content = json.dumps(manifest).encode()
    elif change == "newer":
        content = re.sub(rb'"0\d{3}"', b'"9999"', content)
    else:
        content = content[: len(content) // 2]
    members[member] = content
    with zipfile.ZipFile(archive, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)


@pytest.mark.usefixtures("stores")
def test_damaged_archives_are_refused_and_leave_nothing(place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    back_up(place.data, archive, now=NOW)
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        largest = max(opened.infolist(), key=lambda one: one.file_size).filename
    new = place.fresh("new")

    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenArchiveError):
        restore(archive, new)
    middle = len(whole) // 2
    archive.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    with pytest.raises((BrokenArchiveError, BrokenDatabaseError)):
        restore(archive, new)
    for member, change in ((MANIFEST, "manifest rows"), (largest, "cut")):
        archive.write_bytes(whole)
        rewrite(archive, member, change)
        with pytest.raises((BrokenArchiveError, BrokenDatabaseError)):
            restore(archive, new)
    archive.write_bytes(whole)
    rewrite(archive, MANIFEST, "newer")
    with pytest.raises(NewerDatabaseError):
        restore(archive, new)
    archive.write_bytes(whole)
    restore(archive, new)  # every refusal left the new place empty


def test_restore_names_the_right_kind_of_place(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'fuhre.db'}")
    store.town.replace(small_record())
    store.close()
    back_up(f"sqlite:///{tmp_path / 'fuhre.db'}", tmp_path / "a.zip", now=NOW)
    with pytest.raises(BrokenArchiveError, match="a new folder"):
        restore(tmp_path / "a.zip", "postgresql://nobody@/nothing")
    restore(tmp_path / "a.zip", str(tmp_path / "new"))
    again = open_store(f"sqlite:///{tmp_path / 'new' / 'fuhre.db'}")
    assert again.town.load() == small_record()
    again.close()


def test_single_town_is_adopted_as_a_tenant_and_stays_as_it_was(stores: SqlTenantStores, tmp_path: Path) -> None:
    path = tmp_path / "fuhre.db"
    town = open_store(f"sqlite:///{path}")
    town.town.replace(small_record())
    town.readings.add_history(rising_history(small_record().town), received_at=NOW)
    hamm = Tenant(tenant_id="hamm", name="Hamm", created_at=NOW)
    stores.adopt_tenant(hamm, path)
    assert stores.store("hamm").town.load() == small_record()
    assert export(stores, "hamm") == export(stores, "luenen")
    more = replace(small_record().town.containers[0], container_id="P-900", site_id="site-900")
    stores.store("hamm").town.put_container(more, if_match=None)
    assert town.town.container("P-900") is None
    with pytest.raises(TenantExistsError):
        stores.adopt_tenant(hamm, path)
    with pytest.raises(BrokenDatabaseError):
        stores.adopt_tenant(replace(hamm, tenant_id="bergkamen"), tmp_path / "missing.db")
    assert stores.tenant("bergkamen") is None
    town.close()


def test_check_names_what_is_wrong(place: Place, stores: SqlTenantStores) -> None:
    assert [(one.name, one.is_current, one.faults) for one in check_data(place.data)] == [
        ("service", True, ()),
        ("tenants/luenen", True, ()),
        ("tenants/unna-2", True, ()),
    ]
    with stores.store("luenen").database.write() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'someone else'")
    with stores.store("unna-2").database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    service, luenen, unna = check_data(place.data)
    assert not service.faults
    assert "line 1" in luenen.faults[0]
    assert "9999" in unna.faults[0]


def test_check_names_readings_without_a_container(place: Place, stores: SqlTenantStores) -> None:
    with stores.store("luenen").database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO readings SELECT 9999, observed_at_s, 2, is_emptying, 7, 0 FROM readings LIMIT 1"
        )
    service, luenen, unna = check_data(place.data)
    assert luenen.faults == ("some readings name containers that are not there",)
    assert not service.faults + unna.faults


def test_check_sees_a_damaged_page(tmp_path: Path) -> None:
    stores = open_tenant_stores(tmp_path / "data")
    stores.add_tenant(LUENEN)
    stores.store("luenen").town.replace(small_record())
    stores.close()
    path = tmp_path / "data" / "tenants" / "luenen.sqlite3"
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)
    assert check_data(str(tmp_path / "data"))[1].faults


def test_export_digest_is_one_for_twenty_orders_of_arrival(tmp_path: Path) -> None:
    import random

    batch = [
        Reading(
            container_id=f"P-{number % 5:03d}", observed_at=NOW - timedelta(minutes=number), fill_fraction=0.01 * number
        )
        for number in range(60)
    ]
    digests = set()
    for seed in range(20):
        order = batch + batch[:30]
        random.Random(seed).shuffle(order)
        store = open_store(f"sqlite:///{tmp_path / f'{seed}.db'}")
        record = small_record()
        containers = list(record.town.containers)
        random.Random(seed).shuffle(containers)
        store.town.replace(replace(record, town=replace(record.town, containers=tuple(containers))))
        for start in range(0, len(order), 7):
            store.readings.add(order[start : start + 7], received_at=NOW + timedelta(seconds=seed))
        digests.add(export_readings(store.database, io.BytesIO()).digest)
        store.close()
    assert len(digests) == 1


@pytest.mark.parametrize("format_name", list(ExportFormat))
def test_exported_readings_can_be_read_again(
    stores: SqlTenantStores, tmp_path: Path, format_name: ExportFormat
) -> None:
    import pandas as pd

    path = tmp_path / "readings"
    with path.open("wb") as file:
        done = export_readings(stores.store("luenen").database, file, format_name=format_name, until=NOW)
    table = pd.read_csv(path) if format_name is ExportFormat.CSV else pd.read_parquet(path)
    history = rising_history(small_record().town)
    assert len(table) == done.count == sum(len(one) + len(one.emptied_at_s) for one in history.values())
    one = table[(table["container_id"] == "P-003") & (table["source"] == "sensor")].sort_values("observed_at")
    assert one["fill_fraction"].to_numpy() == pytest.approx(history["P-003"].fill_fraction, abs=1e-6)
    assert int(table["is_emptying"].sum()) == len(history)
    assert table.loc[table["is_emptying"], "fill_fraction"].isna().all()
    part = export_readings(stores.store("luenen").database, io.BytesIO(), since=NOW - timedelta(hours=2))
    assert part.count == 2 * len(history)


def test_commands_save_check_and_bring_back(place: Place, stores: SqlTenantStores, tmp_path: Path) -> None:
    runner = CliRunner()

    def run(*words: str) -> dict[str, object]:
        answer = runner.invoke(app, [*words, "--json"], catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        found = json.loads(answer.stdout)
        return found if isinstance(found, dict) else {"reports": found}

    archive, new = str(tmp_path / "a.zip"), place.fresh("new")
    assert run("backup", archive, "--data", place.data)["parts"] == 3
    assert run("restore", archive, "--into", new)["parts"] == 3
    assert run("migrate", "--data", new)["parts"] == ["service", "tenants/luenen", "tenants/unna-2"]
    assert run("check-database", "--data", new)["reports"]
    count, digest = export(stores)
    out = str(tmp_path / "r.parquet")
    assert run("export-readings", out, "--data", new, "--tenant", "luenen") | {"seconds": 0} == {
        "count": count,
        "digest": digest,
        "seconds": 0,
    }
    assert run("forget", "--data", new)["gone"]
    stores.claim()
    with pytest.raises(InUseError):
        runner.invoke(app, ["migrate", "--data", place.data], catch_exceptions=False)
    with stores.store("luenen").database.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit")
    assert runner.invoke(app, ["check-database", "--data", place.data]).exit_code == 1


def test_archive_of_an_earlier_version_comes_back_and_is_brought_up_to_date(place: Place, tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path / 'old.db'}" if "://" not in place.data else place.fresh("old")
    make_old_store(old, readings=500)
    before = content(old)
    manifest = back_up(old, tmp_path / "old.zip", now=NOW)
    assert [part.layout for part in manifest.parts] == ["0001"]
    new = place.fresh("restored")
    restore(tmp_path / "old.zip", new)
    url = new if "://" in new else f"sqlite:///{new}/fuhre.db"
    store = open_store(url)
    assert sum(len(one.observed_at_s) for one in store.readings.history(as_of=NOW, days=9_000).values()) == 500
    store.close()
    assert content(url) == before
