"""The reckoning: what the service has kept of the week, held against what the simulation knows to have happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from api.simulate.protocol import Account, DayRecord
from api.simulate.town_life import TownLife
from api.store.sql_tenants import open_tenant_stores

CLOCK_TOLERANCE_S = 2
"""A tablet's clock is put right by the instant of sending, which the network's delay blurs."""
MOST_FORECAST_ERROR = 0.1
LEAST_SHARE_THAT_FELL = 0.8
"""A container that was emptied when nearly empty may be expected as full as before."""


def settle(
    folder: Path, lives: Sequence[TownLife], days: Sequence[DayRecord], *, begins_at: datetime, ends_at: datetime
) -> list[Account]:
    """Everything that must be so, looked up in the databases of a service that has ended."""
    stores = open_tenant_stores(folder)
    try:
        kept = {
            life.tenant_id: {
                name: [at_s for at_s in series.emptied_at_s.tolist() if at_s >= begins_at.timestamp()]
                for name, series in stores.store(life.tenant_id)
                .readings.history(as_of=ends_at, days=(ends_at - begins_at).days + 2)
                .items()
            }
            for life in lives
        }
        broken_logs = [
            life.tenant_id for life in lives if stores.store(life.tenant_id).audit.first_broken() is not None
        ]
    finally:
        stores.close()
    return [
        *(_emptyings(life, kept[life.tenant_id]) for life in lives),
        _events(lives),
        _readings(lives),
        _plans(days),
        _forecast_error(days),
        _forecasts_fell(days),
        Account(
            name="audit logs are whole",
            is_right=not broken_logs,
            detail=", ".join(broken_logs) or "no line was changed or is missing",
        ),
    ]


def _emptyings(life: TownLife, kept: Mapping[str, list[int]]) -> Account:
    wrong = [
        name
        for name in sorted({*life.ledger.emptied, *(name for name, instants in kept.items() if instants)})
        if not _is_same(life.ledger.emptied.get(name, []), kept.get(name, []))
    ]
    happened = sum(map(len, life.ledger.emptied.values()))
    counted = sum(map(len, kept.values()))
    detail = f"{happened} happened, {counted} are counted"
    return Account(
        name=f"every emptying is counted once in {life.town.name}",
        is_right=not wrong and happened == counted,
        detail=detail + (f"; look at {', '.join(wrong[:3])}" if wrong else ""),
    )


def _is_same(happened: Sequence[int], kept: Sequence[int]) -> bool:
    return len(happened) == len(kept) and all(
        abs(one - other) <= CLOCK_TOLERANCE_S for one, other in zip(sorted(happened), sorted(kept), strict=True)
    )


def _events(lives: Sequence[TownLife]) -> Account:
    sent = sum(life.ledger.events for life in lives)
    refused = sum(life.ledger.event_statuses["rejected"] for life in lives)
    repeated = sum(life.ledger.repeated_events for life in lives)
    changed = sum(life.ledger.changed_by_repetition for life in lives)
    return Account(
        name="events sent again change nothing",
        is_right=refused == changed == 0 and sent > 0,
        detail=f"{sent} events, {refused} refused; {repeated} sent again shuffled, {changed} answered otherwise",
    )


def _readings(lives: Sequence[TownLife]) -> Account:
    accepted, other = (
        sum(sum(life.ledger.readings[name] for name in names) for life in lives)
        for names in (("accepted",), ("duplicate", "rejected"))
    )
    return Account(
        name="every reading is taken in", is_right=other == 0 < accepted, detail=f"{accepted} accepted, {other} not"
    )


def _plans(days: Sequence[DayRecord]) -> Account:
    broken = [f"{one.day} {one.town}: {sentence}" for one in days for sentence in one.violations]
    count = sum(one.plans for one in days)
    return Account(
        name="every plan is valid",
        is_right=not broken and count > 0,
        detail=f"{count} plans judged" + ("".join(f"; {sentence}" for sentence in broken[:3])),
    )


def _forecast_error(days: Sequence[DayRecord]) -> Account:
    told = [one.forecast_error for one in days if one.plans]
    worst = max(told, default=float("nan"))
    return Account(
        name="forecasts follow the truth",
        is_right=worst <= MOST_FORECAST_ERROR,
        detail=f"expected and true levels differ by {sum(told) / max(1, len(told)):.3f} on the mean of all mornings, "
        f"{worst:.3f} on the worst",
    )


def _forecasts_fell(days: Sequence[DayRecord]) -> Account:
    fell, emptied = (sum(one.forecasts_that_fell[at] for one in days) for at in (0, 1))
    return Account(
        name="forecasts know what was emptied",
        is_right=emptied > 0 and fell >= LEAST_SHARE_THAT_FELL * emptied,
        detail=f"{fell} of {emptied} containers are expected emptier on the morning after their emptying",
    )
