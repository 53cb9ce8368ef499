"""What tells when there is work to do"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("look_again_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_subscriptions_look_again_at"), "subscriptions", ["look_again_at"], unique=False)
    op.add_column("deliveries", sa.Column("prepared", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("deliveries", "prepared")
    op.drop_index(op.f("ix_subscriptions_look_again_at"), table_name="subscriptions")
    op.drop_column("subscriptions", "look_again_at")
