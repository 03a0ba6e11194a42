"""Holds: which agents get nothing new at the moment, and why, by how their runs ended and what providers said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.core.run import Outcome
from bot.core.standing import WITHIN, Failure, Hold, Standing, failure_of, hold_of, waits_until
from bot.ledger.databases import Tx
from bot.ledger.shared_tables import peers
from bot.ledger.store import Store, upsert
from bot.ledger.tables import runs
from bot.ledger.wakes import rouse_where

FOR_AGENT = ("agent", "machine")  # what who waits for an agent may wait for
BACK = 3 * WITHIN  # failures of longer ago stop nobody
ALL = select(peers)
ENDED = select(runs.c.peer, runs.c.outcome, runs.c.ended_at).where(runs.c.ended_at > bindparam("since"))
ENDED = ENDED.order_by(runs.c.ended_at)


class Holds(Store):
    async def holds(self, now: datetime) -> Mapping[str, Hold]:
        """By agent, of those that get nothing new."""
        async with self.read() as tx:
            return await holds(tx, now)

    async def resume_peer(self, name: str, now: datetime) -> int:
        """It goes on, whatever its runs came to before; how many items are looked at therefore."""
        async with self.write() as tx:
            fresh = {"limited_until": None, "limited_times": 0, "resumed_at": now}
            await upsert(tx, peers, {"name": name}, fresh)
            return await rouse_where(tx, now, f"agent {name} goes on", waits_for=FOR_AGENT)


async def holds(tx: Tx, now: datetime) -> dict[str, Hold]:
    known = {row["name"]: row for row in (await tx.execute(ALL)).mappings()}
    failures = await _failures(tx, now - BACK)
    found = {}
    for name in known.keys() | failures.keys():
        row = known.get(name)
        until, resumed = (row["limited_until"], row["resumed_at"]) if row else (None, None)
        if hold := hold_of(name, Standing(tuple(failures[name]), until, resumed), now):
            found[name] = hold
    return found


async def _failures(tx: Tx, since: datetime) -> defaultdict[str, list[Failure]]:
    found: defaultdict[str, list[Failure]] = defaultdict(list)
    for row in await tx.execute(ENDED, {"since": since}):
        if what := failure_of(row.outcome):
            found[row.peer].append(Failure(what, row.ended_at))
    return found


async def note_end(tx: Tx, peer: str, outcome: Outcome, now: datetime) -> None:
    """One item finds out for all that the provider says to wait; one that was let work forgets it."""
    if outcome.ended == "limited":
        known = (await tx.execute(select(peers.c.limited_times).where(peers.c.name == peer))).scalar_one_or_none() or 0
        until = waits_until(outcome.until, known, now)
        await upsert(tx, peers, {"name": peer}, {"limited_until": until, "limited_times": known + 1})
    elif outcome.ended == "finished":
        await upsert(tx, peers, {"name": peer}, {"limited_until": None, "limited_times": 0})
