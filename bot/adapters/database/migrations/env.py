"""Alembic's entry: runs on the connection that `bot.adapters.database.engine` hands over."""

from alembic import context

from bot.adapters.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
with context.begin_transaction():
    context.run_migrations()
