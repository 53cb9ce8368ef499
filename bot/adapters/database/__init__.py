"""The ports Archive, Subscriptions and Ledger over SQLAlchemy Core. One file each, one schema, alembic migrations."""
