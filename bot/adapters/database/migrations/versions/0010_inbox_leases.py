"""Who deals with what platforms send us"""

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("lease_until", Instant(), nullable=True))
    op.add_column("inbox", sa.Column("attempts", sa.Integer(), server_default="1", nullable=False))
    op.create_index(op.f("ix_inbox_lease_until"), "inbox", ["lease_until"], unique=False)
    op.execute("UPDATE inbox SET lease_until = received_at WHERE payload IS NOT NULL")


def downgrade() -> None:
    op.drop_index(op.f("ix_inbox_lease_until"), table_name="inbox")
    op.drop_column("inbox", "attempts")
    op.drop_column("inbox", "lease_until")
