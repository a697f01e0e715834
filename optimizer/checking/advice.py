"""What to do about each kind of violation, for whoever wrote the plan."""

ADVICE = {
    "break_before_work": "Take the break after the first stop.",
    "capacity": "Take containers off the trip, or tip once more before them.",
    "counted_twice": "Keep it in one tour only.",
    "disposal_closed": "Tip at another site, or on a day when it is open.",
    "empty_tour": "Give the vehicle something to empty, or leave its tour out.",
    "exceeds_vehicle": "Use a larger vehicle, or correct the container's capacity in the register.",
    "forbidden_vehicle": "Give the stop to a vehicle that collects the stream, can lift it and may go there.",
    "load_left": "Tip what is on board, also when nothing is added.",
    "long_stretch": "Put a break of at least 15 minutes earlier into the tour.",
    "malformed_tour": "Begin each tour with its start and end it with its end.",
    "malformed_stop": "List containers at collection stops, and nowhere else.",
    "missing_break": "Add the break that is missing; parts count from 15 minutes.",
    "mixed_stop": "Make one stop for each container site and stream.",
    "no_vehicle": "Use another vehicle, or change its shift or availability in fleet.toml.",
    "not_empty": "End the tour with a tipping before it returns.",
    "outside_shift": "Take stops off this vehicle, or lengthen its shift in fleet.toml.",
    "outside_window": "Come within the hours stated, or widen them in the register.",
    "overload_kg": "Tip before this stop, or give it to a vehicle with room.",
    "overload_l": "Tip before this stop, or give it to a vehicle with room.",
    "short_break": "Make each part of a break at least 15 minutes long.",
    "stream_not_accepted": "Tip at a site that accepts the stream.",
    "time_lost": "Let the rest of the tour begin where the done stops end.",
    "time_window": "Widen the container's hours in the register, or move the shift.",
    "too_long_out": "Take stops off this vehicle, or raise max_out_s in fleet.toml.",
    "too_early": "Move the stop to the time that is possible, or drive fewer stops before it.",
    "too_far_from_road": "Correct the coordinates in the register.",
    "too_many_trips": "Tip less often, or raise max_trips in fleet.toml.",
    "too_much_work": "Take stops off this vehicle: the limit is the law's.",
    "two_streams": "Tip before the other stream is loaded.",
    "unknown_container": "Correct the id.",
    "unknown_disposal_site": "Correct the id.",
    "unknown_vehicle": "Correct the id.",
    "unknown_place": "Correct the id.",
    "unreachable": "Use a vehicle that may drive there.",
    "reversing": "Use a shorter vehicle, or move the container.",
    "outside_map": "Correct the coordinates in the register.",
    "vehicle_twice": "Join the tours of the vehicle.",
    "wrong_arrival": "Leave the times out, then they are worked out.",
    "wrong_distance": "Plan again, or check with the map that the plan was made with.",
    "wrong_leg": "Leave the times out, then they are worked out.",
    "wrong_service": "Use the times of the register, or correct them there.",
    "wrong_toll": "Plan again, or check with the map that the plan was made with.",
    "wrong_total": "Leave the totals out, or add them up again.",
}
"""By the code of the violation."""


def advice_for(code: str) -> str:
    """One sentence; empty for a code that only a broken solver can cause."""
    return ADVICE.get(code, "")
