"""Inserts that say what happens to a row that is there already, in the words of both databases.

SQLite has taken the clause from Postgres, https://www.sqlite.org/lang_upsert.html, and SQLAlchemy compiles this very
statement for either.
"""

from sqlalchemy.dialects.postgresql import insert

__all__ = ["insert"]
