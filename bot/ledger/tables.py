"""The tables of items and what happened to them, one per noun. The stage of an item is computed, never stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.core.actions import RunPlan
from bot.core.item import Approval, Claim, GoAhead, Parked, Refused
from bot.core.run import Outcome
from bot.core.spend import Budget
from bot.core.worktree import Work
from bot.ledger.metadata import metadata
from bot.ledger.types import Stored, Utc

TOKENS = ("input_total", "cache_read", "cache_write", "cache_write_1h", "output")


LOCAL = "LOCAL"  # the kind of an item without a card: see local.py


def _item(primary_key: bool = False, index: bool = False) -> Column[str]:
    return Column("item", String, ForeignKey("items.id"), nullable=False, primary_key=primary_key, index=index)


items = Table(
    "items",
    metadata,
    Column("id", String, primary_key=True),
    Column("rev", Integer, nullable=False, default=0),  # how often the row was written
    Column("board", String, nullable=False),
    Column("kind", String, nullable=False, default="ISSUE"),
    Column("repo", String, nullable=False),
    Column("number", Integer),
    Column("title", Text, nullable=False, default=""),
    Column("issue_id", String, nullable=False, default=""),
    Column("column_name", String),  # where a scan or a look last saw the card; decisions read the card itself
    Column("archived", Boolean, nullable=False, default=False),
    Column("fingerprint", Text, nullable=False, default=""),
    Column("gone_at", Utc),  # the card is no longer on the board
    Column("priority", Float),  # as the board says
    Column("priority_said", Float),  # as a command said; it goes before the board's
    Column("position", Integer, nullable=False, default=0),
    Column("claim", Stored(Claim)),
    Column("go_ahead", Stored(GoAhead)),
    Column("spent", String, nullable=False, default=""),
    Column("peer_wanted", String),
    Column("playbook", String, nullable=False, default=""),
    Column("paused_by", String),
    Column("parked", Stored(Parked)),
    Column("asked_fresh", Integer, nullable=False, default=0),
    Column("fresh_at", Utc),
    Column("pull_number", Integer),
    Column("pushed_head", String),
    Column("pushed_at", Utc),
    Column("stood", Stored(tuple[str, ...]), nullable=False, default=()),
    Column("approvals", Stored(tuple[Approval, ...]), nullable=False, default=()),
    Column("unaskable", Stored(tuple[str, ...]), nullable=False, default=()),
    Column("refused", Stored(Refused)),
    Column("more", Stored(Budget), nullable=False, default=Budget()),  # by `/sluice budget`
    Column("more_at", Utc),
    Column("lane_since", Utc),
    Column("lane_base", String),
    Column("first_seen", Utc),
    Column("heard_until", Utc),
    Column("done", String),
    Column("stages", Stored(tuple[tuple[str, datetime], ...]), nullable=False, default=()),
    Column("waits_for", String, nullable=False, default="nobody"),  # of the last decision
    Column("agents", Stored(tuple[str, ...]), nullable=False, default=()),  # who may take it, by the last decision
    Index(None, "repo", "number"),
    Index(None, "repo", "pull_number"),
    Index(None, "waits_for"),
)

ON_BOARD = items.c.kind != LOCAL

runs = Table(
    "runs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    _item(index=True),
    Column("repo", String, nullable=False),
    Column("step", String, nullable=False),
    Column("peer", String, nullable=False),
    Column("round", Integer, nullable=False),
    Column("go_ahead", String, nullable=False),
    Column("evidence", String, nullable=False),
    Column("head", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("admitted_at", Utc, nullable=False, index=True),
    Column("started_at", Utc),
    Column("ended_at", Utc, index=True),
    Column("outcome", Stored(Outcome)),
    Column("work", Stored(Work)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("excused", Integer, nullable=False, default=0),  # attempts no machine failed
    Column("cap", Stored(Budget)),  # what it was admitted with
    Column("estimate", BigInteger),  # tokens, as its agent's earlier runs used; None: there were none
    Column("plan", Stored(RunPlan), nullable=False),
    UniqueConstraint("item", "step", "head", "evidence"),
)

usage = Table(  # absolute: what the run used so far, by that source
    "usage",
    metadata,
    Column("run", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("source", String, primary_key=True),  # whose word it is; see core/spend.py
    _item(index=True),
    Column("repo", String, nullable=False),
    Column("peer", String, nullable=False),
    *(Column(kind, BigInteger, nullable=False) for kind in TOKENS),
    Column("cost_usd", Float),  # None: unknown
    Column("at", Utc, nullable=False, index=True),  # when it last grew
)

gate_runs = Table(
    "gate_runs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    _item(index=True),
    Column("gate", Text, nullable=False),
    Column("head", String, nullable=False),
    Column("command", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("url", Text, nullable=False, default=""),
    Column("detail", Text, nullable=False, default=""),
    Column("run_id", String, nullable=False, default=""),
    Column("used", Stored(tuple[str, ...]), nullable=False, default=()),
    Column("admitted_at", Utc, nullable=False),
    Column("started_at", Utc),
    Column("ended_at", Utc),
)

orders = Table(
    "orders",
    metadata,
    _item(primary_key=True),
    Column("id", String, primary_key=True),
    Column("verb", String, nullable=False),
    Column("args", Text, nullable=False),
    Column("author", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("subject", String, nullable=False),
    Column("problem", Text, nullable=False),
    Column("saw", Stored(tuple[str, ...]), nullable=False, default=()),
    Column("heard_at", Utc, nullable=False),
    Column("answered_at", Utc),
)

messages = Table(
    "messages",
    metadata,
    _item(primary_key=True),
    Column("id", String, primary_key=True),
    Column("author", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("subject", String, nullable=False),
    Column("answers", Text, nullable=False),
    Column("run", String, nullable=False),
    Column("heard_by", String, nullable=False),
    Column("told", Boolean, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _item(index=True),
    Column("at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),  # when the same was decided last
    Column("times", Integer, nullable=False, default=1),
    Column("stage", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waits_for", String, nullable=False),
    Column("actions", Text, nullable=False),  # JSON
    Column("performed", Boolean, nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _item(index=True),
    Column("action", String, nullable=False),  # the class name
    Column("body", Text, nullable=False),  # JSON
    Column("intended_at", Utc, nullable=False),
    Column("settled_at", Utc),  # None: whether it happened is not known
    Column("ok", Boolean),
    Column("result", Text, nullable=False, default=""),
    Column("at", Utc),  # when GitHub moved the card, by its clock
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _item(index=True),
    Column("how", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
