"""Languages, leads, relations, arrivals, model calls"""

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", Name(20), nullable=False),
        sa.Column("endpoint", Name(300), nullable=False),
        sa.Column("model", Name(200), nullable=False),
        sa.Column("rung", Name(20), nullable=False),
        sa.Column("service_tier", Name(20), nullable=False),
        sa.Column("request_id", Name(200), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("error", Name(60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    with op.batch_alter_table("model_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_calls_at"), ["at"], unique=False)

    op.create_table(
        "model_hosts",
        sa.Column("endpoint", Name(300), nullable=False),
        sa.Column("model", Name(200), nullable=False),
        sa.Column("rung", Name(20), nullable=False),
        sa.Column("bytes_per_token", sa.Float(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "model", name=op.f("pk_model_hosts")),
    )
    op.create_table(
        "branch_tips",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("branch", Name(255), nullable=False),
        sa.Column("sha", Name(40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_branch_tips_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "branch", name=op.f("pk_branch_tips")),
    )
    op.create_table(
        "digest_commits",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("zone", Name(60), nullable=False),
        sa.Column("sha", Name(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_digest_commits_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "zone", "sha", name=op.f("pk_digest_commits")),
    )
    op.create_table(
        "leads",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("zone", Name(60), nullable=False),
        sa.Column("language", Name(5), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_leads_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "day", "zone", "language", name=op.f("pk_leads")),
    )
    op.create_table(
        "relations",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("kind", Name(12), nullable=False),
        sa.Column("sha", Name(40), nullable=False),
        sa.Column("other_sha", Name(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_relations_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "kind", "sha", "other_sha", name=op.f("pk_relations")),
    )
    with op.batch_alter_table("relations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_relations_repository_id_other_sha"), ["repository_id", "other_sha"], unique=False
        )

    with op.batch_alter_table("analyses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", Name(5), nullable=False, server_default="en"))
        batch_op.add_column(sa.Column("is_deep", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.drop_constraint(
            batch_op.f("uq_analyses_repository_id_sha_requested_analyst_version_model"), type_="unique"
        )
        batch_op.create_unique_constraint(
            "uq_analyses_identity",
            ["repository_id", "sha", "requested", "analyst", "version", "model", "language", "is_deep"],
        )

    with op.batch_alter_table("commits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("orphaned_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("late", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", Name(5), nullable=False, server_default="en"))

    _note_where_commits_stand()


def _note_where_commits_stand() -> None:
    """The days sealed so far tell in which digest each commit stands; the newest one counts."""
    digests = sa.table(
        "digests",
        sa.column("repository_id", sa.Integer),
        sa.column("day", sa.Date),
        sa.column("zone", sa.String),
        sa.column("shas", sa.JSON),
    )
    digest_commits = sa.table("digest_commits", *(sa.column(name) for name in ("repository_id", "zone", "sha", "day")))
    connection = op.get_bind()
    rows = {
        (row.repository_id, row.zone, sha): row.day
        for row in connection.execute(sa.select(digests).order_by(digests.c.day))
        for sha in row.shas
    }
    if rows:
        values = [
            {"repository_id": repository, "zone": zone, "sha": sha, "day": day}
            for (repository, zone, sha), day in rows.items()
        ]
        connection.execute(sa.insert(digest_commits), values)


def downgrade() -> None:
    # What only the newer version can hold would stand in the way of the older one's rule that nothing is there twice.
    op.execute("DELETE FROM analyses WHERE language <> 'en' OR is_deep")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_column("language")

    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.drop_column("late")

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("stale_since")

    with op.batch_alter_table("commits", schema=None) as batch_op:
        batch_op.drop_column("orphaned_at")

    with op.batch_alter_table("analyses", schema=None) as batch_op:
        batch_op.drop_constraint("uq_analyses_identity", type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_analyses_repository_id_sha_requested_analyst_version_model"),
            ["repository_id", "sha", "requested", "analyst", "version", "model"],
        )
        batch_op.drop_column("is_deep")
        batch_op.drop_column("language")

    with op.batch_alter_table("relations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_relations_repository_id_other_sha"))

    op.drop_table("relations")
    op.drop_table("leads")
    op.drop_table("digest_commits")
    op.drop_table("branch_tips")
    op.drop_table("model_hosts")
    with op.batch_alter_table("model_calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_model_calls_at"))

    op.drop_table("model_calls")
