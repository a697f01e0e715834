"""What is typed after the options of `fuhre scenario`, as changes."""

from datetime import time

from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.scenario import ChangeShift, CloseRoad, ReplaceVehicle, ScaleDemand
from routing.location import Location


def parse_shift(text: str) -> ChangeShift:
    """As in ``truck-1=05:30-14:00``."""
    vehicle_id, _, span = text.partition("=")
    starts, _, ends = span.partition("-")
    try:
        return ChangeShift(
            vehicle_id=vehicle_id, starts_local=time.fromisoformat(starts), ends_local=time.fromisoformat(ends)
        )
    except ValueError as error:
        raise _unread("--shift", text, "truck-1=05:30-14:00") from error


def parse_replacement(text: str) -> ReplaceVehicle:
    """As in ``truck-1=van-2``."""
    vehicle_id, equals, like = text.partition("=")
    if not equals or not vehicle_id or not like:
        raise _unread("--replace-vehicle", text, "truck-1=van-2")
    return ReplaceVehicle(vehicle_id=vehicle_id, like_vehicle_id=like)


def parse_road(text: str) -> CloseRoad:
    """A street's name, or as in ``8.676,49.405,200``."""
    parts = text.split(",")
    if len(parts) != 3:
        return CloseRoad(street=text)
    try:
        lon_deg, lat_deg, radius_m = (float(part) for part in parts)
        return CloseRoad(center=Location(lon_deg=lon_deg, lat_deg=lat_deg), radius_m=radius_m)
    except InvalidInputError:
        raise
    except ValueError as error:
        raise _unread("--close-road", text, "'Hauptstraße' or 8.676,49.405,200") from error


def parse_demand(text: str) -> ScaleDemand:
    """As in ``1.3`` or ``paper=1.3``."""
    stream, equals, factor = text.rpartition("=")
    try:
        return ScaleDemand(factor=float(factor), streams=(stream,) if equals else ())
    except InvalidInputError:
        raise
    except ValueError as error:
        raise _unread("--demand", text, "1.3 or paper=1.3") from error


def _unread(where: str, text: str, example: str) -> InvalidInputError:
    message = f"'{text}' is not understood. Write e.g. {example}."
    return InvalidInputError([Issue(where=where, code=where.strip("-").replace("-", "_"), message=message)])
