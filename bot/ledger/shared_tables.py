"""The tables beside the items: hints, deliveries, repositories, reviews, costs, workers, schedules, plans and crew."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, Text

from bot.core.crew import Mate
from bot.ledger.metadata import metadata
from bot.ledger.types import Stored, Utc

wakes = Table(  # no foreign key: a hint may come before the scan that finds its card
    "wakes",
    metadata,
    Column("item", String, primary_key=True),
    Column("due", Utc, index=True),  # None: asleep. The row stays, so that `seq` only ever grows.
    Column("cause", Text, nullable=False),
    Column("seq", Integer, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("item", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("until", Utc, nullable=False),
)

repositories = Table(
    "repositories",
    metadata,
    Column("repo", String, primary_key=True),
    Column("policy", Text),  # the last good text
    Column("mode", String, nullable=False),
    Column("live_since", Utc),
    Column("noted_at", Utc, nullable=False),
)

roles = Table(
    "roles",
    metadata,
    Column("repo", String, primary_key=True),
    Column("login", String, primary_key=True),
    Column("role", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("guid", String, primary_key=True),
    Column("event", String, nullable=False),
    Column("action", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received", Utc, nullable=False, index=True),
    Column("result", Text),  # None: not handled yet
)

moves = Table(
    "moves",
    metadata,
    Column("card", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("to", String),
    Column("actor", String),
    Column("automated", Boolean, nullable=False),
    Column("at", Utc, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("url", String, primary_key=True),
    Column("repo", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("item", String),
    Column("head", String, nullable=False),
    Column("state", String, nullable=False, index=True),  # open | merged | closed
    Column("waits_for", String, nullable=False),
    Column("since", Utc, nullable=False),
    Column("requested", Stored(tuple[str, ...]), nullable=False, default=()),
    Column("reviewed_sha", String),
    Column("reviewed_by", String),
    Column("reviewed_at", Utc),
)

costs = Table(
    "costs",
    metadata,
    Column("item", String, primary_key=True),  # "": shared by all, like a scan
    Column("kind", String, primary_key=True),
    Column("amount", Integer, nullable=False),
    Column("last_at", Utc, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String, primary_key=True),
    Column("beat", Utc, nullable=False),  # by the database's clock where it has one
    Column("adopter", String),
    Column("adopt_at", Utc),
)

peers = Table(  # how agents stand with their providers; who runs Sluice may say that one goes on
    "peers",
    metadata,
    Column("name", String, primary_key=True),
    Column("limited_until", Utc),
    Column("limited_times", Integer, nullable=False, default=0),  # in a row
    Column("resumed_at", Utc),  # failures before that are forgotten
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("cron", String),
    Column("every_seconds", Integer),
    Column("zone", String, nullable=False, default="UTC"),
    Column("payload", Text, nullable=False, default="{}"),
    Column("enabled", Boolean, nullable=False, default=True),
)

firings = Table(
    "firings",
    metadata,
    Column("key", String, primary_key=True),  # schedule:{id}:{due}
    Column("at", Utc, nullable=False),
)

run_events = Table(
    "run_events",
    metadata,
    Column("run", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("target", Text, nullable=False),
)

crew = Table(  # agents that were created for a task of their own
    "crew",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("folder", String, nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("deleted_at", Utc),
    Column("mate", Stored(Mate), nullable=False),
)

crew_commands = Table(
    "crew_commands",
    metadata,
    Column("mate", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("text", Text, nullable=False),
    Column("run", String, nullable=False, default=""),  # its key; empty: it has not begun
    Column("waits", Text, nullable=False, default=""),
    Column("dropped", Text, nullable=False, default=""),
)
