"""Alembic's entry: runs the migrations on the connection `bot.ledger.upgrade` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from bot.ledger import plan_tables, shared_tables, tables
from bot.ledger.metadata import metadata

assert plan_tables and shared_tables and tables  # importing them puts their tables into it

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
