"""A neighbour that joins in the middle of the week, and leaves again."""

from collections.abc import Mapping
from datetime import timedelta

from api.simulate.town_day import TownDay


class Neighbours:
    """What two towns have agreed, as the simulation knows it."""

    def __init__(self) -> None:
        self._agreement = ""

    def join(self, own: TownDay, neighbour: TownDay, wish: Mapping[str, object]) -> None:
        """Propose, be accepted, and ask for a joint day beside both towns' own: what working together would save."""
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
        for one in (own, neighbour):
            path = f"/v1/joint-days/{joint['plan_id']}"
            part = one.life.office.ask("GET", path, expect=200, what="fetch a joint day").json()
            one.judge_part(part)

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
