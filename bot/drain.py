"""One pass over one item: observe, decide, record, perform."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.context import Context, Seen
from bot.core.actions import OUT_OF_SIGHT, Action, Decision, Finish, StopGate, StopRun
from bot.core.decide import decide
from bot.core.late import standing
from bot.core.review import queued
from bot.core.snapshot import Snapshot
from bot.observe import observe
from bot.perform import perform

FRESH = timedelta(seconds=10)  # what was seen of GitHub is gone on with for so long
MOST_STEPS = 12  # of one pass


async def drain(ctx: Context, item_id: str, dry: bool = False) -> Decision:
    """Look at an item and do what is next. `dry`: only say what that is.

    What follows from what was only written down is done in the same pass, by the same look at GitHub: a second one
    would cost a point and show nothing new, or be hinted at.
    """
    snapshot, seen = await observe(ctx, item_id)
    if dry:
        return decide(snapshot)
    said, until = await _step(ctx, snapshot, seen), snapshot.now + FRESH
    for _ in range(MOST_STEPS - 1):
        if not _goes_on(snapshot, said) or ctx.now() > until:
            break
        snapshot, _ = await observe(ctx, item_id, seen)
        said = await _step(ctx, snapshot, seen)
    if review := queued(snapshot, said):
        await ctx.ledger.note_review(review)
    return said


async def _step(ctx: Context, s: Snapshot, seen: Seen) -> Decision:
    decision = decide(s)
    stood = standing(s.pull, s.runs, s.execution)
    if stood != s.item.stood:
        await ctx.ledger.note_stood(s.item.id, stood)
    return await _carry_out(ctx, s, seen, decision)


def _goes_on(s: Snapshot, said: Decision) -> bool:
    """It wants another look at once, and GitHub would show what it showed."""
    at_once = said.look_again_at is not None and said.look_again_at <= s.now
    return at_once and bool(said.actions) and all(isinstance(action, OUT_OF_SIGHT) for action in said.actions)


async def _carry_out(ctx: Context, snapshot: Snapshot, seen: Seen, decision: Decision) -> Decision:
    """What came of it; in a repository in preview the decision is recorded and not done."""
    item_id = snapshot.item.id
    actions = _allowed(snapshot, decision)
    await ctx.ledger.record(item_id, decision, snapshot.now, performed=actions == decision.actions)
    if not actions:
        return decision if actions == decision.actions else replace(decision, look_again_at=None)
    stopped = await perform(ctx, snapshot, seen, actions)
    if stopped is None:
        return await _over(ctx, item_id, decision)
    said = replace(decision, reason=stopped.reason, look_again_at=stopped.look_again_at, waits_for=stopped.waits_for)
    await ctx.ledger.record(item_id, said, ctx.now(), performed=True)
    return said


async def _over(ctx: Context, item_id: str, decision: Decision) -> Decision:
    """A finished item is Done without another look at GitHub."""
    how = next((action.how for action in decision.actions if isinstance(action, Finish)), None)
    if how is None:
        return decision
    over = Decision("Done", how)
    await ctx.ledger.record(item_id, over, ctx.now(), performed=True)
    return over


def _allowed(s: Snapshot, decision: Decision) -> tuple[Action, ...]:
    """Nothing is written for a repository that is not live, but its agents are stopped."""
    if s.policy.mode == "live":
        return decision.actions
    return tuple(action for action in decision.actions if isinstance(action, StopRun | StopGate))
