"""Stopping without a look: what the ledger knows is enough to end an agent, whatever GitHub or the board is doing.

A pass needs GitHub's answer. Whoever stops everything while GitHub fails, limits, or a board has lost a column is
obeyed here; the item's next pass finds the agent ended and says the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from bot.context import AtWork, Context
from bot.core.actions import Action, Decision, StopGate, StopRun
from bot.core.gates.verdict import GateRun
from bot.core.pausing import why_stop
from bot.core.run import Outcome, Run

log = structlog.get_logger(__name__)


class Halting(Protocol):
    """What halting needs of the ledger."""

    async def at_work(self) -> Sequence[AtWork]: ...
    async def paused_all_by(self) -> str | None: ...


async def halt(ctx: Context, ledger: Halting, modes: Mapping[str, str] = {}) -> None:
    """End whatever may not go on. `modes`: of repositories whose policy was just read."""
    found = await ledger.at_work()
    paused = await ledger.paused_all_by() if found else None
    for each in found:
        if why := why_stop(paused, each.paused_by, modes.get(each.repo, each.mode), at_work=True):
            await _end(ctx, each, why)


async def _end(ctx: Context, found: AtWork, why: str) -> None:
    runs: list[Action] = [StopRun(run.key, why) for run in found.runs]
    actions = (*runs, *(StopGate(gate.key, why) for gate in found.gates))
    log.info("stopped without a look", item=found.item, why=why)
    stopped = Decision("Working" if runs else "Gating", why, actions, waits_for="person")
    await ctx.ledger.record(found.item, stopped, ctx.now(), performed=True)
    for run in found.runs:
        await stop_run(ctx, run)
    for gate in found.gates:
        await stop_gate(ctx, gate, why)


async def stop_run(ctx: Context, run: Run) -> None:
    """A run that never began ends here; one that did ends itself, with its work saved."""
    job = f"run:{run.job}"
    await ctx.engine.cancel(job)
    if run.state == "admitted" or await ctx.engine.status(job) is None:
        await ctx.ledger.end_run(run.key, Outcome("cancelled", "", 0.0, ""), None, ctx.now())


async def stop_gate(ctx: Context, gate: GateRun, why: str) -> None:
    """Nothing is known of the head: the command runs again when work goes on."""
    await ctx.engine.cancel(f"gate:{gate.key}")
    stopped = GateRun(gate.gate, gate.head, "unstarted", f"stopped: {why}", run_id=gate.key, key=gate.key)
    await ctx.ledger.end_gate(gate.key, stopped, ctx.now())
