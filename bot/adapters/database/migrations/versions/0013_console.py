"""What is said in the console"""

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Instant, Name

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "console_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", Name(100), nullable=False),
        sa.Column("key", Name(200), nullable=True),
        sa.Column("thread", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_messages")),
        sa.UniqueConstraint("channel", "key", name=op.f("uq_console_messages_channel_key")),
    )
    op.create_index(op.f("ix_console_messages_version"), "console_messages", ["version"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_console_messages_version"), table_name="console_messages")
    op.drop_table("console_messages")
