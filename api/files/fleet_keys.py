"""What every key of fleet.toml means: shown by the template and the documentation."""

from api.files.columns import Column

_EXAMPLE = "EXAMPLE, replace it: take the figure from the town's own cost accounting."

_PLACE = (
    Column(name="lon", unit="degrees east", meaning="Longitude (WGS 84).", example="7.5231", is_required=True),
    Column(name="lat", unit="degrees north", meaning="Latitude (WGS 84).", example="51.6152", is_required=True),
)

FLEET_KEYS: dict[str, tuple[Column, ...]] = {
    "[town]": (
        Column(name="id", unit="", meaning="Short name.", example='"my-town"', is_required=True),
        Column(name="name", unit="", meaning="Name for people.", example='"My town"'),
        Column(name="zone", unit="", meaning="Time zone of the depot.", example='"Europe/Berlin"', is_required=True),
        Column(
            name="travel_slices",
            unit="",
            meaning="Clock times from which travel takes another time (the rush hours of the profile).",
            example="[]",
        ),
        Column(name="country", unit="", meaning="Whose public holidays PH in hours means.", example='"DE"'),
    ),
    "[rules]": (
        Column(
            name="must_collect_probability",
            unit="0 to 1",
            meaning="A container that overflows before the next visit with this probability must be emptied.",
            example="0.10",
        ),
        Column(
            name="overflow_cost_eur",
            unit="EUR",
            meaning="What one overfull container costs the town (cleaning, complaint).",
            example="60.0",
        ),
        Column(
            name="min_fill_fraction",
            unit="0 to 1",
            meaning="Below this expected fill nothing is collected only because it lies on the way.",
            example="0.25",
        ),
        Column(
            name="max_blind_days",
            unit="days",
            meaning="A container without a trusted reading for longer must be emptied.",
            example="21",
        ),
    ),
    "[[stream]]": (
        Column(name="id", unit="", meaning="Name used in containers.csv.", example='"glass"', is_required=True),
        Column(
            name="density_kg_per_l",
            unit="kg per litre",
            meaning="Loose in the container; learn it from weighbridge tickets. Glass 0.30, paper 0.10, litter 0.07.",
            example="0.30",
            is_required=True,
        ),
        Column(name="is_fast", unit="", meaning="Whether containers fill within days, not weeks.", example="false"),
    ),
    "[[depot]]": (
        Column(name="id", unit="", meaning="Short name.", example='"yard"', is_required=True),
        Column(name="name", unit="", meaning="Name for people.", example='"Depot"'),
        *_PLACE,
    ),
    "[[disposal_site]]": (
        Column(name="id", unit="", meaning="Short name.", example='"transfer-station"', is_required=True),
        Column(name="name", unit="", meaning="Name for people.", example='"Transfer station"'),
        *_PLACE,
        Column(name="streams", unit="", meaning="What it accepts.", example='["glass"]', is_required=True),
        Column(
            name="hours",
            unit="OSM opening_hours",
            meaning="When it is open; unloading must be done before it closes.",
            example='"Mo-Fr 06:00-16:00; PH off"',
        ),
        Column(
            name="unloading_s",
            unit="seconds",
            meaning="From arrival to departure, the usual queue included.",
            example="900",
        ),
        Column(
            name="queue_s_by_hour",
            unit="seconds",
            meaning='Longer queue by the hour in which it is joined: {"7-9" = 1200} for 7 to 9 h, or 24 numbers.',
            example="{}",
        ),
        Column(name="fee_eur_per_t", unit="EUR per tonne", meaning="Gate fee.", example="0.0"),
    ),
    "[[vehicle]]": (
        Column(name="id", unit="", meaning="Number plate or short name.", example='"truck-1"', is_required=True),
        Column(name="name", unit="", meaning="Name for people.", example='"Crane truck"'),
        Column(
            name="profile",
            unit="",
            meaning="Which streets it may use: truck_26t, truck_18t or van_3_5t.",
            example='"truck_26t"',
            is_required=True,
        ),
        Column(
            name="streams", unit="", meaning="What it collects, one per trip.", example='["glass"]', is_required=True
        ),
        Column(name="systems", unit="", meaning="Lifting systems, as in containers.csv.", example='["crane"]'),
        Column(name="capacity_kg", unit="kg", meaning="Payload by the papers.", example="10750.0", is_required=True),
        Column(name="body_l", unit="litres", meaning="Volume of the body.", example="20000.0", is_required=True),
        Column(
            name="compaction",
            unit="",
            meaning="Loose litres that fit in one litre of the body, by stream; 1 where none is given.",
            example="{glass = 1.0}",
        ),
        Column(
            name="depot",
            unit="",
            meaning="Where its tours start and end; or start_depot and end_depot.",
            example='"yard"',
            is_required=True,
        ),
        Column(
            name="cost_eur_per_km",
            unit="EUR per km",
            meaning=f"Fuel and wear; toll too, unless toll_eur_per_km says it apart. {_EXAMPLE}",
            example="1.20",
            is_required=True,
        ),
        Column(
            name="cost_eur_per_h",
            unit="EUR per hour",
            meaning=f"Vehicle and crew per working hour. {_EXAMPLE}",
            example="95.00",
            is_required=True,
        ),
        Column(name="cost_eur_per_day", unit="EUR", meaning="Cost of using it at all.", example="0.0"),
        Column(
            name="overtime_eur_per_h",
            unit="EUR per hour",
            meaning="What an hour above regular_work_s costs beyond cost_eur_per_h.",
            example="0.0",
        ),
        Column(
            name="toll_eur_per_km",
            unit="EUR per km",
            meaning="What a km on Autobahn or Bundesstrasse costs beyond cost_eur_per_km, by the vehicle's toll class; "
            "0 where it pays none. There is no default: rates change, and no rate stands in the software.",
            example="0.0",
        ),
        Column(name="max_trips", unit="", meaning="Most tippings a day.", example="8"),
        Column(
            name="max_day_kg",
            unit="kg",
            meaning="Most that it may collect in a day, over all its trips; without it only its capacity and max_trips "
            "limit it.",
            example="86000",
        ),
        Column(name="is_available", unit="", meaning="false when in the workshop.", example="true"),
    ),
    "[vehicle.shift]": (
        Column(name="starts", unit="", meaning="Clock time in the town's zone.", example='"06:30"', is_required=True),
        Column(name="ends", unit="", meaning="Latest return to the depot.", example='"15:30"', is_required=True),
        Column(
            name="weekdays",
            unit="",
            meaning="Mo, Tu, We, Th, Fr, Sa, Su.",
            example='["Mo", "Tu", "We", "Th", "Fr"]',
        ),
        Column(
            name="max_work_s",
            unit="seconds",
            meaning="Working time a day without breaks (ArbZG section 3: 8 h, at most 10 h).",
            example="36000",
        ),
        Column(
            name="max_out_s",
            unit="seconds",
            meaning="Longest time from departure to return, breaks included; without it the shift alone limits it.",
            example="32400",
        ),
        Column(
            name="regular_work_s",
            unit="seconds",
            meaning="Working time above which an hour costs overtime_eur_per_h more.",
            example="28800",
        ),
    ),
    "[vehicle.fuel]": (
        Column(
            name="driving_l_per_100km",
            unit="litres per 100 km",
            meaning="Driving only. EXAMPLE, replace it: from this vehicle's tank records.",
            example="40.0",
            is_required=True,
        ),
        Column(name="lift_l", unit="litres", meaning="Diesel per container lifted.", example="0.028"),
        Column(name="idle_l_per_h", unit="litres per hour", meaning="Standing with a running engine.", example="3.0"),
        Column(
            name="co2e_kg_per_l",
            unit="kg per litre",
            meaning="CO2e per litre, well to wheel (EN 16258).",
            example="3.24",
        ),
    ),
}
"""Keys by table, in the order of the template."""
