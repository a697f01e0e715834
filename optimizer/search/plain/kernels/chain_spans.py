"""Judges how long tours would be out when parts of them are joined, from sums known for each part.

The time out is the work, or the time from the latest departure to the earliest end where that is longer: then there is
waiting that no later departure avoids. See Vidal et al. (2013), doi:10.1016/j.cor.2012.07.018. All times end with the
arrival at the tipping site; what follows is the same for all tours of a type.
"""

from optimizer.search.kernels.compiled_part import inlined_part
from optimizer.search.plain.kernels.chains import ENDS_S, LEAVE_BY_S, NOBODY, REST_S, TOTAL_IN_S, Chains
from optimizer.search.plain.plain_day import PlainDay


@inlined_part
def is_out_briefly(
    day: PlainDay, plan: Chains, kind: int, total_s: int, early_s: int, leave_by_s: int, behind: int
) -> bool:
    """Whether a tour that goes on with the tail from ``behind``, or at the site, is out no longer than it may.

    ``total_s`` and ``early_s`` are the work up to the arrival there and the earliest arrival; with a departure by
    ``leave_by_s`` all before is in time.
    """
    if behind == NOBODY:
        leave_by_s = min(leave_by_s, day.tips_by_s[kind] - total_s)
        return bool(max(total_s, early_s - leave_by_s) <= day.out_s[kind])
    leave_by_s = min(leave_by_s, plan.late_s[behind] - total_s)
    rest_s = plan.spans[behind, REST_S]
    ends_s = max(early_s + rest_s, plan.spans[behind, ENDS_S])
    return bool(max(total_s + rest_s, ends_s - leave_by_s) <= day.out_s[kind])


@inlined_part
def is_joined_briefly(day: PlainDay, plan: Chains, kind: int, before: int, behind: int) -> bool:
    """The same for a tour that goes on from one pickup, or the depot, to another one, or home."""
    if before == NOBODY:
        if behind == NOBODY:
            return True
        way_s = day.start_s[kind, behind]
        return is_out_briefly(day, plan, kind, way_s, day.leaves_s[kind] + way_s, day.tips_by_s[kind], behind)
    way_s = day.service_s[before]
    way_s += day.end_s[kind, before] if behind == NOBODY else day.drive_from_s[kind, before, behind]
    total_s, early_s = plan.spans[before, TOTAL_IN_S] + way_s, plan.early_s[before] + way_s
    return is_out_briefly(day, plan, kind, total_s, early_s, plan.spans[before, LEAVE_BY_S], behind)


@inlined_part
def is_brief_with(day: PlainDay, plan: Chains, kind: int, pickup: int, before: int, behind: int) -> bool:
    """The same for a tour with one more pickup between two, or at an end."""
    if before == NOBODY:
        total_s = day.start_s[kind, pickup]
        early_s, leave_by_s = day.leaves_s[kind] + total_s, day.tips_by_s[kind]
    else:
        way_s = day.service_s[before] + day.drive_to_s[kind, pickup, before]
        total_s, early_s = plan.spans[before, TOTAL_IN_S] + way_s, plan.early_s[before] + way_s
        leave_by_s = plan.spans[before, LEAVE_BY_S]
    leave_by_s = min(leave_by_s, day.last_s[pickup] - total_s)
    way_s = day.service_s[pickup]
    way_s += day.end_s[kind, pickup] if behind == NOBODY else day.drive_from_s[kind, pickup, behind]
    early_s = max(early_s, day.opens_s[pickup]) + way_s
    return is_out_briefly(day, plan, kind, total_s + way_s, early_s, leave_by_s, behind)
