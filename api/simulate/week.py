"""The week itself: what happens on each day, in which order, and what is held against it at the end.

Everything that the service learns, it learns by HTTP. Its clock is set by the simulation, so that a week takes minutes.
Only the reckoning at the end looks into its databases.
"""

import json
import time as clock
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from api.files.plan_json import load_plan
from api.files.town_folder import LoadedTown
from api.simulate.accounts import settle
from api.simulate.neighbours import Neighbours, settle_joint_day
from api.simulate.own_service import OwnService, own_service
from api.simulate.protocol import DayRecord, Happening, WeekResult, WeekSpec
from api.simulate.town_day import TownDay, report, with_street_closed
from api.simulate.town_life import TownLife, holders_of
from api.simulate.towns import two_towns, week_statistics
from api.wiring import open_street_router
from optimizer.checking.check_plan import check_plan
from optimizer.domain.request import SelectionRules, SolveLimits
from optimizer.domain.town import Town
from optimizer.season.spec import SeasonSpec
from optimizer.season.world import World
from routing.location import Location
from routing.ports import StreetRouter

TELLS = Callable[[str], None]
MORNING, PLANNING, TABLETS, EVENING = time(5), time(5, 10), time(5, 40), time(18)
STREET_CLOSED, BREAKDOWN = time(6, 40), time(6, 50)


class Week:
    """Two towns and their service, from Monday morning on."""

    def __init__(self, spec: WeekSpec, folder: Path, *, tells: TELLS) -> None:
        self._spec, self.folder, self._tells = spec, folder, tells
        self._router: StreetRouter = open_street_router(
            spec.map_path, cache_dir=None if spec.map_path is None else folder / "cache"
        )
        towns = two_towns(spec.sizes, map_path=spec.map_path, router=self._router)
        self._lives = [self._life(town) for town in towns]
        self._neighbours = Neighbours()
        self._happenings: frozenset[Happening] = frozenset()
        self.result = WeekResult(spec=spec)

    def live(self) -> WeekResult:
        """Live through the week.

        Raises
        ------
        UnexpectedAnswerError
            When the service answers otherwise than it should.
        ServiceFailedError
            When it does not start.
        """
        began_s = clock.perf_counter()
        loaded = {
            one.tenant_id: LoadedTown(
                town=one.town, history=one.history(), map_path=self._spec.map_path, rules=SelectionRules()
            )
            for one in self._lives
        }
        holders = [holder for one in self._lives for holder in holders_of(one.tenant_id, one.town)]
        self._tells("starting the service")
        with own_service(
            self.folder / "data", loaded, holders, starts_at=self._at(self._spec.first_day, MORNING)
        ) as service:
            for life in self._lives:
                life.meet(service, self.result.journal)
            try:
                for number in range(self._spec.n_days):
                    self._live_day(service, number)
                service.clock.set(self._at(self._spec.first_day + timedelta(days=self._spec.n_days), MORNING))
                for life in self._lives:
                    life.report_night()
            finally:
                for life in self._lives:
                    life.part()
        self.result.accounts = settle(
            self.folder / "data",
            self._lives,
            self.result.days,
            begins_at=self._at(self._spec.first_day, MORNING),
            ends_at=self._at(self._spec.first_day + timedelta(days=self._spec.n_days), MORNING),
        )
        self.result.seconds = clock.perf_counter() - began_s
        return self.result

    @property
    def lives(self) -> list[TownLife]:
        """Both towns."""
        return self._lives

    def _life(self, town: Town) -> TownLife:
        season = SeasonSpec(
            name="week",
            town=town,
            statistics=week_statistics(),
            first_day=self._spec.first_day,
            n_days=self._spec.n_days,
            warm_up_days=0,
            seeds=(self._spec.seed,),
            limits=SolveLimits(time_limit_s=None, iteration_limit=self._spec.iterations),
        )
        world = World(season, self._spec.seed, is_holiday=lambda _: False)
        return TownLife(town.town_id, town, world, seed=self._spec.seed)

    def _live_day(self, service: OwnService, number: int) -> None:
        day = self._spec.first_day + timedelta(days=number)
        self._tells(f"{day:%A}")
        self._happenings = self._spec.happenings.get(number, frozenset())
        service.clock.set(self._at(day, MORNING))
        days = [TownDay(life=life, record=DayRecord(day=day, town=life.town.name)) for life in self._lives]
        self.result.days += [one.record for one in days]
        for one in days:
            one.life.report_night()
        if any(vehicle.shift.window_on(day, days[0].life.town.zone) for vehicle in days[0].life.town.vehicles):
            self._work(service, days)
        else:
            for one in days:
                one.record.happenings.append("no shift: the sensors alone work")
        for one in days:
            one.life.live_until(self._at(day + timedelta(days=1), MORNING), day)
            one.record.overflowing = one.life.ledger.overflowing[day]

    def _work(self, service: OwnService, days: list[TownDay]) -> None:
        """Plan, release, drive, and tell in the evening, in both towns."""
        own = days[0]
        service.clock.set(self._at(own.day, PLANNING))
        self._plan_all(days)
        service.clock.set(self._at(own.day, TABLETS))
        for one in days:
            one.fetch()
        if Happening.BREAKDOWN in self._happenings:
            self._interrupt(service, own, "breakdown", BREAKDOWN)
        if Happening.STREET_CLOSED in self._happenings:
            self._interrupt(service, own, "road_closed", STREET_CLOSED)
        for one in days:
            one.drive()
        service.clock.set(self._at(own.day, EVENING))
        for one in days:
            one.life.emptied_before = set()
        for one in days:
            self._close(one)
        if own.joint_path:
            settle_joint_day(days)

    def _plan_all(self, days: list[TownDay]) -> None:
        """Each town's own day, or the one that both drive."""
        own, neighbour = days
        if Happening.PARTNER_LEAVES in self._happenings:
            self._neighbours.part(own, neighbour)
        if Happening.PARTNER_JOINS in self._happenings:
            self._neighbours.join(own, neighbour, self._wish(own.day))
        for one in days:
            if one.joint_path:
                self._compare_forecast(one)
            else:
                self._plan(one)

    def _plan(self, one: TownDay) -> None:
        planned = one.life.office.plan(self._wish(one.day))
        one.take(planned["plan"])
        self._judge(one, planned["plan"])
        self._compare_forecast(one)
        released = one.life.office.release(planned)
        one.record.happenings.append(f"release {released['release']}: {one.record.tours} tours")

    def _interrupt(self, service: OwnService, one: TownDay, kind: str, at: time) -> None:
        """Something happens on the road: what is done is told, a new plan is proposed, accepted and fetched."""
        instant = self._at(one.day, at)
        service.clock.set(instant)
        one.drive(until=instant)
        incident = report(one, kind, instant)
        if incident is None:
            one.record.happenings.append(f"{kind}: no tour was on the road any more")
            return
        planned = one.life.office.plan_of(incident["proposal"]["plan_id"])
        self._judge(one, planned["plan"], closed=incident.get("closed"))
        one.take(planned["plan"])
        one.fetch(since=instant)
        if (closed := incident.get("closed")) is not None and self._spec.map_path is not None:
            one.require_open(closed)  # straight lines know no streets

    def _wish(self, day: date) -> dict[str, object]:
        limits = {"iteration_limit": self._spec.iterations, "seed": self._spec.seed}
        return {"day": day.isoformat(), "limits": limits}

    def _close(self, one: TownDay) -> None:
        """Let the tablets tell the day, and the truth have it."""
        life, record = one.life, one.record
        for number, tour in enumerate(one.tours.values()):
            is_offline = self._is_offline(one, number)
            life.send_events(tour, one.day, is_offline=is_offline, seed=self._spec.seed)
            if is_offline:
                told = f"{len(tour.events)} events in the evening, sent twice"
                record.happenings.append(f"{tour.vehicle_id} had no network all day: {told}")
            for name, at in tour.emptied.items():
                owner, container_id = life.whose(name)
                owner.note_emptied(container_id, at, one.expected if owner is life else {}, one.day)
                owner.emptied_before.add(container_id)
            record.lifts += len(tour.emptied)
            record.blocked += len(tour.blocked)

    def _is_offline(self, one: TownDay, number: int) -> bool:
        if Happening.NO_NETWORK in self._happenings:
            return True
        is_calm = not self._happenings & {Happening.BREAKDOWN, Happening.STREET_CLOSED}
        return is_calm and number == one.day.toordinal() % len(one.tours)

    def _judge(self, one: TownDay, document: Mapping[str, Any], *, closed: Location | None = None) -> None:
        """Hold a published plan against every rule, by the checker that shares no code with the solvers."""
        plan = load_plan(json.dumps(document).encode(), source="the service's answer")
        record = one.record
        record.plans += 1
        record.tours = len(plan.tours)
        record.km = plan.totals.distance_m / 1000
        record.left_though_due = sum(left.is_due for left in plan.unserved)
        router = self._router if closed is None else with_street_closed(self._router, closed, one.day)
        record.violations += [f"{found.where}: {found.sentence}" for found in check_plan(plan, one.life.town, router)]
        served = [each.container_id for tour in plan.tours for stop in tour.stops for each in stop.collections]
        known = sorted([*served, *(left.container_id for left in plan.unserved)])
        if known != sorted(each.container_id for each in one.life.town.containers):
            record.violations.append("some containers are in the plan twice or not at all")

    def _compare_forecast(self, one: TownDay) -> None:
        """Hold what the plan expects of every container against the truth, and against the day before."""
        life, expected = one.life, one.expected_of_all
        at_s = int(self._at(one.day, MORNING).timestamp())
        errors = [abs(level - life.world.level_at(life.world.row_of[name], at_s)) for name, level in expected.items()]
        one.record.forecast_error = sum(errors) / len(errors)
        emptied = life.emptied_before & life.expected_before.keys() & expected.keys()
        fell = sum(expected[name] < life.expected_before[name] for name in emptied)
        one.record.forecasts_that_fell = (fell, len(emptied))
        life.expected_before = expected

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self._lives[0].town.zone)
