"""The tables as the code sees them; ``migrations`` makes them, and a test keeps the two equal."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

METADATA = MetaData()

TOWN = Table(
    "town",
    METADATA,
    Column("town_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

CONTAINERS = Table(
    "containers",
    METADATA,
    Column("container_key", Integer, primary_key=True),
    Column("container_id", String(64), nullable=False, unique=True),
    Column("stream", String(64), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("etag", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
)

# On PostgreSQL this table is partitioned by month of ``observed_at_s``; see ``reading_partitions``.
# The whole row is its key: a repeated reading is no second reading, in whatever order they arrive.
# ``fill_ppm`` is the fill in millionths, -1 where the reading carries no level. No database is told that the keys are
# those of containers: it would look for each again, although it was looked up in the transaction that writes it.
READINGS = Table(
    "readings",
    METADATA,
    Column("container_key", Integer, primary_key=True),
    Column("observed_at_s", BigInteger, primary_key=True),
    Column("source", SmallInteger, primary_key=True),
    Column("is_emptying", Boolean, primary_key=True),
    Column("fill_ppm", Integer, primary_key=True),
    Column("received_at_s", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("sequence", Integer, primary_key=True),
    Column("job_id", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("request_digest", String(64), nullable=False),
    Column("idempotency_key", String(128), unique=True),
    Column("state", String(16), nullable=False),
    Column("step", String(64), nullable=False),
    Column("share", Float, nullable=False),
    Column("detail", String(500), nullable=False),
    Column("is_cancel_requested", Boolean, nullable=False),
    Column("error", LargeBinary),
    Column("attempts", Integer, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("started_at_ms", BigInteger),
    Column("finished_at_ms", BigInteger),
    Index("jobs_by_state", "state", "sequence"),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("plan_id", String(32), ForeignKey("jobs.job_id"), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("generated_at_ms", BigInteger, nullable=False),
    Column("etag", String(64), nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("plans_by_day", "day"),
)

TOURS = Table(
    "tours",
    METADATA,
    Column("plan_id", String(32), ForeignKey("plans.plan_id"), primary_key=True),
    Column("vehicle_id", String(64), primary_key=True),
    Column("etag", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
)

TOUR_EXPORTS = Table(
    "tour_exports",
    METADATA,
    Column("plan_id", String(32), primary_key=True),
    Column("vehicle_id", String(64), primary_key=True),
    Column("format", String(16), primary_key=True),
    Column("document", LargeBinary, nullable=False),
    ForeignKeyConstraint(["plan_id", "vehicle_id"], ["tours.plan_id", "tours.vehicle_id"]),
)

SCENARIOS = Table(
    "scenarios",
    METADATA,
    Column("scenario_id", String(32), ForeignKey("jobs.job_id"), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
)

# A version's content is a row of PLANS with its tours, under the id of the job that made it; the first version's is the
# plan's own.
PLAN_VERSIONS = Table(
    "plan_versions",
    METADATA,
    Column("plan_id", String(32), ForeignKey("jobs.job_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content_id", String(32), ForeignKey("plans.plan_id"), nullable=False, unique=True),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("edits", LargeBinary, nullable=False),
    Column("holds", LargeBinary, nullable=False),
    Column("changes", LargeBinary),
    Column("inputs", LargeBinary),
    Column("withdrawn_at_ms", BigInteger),
)

# What tablets fetch: releases of a day that no later one has ended.
RELEASES = Table(
    "releases",
    METADATA,
    Column("sequence", Integer, primary_key=True),
    Column("plan_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("day", String(10), nullable=False),
    Column("released_at_ms", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("ended_by", Integer),
    ForeignKeyConstraint(["plan_id", "version"], ["plan_versions.plan_id", "plan_versions.version"]),
    Index("releases_by_day", "day", "ended_by"),
)

# What a worker found for one question, e.g. why a container is in no tour.
ANSWERS = Table(
    "answers",
    METADATA,
    Column("answer_id", String(32), ForeignKey("jobs.job_id"), primary_key=True),
    Column("etag", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
)

# What a network calls a message, kept so that the same message is not taken in twice.
MESSAGE_KEYS = Table(
    "message_keys",
    METADATA,
    Column("message_key", String(200), primary_key=True),
    Column("received_at_s", BigInteger, nullable=False),
    Index("message_keys_by_time", "received_at_s"),
    sqlite_with_rowid=False,
)

# What remains of readings that are older than the tenant keeps them: one row per container and UTC day.
DAILY_LEVELS = Table(
    "daily_levels",
    METADATA,
    Column("container_key", Integer, ForeignKey("containers.container_key"), primary_key=True),
    Column("day_number", Integer, primary_key=True),
    Column("level_count", Integer, nullable=False),
    Column("least_ppm", Integer),
    Column("most_ppm", Integer),
    Column("sum_ppm", BigInteger, nullable=False),
    Column("emptying_count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

DEVICES = Table(
    "devices",
    METADATA,
    Column("device_id", String(64), primary_key=True),
    Column("decoder", String(64), nullable=False),
    Column("container_id", String(64)),
    Column("empty_mm", Float),
    Column("full_mm", Float),
    Column("shape", String(32), nullable=False),
    Column("registered_at_us", BigInteger, nullable=False),
    Column("is_active", Boolean, nullable=False),
)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("message_id", String(64), primary_key=True),
    Column("received_at_us", BigInteger, nullable=False),
    Column("source", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("detail", String(1_000), nullable=False),
    Column("content_type", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("device_id", String(64)),
    Column("replayed_at_us", BigInteger),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("role", String(32), nullable=False),
    Column("action", String(100), nullable=False),
    Column("target", String(500), nullable=False),
    Column("outcome", String(100), nullable=False),
    Column("trace_id", String(64), nullable=False),
    Column("chain_sha256", String(64), nullable=False),
)

# Two rows: the line before the first that is kept, and the last one; without them a cut at an end would not be seen.
AUDIT_ENDS = Table(
    "audit_ends",
    METADATA,
    Column("name", String(8), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("chain_sha256", String(64), nullable=False),
)

# What tablets report, and what they were told about it: a repetition gets the same answer. ``event_key`` is a tablet's
# own id, or the digest of an event that has none; the document is the event as it was understood.
TOUR_EVENTS = Table(
    "tour_events",
    METADATA,
    Column("event_key", String(80), primary_key=True),
    Column("vehicle_id", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("tour_events_by_tour", "day", "vehicle_id"),
)

# What a tour teaches about densities and service times, made anew with each report after its end.
TOUR_LESSONS = Table(
    "tour_lessons",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("vehicle_id", String(64), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("incident_id", String(32), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("vehicle_id", String(64), nullable=False),
    Column("reported_at_us", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("job_id", String(32)),
    Column("closure_id", String(32)),
    Column("state", String(16), nullable=False),
    Column("decided_at_us", BigInteger),
    Column("decided_by", String(200)),
    Index("incidents_by_day", "day"),
)

# Streets closed while the service runs; a withdrawn closure stays, as the overrides in a town's file do.
CLOSURES = Table(
    "closures",
    METADATA,
    Column("closure_id", String(32), primary_key=True),
    Column("added_at_us", BigInteger, nullable=False),
    Column("added_by", String(200), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("confirmed_at_us", BigInteger),
    Column("confirmed_by", String(200)),
    Column("withdrawn_at_us", BigInteger),
    Column("withdrawn_by", String(200)),
)

ALERTS = Table(
    "alerts",
    METADATA,
    Column("alert_id", String(200), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject_id", String(128), nullable=False),
    Column("container_id", String(64)),
    Column("began_at_us", BigInteger, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    Column("detail", String(1_000), nullable=False),
    Index("alerts_by_end", "ended_at_us"),
)

# What signs the tours that leave the house; made once.
SIGNING_KEYS = Table(
    "signing_keys",
    METADATA,
    Column("key_id", String(32), primary_key=True),
    Column("made_at_us", BigInteger, nullable=False),
    Column("private_key", LargeBinary, nullable=False),
)
