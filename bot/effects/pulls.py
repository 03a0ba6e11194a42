"""What GitHub is asked to do with a branch or a pull request: run a workflow, show a check, update, merge."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import structlog

from bot.context import Context, Written
from bot.core.actions import DispatchWorkflow, Merge, ShowCheck, ShowPolicy
from bot.core.gates.verdict import GateRun
from bot.core.item import Refused
from bot.core.showing import policy_check
from bot.core.snapshot import PolicyWord, Snapshot
from bot.effects.branches import claimed_spec
from bot.effects.stopped import Stopped, later
from bot.errors import Ambiguous

log = structlog.get_logger(__name__)
NEWS_OF_MERGES = timedelta(minutes=1)  # of many merges in a row the others need one look: does it still merge cleanly?


async def dispatch_workflow(ctx: Context, s: Snapshot, action: DispatchWorkflow) -> None:
    """The run's name shows the gate's key: whoever does not hear the answer finds it by that, and sends no second."""
    key = await ctx.ledger.admit_gate(s.item.id, action.gate, action.head, "", ctx.now(), action.again)
    answer = await ctx.github.dispatch_workflow(s.item.repo, action.file, claimed_spec(s).branch, {"gate_id": key})
    state: Literal["running", "unstarted"] = "running" if answer.ok else "unstarted"
    gate = GateRun(action.gate, action.head, state, answer.error, run_id=answer.id)
    await ctx.ledger.end_gate(key, gate, ctx.now())


async def show(ctx: Context, s: Snapshot, check: ShowCheck, look: bool = False) -> bool:
    """A check that may not be made holds nothing up: the same is in the status comment."""
    try:
        answer = await ctx.github.show_check(s.item.repo, check, look)
    except Ambiguous as error:  # the next look sees whether it is there
        answer = Written(ok=False, error=str(error))
    if not answer.ok:
        log.warning("a check is not shown", repo=s.item.repo, check=check.name, reason=answer.error)
    return answer.ok


async def show_policy(ctx: Context, s: Snapshot, action: ShowPolicy) -> None:
    if await show(ctx, s, policy_check(action), look=True):
        word = PolicyWord(action.head, action.problem) if action.problem else None
        await ctx.ledger.note_policy_word(s.item.repo, word)


async def update_branch(ctx: Context, s: Snapshot, head: str) -> Stopped | None:
    if s.pull is None:
        return None
    answer = await ctx.github.update_branch(s.item.repo, s.pull.number, head)
    return None if answer.ok else Stopped(f"GitHub did not update the branch: {answer.error}", "machine", later(ctx))


async def merge(ctx: Context, s: Snapshot, action: Merge) -> Stopped | None:
    if s.pull is None:
        return None
    if action.queue:
        answer = await ctx.github.enqueue(s.item.repo, s.pull.id, action.head)
        return None if answer.ok else await _not_merged(ctx, s, action, answer)
    answer = await ctx.github.merge(s.item.repo, s.pull.number, action.head, action.method)
    if not answer.ok:
        return await _not_merged(ctx, s, action, answer)
    await ctx.ledger.leave_lane(s.item.id)
    await ctx.ledger.wake_where(ctx.now() + NEWS_OF_MERGES, f"#{s.pull.number} was merged", repo=s.item.repo)
    return None


async def _not_merged(ctx: Context, s: Snapshot, action: Merge, answer: Written) -> Stopped:
    """Noted, for the next look to judge whether it is tried again or a person is asked."""
    now, method = ctx.now(), "queue" if action.queue else action.method
    await ctx.ledger.note_refused(s.item.id, Refused(action.head, method, answer.error, answer.final, now, now))
    what = "enqueue" if action.queue else "merge"
    return Stopped(f"GitHub did not {what} it: {answer.error}", "machine", now if answer.final else later(ctx))
