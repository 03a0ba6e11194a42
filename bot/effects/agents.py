"""Agents and gates: let in, handed to the engine, stopped."""

from __future__ import annotations

from datetime import datetime

from bot import halting
from bot.claims import hold, let_go
from bot.context import Context
from bot.core.actions import Claim, RunPlan
from bot.core.budget import Refusal
from bot.core.limits import waits_until
from bot.core.snapshot import Snapshot
from bot.effects.stopped import Stopped

GATES = "gates"  # the queue they are handed out from
SLOT = ("slot", "agent", "quota")


async def claim(ctx: Context, s: Snapshot, claim: Claim) -> Stopped | None:
    """The remote's claim first, then one admission in the ledger; refused, the remote's is given back.

    What GitHub has left is kept for what is under way: no new work starts on the last of it.
    """
    wait = ctx.github.starts_at(s.item.repo)
    if claim.run and wait:
        return Stopped(waits_until(wait), "machine", wait)
    peer = next((peer for peer in ctx.peers if peer.name == claim.peer), None)
    rival = await hold(ctx, s.item.repo, s.item.issue_id)
    if rival:
        until = datetime.fromisoformat(rival.expires)
        return Stopped(f"another Sluice ({rival.instance}) has it until {rival.expires}", "machine", until)
    refusal = await ctx.ledger.admit(s.item.id, claim, claim.run, ctx.caps, s.policy.work, peer, ctx.now())
    if refusal is None:
        return None
    if refusal.what != "dependency":  # then the remote's claim is the issue's other card's
        await let_go(ctx, s.item.repo, s.item.issue_id)
    return _refused(refusal)


async def send_back(ctx: Context, s: Snapshot, plan: RunPlan) -> Stopped | None:
    peer = next((peer for peer in ctx.peers if peer.name == plan.peer), None)
    refusal = await ctx.ledger.admit(s.item.id, None, plan, ctx.caps, s.policy.work, peer, ctx.now())
    if refusal:
        return _refused(refusal)
    attempt = next((run.attempts + 1 for run in s.runs if run.key == plan.key), 0)
    await ctx.engine.submit(f"run:{plan.key}.{attempt}", plan.peer, s.item.position + 1)
    return None


def _refused(refusal: Refusal) -> Stopped:
    return Stopped(refusal.reason, refusal.what if refusal.full else "person", refusal.until)


async def submit(ctx: Context, s: Snapshot, key: str) -> None:
    run = next((run for run in s.runs if run.key == key), None)
    peer = run.peer if run else (await ctx.ledger.recall(s.item.id, ctx.now())).runs[-1].peer
    await ctx.engine.submit(f"run:{run.job if run else f'{key}.0'}", peer, s.item.position + 1)


async def slots_free(ctx: Context) -> None:
    """The next few in rank look whether they may start; the sweep asks everybody."""
    await ctx.ledger.wake_where(ctx.now(), "a slot is free", waits_for=SLOT, limit=3)


async def stop(ctx: Context, s: Snapshot, key: str) -> None:
    run = next((run for run in s.runs if run.key == key and run.state != "ended"), None)
    if run:
        await halting.stop_run(ctx, run)


async def stop_gate(ctx: Context, s: Snapshot, key: str, why: str) -> None:
    gate = next((gate for gate in s.commands_running if gate.key == key), None)
    if gate:
        await halting.stop_gate(ctx, gate, why)
