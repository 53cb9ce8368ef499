"""Options of subscriptions, posts, feedback, words to search"""

import json

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name, Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Analyses whose bodies are in memory at once.
_BATCH = 500


def upgrade() -> None:
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("days", Name(7), nullable=False, server_default="0123456"))
        batch_op.add_column(sa.Column("selection", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("quiet", Name(10), nullable=False, server_default="silent"))
        batch_op.add_column(sa.Column("in_thread", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("paused_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_day", sa.Date(), nullable=True))
    op.execute("UPDATE deliveries SET first_day = day")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.alter_column("first_day", existing_type=sa.Date(), nullable=False)
    with op.batch_alter_table("analyses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("words", Words(), nullable=False, server_default=""))
    _note_words()
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "posts",
        sa.Column("platform", Name(20), nullable=False),
        sa.Column("workspace", Name(100), nullable=False),
        sa.Column("channel", Name(100), nullable=False),
        sa.Column("message", Name(200), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("zone", Name(60), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_posts_repository_id")),
        sa.PrimaryKeyConstraint("platform", "workspace", "channel", "message", name=op.f("pk_posts")),
    )
    op.create_table(
        "feedback",
        sa.Column("platform", Name(20), nullable=False),
        sa.Column("workspace", Name(100), nullable=False),
        sa.Column("user", Name(100), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("sha", Name(40), nullable=False),
        sa.Column("channel", Name(100), nullable=False),
        sa.Column("verdict", Name(10), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_feedback_repository_id")),
        sa.PrimaryKeyConstraint("platform", "workspace", "user", "repository_id", "sha", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feedback_platform_workspace_channel_given_at"),
            ["platform", "workspace", "channel", "given_at"],
            unique=False,
        )


def _note_words() -> None:
    analyses = sa.table(
        "analyses", sa.column("id", sa.Integer), sa.column("body", sa.JSON), sa.column("words", Words())
    )
    connection = op.get_bind()
    noted = sa.update(analyses).where(analyses.c.id == sa.bindparam("of"))
    last = 0
    while rows := connection.execute(
        sa.select(analyses.c.id, analyses.c.body).where(analyses.c.id > last).order_by(analyses.c.id).limit(_BATCH)
    ).all():
        connection.execute(noted, [{"of": row.id, "words": _words(row.body)} for row in rows])
        last = rows[-1].id


def _words(body: object) -> str:
    """All prose, roughly: an analysis that is made again gets it exactly."""
    return json.dumps(body, ensure_ascii=False).casefold()


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_table("posts")
    with op.batch_alter_table("analyses", schema=None) as batch_op:
        batch_op.drop_column("words")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("first_day")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        for column in ("paused_until", "paused_since", "in_thread", "quiet", "selection", "days"):
            batch_op.drop_column(column)
