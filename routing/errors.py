"""What can go wrong on the ground: one root, facts as attributes, messages that say what to do."""


class RoutingError(Exception):
    """Root of every error that the package ``routing`` raises on purpose; can be sent to another process."""

    def __reduce__(self) -> tuple[object, ...]:
        """Facts and message, because the constructors take the facts by name."""
        return _restored, (type(self), self.args, self.__dict__)


class BrokenMapError(RoutingError):
    """The map file cannot be read: it is cut off, empty, or no OSM data."""

    def __init__(self, *, source: str, detail: str) -> None:
        self.source = source
        self.detail = detail
        super().__init__(f"The map {source} cannot be used: {detail}. Download it again or choose another file.")


class UnknownProfileError(RoutingError):
    """A vehicle profile was named that does not exist."""

    def __init__(self, *, profile: str, known: tuple[str, ...]) -> None:
        self.profile = profile
        self.known = known
        super().__init__(f"There is no vehicle profile '{profile}'. Known profiles: {', '.join(known)}.")


class BrokenProfileError(RoutingError):
    """A vehicle profile file has a missing or impossible value."""

    def __init__(self, *, source: str, detail: str) -> None:
        self.source = source
        self.detail = detail
        super().__init__(f"The vehicle profile {source} cannot be used: {detail}.")


class UnknownTimeSliceError(RoutingError):
    """A time slice was named that the vehicle profile does not have."""

    def __init__(self, *, profile: str, slice_name: str, known: tuple[str, ...]) -> None:
        self.profile = profile
        self.slice_name = slice_name
        self.known = known
        names = f"Known are: {', '.join(known)}" if known else "Add one as a table [[time_slice]] to its file"
        super().__init__(f"The vehicle profile '{profile}' has no time slice '{slice_name}'. {names}.")


class BrokenOverridesError(RoutingError):
    """A file of overrides has missing or impossible values; all of them are named.

    Attributes
    ----------
    issues
        One sentence for each.
    """

    def __init__(self, *, source: str, issues: tuple[str, ...]) -> None:
        self.source = source
        self.issues = issues
        super().__init__(f"The overrides in {source} cannot be used. {' '.join(issues)}")


class PlaceNotFoundError(RoutingError):
    """A place name gave no streets: unknown to the geocoder, or the download failed."""

    def __init__(self, *, place: str, detail: str) -> None:
        self.place = place
        self.detail = detail
        super().__init__(
            f"No streets could be loaded for '{place}': {detail}. Check the spelling and the network, "
            "or import a file from download.geofabrik.de with --osm."
        )


class WaypointError(RoutingError):
    """A waypoint cannot be used for routing; the subclasses say why.

    Attributes
    ----------
    label
        What the caller called the waypoint.
    code
        Stable, machine-readable reason.
    fact, advice
        The two sentences of the message: what is wrong, and what to do.
    """

    code = "waypoint"

    def __init__(self, *, label: str, fact: str, advice: str) -> None:
        self.label = label
        self.fact = fact
        self.advice = advice
        super().__init__(f"{fact} {advice}")


class OutsideMapError(WaypointError):
    """The waypoint lies outside the map's bounding box."""

    code = "outside_map"

    def __init__(self, *, label: str, lon_deg: float, lat_deg: float, is_swapped: bool = False) -> None:
        self.lon_deg = lon_deg
        self.lat_deg = lat_deg
        self.is_swapped = is_swapped
        hint = (
            "Longitude and latitude look swapped: exchange the two columns."
            if is_swapped
            else "Correct the coordinates or import a larger map."
        )
        fact = f"{label} ({lon_deg:.5f} E, {lat_deg:.5f} N) is outside the map."
        super().__init__(label=label, fact=fact, advice=hint)


class TooFarFromRoadError(WaypointError):
    """No street that this vehicle may use is near enough to the waypoint."""

    code = "too_far_from_road"

    def __init__(self, *, label: str, distance_m: float, limit_m: float, street_name: str) -> None:
        self.distance_m = distance_m
        self.limit_m = limit_m
        self.street_name = street_name
        nearest = f"the nearest usable street{f', {street_name}' if street_name else ''}"
        super().__init__(
            label=label,
            fact=f"{label} is {distance_m:.0f} m from {nearest}; the limit is {limit_m:.0f} m.",
            advice="Move the coordinates to the street where the vehicle stops.",
        )


class UnreachableError(WaypointError):
    """The waypoint's street cannot be reached from, or left towards, the anchor by this vehicle."""

    code = "unreachable"

    def __init__(self, *, label: str, street_name: str, detail: str) -> None:
        self.street_name = street_name
        self.detail = detail
        where = f" on {street_name}" if street_name else ""
        super().__init__(
            label=label,
            fact=f"{label}{where} cannot be reached by this vehicle: {detail}.",
            advice="Use another vehicle, or correct the street's restriction.",
        )


class ReversingError(WaypointError):
    """The waypoint lies too deep in a dead end without a place to turn.

    Attributes
    ----------
    street_name
        The waypoint's street, empty when it has no name.
    reversing_m, limit_m
        How far the vehicle would have to reverse, and how far it may.
    forbidden_by
        Overrides each of which alone sets the limit to zero.
    """

    code = "reversing"

    def __init__(
        self, *, label: str, street_name: str, reversing_m: float, limit_m: float, forbidden_by: tuple[str, ...] = ()
    ) -> None:
        self.street_name = street_name
        self.reversing_m = reversing_m
        self.limit_m = limit_m
        self.forbidden_by = forbidden_by
        where = f" on {street_name}" if street_name else ""
        names = " and ".join(f"'{override_id}'" for override_id in forbidden_by)
        why = f" (forbidden by override {names})" if names else ""
        super().__init__(
            label=label,
            fact=(
                f"{label}{where} lies in a dead end without a turning place: the vehicle would have to reverse "
                f"{reversing_m:.0f} m and may reverse {limit_m:.0f} m{why}."
            ),
            advice="Send a shorter vehicle, move the container to the last turning place, or map the turning place.",
        )


def _restored(kind: type[RoutingError], words: tuple[object, ...], facts: dict[str, object]) -> RoutingError:
    error = kind.__new__(kind, *words)
    error.__dict__.update(facts)
    return error
