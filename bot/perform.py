"""From actions to effects: intent first, then the effect, then its answer. No opinions here.

Every effect is safe to repeat. What did not go as expected is a value: `Stopped` ends the pass with a reason, and the
actions behind it are not done; the next pass looks anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal, assert_never, get_args

import structlog

from bot.claims import hold, let_go
from bot.context import Context, Seen, Written
from bot.core.actions import (
    AcceptGoAhead,
    Acknowledge,
    Action,
    AdoptPlan,
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
    RunGate,
    RunPlan,
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
from bot.core.budget import Refusal
from bot.core.executing import conflicts
from bot.core.gates.verdict import GateRun
from bot.core.item import Refused
from bot.core.limits import waits_until
from bot.core.plans.happened import Happened
from bot.core.reviewing import LANE_LOOK
from bot.core.run import Outcome
from bot.core.showing import policy_check
from bot.core.snapshot import PolicyWord, Snapshot
from bot.core.worktree import Work, WorkSpec, part_of
from bot.errors import Ambiguous, NotKept
from bot.halting import stop_gate, stop_run
from bot.observe import parts_of, spec_of

log = structlog.get_logger(__name__)
NEWS_OF_MERGES = timedelta(minutes=1)  # of many merges in a row the others need one look: does it still merge cleanly?
BATCH = 20  # mutations in one document: GitHub runs out of resources a little above


@dataclass(frozen=True)
class Stopped:
    """Why the rest of a decision was not performed."""

    reason: str
    waits_for: str = "machine"
    look_again_at: datetime | None = None


async def perform(ctx: Context, s: Snapshot, seen: Seen, actions: Sequence[Action]) -> Stopped | None:
    """Carry the actions out in order; neighbouring board writes travel in one document."""
    for group in _grouped(actions):
        effects = [await ctx.ledger.intend(s.item.id, action, ctx.now()) for action in group]
        if isinstance(group[0], BOARD_WRITES):
            stopped = await _write(ctx, s, seen, group, effects)
        else:
            stopped = await _one(ctx, s, group[0])
            await ctx.ledger.settle(effects[0], stopped is None, stopped.reason if stopped else "", ctx.now())
        if stopped:
            return stopped
    return None


BOARD_WRITES = get_args(BoardWrite)


def _grouped(actions: Sequence[Action]) -> Iterator[list[Action]]:
    for board, group in groupby(actions, key=lambda action: isinstance(action, BOARD_WRITES)):
        found = list(group)
        size = BATCH if board else 1
        yield from (found[i : i + size] for i in range(0, len(found), size))


async def _write(
    ctx: Context, s: Snapshot, seen: Seen, group: Sequence[Action], effects: Sequence[int]
) -> Stopped | None:
    writes = [action for action in group if isinstance(action, BOARD_WRITES)]
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


async def _one(ctx: Context, s: Snapshot, action: Action) -> Stopped | None:
    """The list of effects; each line is one power."""
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
            await ledger.park(item, reason, told, now)
            await _slots_free(ctx)
            await _file(ctx, s)
        case Finish(how, receipt):
            await ledger.finish(item, how, receipt, now)
            await ledger.wake_where(now, f"#{s.item.number} is over", repo=s.item.repo, waits_for=("dependency",))
            await _slots_free(ctx)
            await _file(ctx, s)
        case Claim():
            return await _claim(ctx, s, action)
        case Dispatch(run):
            await _submit(ctx, s, run)
        case SendBack(plan):
            return await _send_back(ctx, s, plan)
        case Fold():
            return await _fold(ctx, s, action)
        case StopRun(run):
            await _stop(ctx, s, run)
        case StopGate(key, why):
            await _stop_gate(ctx, s, key, why)
        case LoseRun(run):
            await ledger.end_run(run, Outcome("lost", "", 0.0, ""), None, now)
        case RunGate(gate, command, head):
            key = await ledger.admit_gate(item, gate, head, command, now)
            await ctx.engine.submit(f"gate:{key}", GATES)
        case RemoveWorktree(homes):
            await _remove_worktree(ctx, s, homes)
        case ReleaseClaim(forget):
            await _release(ctx, s, forget)
        case PushBranch(head, expected):
            return await _push(ctx, s, head, expected)
        case DeleteBranch(head):
            if spec := spec_of(s):
                await ctx.git.delete_branch(spec.repo, spec.branch, head)
        case DispatchWorkflow():
            await _dispatch_workflow(ctx, s, action)
        case ShowCheck():
            await _show(ctx, s, action)
        case ShowPolicy():
            await _show_policy(ctx, s, action)
        case UpdateBranch(head):
            return await _update_branch(ctx, s, head)
        case Merge():
            return await _merge(ctx, s, action)
        case _ if isinstance(action, BOARD_WRITES):
            raise AssertionError("board writes travel in groups")
        case _:
            assert_never(action)  # type: ignore[arg-type]
    return None


GATES = "gates"
SLOT = ("slot", "agent", "quota")


async def _slots_free(ctx: Context) -> None:
    """The next few in rank look whether they may start; the sweep asks everybody."""
    await ctx.ledger.wake_where(ctx.now(), "a slot is free", waits_for=SLOT, limit=3)


async def _file(ctx: Context, s: Snapshot) -> None:
    """Its trace and retrospective, when it is over and whenever a person is needed."""
    if account := await ctx.ledger.account(s.item.id):
        await asyncio.to_thread(ctx.file, account)


async def _claim(ctx: Context, s: Snapshot, claim: Claim) -> Stopped | None:
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


async def _send_back(ctx: Context, s: Snapshot, plan: RunPlan) -> Stopped | None:
    peer = next((peer for peer in ctx.peers if peer.name == plan.peer), None)
    refusal = await ctx.ledger.admit(s.item.id, None, plan, ctx.caps, s.policy.work, peer, ctx.now())
    if refusal:
        return _refused(refusal)
    attempt = next((run.attempts + 1 for run in s.runs if run.key == plan.key), 0)
    await ctx.engine.submit(f"run:{plan.key}.{attempt}", plan.peer, s.item.position + 1)
    return None


def _refused(refusal: Refusal) -> Stopped:
    return Stopped(refusal.reason, refusal.what if refusal.full else "person", refusal.until)


async def _fold(ctx: Context, s: Snapshot, fold: Fold) -> Stopped | None:
    """Its own worktree goes when all of it is in the item's branch, and that is saved."""
    spec = _spec(s)
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


async def _submit(ctx: Context, s: Snapshot, key: str) -> None:
    run = next((run for run in s.runs if run.key == key), None)
    peer = run.peer if run else (await ctx.ledger.recall(s.item.id, ctx.now())).runs[-1].peer
    await ctx.engine.submit(f"run:{run.job if run else f'{key}.0'}", peer, s.item.position + 1)


async def _stop(ctx: Context, s: Snapshot, key: str) -> None:
    run = next((run for run in s.runs if run.key == key and run.state != "ended"), None)
    if run:
        await stop_run(ctx, run)


async def _stop_gate(ctx: Context, s: Snapshot, key: str, why: str) -> None:
    gate = next((gate for gate in s.commands_running if gate.key == key), None)
    if gate:
        await stop_gate(ctx, gate, why)


async def _remove_worktree(ctx: Context, s: Snapshot, homes: bool) -> None:
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


async def _release(ctx: Context, s: Snapshot, forget: bool) -> None:
    spec = spec_of(s)
    for each in (spec, *parts_of(s, spec)) if forget and spec else ():
        await ctx.git.drop_saved(each)
    if s.item.issue_id:
        await let_go(ctx, s.item.repo, s.item.issue_id)
    await ctx.ledger.release(s.item.id)


async def _push(ctx: Context, s: Snapshot, head: str, expected: str | None) -> Stopped | None:
    spec = _spec(s)
    pushed = await ctx.git.push(spec, expected)
    if pushed.outcome != "pushed":
        reason = f"{spec.branch} was not pushed: {pushed.reason}"
        await ctx.ledger.park(s.item.id, reason, False, ctx.now())  # the next pass asks a person
        return Stopped(reason, "person", ctx.now())
    await ctx.ledger.note_push(s.item.id, pushed.head or head, ctx.now())
    return None


async def _dispatch_workflow(ctx: Context, s: Snapshot, action: DispatchWorkflow) -> None:
    """The run's name shows the gate's key: whoever does not hear the answer finds it by that, and sends no second."""
    key = await ctx.ledger.admit_gate(s.item.id, action.gate, action.head, "", ctx.now(), action.again)
    answer = await ctx.github.dispatch_workflow(s.item.repo, action.file, _spec(s).branch, {"gate_id": key})
    state: Literal["running", "unstarted"] = "running" if answer.ok else "unstarted"
    gate = GateRun(action.gate, action.head, state, answer.error, run_id=answer.id)
    await ctx.ledger.end_gate(key, gate, ctx.now())


async def _show(ctx: Context, s: Snapshot, check: ShowCheck, look: bool = False) -> bool:
    """A check that may not be made holds nothing up: the same is in the status comment."""
    try:
        answer = await ctx.github.show_check(s.item.repo, check, look)
    except Ambiguous as error:  # the next look sees whether it is there
        answer = Written(ok=False, error=str(error))
    if not answer.ok:
        log.warning("a check is not shown", repo=s.item.repo, check=check.name, reason=answer.error)
    return answer.ok


async def _show_policy(ctx: Context, s: Snapshot, action: ShowPolicy) -> None:
    if await _show(ctx, s, policy_check(action), look=True):
        word = PolicyWord(action.head, action.problem) if action.problem else None
        await ctx.ledger.note_policy_word(s.item.repo, word)


async def _update_branch(ctx: Context, s: Snapshot, head: str) -> Stopped | None:
    if s.pull is None:
        return None
    answer = await ctx.github.update_branch(s.item.repo, s.pull.number, head)
    return None if answer.ok else Stopped(f"GitHub did not update the branch: {answer.error}", "machine", _later(ctx))


async def _merge(ctx: Context, s: Snapshot, action: Merge) -> Stopped | None:
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
    return Stopped(f"GitHub did not {what} it: {answer.error}", "machine", now if answer.final else _later(ctx))


def _later(ctx: Context) -> datetime:
    return ctx.now() + timedelta(seconds=30)


def _spec(s: Snapshot) -> WorkSpec:
    spec = spec_of(s)
    assert spec is not None  # only claimed items push
    return spec
