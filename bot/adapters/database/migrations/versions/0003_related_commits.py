"""Related commits"""

import re

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Commits whose facts are in memory at once.
_BATCH = 500
_SUFFIX = re.compile(r"(?:\s{0,3}\((?:#\d{1,9})\)){1,5}\s{0,8}$")
_SQUASH = re.compile(r"\(#(\d+)\)\s*$")
_MERGE = re.compile(r"^Merge pull request #(\d+) from ")


def upgrade() -> None:
    op.create_table(
        "mentions",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("sha", Name(40), nullable=False),
        sa.Column("kind", Name(12), nullable=False),
        sa.Column("target", Name(320), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_mentions_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "sha", "kind", "target", name=op.f("pk_mentions")),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mentions_repository_id_target"), ["repository_id", "target"], unique=False)

    with op.batch_alter_table("commits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pull_request", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("subject_key", Name(300), nullable=True))
        batch_op.add_column(sa.Column("patch_id", Name(40), nullable=True))
        batch_op.add_column(sa.Column("related_at", sa.DateTime(timezone=True), nullable=True))
        for column in ("pull_request", "subject_key", "patch_id"):
            batch_op.create_index(
                batch_op.f(f"ix_commits_repository_id_{column}"), ["repository_id", column], unique=False
            )

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_stale_since"), ["stale_since"], unique=False)

    _note_by_what_commits_are_named()


def _note_by_what_commits_are_named() -> None:
    """Numbers and subjects; patches are left alone, because reading them all would take long."""
    commits = sa.table(
        "commits",
        sa.column("repository_id", sa.Integer),
        sa.column("sha", sa.String),
        sa.column("facts", sa.JSON),
        sa.column("pull_request", sa.Integer),
        sa.column("subject_key", Name(300)),
    )
    connection = op.get_bind()
    missing = sa.select(commits.c.repository_id, commits.c.sha, commits.c.facts)
    missing = missing.where(commits.c.subject_key.is_(None)).limit(_BATCH)
    noted = sa.update(commits).where(
        commits.c.repository_id == sa.bindparam("of"), commits.c.sha == sa.bindparam("commit")
    )
    while rows := connection.execute(missing).all():
        values = [{"of": row.repository_id, "commit": row.sha, **_names(row.facts["message"])} for row in rows]
        connection.execute(noted, values)


def _names(message: str) -> dict[str, object]:
    subject = message.split("\n", 1)[0].strip()
    number = _SQUASH.search(subject) or _MERGE.search(subject)
    key = " ".join(_SUFFIX.sub("", subject[:1_000]).casefold().split())[:300]
    return {"pull_request": int(number[1]) if number else None, "subject_key": key}


def downgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_stale_since"))

    with op.batch_alter_table("commits", schema=None) as batch_op:
        for column in ("patch_id", "subject_key", "pull_request"):
            batch_op.drop_index(batch_op.f(f"ix_commits_repository_id_{column}"))
        for column in ("related_at", "patch_id", "subject_key", "pull_request"):
            batch_op.drop_column(column)

    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mentions_repository_id_target"))

    op.drop_table("mentions")
