"""Gate runs: commands Sluice runs itself and workflows it dispatched, each bound to one head."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from sqlalchemy import RowMapping, and_, insert, select, update

from bot.core.gates.verdict import GateRun
from bot.ledger.store import Store
from bot.ledger.tables import gate_runs
from bot.ledger.wakes import rouse

JUDGED = ("passed", "failed")
UNJUDGED = ("unknown", "unstarted")
OPEN = ("admitted", "running")


class Gates(Store):
    async def admit_gate(self, item: str, gate: str, head: str, command: str, now: datetime, again: str = "") -> str:
        """The key of the gate's run on that head: the one there is, or a new one when that could not say.

        `again`: the key of a run that is to be repeated, whatever it said; the answer to one wish is one new run.
        """
        mine = and_(gate_runs.c.item == item, gate_runs.c.gate == gate, gate_runs.c.head == head)
        async with self.write() as tx:
            earlier = (await tx.execute(select(gate_runs).where(mine).order_by(gate_runs.c.seq))).all()
            last = earlier[-1] if earlier else None
            if last and last.state not in UNJUDGED and last.key != again:
                if last.state == "admitted":  # asked for once more
                    await tx.execute(update(gate_runs).where(gate_runs.c.key == last.key).values(admitted_at=now))
                return str(last.key)
            key = hashlib.sha256("\n".join((item, gate, head, str(len(earlier)))).encode()).hexdigest()[:24]
            row = {"key": key, "item": item, "gate": gate, "head": head, "command": command}
            await tx.execute(insert(gate_runs).values(**row, state="admitted", admitted_at=now))
            return key

    async def start_gate(self, key: str, now: datetime) -> tuple[str, GateRun, str] | None:
        """The item, the gate and its command; None when there is nothing to do (any more)."""
        async with self.write() as tx:
            row = (await tx.execute(select(gate_runs).where(gate_runs.c.key == key))).mappings().one_or_none()
            if row is None or row["state"] not in OPEN:
                return None
            begun = {"state": "running", "run_id": key, "started_at": row["started_at"] or now}
            await tx.execute(update(gate_runs).where(gate_runs.c.key == key).values(**begun))
            return row["item"], replace(gate_of(row), state="running", run_id=key), row["command"]

    async def end_gate(self, key: str, gate: GateRun, now: datetime) -> None:
        """Store what is known of it, and look at the item. A verdict stands until another run gives a new one."""
        async with self.write() as tx:
            row = (await tx.execute(select(gate_runs).where(gate_runs.c.key == key))).mappings().one_or_none()
            if row is None or (row["state"] in JUDGED and row["run_id"] == gate.run_id):
                return
            known = ("state", "reason", "url", "detail", "run_id", "used")
            values = {name: getattr(gate, name) for name in known}
            ended = {"ended_at": now} if gate.over else {"started_at": row["started_at"] or now}
            await tx.execute(update(gate_runs).where(gate_runs.c.key == key).values(**values, **ended))
            if gate.over:
                await rouse(tx, row["item"], now, "gate ended")

    async def open_gates(self) -> list[tuple[str, GateRun]]:
        """The commands that are to run or run, by key; a dispatched workflow is GitHub's to end."""
        mine = and_(gate_runs.c.state.in_(OPEN), gate_runs.c.command != "")
        async with self.read() as tx:
            found = await tx.execute(select(gate_runs).where(mine).order_by(gate_runs.c.seq))
            return [(row["key"], gate_of(row)) for row in found.mappings()]


def gate_of(row: RowMapping) -> GateRun:
    names = ("gate", "head", "state", "reason", "url", "detail", "run_id", "key", "used")
    return GateRun(**{name: row[name] for name in names}, since=row["admitted_at"])
