"""The tables of plans: apart, so that a command about a plan loads nothing of items."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy import Column, Integer, String, Table, Text

from bot.core.plans.happened import Happened
from bot.core.plans.plan import Plan
from bot.ledger.metadata import metadata
from bot.ledger.types import Stored, Utc

plans = Table(  # no foreign key: a task of the command line has no card
    "plans",
    metadata,
    Column("task", String, primary_key=True),
    Column("item", String, index=True),  # None: driven by hand
    Column("repo", String, nullable=False),  # "owner/name"; of a task of the command line: the folder
    Column("plan", Stored(Plan), nullable=False),  # as it was made
    Column("created_at", Utc, nullable=False),
    Column("over", String),  # completed | cancelled; None: neither
)

plan_events = Table(
    "plan_events",
    metadata,
    Column("task", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("what", Stored(Annotated[Happened, Field(discriminator="kind")]), nullable=False),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("task", String, primary_key=True),
    Column("path", String, primary_key=True),  # below the repository's top
    Column("step", String, primary_key=True),  # each is judged by what it left itself, also where others leave the same
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
