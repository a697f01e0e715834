"""How old a map may be before people are told: streets are built and closed, and no tour shows that it missed them.

Guards that an old map is always told and never refused.
"""

from datetime import UTC, date, datetime, time

MAP_MAX_AGE_DAYS = 180


def map_age_days(data_at: datetime, *, at: datetime) -> int:
    """Whole days between a map's data and an instant; 0 where the map is the younger one."""
    return max(0, (at - data_at).days)


def stale_map_warnings(data_at: datetime | None, *, day: date, max_age_days: int) -> tuple[str, ...]:
    """What to say of a map on the day that is planned on it; nothing where it is young enough, or does not say its age.

    The day counts and not the clock, so that the same inputs give the same plan.
    """
    if data_at is None:
        return ()
    age_days = map_age_days(data_at, at=datetime.combine(day, time(), UTC))
    if age_days <= max_age_days:
        return ()
    told = (
        f"stale_map: the map is of {data_at:%Y-%m-%d}, {age_days} days before this day; "
        "what was built or closed since is not in it. Get a newer extract."
    )
    return (told,)
