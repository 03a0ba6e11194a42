"""From actions to effects: intent first, then the effect, then its answer. No opinions here.

Every effect is safe to repeat. What did not go as expected is a value: `Stopped` ends the pass with a reason, and the
actions behind it are not done; the next pass looks anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import assert_never

from bot.context import Context, Seen, Written
from bot.core.actions import (
    AcceptGoAhead,
    Acknowledge,
    Action,
    AdoptPlan,
    AgentAction,
    AskPerson,
    BoardWrite,
    Claim,
    DeleteBranch,
    Dispatch,
    DispatchWorkflow,
    Finish,
    Fold,
    JoinLane,
    LeaveLane,
    LedgerWrite,
    LoseRun,
    Merge,
    NoteHeard,
    NoteOrder,
    NotePlan,
    OpenPull,
    Park,
    PauseAll,
    PushBranch,
    ReleaseClaim,
    RemoveWorktree,
    RepoAction,
    RunGate,
    SendBack,
    ShowCheck,
    ShowField,
    ShowPolicy,
    SpendMove,
    StopGate,
    StopRun,
    Tell,
    UpdateBranch,
)
from bot.core.plans.direct import End
from bot.core.reviewing import LANE_LOOK
from bot.core.run import Outcome
from bot.core.snapshot import Snapshot
from bot.effects.agents import GATES, claim, send_back, slots_free, stop, stop_gate, submit
from bot.effects.branches import fold, push, release, remove_worktree
from bot.effects.pulls import dispatch_workflow, merge, show, show_policy, update_branch
from bot.effects.stopped import Stopped
from bot.observe import spec_of

BATCH = 20  # mutations in one document: GitHub runs out of resources a little above


async def perform(ctx: Context, s: Snapshot, seen: Seen, actions: Sequence[Action]) -> Stopped | None:
    """Carry the actions out in order; neighbouring board writes travel in one document."""
    for group in _grouped(actions):
        effects = [await ctx.ledger.intend(s.item.id, action, ctx.now()) for action in group]
        if isinstance(first := group[0], BoardWrite):
            stopped = await _write(ctx, s, seen, group, effects)
        else:
            stopped = await _one(ctx, s, first)
            await ctx.ledger.settle(effects[0], stopped is None, stopped.reason if stopped else "", ctx.now())
        if stopped:
            return stopped
    return None


def _grouped(actions: Sequence[Action]) -> Iterator[list[Action]]:
    for board, group in groupby(actions, key=lambda action: isinstance(action, BoardWrite)):
        found = list(group)
        size = BATCH if board else 1
        yield from (found[i : i + size] for i in range(0, len(found), size))


async def _write(
    ctx: Context, s: Snapshot, seen: Seen, group: Sequence[Action], effects: Sequence[int]
) -> Stopped | None:
    writes = [action for action in group if isinstance(action, BoardWrite)]
    answers = await ctx.github.write(ctx.boards[s.item.board], s.item, writes, seen)
    failed = ""
    for action, effect, answer in zip(writes, effects, answers, strict=True):
        if answer.ok:
            await _note_written(ctx, s, action, answer)
        if answer.refused:
            await ctx.ledger.note_unaskable(s.item.id, answer.refused)
        harmless = answer.ok or isinstance(action, ShowField | Acknowledge)  # its comment may be gone
        failed = failed or ("" if harmless else f"GitHub refused {type(action).__name__}: {answer.error}")
        await ctx.ledger.settle(effect, answer.ok, answer.error or answer.id, ctx.now(), answer.at)
    known = all(answer.ok or answer.refused for answer in answers)  # then the next look does without them
    return Stopped(failed, "machine", ctx.now() + timedelta(minutes=0 if known else 1)) if failed else None


async def _note_written(ctx: Context, s: Snapshot, action: BoardWrite, answer: Written) -> None:
    if isinstance(action, OpenPull) and answer.number is not None:
        await ctx.ledger.note_pull(s.item.id, answer.number)
    if isinstance(action, AskPerson):
        await ctx.ledger.parked_told(s.item.id)


async def _one(ctx: Context, s: Snapshot, action: LedgerWrite | AgentAction | RepoAction) -> Stopped | None:
    if isinstance(action, LedgerWrite):
        return await _noted(ctx, s, action)
    if isinstance(action, AgentAction):
        return await _at_work(ctx, s, action)
    return await _pushed(ctx, s, action)


async def _noted(ctx: Context, s: Snapshot, action: LedgerWrite) -> Stopped | None:
    """What is only written down; each line is one power."""
    item, now, ledger = s.item.id, ctx.now(), ctx.ledger
    match action:
        case AcceptGoAhead(go_ahead):
            await ledger.accept_go_ahead(item, go_ahead)
        case SpendMove(key):
            await ledger.spend_move(item, key)
        case NoteOrder():
            await ledger.note_order(item, action, now)
        case Tell(message):
            await ledger.tell(item, message)
        case NoteHeard(message):
            await ledger.note_heard(item, message)
        case PauseAll(on, by):
            await ledger.pause_all(by if on else None, now)
        case AdoptPlan(plan):
            await ledger.save_plan(plan, s.item.repo, item)
        case NotePlan(task):
            _, why = await ledger.happen(task, *action.all, looking=True)
            return Stopped(why) if why else None
        case JoinLane(base):
            if not await ledger.join_lane(item, base, now):
                return Stopped("another pull request is merged first", "machine", now + LANE_LOOK)
        case LeaveLane():
            await ledger.leave_lane(item)
        case Park(reason, told):
            await _file(ctx, s)
            await ledger.park(item, reason, told, now)
            await slots_free(ctx)
        case Finish(how, receipt):
            await _file(ctx, s, End(now, how))
            await ledger.finish(item, how, receipt, now)
            await ledger.wake_where(now, f"#{s.item.number} is over", repo=s.item.repo, waits_for=("dependency",))
            await slots_free(ctx)
        case _:
            assert_never(action)
    return None


async def _at_work(ctx: Context, s: Snapshot, action: AgentAction) -> Stopped | None:
    """Agents, gates and their worktrees; each line is one power."""
    match action:
        case Claim():
            return await claim(ctx, s, action)
        case Dispatch(run):
            await submit(ctx, s, run)
        case SendBack(plan):
            return await send_back(ctx, s, plan)
        case Fold():
            return await fold(ctx, s, action)
        case StopRun(run):
            await stop(ctx, s, run)
        case StopGate(key, why):
            await stop_gate(ctx, s, key, why)
        case LoseRun(run):
            await ctx.ledger.end_run(run, Outcome("lost", "", 0.0, ""), None, ctx.now())
        case RunGate(gate, command, head):
            key = await ctx.ledger.admit_gate(s.item.id, gate, head, command, ctx.now())
            await ctx.engine.submit(f"gate:{key}", GATES)
        case RemoveWorktree(homes):
            await remove_worktree(ctx, s, homes)
        case ReleaseClaim(forget):
            await release(ctx, s, forget)
        case _:
            assert_never(action)
    return None


async def _pushed(ctx: Context, s: Snapshot, action: RepoAction) -> Stopped | None:
    """What a repository is sent or asked; each line is one power."""
    match action:
        case PushBranch(head, expected):
            return await push(ctx, s, head, expected)
        case DeleteBranch(head):
            if spec := spec_of(s):
                await ctx.git.delete_branch(spec.repo, spec.branch, head)
        case DispatchWorkflow():
            await dispatch_workflow(ctx, s, action)
        case ShowCheck():
            await show(ctx, s, action)
        case ShowPolicy():
            await show_policy(ctx, s, action)
        case UpdateBranch(head):
            return await update_branch(ctx, s, head)
        case Merge():
            return await merge(ctx, s, action)
        case _:
            assert_never(action)
    return None


async def _file(ctx: Context, s: Snapshot, end: End | None = None) -> None:
    """Its trace and retrospective, when it is over and whenever a person is needed: before that is written down, for
    whoever is killed in between looks again and files them then."""
    if account := await ctx.ledger.account(s.item.id, end):
        await asyncio.to_thread(ctx.file, account)
