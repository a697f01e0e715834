"""A neighbour that joins in the middle of the week, and leaves again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from api.simulate.town_day import TownDay


class Neighbours:
    """What two towns have agreed, as the simulation knows it."""

    def __init__(self) -> None:
        self._agreement = ""

    def join(self, own: TownDay, neighbour: TownDay, wish: Mapping[str, object]) -> None:
        """Propose, be accepted, ask for a joint day, and give it to the tablets of both towns."""
        streams = [one.stream_id for one in own.life.town.streams]
        proposed = own.life.office.ask(
            "POST",
            "/v1/agreements",
            expect=201,
            what="propose an agreement",
            json={
                "partner_id": neighbour.life.tenant_id,
                "streams": streams,
                "vehicle_ids": [one.vehicle_id for one in own.life.town.vehicles],
                "disposal_site_ids": [one.disposal_site_id for one in own.life.town.disposal_sites],
                "valid_from": own.day.isoformat(),
                "valid_until": (own.day + timedelta(days=30)).isoformat(),
                "weekdays": list(range(6)),
            },
        ).json()
        self._agreement = str(proposed["agreement_id"])
        with_partner = {**wish, "partners": [neighbour.life.tenant_id]}
        own.life.office.ask(
            "POST", "/v1/plans", expect=(409, 422), json=with_partner, what="ask too early for a joint plan"
        )
        neighbour.life.office.ask(
            "POST",
            f"/v1/agreements/{self._agreement}/accept",
            expect=200,
            what="accept an agreement",
            json={
                "vehicle_ids": [one.vehicle_id for one in neighbour.life.town.vehicles],
                "disposal_site_ids": [one.disposal_site_id for one in neighbour.life.town.disposal_sites],
            },
        )
        joint = own.life.office.plan(with_partner)
        path = f"/v1/joint-days/{joint['plan_id']}"
        both = (own, neighbour)
        for one in both:
            part = one.life.office.ask("GET", path, expect=200, what="fetch a joint day").json()
            one.judge_part(part)
            one.take(part["plan"])
        released = [
            one.life.office.ask("POST", f"{path}/release", expect=200, what="release a joint day").json()
            for one in both
        ]
        if [one["is_released"] for one in released] != [False, True]:
            own.record.violations.append("a joint day was released before both had agreed, or not after")
        lives = {one.life.tenant_id: one.life for one in both}
        for one in both:
            one.joint_path = path
            one.neighbours = lives

    def part(self, own: TownDay, neighbour: TownDay) -> None:
        """Let the neighbour withdraw: whoever asks for a joint plan then is told so."""
        if not self._agreement:
            return
        address = f"/v1/agreements/{self._agreement}/withdraw"
        neighbour.life.office.ask("POST", address, expect=200, what="withdraw an agreement")
        body = {"day": own.day.isoformat(), "partners": [neighbour.life.tenant_id]}
        told = own.life.office.ask(
            "POST", "/v1/plans", expect=(409, 422), json=body, what="ask too late for a joint plan"
        )
        own.record.happenings.append(f"the neighbour withdrew; a joint plan is refused: {told.json()['detail']}")


def settle_joint_day(both: Sequence[TownDay]) -> None:
    """Hold both towns' bills against what was driven: every lift once, and no cent lost."""
    bills = [
        one.life.office.ask("GET", f"{one.joint_path}/settlement", expect=200, what="settle a joint day").json()
        for one in both
    ]
    paid = sum(
        bill["driven"][name] for bill in bills for name in ("share_micro_eur", "extra_micro_eur", "beyond_micro_eur")
    )
    for one, bill in zip(both, bills, strict=True):
        planned_eur, driven_eur = bill["planned"]["share_micro_eur"] / 1e6, bill["driven"]["share_micro_eur"] / 1e6
        abroad = [
            name for tour in one.tours.values() for name in tour.emptied if one.life.whose(name)[0] is not one.life
        ]
        told = f"{bill['driven']['emptied']} of {bill['planned_lifts']} containers emptied"
        told += f", {len(abroad)} of the neighbour's by own vehicles"
        one.record.happenings.append(
            f"joint day settled: {told}, {driven_eur:.2f} EUR as driven instead of {planned_eur:.2f} EUR as planned"
        )
        if bill["driven"]["emptied"] != len(one.life.emptied_before):
            one.record.violations.append("the joint day's bill counts other lifts than there were")
        if bill["joint_driven_micro_eur"] != paid:
            one.record.violations.append("the shares of the joint day do not pay what was driven")
