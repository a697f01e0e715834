"""Exact timing of one tour: which window each visit uses and where breaks lie, so that the day is shortest.

The order is given. Walking along it, every *label* describes one choice of windows and breaks so far. The time at
which the walk reaches its present point, as a function of the departure ``t``, is ``max(t + total_s, earliest_s)`` for
``t`` up to ``latest_s``; the same holds from the end of the last break with ``stretch_s`` and ``stretch_latest_s``.
Such functions can be chained, as in the segments of Vidal et al. (2013), doi:10.1016/j.cor.2012.07.018. The shortest
duration is ``max(total_s, earliest_s - latest_s)``, and breaks and the departure can always be moved so that every
stretch between breaks is shortest at the same time. A label is dropped when another is at least as good in everything
that the future can depend on, so the answer is exact as long as ``MAX_LABELS`` is not reached.

Where travel depends on the time, a label is split at every drive by the slice in which it may begin, which bounds the
departure from both sides. Dropping labels then takes it that who departs later arrives later: at the end of a rush
hour, where that fails, a better day may be overlooked, never an impossible one found.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

MAX_LABELS = 24
"""Labels kept per visit; when more are needed, those that arrive last are dropped."""
MAX_LABELS_OF_LATER = 128
"""The same where a later departure may be better, with overtime, queues and travel that depends on the time: there the
longest days so far are dropped."""

# Fields of a label.
TOTAL_S, EARLIEST_S, LATEST_S, STRETCH_S, STRETCH_LATEST_S, WORK_S, BREAK_S, PARENT, PIECE_S, WINDOW = range(10)
# Ways driven so far in micro-euros, and whether a break was taken: both only where travel depends on the time.
WAYS_MICRO_EUR, HAS_RESTED = 10, 11
N_FIELDS = 12

# Columns of the table of nodes (pickups, then disposals).
NODE_PLACE, NODE_SERVICE_S, NODE_FIRST_WINDOW, NODE_END_WINDOW = range(4)

# Entries of a vehicle's limits.
START_PLACE, END_PLACE, SHIFT_START_S, SHIFT_END_S, MAX_WORK_S, MAX_STRETCH_S, MOST_BREAK_S, UNRESTED_S = range(8)
MAX_OUT_S, REGULAR_WORK_S, PER_S_MICRO_EUR, OVERTIME_PER_S_MICRO_EUR = range(8, 12)
N_LIMITS = 12
NOT_OUT = -1
"""As ``UNRESTED_S``: the vehicle waits at its depot and may depart late."""

FOREVER_S = 1 << 40

Travel = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]
"""Seconds and, where there is more than one slice, micro-euros ``(slices, places, places)``; starts ``(slices,)``."""


@njit(cache=True, nogil=True)
def time_tour(
    nodes: NDArray[np.int64],
    travel: Travel,
    node_table: NDArray[np.int64],
    windows: NDArray[np.int64],
    limits: NDArray[np.int64],
    rules: NDArray[np.int64],
    pieces_s: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> int:
    """Fill ``labels`` and return the row of the best final one, or -1 when the tour cannot be timed.

    Parameters
    ----------
    nodes
        ``(n,)`` rows of ``node_table`` in the order of the visits.
    travel
        By the slice of the departure; the first slice starts before everything.
    node_table
        ``(nodes, 4)``: place, service, and range of rows in ``windows``.
    windows
        ``(w, 3)``: service starts and ends within one of them, and how much longer than usual it takes there.
    limits
        ``(12,)``: the vehicle's places, shift, working time, stretch, longest total break that counts, how long it
        has worked without a break when its shift starts (``NOT_OUT`` for one that has not departed), longest time out,
        regular working time, and costs of a second and of one of overtime.
    rules
        ``(r, 2)``: above so much work, so much break in total.
    pieces_s
        ``(p,)``: lengths of breaks worth trying, 0 first.
    labels
        ``(n + 2, labels kept, N_FIELDS)``, overwritten.
    """
    n = nodes.shape[0]
    duration_s, ways_micro_eur, slice_starts_s = travel
    n_slices = slice_starts_s.shape[0]
    labels[0, 0, :] = 0
    labels[0, 0, EARLIEST_S] = limits[SHIFT_START_S]
    labels[0, 0, LATEST_S] = limits[SHIFT_END_S]
    labels[0, 0, STRETCH_LATEST_S] = FOREVER_S
    is_out = limits[UNRESTED_S] != NOT_OUT
    if is_out:
        # It departs at once, and the stretch that it is in began before: that is not work of this tour.
        labels[0, 0, LATEST_S] = limits[SHIFT_START_S]
        labels[0, 0, STRETCH_LATEST_S] = limits[SHIFT_START_S] - limits[UNRESTED_S]
        labels[0, 0, WORK_S] = -limits[UNRESTED_S]
    n_labels = 1
    fresh = np.zeros(N_FIELDS, dtype=np.int64)
    ahead_s = _busy_s(nodes, duration_s, node_table, limits)
    place = limits[START_PLACE]
    for step in range(n + 1):
        if step < n:
            node = nodes[step]
            next_place = node_table[node, NODE_PLACE]
            service_s = node_table[node, NODE_SERVICE_S]
            first_window = node_table[node, NODE_FIRST_WINDOW]
            end_window = node_table[node, NODE_END_WINDOW]
        else:
            next_place = limits[END_PLACE]
            service_s = 0
            first_window = 0
            end_window = 1
        ahead_s -= _shortest_s(duration_s, place, next_place) + service_s
        n_fresh = 0
        for parent in range(n_labels):
            # A break before the first visit would only be a later departure.
            n_pieces = 1 if step == 0 and not is_out else pieces_s.shape[0]
            for at in range(n_pieces * n_slices):
                piece_s, part = pieces_s[at // n_slices], at % n_slices
                old_break_s = labels[step, parent, BREAK_S]
                if at >= 2 * n_slices and old_break_s >= limits[MOST_BREAK_S]:
                    continue  # enough break for every rule: only the shortest piece can still help, to end a stretch
                total_s = labels[step, parent, TOTAL_S] + piece_s
                earliest_s = labels[step, parent, EARLIEST_S] + piece_s
                latest_s = labels[step, parent, LATEST_S]
                has_rested = labels[step, parent, HAS_RESTED]
                if piece_s > 0:
                    work_s = labels[step, parent, WORK_S] + max(
                        labels[step, parent, STRETCH_S],
                        labels[step, parent, EARLIEST_S] - labels[step, parent, STRETCH_LATEST_S],
                    )
                    stretch_s = np.int64(0)
                    stretch_latest_s = np.int64(FOREVER_S)
                    break_s = min(old_break_s + piece_s, limits[MOST_BREAK_S])
                    has_rested = np.int64(n_slices > 1)
                else:
                    work_s = labels[step, parent, WORK_S]
                    stretch_s = labels[step, parent, STRETCH_S]
                    stretch_latest_s = labels[step, parent, STRETCH_LATEST_S]
                    break_s = old_break_s
                fresh[WAYS_MICRO_EUR] = 0
                if n_slices > 1:
                    # Departing within the slice bounds the departure of the day, or the end of the last break.
                    ends_s = slice_starts_s[part + 1] if part + 1 < n_slices else np.int64(FOREVER_S)
                    starts_s = slice_starts_s[part]
                    if earliest_s >= ends_s:
                        continue
                    if earliest_s < starts_s:
                        if (
                            not has_rested and latest_s + total_s < starts_s
                        ) or stretch_latest_s + stretch_s < starts_s:
                            continue
                        earliest_s = starts_s
                    latest_s = min(latest_s, ends_s - 1 - total_s)
                    stretch_latest_s = min(stretch_latest_s, ends_s - 1 - stretch_s)
                    fresh[WAYS_MICRO_EUR] = (
                        labels[step, parent, WAYS_MICRO_EUR] + ways_micro_eur[part, place, next_place]
                    )
                leg_s = duration_s[part, place, next_place]
                total_s += leg_s
                earliest_s += leg_s
                stretch_s += leg_s
                for window in range(first_window, end_window):
                    work_here_s = service_s
                    if step < n:
                        opens_s = windows[window, 0]
                        work_here_s += windows[window, 2]
                        last_start_s = windows[window, 1] - work_here_s
                    else:
                        opens_s = np.int64(0)
                        last_start_s = limits[SHIFT_END_S]
                    if earliest_s > last_start_s or opens_s > last_start_s:
                        continue
                    fresh[TOTAL_S] = total_s + work_here_s
                    fresh[EARLIEST_S] = max(earliest_s, opens_s) + work_here_s
                    fresh[LATEST_S] = min(latest_s, last_start_s - total_s)
                    fresh[STRETCH_S] = stretch_s + work_here_s
                    fresh[STRETCH_LATEST_S] = min(stretch_latest_s, last_start_s - stretch_s)
                    fresh[WORK_S] = work_s
                    fresh[BREAK_S] = break_s
                    fresh[PARENT] = parent
                    fresh[PIECE_S] = piece_s
                    fresh[WINDOW] = window
                    fresh[HAS_RESTED] = has_rested
                    stretch_now_s = max(fresh[STRETCH_S], fresh[EARLIEST_S] - fresh[STRETCH_LATEST_S])
                    least_work_s = work_s + stretch_now_s + ahead_s
                    due_s = np.int64(0)
                    for rule in range(rules.shape[0]):
                        if least_work_s > rules[rule, 0]:
                            due_s = max(due_s, rules[rule, 1] - break_s)
                    if (
                        fresh[EARLIEST_S] + ahead_s + due_s > limits[SHIFT_END_S]
                        or stretch_now_s > limits[MAX_STRETCH_S]
                        or least_work_s > limits[MAX_WORK_S]
                        or max(fresh[TOTAL_S], fresh[EARLIEST_S] - fresh[LATEST_S]) + ahead_s > limits[MAX_OUT_S]
                    ):
                        continue
                    n_fresh = _keep(labels[step + 1], n_fresh, fresh)
        n_labels = n_fresh
        if n_labels == 0:
            return -1
        place = next_place
    return _best_final(labels[n + 1], n_labels, limits, rules)


@njit(cache=True, nogil=True)
def _shortest_s(duration_s: NDArray[np.int32], place: int, next_place: int) -> int:
    """The travel in the slice in which it takes least."""
    shortest_s = np.int64(duration_s[0, place, next_place])
    for part in range(1, duration_s.shape[0]):
        shortest_s = min(shortest_s, duration_s[part, place, next_place])
    return int(shortest_s)


@njit(cache=True, nogil=True)
def _busy_s(
    nodes: NDArray[np.int64], duration_s: NDArray[np.int32], node_table: NDArray[np.int64], limits: NDArray[np.int64]
) -> int:
    """Driving and service of the whole tour: whoever cannot fit even these is given up early."""
    busy_s = np.int64(0)
    place = limits[START_PLACE]
    for step in range(nodes.shape[0]):
        next_place = node_table[nodes[step], NODE_PLACE]
        busy_s += _shortest_s(duration_s, place, next_place) + node_table[nodes[step], NODE_SERVICE_S]
        place = next_place
    return int(busy_s + _shortest_s(duration_s, place, limits[END_PLACE]))


@njit(cache=True, nogil=True)
def _keep(kept: NDArray[np.int64], n_kept: int, fresh: NDArray[np.int64]) -> int:
    """Add the label unless another dominates it, and drop those that it dominates; the new number of labels."""
    for at in range(n_kept):
        if _dominates(kept[at], fresh):
            return n_kept
    n_left = 0
    for at in range(n_kept):
        if not _dominates(fresh, kept[at]):
            if n_left < at:
                kept[n_left] = kept[at]
            n_left += 1
    if n_left < kept.shape[0]:
        kept[n_left] = fresh
        return n_left + 1
    worst = 0
    for at in range(1, n_left):
        if _badness(kept[at], kept.shape[0]) > _badness(kept[worst], kept.shape[0]):
            worst = at
    if _badness(fresh, kept.shape[0]) < _badness(kept[worst], kept.shape[0]):
        kept[worst] = fresh
    return n_left


@njit(cache=True, nogil=True)
def _badness(label: NDArray[np.int64], most_labels: int) -> int:
    """By what a label is dropped: how late it comes, or how long the day is so far where coming late may be better."""
    elapsed_s = max(label[TOTAL_S], label[EARLIEST_S] - label[LATEST_S])
    return int(elapsed_s if most_labels > MAX_LABELS else label[EARLIEST_S])


@njit(cache=True, nogil=True)
def _dominates(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether whatever can follow the other label can follow this one too, no later and with no more work."""
    return bool(
        one[TOTAL_S] <= other[TOTAL_S]
        and one[EARLIEST_S] <= other[EARLIEST_S]
        and one[LATEST_S] >= other[LATEST_S]
        and one[STRETCH_S] <= other[STRETCH_S]
        and one[STRETCH_LATEST_S] >= other[STRETCH_LATEST_S]
        and one[WORK_S] + one[STRETCH_S] <= other[WORK_S] + other[STRETCH_S]
        and one[WORK_S] - one[STRETCH_LATEST_S] <= other[WORK_S] - other[STRETCH_LATEST_S]
        and one[BREAK_S] >= other[BREAK_S]
        and one[WAYS_MICRO_EUR] <= other[WAYS_MICRO_EUR]
    )


@njit(cache=True, nogil=True)
def _best_final(finals: NDArray[np.int64], n_finals: int, limits: NDArray[np.int64], rules: NDArray[np.int64]) -> int:
    """The row of the cheapest day, the shortest among equals, with all breaks that its work asks for, or -1."""
    best = -1
    best_micro_eur, best_elapsed_s = np.int64(0), np.int64(0)
    for at in range(n_finals):
        work_s = finals[at, WORK_S] + max(finals[at, STRETCH_S], finals[at, EARLIEST_S] - finals[at, STRETCH_LATEST_S])
        has_breaks = True
        for rule in range(rules.shape[0]):
            if work_s > rules[rule, 0] and finals[at, BREAK_S] < rules[rule, 1]:
                has_breaks = False
        elapsed_s = max(finals[at, TOTAL_S], finals[at, EARLIEST_S] - finals[at, LATEST_S])
        overtime_s = max(0, work_s - limits[REGULAR_WORK_S])
        cost = finals[at, WAYS_MICRO_EUR] + elapsed_s * limits[PER_S_MICRO_EUR]
        cost += overtime_s * limits[OVERTIME_PER_S_MICRO_EUR]
        is_better = cost < best_micro_eur or (cost == best_micro_eur and elapsed_s < best_elapsed_s)
        if has_breaks and (best < 0 or is_better):
            best, best_micro_eur, best_elapsed_s = at, cost, elapsed_s
    return best
