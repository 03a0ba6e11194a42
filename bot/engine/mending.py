"""The ledger against the engine: what one believes to be under way and the other has lost is found and goes on.

A crash may fall between an admission and its submission, or between a fault and its record. The engine is asked, not
trusted: part of every sweep, and safe beside live passes because keys are submitted once and verdicts stand.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.context import Engine
from bot.core.gates.verdict import GateRun
from bot.core.run import Run
from bot.effects.agents import GATES

LOST = ("over", None)


class UnderWay(Protocol):
    """What mending needs of the ledger."""

    async def running(self) -> list[Run]: ...
    async def open_gates(self) -> list[tuple[str, GateRun]]: ...
    async def end_gate(self, key: str, gate: GateRun, now: datetime) -> None: ...
    async def wake(self, item: str, due: datetime, cause: str) -> None: ...


async def mend(ledger: UnderWay, engine: Engine, now: datetime) -> int:
    """How many were found lost."""
    return await _runs(ledger, engine, now) + await _gates(ledger, engine, now)


async def _runs(ledger: UnderWay, engine: Engine, now: datetime) -> int:
    """The pass knows what to do about a run that is gone; it only has to be made."""
    lost = [run for run in await ledger.running() if await engine.status(f"run:{run.job}") in LOST]
    for run in lost:
        await ledger.wake(run.item, now, "its run is not known to the engine")
    return len(lost)


async def _gates(ledger: UnderWay, engine: Engine, now: datetime) -> int:
    lost = 0
    for key, gate in await ledger.open_gates():
        status = await engine.status(f"gate:{key}")
        if status is None:
            await engine.submit(f"gate:{key}", GATES)
        elif status == "over":
            ended = GateRun(gate.gate, gate.head, "unknown", "it ended without a verdict", run_id=key)
            await ledger.end_gate(key, ended, now)
        lost += status in LOST
    return lost
