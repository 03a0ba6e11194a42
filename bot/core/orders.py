"""Comment commands: what each changes. One order a pass, oldest first; it is answered when everything else is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.actions import (
    AcceptGoAhead,
    Acknowledge,
    Action,
    ClosePull,
    Decision,
    MoveCard,
    NoteOrder,
    PauseAll,
    Reply,
    SendBack,
    UpdateBranch,
)
from bot.core.comments import explained, help_text, not_understood
from bot.core.item import Approval, GoAhead, Order, text_hash
from bot.core.parking import park_quietly
from bot.core.prompts import rework_brief
from bot.core.snapshot import Snapshot
from bot.core.stage import Done, Merged, Outside, Parked, Stage
from bot.core.trust import Role, needed_for
from bot.core.working import rework_plan, task

Why = Callable[[Snapshot], str]


def answer(s: Snapshot, stage: Stage, why: Why) -> Decision | None:
    if not s.orders:
        return None
    order, name = s.orders[0], type(stage).__name__
    role = Role.ADMIN if order.from_shell else s.role(order.author)
    if role is None:
        return Decision(name, f"the permission of {order.author} cannot be read yet")
    if role < needed_for(order.verb):
        reason = f"{order.author} may not give `/sluice {order.verb}`"
        return Decision(name, reason, (*_react(order, "THUMBS_DOWN"), _answered(order)), s.now)
    problem = order.problem or _refusal(s, stage, order)
    if problem:
        actions = (*_react(order, "CONFUSED"), *_reply(order, not_understood(problem, order.verb)), _answered(order))
        return Decision(name, f"`/sluice {order.verb}` could not be obeyed: {problem}", actions, s.now)
    actions = (*_obey(s, stage, order, why), *_react(order, "THUMBS_UP"), _note_for(s, order))
    return Decision(name, f"obeys `/sluice {order.verb}` of {order.author}", actions, s.now)


def _refusal(s: Snapshot, stage: Stage, order: Order) -> str:
    """Why the order makes no sense now; empty when it does."""
    over = isinstance(stage, Done | Merged)
    match order.verb:
        case "cancel" if over or isinstance(stage, Outside):
            return "there is nothing to cancel"
        case "retry" if s.active_run:
            return f"agent {s.active_run.peer} is already working on it"
        case "retry" if s.issue is None or not s.issue.open:
            return "the issue is not open"
        case "assign" if order.args not in {peer.name for peer in s.peers}:
            return f"there is no agent {order.args!r}; there are {', '.join(peer.name for peer in s.peers) or 'none'}"
        case "merge" | "update" if s.pull is None or not s.pull.open:
            return "there is no open pull request"
        case "reject" if s.item.claim is None or s.pull is None or not s.pull.open:
            return "there is no result to reject"
        case "reject" if s.active_run:
            return f"agent {s.active_run.peer} is still working on it"
        case "approve" if not _approvable(s):
            return "there is nothing to approve"
    return ""


def _obey(s: Snapshot, stage: Stage, order: Order, why: Why) -> tuple[Action, ...]:
    """What is to be done at once; what the ledger remembers of the order comes last, in `_note_for`."""
    match order.verb:
        case "help":
            return _reply(order, help_text())
        case "status" | "explain":
            return _reply(order, explained(why(replace(s, orders=()))))
        case "pause all" | "resume all":
            return (PauseAll(order.verb == "pause all", order.author),)
        case "update" if s.pull:
            return (UpdateBranch(s.pull.head),)
        case "reject":
            return _reject(s, order)
        case "retry":
            return _retry(s, order)
        case "cancel":
            return _cancel(s, stage, order)
    return ()


def _note_for(s: Snapshot, order: Order) -> NoteOrder:
    """The order is answered; pause, resume, priority, assign, retry and a person's word also change the item."""
    match order.verb:
        case "pause" | "resume" | "priority" | "assign":
            return _note(order, order.verb, order.args)
        case "retry":
            return _note(order, "retry", "fresh" if "--fresh" in order.args else "")
        case "approve":
            return _note(order, "approve", "", Approval("approve", order.author, _approvable(s), order.at))
        case "merge" if s.pull:
            return _note(order, "merge", "", Approval("merge", order.author, s.pull.head, order.at))
    return _answered(order)


def _reject(s: Snapshot, order: Order) -> tuple[Action, ...]:
    assert s.pull and s.item.claim  # _refusal saw to it
    brief = rework_brief(task(s, s.item.claim), (), (), ((order.author, order.args),), s.runs)
    plan = rework_plan(s, s.item.claim, s.pull.head, (f"order:{order.id}",), brief, merge_base=False)
    return (SendBack(plan), MoveCard(s.columns.in_progress))


def _retry(s: Snapshot, order: Order) -> tuple[Action, ...]:
    assert s.issue  # _refusal saw to it
    go = GoAhead(f"order:{order.id}", order.author, order.at, s.issue.title, s.issue.body, by_command=True)
    return (AcceptGoAhead(go), MoveCard(s.columns.ready))


def _cancel(s: Snapshot, stage: Stage, order: Order) -> tuple[Action, ...]:
    name = type(stage).__name__
    close: tuple[Action, ...] = (ClosePull(),) if "--close" in order.args and s.pull and s.pull.open else ()
    reason = f"cancelled by @{order.author}"
    parked = () if isinstance(stage, Parked) else park_quietly(s, name, reason, move=True)
    return (*parked, *close)


def _approvable(s: Snapshot) -> str:
    """What a person approves now: the pull request's head, the result's, or the issue's text."""
    if s.pull and s.pull.open:
        return s.pull.head
    last = s.runs[-1].work if s.runs else None
    if last and last.files:
        return last.head
    return text_hash(s.issue.title, s.issue.body) if s.issue else ""


def _note(order: Order, verb: str, value: str, approval: Approval | None = None) -> NoteOrder:
    return NoteOrder(order.id, verb, order.author, value, approval)


def _answered(order: Order) -> NoteOrder:
    return _note(order, "answered", "")


def _react(order: Order, reaction: str) -> tuple[Action, ...]:
    return () if order.from_shell else (Acknowledge(order.subject, reaction),)


def _reply(order: Order, body: str) -> tuple[Action, ...]:
    return () if order.from_shell else (Reply(body, f"reply-{order.id}"),)
