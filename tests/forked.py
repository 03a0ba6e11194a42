"""What a process that serves loads, reads and compiles when it first needs it: here, so that those forked from one that
imported this have it already, each start being a fork.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from tempfile import TemporaryDirectory

from bot.cli import command_line
from bot.core.actions import Acknowledge, Claim, Decision, RunPlan
from bot.core.board import Card
from bot.core.budget import Caps
from bot.core.item import GoAhead
from bot.core.policy import Work
from bot.core.run import Outcome, Peer
from bot.github.documents import operation, printed
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger

gc.disable()  # while everything is loaded
for name in (
    "anyio._backends._asyncio",
    "bot.agents",
    "bot.engine",
    "bot.runs",
    "bot.service",
    "bot.wiring",
    "dbos._sys_db_sqlite",
    "httpcore",
    "pydantic.v1",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "webhooks.app",
    "webhooks.face",
):
    import_module(name)


async def live() -> None:
    """A short life of one item, as the ledger sees it: each statement is compiled when it is first asked."""
    with TemporaryDirectory() as folder:
        ledger = await open_ledger(f"sqlite:///{folder}/ledger.db")
        try:
            await _live(ledger, datetime.now(UTC))
        finally:
            await ledger.close()


async def _live(ledger: SqlLedger, now: datetime) -> None:
    item, board, repo = "card", "acme/1", "acme/shop"
    card = Card(item, "ISSUE", "Ready", False, 1, now, "Fix", repo, "I_1", 1)
    for each in (card, replace(card, title="Fix it")):
        await ledger.upsert_cards(board, [each], now)
    given = GoAhead("move", "ann", now, "Fix it", "Please.")
    plan = RunPlan("run", "build", "robo", 1, "move", "evidence", "head", "Fix it.", ("go",))
    let_in = (Caps(), Work(), Peer("robo", "scripted"), now)
    await ledger.accept_go_ahead(item, given)
    await ledger.admit(item, Claim("robo", "sluice/1-fix", "main", given, plan), plan, *let_in)
    for decision in (Decision("Ready", "starts"), Decision("Ready", "starts"), Decision("Working", "works")):
        for wake in await ledger.due(now, 4):
            await ledger.lease(item, "me", now, now)
            await ledger.recall(item, now)
            await ledger.record(item, decision, now, performed=True)
            effect = await ledger.intend(item, Acknowledge("comment", "EYES"), now)
            await ledger.settle(effect, True, "", now)
            await ledger.book(item, "graphql_points", 1, now)
            await ledger.slept(item, wake.seq, now)
            await ledger.unlease(item, "me")
    await ledger.start_run("run", now)
    await ledger.recall(item, now)
    await ledger.end_run("run", Outcome("finished", "", 1.0, ""), None, now)
    await ledger.recall(item, now)
    await ledger.unhandled_deliveries()
    await ledger.forget_leases()
    await ledger.paused_all_by()
    await ledger.at_work()
    await ledger.open_gates()
    await ledger.items()
    await ledger.next_due()


for name in ("Board", "See", "Scan", "Viewer"):
    printed(operation(name))
asyncio.run(live())
command_line()
gc.enable()
gc.freeze()  # no fork looks through it for garbage, or copies it for having looked
