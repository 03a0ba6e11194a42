"""Branches and worktrees: folded, pushed, saved and removed. Nothing that only lies in one is ever lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from bot.claims import let_go
from bot.context import Context
from bot.core.actions import Fold
from bot.core.executing import conflicts
from bot.core.plans.happened import Happened
from bot.core.snapshot import Snapshot
from bot.core.worktree import Work, WorkSpec, part_of
from bot.effects.stopped import Stopped
from bot.errors import NotKept
from bot.observe import parts_of, spec_of

log = structlog.get_logger(__name__)


async def fold(ctx: Context, s: Snapshot, fold: Fold) -> Stopped | None:
    """Its own worktree goes when all of it is in the item's branch, and that is saved."""
    spec = claimed_spec(s)
    part = part_of(spec, fold.step, fold.base)
    folded = await ctx.git.fold(spec, part, fold.head, f"Take in step {fold.step}\n")
    what: Happened = replace(fold.recorded, work=folded) if isinstance(folded, Work) else conflicts(fold, folded)
    if isinstance(folded, Work):
        await _saved(ctx, spec, part)
    _, why = await ctx.ledger.happen(fold.task, what, looking=True)
    return Stopped(why) if why else None


async def _saved(ctx: Context, spec: WorkSpec, *parts: WorkSpec) -> None:
    """What cannot be saved now lies in the mirror, and its worktree stays."""
    try:
        await ctx.git.save(spec)
        for part in parts:
            await ctx.git.remove_worktree(part)
    except NotKept as error:
        log.warning("the worktree stays", reason=str(error))


async def push(ctx: Context, s: Snapshot, head: str, expected: str | None) -> Stopped | None:
    spec = claimed_spec(s)
    pushed = await ctx.git.push(spec, expected)
    if pushed.outcome != "pushed":
        reason = f"{spec.branch} was not pushed: {pushed.reason}"
        await ctx.ledger.park(s.item.id, reason, False, ctx.now())  # the next pass asks a person
        return Stopped(reason, "person", ctx.now())
    await ctx.ledger.note_push(s.item.id, pushed.head or head, ctx.now())
    return None


async def remove_worktree(ctx: Context, s: Snapshot, homes: bool) -> None:
    spec = spec_of(s)
    for each in _trees(ctx, s, spec) if spec else ():
        try:
            await ctx.git.save(each)
        except NotKept as error:
            log.warning("the worktree stays", reason=str(error))
            return
        await ctx.git.remove_worktree(each)
    if homes:
        await asyncio.to_thread(ctx.forget_homes, s.item.id)


def _trees(ctx: Context, s: Snapshot, spec: WorkSpec) -> list[WorkSpec]:
    """The item's worktree, and those of its steps, as far as they are there."""
    return [each for each in (spec, *parts_of(s, spec)) if ctx.git.has_worktree(each)]


async def release(ctx: Context, s: Snapshot, forget: bool) -> None:
    spec = spec_of(s)
    for each in (spec, *parts_of(s, spec)) if forget and spec else ():
        await ctx.git.drop_saved(each)
    if s.item.issue_id:
        await let_go(ctx, s.item.repo, s.item.issue_id)
    await ctx.ledger.release(s.item.id)


def claimed_spec(s: Snapshot) -> WorkSpec:
    spec = spec_of(s)
    assert spec is not None  # only claimed items push
    return spec
