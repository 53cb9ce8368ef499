"""Followings: all repositories of an owner that a pattern names"""

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name, Words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "followings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", Name(20), nullable=False),
        sa.Column("workspace", Name(100), nullable=False),
        sa.Column("channel", Name(100), nullable=False),
        sa.Column("at", Name(5), nullable=False),
        sa.Column("zone", Name(60), nullable=False),
        sa.Column("subscriber", Name(100), nullable=False),
        sa.Column("language", Name(5), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("broken", Words(), nullable=False),
        sa.Column("days", Name(7), nullable=False, server_default="0123456"),
        sa.Column("selection", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("quiet", Name(10), nullable=False, server_default="silent"),
        sa.Column("in_thread", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("paused_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("host", Name(255), nullable=False),
        sa.Column("key", Name(255), nullable=False),
        sa.Column("owner", Name(120), nullable=False),
        sa.Column("names", Name(120), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followings")),
        sa.UniqueConstraint(
            "platform",
            "workspace",
            "channel",
            "host",
            "key",
            name=op.f("uq_followings_platform_workspace_channel_host_key"),
        ),
    )
    op.create_index(op.f("ix_followings_checked_at"), "followings", ["checked_at"])
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("following_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_subscriptions_following_id"), "followings", ["following_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index(batch_op.f("ix_subscriptions_following_id"), ["following_id"])


def downgrade() -> None:
    """What a following has brought stays as a subscription of its own."""
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_following_id"))
        batch_op.drop_constraint(batch_op.f("fk_subscriptions_following_id"), type_="foreignkey")
        batch_op.drop_column("following_id")
    op.drop_table("followings")
