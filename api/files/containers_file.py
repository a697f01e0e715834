"""containers.csv: where the containers stand, what they hold and how they are emptied."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from api.files.atomic import write_atomically
from api.files.columns import CONTAINER_COLUMNS
from api.files.csv_rows import Row, read_rows
from api.files.csv_text import find_header, read_text
from api.files.issue_summary import raise_if_any
from api.files.swapped import swapped_issues
from optimizer.domain.container import Container
from optimizer.domain.hours import ALWAYS_OPEN, Hours
from optimizer.domain.issues import InvalidInputError, Issue
from routing.location import Location, Side

_SERVICE_S = 60
_SETUP_S = 60


def read_containers(
    path: Path,
    *,
    streams: frozenset[str] | None = None,
    country: str = "DE",
    near: Location | None = None,
    columns: Mapping[str, str] | None = None,
) -> tuple[Container, ...]:
    """All containers of the file, or none.

    Parameters
    ----------
    streams
        The streams that fleet.toml defines; None to accept any.
    country
        Whose public holidays ``PH`` in the hours means.
    near
        A point of the town, e.g. the depot; shows swapped coordinates.
    columns
        The file's own heading for a column, where it is none of the known ones.

    Raises
    ------
    InvalidInputError
        With every line that cannot be used, and what to do about it.
    """
    text = read_text(path)
    header = find_header(text, source=path.name, columns=CONTAINER_COLUMNS, renamed=columns)
    issues: list[Issue] = []
    hours = _HoursReader(country)
    containers: list[Container] = []
    line_of: dict[str, int] = {}
    points: list[tuple[int, float, float]] = []
    for row in read_rows(text, header, source=path.name, issues=issues):
        container_id = row.required_text("container_id")
        if container_id in line_of:
            message = f"'{container_id}' also stands in line {line_of[container_id]}. Give each container its own id."
            row.add("container_id", "duplicate_id", message)
        elif container_id:
            line_of[container_id] = row.line
        lon, lat = (row.number(axis, low=-180, high=180) for axis in ("lon", "lat"))
        points.append((row.line, lon, lat))
        _check_stream(row, streams)
        _check_point(row, lon, lat)
        container = _container(row, container_id, lon, lat, hours)
        if container is not None:
            containers.append(container)
    swapped = swapped_issues(points, near=near, source=path.name)
    if swapped:  # says more than the single reports on latitudes beyond 90 degrees
        issues = [*swapped, *(issue for issue in issues if issue.code != "latitude")]
    if not points and not issues:
        message = "There is no line below the heading. Write one line per container."
        issues.append(Issue(where=path.name, code="no_rows", message=message))
    raise_if_any(issues)
    return tuple(containers)


def write_containers(containers: Iterable[Container], path: Path, *, notes: Mapping[str, str] | None = None) -> None:
    """The containers as a CSV file that ``read_containers`` understands, in one step.

    Parameters
    ----------
    notes
        Remarks by container id.
    """
    write_atomically(path, containers_csv(tuple(containers), notes=notes or {}).encode())


def containers_csv(containers: Sequence[Container], *, notes: Mapping[str, str], comment: str = "") -> str:
    """The text of the file."""
    out = io.StringIO()
    out.write(comment)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in CONTAINER_COLUMNS])
    for one in containers:
        days = one.max_days_between_visits
        writer.writerow(
            [
                one.container_id,
                one.site_id,
                one.location.lon_deg,
                one.location.lat_deg,
                one.stream,
                f"{one.capacity_l:.15g}",
                one.side.value,
                one.service_s,
                one.setup_s,
                one.hours.expression,
                one.system,
                "" if days is None else days,
                "yes" if one.has_sensor else "no",
                one.address,
                one.municipality,
                notes.get(one.container_id, ""),
            ]
        )
    return out.getvalue()


class _HoursReader:
    """Parses each different expression once; registers repeat a few thousands of times."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._known: dict[str, Hours | str] = {}

    def read(self, row: Row) -> Hours | None:
        expression = row.text("hours", ALWAYS_OPEN)
        if expression not in self._known:
            try:
                self._known[expression] = Hours(expression=expression, country=self._country)
            except InvalidInputError as error:
                self._known[expression] = error.issues[0].message
        known = self._known[expression]
        if isinstance(known, Hours):
            return known
        row.add("hours", "opening_hours", known)
        return None


def _container(row: Row, container_id: str, lon: float, lat: float, hours: _HoursReader) -> Container | None:
    side = row.text("side", Side.ANY.value).lower()
    if side not in set(Side):
        row.add("side", "side", f"'{side}' is no side. Write 'right' or 'any'.")
    capacity_l = row.number("capacity_l", low=1, high=40_000)
    service_s = row.whole_number("service_s", _SERVICE_S, low=0, high=7_200)
    setup_s = row.whole_number("setup_s", _SETUP_S, low=0, high=7_200)
    days = row.whole_number("max_days_between_visits", 0, low=1, high=3_650) or None
    opening = hours.read(row)
    has_sensor = row.yes_or_no("has_sensor", default=True)
    if row.issues or opening is None:
        return None
    return Container(
        container_id=container_id,
        site_id=row.text("site_id", container_id),
        location=Location(lon_deg=lon, lat_deg=lat),
        stream=row.text("stream"),
        capacity_l=capacity_l,
        side=Side(side),
        service_s=service_s,
        setup_s=setup_s,
        hours=opening,
        system=row.text("system", "rear"),
        max_days_between_visits=days,
        has_sensor=has_sensor,
        address=row.text("address"),
        municipality=row.text("municipality"),
    )


def _check_stream(row: Row, streams: frozenset[str] | None) -> None:
    stream = row.required_text("stream")
    if stream and streams is not None and stream not in streams:
        known = ", ".join(sorted(streams)) or "none"
        message = f"The stream '{stream}' is not defined in the fleet file (known: {known}). Correct it or define it."
        row.add("stream", "unknown_stream", message)


def _check_point(row: Row, lon: float, lat: float) -> None:
    if math.isfinite(lat) and abs(lat) > 90:
        message = f"{lat:g} is no latitude (-90 to 90). Exchange longitude and latitude if they are swapped."
        row.add("lat", "latitude", message)
    elif lon == 0 and lat == 0:
        message = "0, 0 lies in the Atlantic; the coordinates seem to be unknown. Fill them in."
        row.add("lat", "no_coordinates", message)
