"""Decisions and effects: why something happened or did not, what was intended, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_jsonable_python
from sqlalchemy import Row, RowMapping, bindparam, insert, or_, select, update

from bot.core.actions import Action, Decision
from bot.core.own import Deed
from bot.ledger.databases import Tx
from bot.ledger.items import change, load
from bot.ledger.store import Store
from bot.ledger.tables import decisions, effects


@dataclass(frozen=True)
class DecisionRow:
    """A decision as it was kept; the same one made again and again is one row."""

    at: datetime
    last_at: datetime
    times: int
    stage: str
    reason: str
    waits_for: str
    actions: str  # JSON: a list of {"action": class name, ...fields}
    performed: bool


@dataclass(frozen=True)
class EffectRow:
    id: int
    item: str
    action: str
    body: str  # JSON
    intended_at: datetime
    settled_at: datetime | None  # None: whether it happened is not known
    ok: bool | None
    result: str
    at: datetime | None


class Decisions(Store):
    async def record(self, item: str, decision: Decision, now: datetime, performed: bool) -> None:
        """Keep the decision with its reason, and the stage the item has come to."""
        async with self.write() as tx:
            await _keep(tx, item, decision, now, performed)
            mine = await load(tx, item)
            entered = not mine.stages or mine.stages[-1][0] != decision.stage
            stages = (*mine.stages, (decision.stage, now)) if entered else mine.stages
            await change(tx, item, waits_for=decision.waits_for, agents=decision.agents, stages=stages)

    async def decisions(self, item: str, limit: int = 20) -> list[DecisionRow]:
        """Newest first."""
        newest = select(decisions).where(decisions.c.item == item).order_by(decisions.c.id.desc()).limit(limit)
        async with self.read() as tx:
            return [decision_of(row) for row in await tx.execute(newest)]

    async def intend(self, item: str, action: Action, now: datetime) -> int:
        body = json.dumps(to_jsonable_python(action))
        row = {"item": item, "action": type(action).__name__, "body": body, "intended_at": now}
        async with self.write() as tx:
            effect: int = (await tx.execute(INTENDED, row)).scalar_one()
            return effect

    async def settle(self, effect: int, ok: bool, result: str, now: datetime, at: datetime | None = None) -> None:
        async with self.write() as tx:
            await tx.execute(SETTLED, {"effect": effect, "settled_at": now, "ok": ok, "result": result, "at": at})

    async def find_out(self, deed: Deed, now: datetime) -> None:
        """What a look told of a write whose answer never came; an answer that comes all the same goes before it."""
        async with self.write() as tx:
            unknown = update(effects).where(effects.c.id == deed.effect, effects.c.settled_at.is_(None))
            done = bool(deed.id or deed.at)
            await tx.execute(unknown.values(settled_at=now, ok=done, result=deed.id, at=deed.at))

    async def effects(self, item: str, limit: int = 50) -> list[EffectRow]:
        """Newest first."""
        newest = select(effects).where(effects.c.item == item).order_by(effects.c.id.desc()).limit(limit)
        async with self.read() as tx:
            return [EffectRow(**row) for row in (await tx.execute(newest)).mappings()]


INTENDED = insert(effects).returning(effects.c.id)
SETTLED = (
    update(effects)
    .where(effects.c.id == bindparam("effect"))
    .values({name: bindparam(name) for name in ("settled_at", "ok", "result", "at")})
)
AGAIN = (
    update(decisions)
    .where(decisions.c.id == bindparam("decision"))
    .values(last_at=bindparam("last_at"), times=decisions.c.times + 1)
)
DEEDS = {"MoveCard": "column", "SayStatus": "body", "AskPerson": "mark", "Reply": "mark"}  # and what tells each
MAYBE_DONE = or_(effects.c.ok.is_(True), effects.c.settled_at.is_(None))
DONE = select(effects).where(effects.c.item == bindparam("item"), effects.c.action.in_(DEEDS), MAYBE_DONE)
DONE = DONE.order_by(effects.c.id)
NEWEST = select(decisions).where(decisions.c.item == bindparam("item")).order_by(decisions.c.id.desc()).limit(1)


async def deeds_of(tx: Tx, item: str) -> tuple[Deed, ...]:
    """What was done, or may have been, of what a person could have done too; oldest first."""
    return tuple(_deed(row) for row in (await tx.execute(DONE, {"item": item})).mappings())


def _deed(row: RowMapping) -> Deed:
    kind, settled = row["action"], row["settled_at"] is not None
    said = json.loads(row["body"])[DEEDS[kind]]
    comment = row["result"] if settled and kind != "MoveCard" else ""
    return Deed(row["id"], kind, said, settled, comment, row["at"])


async def _keep(tx: Tx, item: str, decision: Decision, now: datetime, performed: bool) -> None:
    same = {
        "stage": decision.stage,
        "reason": decision.reason,
        "waits_for": decision.waits_for,
        "actions": as_json(decision.actions),
        "performed": performed,
    }
    last = (await tx.execute(NEWEST, {"item": item})).mappings().one_or_none()
    if last and all(last[name] == value for name, value in same.items()):
        await tx.execute(AGAIN, {"decision": last["id"], "last_at": now})
        return
    await tx.execute(insert(decisions), {"item": item, "at": now, "last_at": now, **same})


def as_json(actions: Iterable[Action]) -> str:
    return json.dumps([{"action": type(action).__name__, **to_jsonable_python(action)} for action in actions])


def decision_of(row: Row[tuple[object, ...]]) -> DecisionRow:
    found = row._mapping
    return DecisionRow(**{name: found[name] for name in DecisionRow.__dataclass_fields__})
