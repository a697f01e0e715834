"""Tables for what tenants share: agreements, and each tenant's part of joint days."""

import sqlalchemy as sa
from alembic import op

revision = "s0002"
down_revision = "s0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "agreements",
        sa.Column("agreement_id", sa.String(64), primary_key=True),
        sa.Column("proposer_id", sa.String(40), sa.ForeignKey("tenants.tenant_id"), nullable=False),
        sa.Column("partner_id", sa.String(40), sa.ForeignKey("tenants.tenant_id"), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("agreements_by_proposer", "agreements", ["proposer_id"])
    op.create_index("agreements_by_partner", "agreements", ["partner_id"])
    op.create_table(
        "joint_days",
        sa.Column("plan_id", sa.String(64), primary_key=True),
        sa.Column("tenant_id", sa.String(40), sa.ForeignKey("tenants.tenant_id"), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("saved_micro_eur", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("joint_days_by_tenant", "joint_days", ["tenant_id", "created_at_us"])
