"""Slack installations"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name, Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("slack_bots", *_bot(), sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_bots")))
    op.create_table(
        "slack_installations",
        *_bot(),
        sa.Column("enterprise_url", Name(200), nullable=True),
        sa.Column("user_id", Name(32), nullable=False),
        sa.Column("user_token", Words(), nullable=True),
        sa.Column("user_scopes", Words(), nullable=True),
        sa.Column("user_refresh_token", Words(), nullable=True),
        sa.Column("user_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("incoming_webhook_url", Words(), nullable=True),
        sa.Column("incoming_webhook_channel", Name(200), nullable=True),
        sa.Column("incoming_webhook_channel_id", Name(200), nullable=True),
        sa.Column("incoming_webhook_configuration_url", Name(200), nullable=True),
        sa.Column("token_type", Name(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_installations")),
    )
    op.create_table(
        "slack_oauth_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", Name(200), nullable=False),
        sa.Column("expire_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_oauth_states")),
    )
    for table in ("slack_bots", "slack_installations"):
        op.create_index(op.f(f"ix_{table}_client_id_team_id"), table, ["client_id", "team_id"], unique=False)


def _bot() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", Name(32), nullable=False),
        sa.Column("app_id", Name(32), nullable=False),
        sa.Column("enterprise_id", Name(32), nullable=True),
        sa.Column("enterprise_name", Name(200), nullable=True),
        sa.Column("team_id", Name(32), nullable=True),
        sa.Column("team_name", Name(200), nullable=True),
        sa.Column("bot_token", Words(), nullable=True),
        sa.Column("bot_id", Name(32), nullable=True),
        sa.Column("bot_user_id", Name(32), nullable=True),
        sa.Column("bot_scopes", Words(), nullable=True),
        sa.Column("bot_refresh_token", Words(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
    ]


def downgrade() -> None:
    for table in ("slack_oauth_states", "slack_installations", "slack_bots"):
        op.drop_table(table)
