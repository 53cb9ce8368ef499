"""The tables. Instants are stored in UTC; naive ones are refused, because SQLite forgets zones silently."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, in UTC on both sides."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _repository_key() -> Column[int]:
    return Column("repository_id", ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)


repositories = Table(
    "repositories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host", String(255), nullable=False),
    # Hosts compare names without regard to case; this is the name folded, and the other two are as first seen.
    Column("key", String(255), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("name", String(120), nullable=False),
    UniqueConstraint("host", "key"),
)

commits = Table(
    "commits",
    metadata,
    _repository_key(),
    Column("sha", String(40), primary_key=True),
    Column("committed_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    # A Commit as JSON.
    Column("facts", JSON, nullable=False),
    # Patches by path as JSON, compressed with zlib; most commits take less than 3 kB.
    Column("patches", LargeBinary, nullable=False),
    Index(None, "repository_id", "committed_at"),
)

analyses = Table(
    "analyses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository_id", ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("sha", String(40), nullable=False),
    # Whom we asked, and who answered: rules stand in where the model fails.
    Column("requested", String(10), nullable=False),
    Column("analyst", String(10), nullable=False),
    Column("version", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
    # An Analysis as JSON.
    Column("body", JSON, nullable=False),
    UniqueConstraint("repository_id", "sha", "requested", "analyst", "version", "model"),
)

digests = Table(
    "digests",
    metadata,
    _repository_key(),
    Column("day", Date, primary_key=True),
    Column("zone", String(60), primary_key=True),
    # Lists of SHAs, newest first.
    Column("shas", JSON, nullable=False),
    Column("merges", JSON, nullable=False),
    Column("sealed_at", Instant, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("workspace", String(100), nullable=False),
    Column("channel", String(100), nullable=False),
    Column("repository_id", ForeignKey("repositories.id"), nullable=False),
    # HH:MM on the clocks of the zone.
    Column("at", String(5), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("subscriber", String(100), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("broken", Text, nullable=False, default=""),
    UniqueConstraint("platform", "workspace", "channel", "repository_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("scheduled_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("sending_since", Instant),
    Column("sent_at", Instant),
    # The platform's id of the message.
    Column("message", String(200), nullable=False, default=""),
    Column("last_error", Text, nullable=False, default=""),
    Index(None, "state", "due_at"),
)
