"""Since when a subscription is broken; changes of commits may be forgotten"""

import zlib

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("subscriptions", "followings"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("broken_since", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("commits", schema=None) as batch_op:
        batch_op.alter_column("patches", existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    commits = sa.table("commits", sa.column("patches", sa.LargeBinary))
    op.execute(sa.update(commits).where(commits.c.patches.is_(None)).values(patches=zlib.compress(b"{}")))
    with op.batch_alter_table("commits", schema=None) as batch_op:
        batch_op.alter_column("patches", existing_type=sa.LargeBinary(), nullable=False)
    for table in ("followings", "subscriptions"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("broken_since")
