"""Judges tours of Kim's waste days from the figures of the file, without any of our models: real times, real lunch."""

from collections import Counter
from itertools import pairwise

from benchmarks.solver.families.kim import FEET_PER_MILE, LUNCH_FROM_S, LUNCH_UNTIL_S, KimDay
from benchmarks.solver.judge import Verdict
from benchmarks.solver.peer import Orders

TOLERANCE_S = 1e-6


def judge_kim(raw: KimDay, orders: Orders) -> Verdict:
    """Miles, trucks, and everything that breaks a rule."""
    wrong: list[str] = []
    first_stop = 1 + raw.n_landfills
    n_stops = len(raw.feet) - first_stop
    feet = 0.0
    trucks = [(vehicle, order) for vehicle, order in orders if order]
    for vehicle, times in Counter(vehicle for vehicle, _ in trucks).items():
        if times > 1:
            wrong.append(f"truck {vehicle} drives {times} tours")
    visits = Counter(visit for _, order in trucks for visit in order if visit >= 0)
    for vehicle, order in trucks:
        rows = [0, *(first_stop + visit if visit >= 0 else 1 + ~visit for visit in order), 0]
        if not all(0 <= row < len(raw.feet) for row in rows) or any(~visit >= raw.n_landfills for visit in order):
            wrong.append(f"truck {vehicle} visits what does not exist")
            continue
        feet += sum(raw.distance_feet(a, b) for a, b in pairwise(rows))
        wrong += [f"truck {vehicle} {what}" for what in (*_load_errors(raw, order), *_time_errors(raw, rows))]
    wrong += [f"stop {stop} is served {times} times" for stop, times in sorted(visits.items()) if times > 1]
    wrong += [f"stop {stop} is not served" for stop in range(n_stops) if not visits[stop]]
    return Verdict(cost=feet / FEET_PER_MILE, vehicles=len(trucks), violations=tuple(wrong))


def _load_errors(raw: KimDay, order: list[int]) -> list[str]:
    wrong, on_board, in_all = [], 0.0, 0.0
    first_stop = 1 + raw.n_landfills
    for visit in order:
        if visit < 0:
            on_board = 0.0
            continue
        on_board += float(raw.load_yards[first_stop + visit])
        in_all += float(raw.load_yards[first_stop + visit])
        if on_board > raw.capacity_yards + 1e-6:
            wrong.append(f"carries {on_board:.1f} of {raw.capacity_yards:.1f} yards")
            break
    if order[-1] >= 0:
        wrong.append("comes home with a load")
    if in_all > raw.day_yards + 1e-6:
        wrong.append(f"collects {in_all:.1f} of {raw.day_yards:.1f} yards a day")
    n_stops = sum(visit >= 0 for visit in order)
    if n_stops > raw.day_stops:
        wrong.append(f"makes {n_stops} of {raw.day_stops} stops a day")
    return wrong


def _time_errors(raw: KimDay, rows: list[int]) -> list[str]:
    """Two clocks run along the tour: before lunch, and after it; each as early as can be."""
    hungry: float | None = float(raw.early_s[0])
    fed: float | None = None
    for before, row in pairwise(rows):
        drive_s = raw.distance_feet(before, row) / raw.feet_per_s
        had_lunch = None if fed is None else fed + drive_s
        if hungry is not None and hungry <= LUNCH_UNTIL_S:
            # On the road, or waiting for eleven at the place itself.
            now = max(hungry + drive_s, LUNCH_FROM_S) + raw.lunch_s
            had_lunch = now if had_lunch is None else min(had_lunch, now)
        hungry = None if hungry is None else _served(raw, row, hungry + drive_s)
        fed = None if had_lunch is None else _served(raw, row, had_lunch)
        if hungry is None and fed is None:
            return [f"reaches row {row} too late"]
    # Home by noon: no lunch is due.
    if fed is None and (hungry is None or hungry > LUNCH_UNTIL_S):
        return ["has no lunch"]
    return []


def _served(raw: KimDay, row: int, arrives_s: float) -> float | None:
    starts_s = max(arrives_s, float(raw.early_s[row]))
    if starts_s > raw.late_s[row] + TOLERANCE_S:
        return None
    return starts_s + (float(raw.service_s[row]) if row else 0.0)
