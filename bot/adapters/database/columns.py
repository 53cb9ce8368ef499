"""Types of columns that hold the same, and compare the same, in every database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware datetime, in UTC on both sides. Naive ones are refused, because SQLite forgets zones silently."""

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


class _Characters(TypeDecorator[str]):
    """Sorted by code points, as SQLite does and as ranges of beginnings need it; Postgres would ask the system.

    Postgres insists on lengths, where SQLite does not, and has no place for NUL in a text, while commits and models say
    what they like: https://www.postgresql.org/docs/current/datatype-character.html
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C") if dialect.name == "postgresql" else self.impl_instance

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.replace("\x00", "\ufffd") if value else value


class Name(_Characters):
    """Of about so many characters."""

    impl = String
    cache_ok = True


class Words(_Characters):
    """Of any length."""

    impl = Text
    cache_ok = True
