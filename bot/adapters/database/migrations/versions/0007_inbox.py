"""What platforms send us at least once"""

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name, Words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", Name(20), nullable=False),
        sa.Column("payload", Words(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_received_at"), "inbox", ["received_at"], unique=False)
    op.create_table(
        "inbox_keys",
        sa.Column("platform", Name(20), nullable=False),
        sa.Column("key", Name(200), nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_inbox_keys_inbox_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("platform", "key", name=op.f("pk_inbox_keys")),
    )
    op.create_index(op.f("ix_inbox_keys_inbox_id"), "inbox_keys", ["inbox_id"], unique=False)


def downgrade() -> None:
    for table in ("inbox_keys", "inbox"):
        op.drop_table(table)
