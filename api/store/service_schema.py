"""The tables that the service keeps beside its tenants' stores."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, MetaData, String, Table

SERVICE_METADATA = MetaData()

TENANTS = Table(
    "tenants",
    SERVICE_METADATA,
    Column("tenant_id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("retention_days", LargeBinary),
)

ACCESS_KEYS = Table(
    "access_keys",
    SERVICE_METADATA,
    Column("key_id", String(64), primary_key=True),
    Column("tenant_id", String(40), ForeignKey("tenants.tenant_id"), nullable=False),
    Column("role", String(32), nullable=False),
    Column("label", String(200), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("subject_id", String(200)),
    Column("expires_at_us", BigInteger),
    Column("revoked_at_us", BigInteger),
    Index("access_keys_by_tenant", "tenant_id", "created_at_us"),
)

AGREEMENTS = Table(
    "agreements",
    SERVICE_METADATA,
    Column("agreement_id", String(64), primary_key=True),
    Column("proposer_id", String(40), ForeignKey("tenants.tenant_id"), nullable=False),
    Column("partner_id", String(40), ForeignKey("tenants.tenant_id"), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("agreements_by_proposer", "proposer_id"),
    Index("agreements_by_partner", "partner_id"),
)

JOINT_DAYS = Table(
    "joint_days",
    SERVICE_METADATA,
    Column("plan_id", String(64), primary_key=True),
    Column("tenant_id", String(40), ForeignKey("tenants.tenant_id"), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("saved_micro_eur", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("agreed_at_us", BigInteger),
    Index("joint_days_by_tenant", "tenant_id", "created_at_us"),
)
