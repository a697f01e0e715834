"""What the store of agreements and joint days must keep, on each database that it runs on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.store.backup import back_up
from api.store.restore import restore
from api.store.sharing_ports import JointDayRecord
from api.store.sql_tenants import SqlTenantStores, open_tenant_stores
from api.store.tenant_ports import Tenant
from optimizer.domain.agreement import Agreement, Lending
from tests.flow.http_samples import NOW
from tests.postgres import postgres

__all__ = ["postgres"]

AGREEMENT = Agreement(
    agreement_id="a1",
    proposer_id="lemgo",
    partner_id="kalletal",
    streams=("paper",),
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
    lendings={"lemgo": Lending(vehicle_ids=("L-1",), disposal_site_ids=("plant",))},
    accepted_by=("lemgo",),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "data")
    url: str = request.getfixturevalue("postgres").make_database()
    return url


@pytest.fixture
def stores(place: str) -> Iterator[SqlTenantStores]:
    opened = open_tenant_stores(place)
    for name in ("lemgo", "kalletal", "detmold"):
        opened.add_tenant(Tenant(tenant_id=name, name=name.title(), created_at=NOW))
    yield opened
    opened.close()


def part(plan_id: str, tenant_id: str, *, hours: int = 0, saved: int = 5) -> JointDayRecord:
    return JointDayRecord(
        plan_id=plan_id,
        tenant_id=tenant_id,
        day=date(2026, 3, 2),
        created_at=NOW + timedelta(hours=hours),
        saved_micro_eur=saved,
        document=f'{{"of": "{tenant_id}"}}'.encode(),
    )


def test_agreement_is_known_to_both_sides_and_to_nobody_else(stores: SqlTenantStores) -> None:
    stores.agreements.add(AGREEMENT)
    for name in ("lemgo", "kalletal"):
        assert stores.agreements.get("a1", name) == AGREEMENT
        assert stores.agreements.of_tenant(name) == [AGREEMENT]
    assert stores.agreements.get("a1", "detmold") is None
    assert stores.agreements.of_tenant("detmold") == []
    assert stores.agreements.get("a1\0", "lemgo") is None


def test_of_two_changes_at_once_only_the_first_counts(stores: SqlTenantStores) -> None:
    stores.agreements.add(AGREEMENT)
    accepted = AGREEMENT.accepted("kalletal", Lending(vehicle_ids=("K-1",)))
    withdrawn = AGREEMENT.withdrawn("lemgo", at=NOW)
    assert stores.agreements.replace(AGREEMENT, withdrawn)
    assert not stores.agreements.replace(AGREEMENT, accepted)
    assert stores.agreements.get("a1", "kalletal") == withdrawn


def test_agreements_come_in_the_order_in_which_they_were_made(stores: SqlTenantStores) -> None:
    for name in ("a3", "a1", "a2"):
        stores.agreements.add(replace(AGREEMENT, agreement_id=name))
    assert [one.agreement_id for one in stores.agreements.of_tenant("lemgo")] == ["a1", "a2", "a3"]


def test_each_tenant_has_its_own_part_of_a_joint_day(stores: SqlTenantStores) -> None:
    stores.joint_days.add([part("p1", "lemgo"), part("p1", "kalletal", saved=7)])
    assert stores.joint_days.get("p1", "kalletal") == part("p1", "kalletal", saved=7)
    assert stores.joint_days.get("p1", "detmold") is None
    assert stores.joint_days.get("p1\0", "lemgo") is None
    stores.joint_days.add([part("p2", "lemgo", hours=1)])
    assert [one.plan_id for one in stores.joint_days.of_tenant("lemgo")] == ["p2", "p1"]
    assert [one.plan_id for one in stores.joint_days.of_tenant("lemgo", limit=1)] == ["p2"]


def test_joint_day_that_is_planned_again_takes_the_place_of_the_first(stores: SqlTenantStores) -> None:
    stores.joint_days.add([part("p1", "lemgo"), part("p1", "kalletal")])
    stores.joint_days.add([part("p1", "lemgo", saved=9)])
    assert stores.joint_days.get("p1", "kalletal") is None
    found = stores.joint_days.get("p1", "lemgo")
    assert found is not None
    assert found.saved_micro_eur == 9


def test_what_is_shared_outlives_backup_and_restore(
    stores: SqlTenantStores, place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    target = str(tmp_path / "back")
    if "://" in place:
        target = request.getfixturevalue("postgres").make_database()
    stores.agreements.add(AGREEMENT)
    stores.joint_days.add([part("p1", "lemgo")])
    back_up(place, tmp_path / "saved.zip", now=NOW)
    restore(tmp_path / "saved.zip", target)
    again = open_tenant_stores(target)
    try:
        assert again.agreements.get("a1", "lemgo") == AGREEMENT
        assert again.joint_days.get("p1", "lemgo") == part("p1", "lemgo")
    finally:
        again.close()
