import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from api.files.plan_json import dump_plan
from api.wiring import build_ports
from benchmarks.sharing.neighbour_towns import AS_OF, Border, agreement
from optimizer.domain.agreement import Agreement, Lending, PriceRule
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import StopKind
from optimizer.planning.joint_answer import JointDay
from optimizer.planning.joint_day import plan_joint_day
from optimizer.planning.joint_town import Party
from optimizer.ports import Ports
from routing.crow_flight import CrowFlightRouter

PAIRS = (Border(seed=1), Border(seed=2, apart_km=3.0, counts=(16, 20)), Border(seed=3, apart_km=8.0, vehicles=(1, 1)))


def joint(parties: tuple[Party, Party], terms: Agreement, ports: Ports) -> JointDay:
    return plan_joint_day(parties, [terms], ports, plan_id="joint", generated_at=AS_OF)


@pytest.fixture(scope="module")
def ports() -> Ports:
    return build_ports(CrowFlightRouter())


@pytest.fixture(scope="module")
def days() -> dict[Border, JointDay]:
    return {}


@pytest.fixture(params=PAIRS, ids=lambda border: f"pair{border.seed}")
def border(request: pytest.FixtureRequest) -> Border:
    found: Border = request.param
    return found


@pytest.fixture
def day(border: Border, days: dict[Border, JointDay], ports: Ports) -> JointDay:
    """Planned once for all tests that look at it."""
    if border not in days:
        days[border] = joint(border.parties, agreement(*border.parties), ports)
    return days[border]


def emptied(day: JointDay, name: str) -> list[str]:
    return [one.container_id for tour in day.plans[name].tours for stop in tour.stops for one in stop.collections]


def test_nobody_is_worse_off_and_the_shares_pay_the_joint_day(day: JointDay) -> None:
    assert all(one.share_micro_eur <= one.alone_micro_eur for one in day.shares)
    assert sum(one.share_micro_eur + one.extra_micro_eur for one in day.shares) == day.joint_micro_eur
    assert sum(one.saved_micro_eur for one in day.shares) > 0
    for one in day.shares:
        paid_eur = (one.share_micro_eur + one.extra_micro_eur) / 1e6
        assert day.plans[one.party_id].totals.cost_eur == pytest.approx(paid_eur, abs=0.01)


def test_each_town_sees_all_of_its_own_containers_once(border: Border, day: JointDay) -> None:
    for one in border.parties:
        own = {container.container_id for container in one.request.town.containers}
        seen = emptied(day, one.party_id)
        assert len(seen) == len(set(seen)) == day.plans[one.party_id].totals.lifts
        left = [unserved.container_id for unserved in day.plans[one.party_id].unserved]
        assert sorted([*seen, *left]) == sorted(own)


def test_no_foreign_id_address_or_place_is_in_a_towns_plan(border: Border, day: JointDay) -> None:
    crossings = 0
    for one, other in (border.parties, border.parties[::-1]):
        plan = day.plans[one.party_id]
        crossings += sum(tour.vehicle_id.startswith(other.party_id) for tour in plan.tours)
        document = dump_plan(plan).decode()
        town = other.request.town
        places = (*town.containers, *town.depots, *town.disposal_sites)
        foreign = {
            *(name for each in town.containers for name in (each.container_id, each.site_id, each.address)),
            *(vehicle.vehicle_id for vehicle in town.vehicles),
            *(name for depot in town.depots for name in (depot.depot_id, depot.name)),
            *(name for site in town.disposal_sites for name in (site.disposal_site_id, site.name)),
        }
        assert not [name for name in foreign if name in document]
        assert not {(each.location.lon_deg, each.location.lat_deg) for each in places} & places_in(json.loads(document))
    assert crossings > 0, "nobody crossed the border: the test proves nothing"


def places_in(value: object) -> set[tuple[float, float]]:
    if isinstance(value, Mapping):
        own = {(value["lon_deg"], value["lat_deg"])} if "lon_deg" in value else set()
        return own.union(*(places_in(inner) for inner in value.values()))
    return set().union(*(places_in(inner) for inner in value)) if isinstance(value, list) else set()


def test_crews_that_work_for_others_have_their_whole_tours(border: Border, day: JointDay) -> None:
    errands = [(name, tour) for name in day.plans for tour in day.errands_of(name)]
    assert errands
    for name, tour in errands:
        seen = next(one for one in day.plans[name].tours if one.vehicle_id == tour.vehicle_id)
        assert tour.stops[0].kind is StopKind.START
        assert len(tour.stops) > len(seen.stops)
        other = next(one for one in border.parties if one.party_id != name)
        assert not [one for one in other.request.town.containers if one.container_id in str(tour)]


@pytest.mark.parametrize(
    "changes",
    [
        {"max_share_fraction": 0.0},
        {"starts_local": time(3), "ends_local": time(4)},
        {"lendings": {}},
        {"streams": ("bulky",)},
    ],
)
def test_terms_that_allow_nothing_leave_every_vehicle_in_its_town(ports: Ports, changes: dict[str, object]) -> None:
    parties = PAIRS[1].parties
    day = joint(parties, agreement(*parties, **changes), ports)
    for one in parties:
        own = {vehicle.vehicle_id for vehicle in one.request.town.vehicles}
        assert {tour.vehicle_id for tour in day.plans[one.party_id].tours} <= own
    assert sum(plan.totals.lifts for plan in day.plans.values()) > 0


@pytest.mark.parametrize("most", [0.1, 0.3])
def test_vehicles_work_for_others_only_up_to_the_greatest_share(ports: Ports, most: float) -> None:
    parties = PAIRS[1].parties
    day = joint(parties, agreement(*parties, max_share_fraction=most), ports)
    for one, other in (parties, parties[::-1]):
        own = {vehicle.vehicle_id for vehicle in one.request.town.vehicles}
        lifts = [
            (tour.vehicle_id in own, len(stop.collections))
            for tour in day.plans[one.party_id].tours
            for stop in tour.stops
        ]
        for_others = sum(
            len(stop.collections)
            for tour in day.plans[other.party_id].tours
            if tour.vehicle_id.startswith(f"{one.party_id}-")
            and tour.vehicle_id not in {vehicle.vehicle_id for vehicle in other.request.town.vehicles}
            for stop in tour.stops
        )
        at_home = sum(count for is_own, count in lifts if is_own)
        assert for_others <= most * (for_others + at_home)


def test_stream_that_is_not_shared_stays_at_home(ports: Ports) -> None:
    parties = PAIRS[0].parties
    day = joint(parties, agreement(*parties, streams=("paper",)), ports)
    for one in parties:
        stream_of = {container.container_id: container.stream for container in one.request.town.containers}
        own = {vehicle.vehicle_id for vehicle in one.request.town.vehicles}
        abroad = [tour for tour in day.plans[one.party_id].tours if tour.vehicle_id not in own]
        assert {stream_of[c.container_id] for t in abroad for s in t.stops for c in s.collections} <= {"paper"}


def test_town_without_its_truck_is_helped_and_pays_for_it(ports: Ports) -> None:
    west, east = PAIRS[0].parties
    idle = tuple(replace(one, is_available=False) for one in east.request.town.vehicles)
    east = replace(east, request=replace(east.request, town=replace(east.request.town, vehicles=idle)))
    day = joint((west, east), agreement(west, east), ports)
    helped = next(one for one in day.shares if one.party_id == "kalletal")
    helper = next(one for one in day.shares if one.party_id == "lemgo")
    assert helped.alone_micro_eur == helped.share_micro_eur == 0
    assert helped.extra_container_ids
    assert set(helped.extra_container_ids) <= set(emptied(day, "kalletal"))
    assert helped.extra_micro_eur > 0
    assert helper.extra_micro_eur == 0
    assert helper.share_micro_eur <= helper.alone_micro_eur


def test_saving_is_divided_by_weight_where_that_is_agreed(ports: Ports) -> None:
    parties = PAIRS[0].parties
    day = joint(parties, agreement(*parties, price_rule=PriceRule.BY_WEIGHT), ports)
    per_kg = [one.saved_micro_eur / one.expected_kg for one in day.shares]
    assert per_kg[0] == pytest.approx(per_kg[1], rel=1e-3)
    assert per_kg[0] > 0


def test_same_day_gives_the_same_joint_day(ports: Ports) -> None:
    parties = PAIRS[2].parties
    first, again = (joint(parties, agreement(*parties), ports) for _ in range(2))
    assert again.shares == first.shares
    assert [plan.tours for plan in again.plans.values()] == [plan.tours for plan in first.plans.values()]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_until": date(2026, 1, 31)}, "agreement_expired"),
        ({"valid_from": date(2026, 6, 1)}, "agreement_not_yet_valid"),
        ({"accepted_by": ("lemgo",)}, "agreement_not_accepted"),
        ({"withdrawn_by": "kalletal", "withdrawn_at": datetime(2026, 3, 1, tzinfo=UTC)}, "agreement_withdrawn"),
        ({"weekdays": (5,)}, "agreement_rests"),
    ],
)
def test_agreement_that_is_not_in_force_is_refused_with_the_reason(
    ports: Ports, changes: dict[str, object], code: str
) -> None:
    parties = PAIRS[0].parties
    with pytest.raises(InvalidInputError) as refused:
        joint(parties, agreement(*parties, **changes), ports)
    assert refused.value.issues[0].code == code


def test_town_without_any_agreement_is_refused(ports: Ports) -> None:
    with pytest.raises(InvalidInputError, match="Propose one first"):
        plan_joint_day(PAIRS[0].parties, [], ports, plan_id="p", generated_at=AS_OF)


@pytest.mark.parametrize(
    "changes",
    [
        {"partner_id": "lemgo"},
        {"streams": ()},
        {"valid_until": date(2025, 1, 1)},
        {"starts_local": time(9), "ends_local": time(8)},
        {"weekdays": (7,)},
        {"max_share_fraction": 1.5},
        {"accepted_by": ("nobody",)},
        {"lendings": {"nobody": Lending()}},
    ],
)
def test_impossible_agreement_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        agreement(*PAIRS[0].parties, **changes)
