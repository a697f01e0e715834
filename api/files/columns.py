"""What every column of the CSV files means: read by the importers, shown by templates and documentation alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a CSV file.

    Attributes
    ----------
    name
        Heading that the project writes.
    unit
        Empty for text.
    meaning
        One sentence for people, with the value taken when the column or cell is empty.
    example
        A cell as it may stand in the file.
    is_required
        Whether the column must be there and filled in every line.
    aliases
        Other headings that mean the same, in lower case.
    """

    name: str
    unit: str
    meaning: str
    example: str
    is_required: bool = False
    aliases: tuple[str, ...] = ()


CONTAINER_COLUMNS = (
    Column(
        name="container_id",
        unit="",
        meaning="The town's own number of the container; each container has one of its own.",
        example="G-017",
        is_required=True,
        aliases=("id", "container", "behaelter", "behälter", "behaelternummer", "behälternummer"),
    ),
    Column(
        name="site_id",
        unit="",
        meaning="Containers that stand together share it and are one stop. Empty: the container stands alone.",
        example="S-009",
        aliases=("site", "standplatz", "standort"),
    ),
    Column(
        name="lon",
        unit="degrees east",
        meaning="Longitude (WGS 84) of the kerb where the vehicle stops.",
        example="7.52310",
        is_required=True,
        aliases=("lon_deg", "longitude", "lng", "long", "laengengrad", "längengrad"),
    ),
    Column(
        name="lat",
        unit="degrees north",
        meaning="Latitude (WGS 84) of the kerb where the vehicle stops.",
        example="51.61520",
        is_required=True,
        aliases=("lat_deg", "latitude", "breitengrad"),
    ),
    Column(
        name="stream",
        unit="",
        meaning="Waste stream; one of the [[stream]] ids in fleet.toml.",
        example="glass",
        is_required=True,
        aliases=("waste_stream", "fraction", "fraktion", "abfallart"),
    ),
    Column(
        name="capacity_l",
        unit="litres",
        meaning="Volume when full.",
        example="3000",
        is_required=True,
        aliases=("capacity", "volume_l", "litres", "liter", "volumen_l"),
    ),
    Column(
        name="side",
        unit="",
        meaning="'right' when the vehicle must have it on its right, else 'any'. Empty: any.",
        example="right",
        aliases=("seite",),
    ),
    Column(
        name="service_s",
        unit="seconds",
        meaning="Time to empty this container, without stopping and securing. Empty: 60.",
        example="90",
    ),
    Column(
        name="setup_s",
        unit="seconds",
        meaning="Time to stop, secure and leave, once per stop. Empty: 60.",
        example="120",
    ),
    Column(
        name="hours",
        unit="OSM opening_hours",
        meaning="When it may be emptied (noise, schools, pedestrian zones). Empty: 24/7.",
        example="Mo-Sa 07:00-20:00; PH off",
        aliases=("opening_hours", "zeiten"),
    ),
    Column(
        name="system",
        unit="",
        meaning="Lifting system that the vehicle must have. Empty: rear.",
        example="crane",
        aliases=("aufnahmesystem",),
    ),
    Column(
        name="max_days_between_visits",
        unit="days",
        meaning="Emptied at least this often whatever its fill (hygiene). Empty: no such rule.",
        example="14",
    ),
    Column(
        name="has_sensor",
        unit="yes / no",
        meaning="Whether a fill-level sensor is fitted. Empty: yes.",
        example="yes",
        aliases=("sensor",),
    ),
    Column(
        name="address",
        unit="",
        meaning="For people; may be empty.",
        example="Münsterstraße 12",
        aliases=("adresse", "anschrift"),
    ),
    Column(
        name="municipality",
        unit="",
        meaning="Who is billed, where towns plan together; may be empty.",
        example="Lünen",
        aliases=("gemeinde",),
    ),
    Column(
        name="note",
        unit="",
        meaning="Remark for people; the planner does not read it.",
        example="from OpenStreetMap, unverified",
        aliases=("bemerkung", "notiz"),
    ),
)

READING_COLUMNS = (
    Column(
        name="container_id",
        unit="",
        meaning="Container in containers.csv.",
        example="G-017",
        is_required=True,
        aliases=("id", "container", "device_id", "behaelter", "behälter"),
    ),
    Column(
        name="observed_at",
        unit="ISO 8601",
        meaning="Instant of the observation with its offset; without one it is taken as clock time in the town's zone.",
        example="2026-03-02T05:30:00+01:00",
        is_required=True,
        aliases=("measured_at", "timestamp", "time", "datetime", "zeitpunkt", "zeit"),
    ),
    Column(
        name="fill_percent",
        unit="percent",
        meaning="0 is empty, 100 full; empty only in lines with is_emptying. Or write fill_fraction, 0 to 1.",
        example="62.5",
        is_required=True,
        aliases=("fullness_percent", "fuellstand_prozent", "füllstand_prozent"),
    ),
    Column(
        name="source",
        unit="",
        meaning="sensor, driver or truck. Empty: sensor.",
        example="sensor",
        aliases=("quelle",),
    ),
    Column(
        name="is_emptying",
        unit="yes / no",
        meaning="Whether the container was emptied at that instant. Empty: no.",
        example="no",
        aliases=("emptied", "geleert"),
    ),
)

FILL_FRACTION = Column(
    name="fill_fraction",
    unit="0 to 1",
    meaning="0 is empty, 1 is full; stands in place of fill_percent.",
    example="0.625",
    is_required=True,
)


def heading(columns: tuple[Column, ...]) -> str:
    """The heading line as the project writes it."""
    return ",".join(column.name for column in columns)


def explain(columns: tuple[Column, ...]) -> list[str]:
    """One line per column, for comments and documentation."""
    lines = []
    for column in columns:
        unit = f" [{column.unit}]" if column.unit else ""
        needed = "required" if column.is_required else "optional"
        lines.append(f"{column.name}{unit}, {needed}: {column.meaning} Example: {column.example}")
    return lines
