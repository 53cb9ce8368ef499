"""Branches"""

import sqlalchemy as sa
from alembic import op

from bot.adapters.database.columns import Name, Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("branches", Name(100), nullable=False, server_default=""))
        batch_op.drop_constraint(batch_op.f("uq_repositories_host_key"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_repositories_host_key_branches"), ["host", "key", "branches"])

    with op.batch_alter_table("digest_commits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("orphaned_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("branch_tips", schema=None) as batch_op:
        batch_op.alter_column("sha", existing_type=Name(40), type_=Words(), existing_nullable=False)


def downgrade() -> None:
    _forget_branches()
    with op.batch_alter_table("branch_tips", schema=None) as batch_op:
        batch_op.alter_column("sha", existing_type=Words(), type_=Name(40), existing_nullable=False)

    with op.batch_alter_table("digest_commits", schema=None) as batch_op:
        batch_op.drop_column("orphaned_at")

    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_repositories_host_key_branches"), type_="unique")
        batch_op.drop_column("branches")
        batch_op.create_unique_constraint(batch_op.f("uq_repositories_host_key"), ["host", "key"])


def _forget_branches() -> None:
    """Deletes what older versions have no place for: first what refers to it, since not everything cascades."""
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    repositories = "SELECT id FROM repositories WHERE branches <> ''"
    subscriptions = f"SELECT id FROM subscriptions WHERE repository_id IN ({repositories})"  # noqa: S608
    for referred, gone in (("subscriptions", subscriptions), ("repositories", repositories)):
        for table in inspector.get_table_names():
            for key in inspector.get_foreign_keys(table):
                if key["referred_table"] == referred:
                    (column,) = key["constrained_columns"]
                    # All names are of our tables.
                    connection.execute(sa.text(f'DELETE FROM "{table}" WHERE "{column}" IN ({gone})'))  # noqa: S608
    connection.execute(sa.text("DELETE FROM repositories WHERE branches <> ''"))
