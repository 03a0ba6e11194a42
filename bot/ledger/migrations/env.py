"""Alembic's entry: runs the migrations on the connection `bot.ledger.upgrade` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from bot.ledger import shared_tables
from bot.ledger.tables import metadata

assert shared_tables  # importing it puts its tables beside the others

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
