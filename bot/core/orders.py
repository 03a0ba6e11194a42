"""Comment commands: what each changes. One order a pass, oldest first; it is answered when everything else is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core import plan_orders
from bot.core.actions import (
    AcceptGoAhead,
    Acknowledge,
    Action,
    ClosePull,
    Decision,
    MoveCard,
    NoteOrder,
    NotePlan,
    PauseAll,
    ReleaseClaim,
    RemoveWorktree,
    Reply,
    SendBack,
    UpdateBranch,
)
from bot.core.asking import asked
from bot.core.budget import MORE, Refusal
from bot.core.comments import KEPT, REOPENED_SINCE, UNSEEN, explained, help_text, not_understood, reworded
from bot.core.going_ahead import strangers, text_waits
from bot.core.item import Approval, GoAhead, Order, mention, text_hash
from bot.core.late import as_plan, as_result, on_pull
from bot.core.parking import park_quietly
from bot.core.pausing import stopped_by
from bot.core.planned import there
from bot.core.planning import AUTO
from bot.core.plans.happened import Cancelled
from bot.core.prompts import again_brief, rework_brief
from bot.core.snapshot import Snapshot
from bot.core.stage import Built, Closed, Done, Gating, InReview, Merged, Outside, Parked, Ready, Stage, Waiting
from bot.core.telling import go_on, may_go_on, tell
from bot.core.trust import Role, needed_for
from bot.core.wishes import outlived
from bot.core.working import no_run, overspent, rework_plan, send_back, task

Why = Callable[[Snapshot], str]
STOPS = ("pause", "pause all", "cancel")


def answer(s: Snapshot, stage: Stage, why: Why) -> Decision | None:
    order, name = _next(s), type(stage).__name__
    role = _role(s, order) if order else None
    if order is None or role is None:
        return None
    if order.verb in ("retry", "answer", "budget") and isinstance(stage, Parked) and s.active_run:
        return None  # it waits until the agent that is being stopped has ended
    if role < needed_for(order.verb):
        reason = f"{order.author} may not give `/sluice {order.verb}`"
        return Decision(name, reason, (*_react(order, "THUMBS_DOWN"), _answered(order)), s.now)
    begun = any(f"order:{order.id}" in run.causes for run in s.runs)
    if begun or plan_orders.has_happened(s, stage, order):  # a crash came between that and the answer
        return Decision(
            name, f"has obeyed `/sluice {order.verb}`", (*_react(order, "THUMBS_UP"), _answered(order)), s.now
        )
    problem = (
        order.problem
        or plan_orders.problem(s, stage, order)
        or _refusal(s, stage, order)
        or _unseen(s, stage, order)
        or _held(s, order)
    )
    if not problem and (refusal := _no_slot(s, order)):
        if refusal.full:
            waits = f"`/sluice {order.verb}` waits: {refusal.reason}"
            return Decision(name, waits, (), refusal.until, refusal.what)
        problem = refusal.reason
    if problem:
        actions = (*_react(order, "CONFUSED"), *_reply(order, not_understood(problem, order.verb)), _answered(order))
        return Decision(name, f"`/sluice {order.verb}` could not be obeyed: {problem}", actions, s.now)
    sign = "EYES" if order.verb == "tell" else "THUMBS_UP"  # of what was told the thumb says that the agent heard it
    actions = (*_obey(s, stage, order, why), *_react(order, sign), _note_for(s, stage, order))
    if order.verb == "update" and s.pull:
        actions = (*actions, UpdateBranch(s.pull.head))  # last: GitHub may refuse it, and is not asked twice
    return Decision(name, f"obeys `/sluice {order.verb}` of {order.by}", actions, s.now)


def _next(s: Snapshot) -> Order | None:
    """The oldest whose author's role is known; but what stops work does not wait behind what waits for a slot."""
    known = [order for order in s.orders if _role(s, order) is not None]
    if not known or known[0].verb not in ("reject", "retry", "answer"):
        return known[0] if known else None
    return next((order for order in known if order.verb in STOPS), known[0])


def _role(s: Snapshot, order: Order) -> Role | None:
    return Role.ADMIN if order.from_shell else s.role(order.author)


def _held(s: Snapshot, order: Order) -> str:
    """Nothing that starts or changes work is done while it is paused."""
    return stopped_by(s) if order.verb in ("reject", "answer", "update") else ""


def _no_slot(s: Snapshot, order: Order) -> Refusal | None:
    """Why the run it asks for may not start."""
    match order.verb:
        case "reject":
            return no_run(s) if s.pull else None
        case "answer":
            return may_go_on(s)
    return None


def _refusal(s: Snapshot, stage: Stage, order: Order) -> str:
    """Why the order makes no sense now; empty when it does."""
    over = isinstance(stage, Done | Merged)
    if plan_orders.obeyed(s, stage, order):
        return ""
    match order.verb:
        case "plan":
            return plan_orders.unplannable(s, stage, order)
        case "budget" if over:
            return "it is over"
        case "budget" if _starts(s, stage, order) and (s.issue is None or not s.issue.open):
            return "the issue is not open"
        case "cancel" if over or isinstance(stage, Outside):
            return "there is nothing to cancel"
        case "retry" if isinstance(stage, Merged):
            return "it is merged and about to be closed out"
        case "retry" if s.active_run:
            return f"agent {s.active_run.peer} is already working on it"
        case "retry" if s.issue is None or not s.issue.open:
            return "the issue is not open"
        case "retry" if s.face is None or s.face.archived:
            return "the card is not on the board"
        case "assign" if order.args not in {peer.name for peer in s.peers}:
            return f"there is no agent {order.args!r}; there are {', '.join(peer.name for peer in s.peers) or 'none'}"
        case "merge" | "update" if s.pull is None or not s.pull.open:
            return "there is no open pull request"
        case "reject" if s.item.claim is None or s.pull is None or not s.pull.open:
            return "there is no result to reject"
        case "reject" if s.active_run:
            return f"agent {s.active_run.peer} is still working on it"
        case "tell" if over or isinstance(stage, Outside | Closed):
            return "there is no work this could be said about"
        case "answer" if not isinstance(stage, Parked) or not (asked(s) and s.item.go_ahead and s.issue):
            return "no agent waits for an answer; `/sluice tell` says something to the next one"
        case "approve" if not _approvable(s, stage):
            return "there is nothing to approve"
    return ""


def _unseen(s: Snapshot, stage: Stage, order: Order) -> str:
    """Why its author's word does not reach what is there now; empty when it does, or speaks of nothing shown."""
    by_text = (order.verb == "retry" and not _continues(stage, order)) or _starts(s, stage, order)
    if by_text and outlived(s, order.at, by_command=True):
        return REOPENED_SINCE
    if s.issue and (by_text or (order.verb == "approve" and _text_shown(s, stage))):
        who = strangers(s, s.issue.changed_since(order.at))
        return reworded(who) if who else ""
    if order.verb == "approve" and plan_orders.shown(s, stage):
        return "" if as_plan(s.execution) in order.saw else UNSEEN
    head, result = (s.pull.head if s.pull else ""), _result_shown(s, stage)
    if order.verb == "approve" and result:
        return "" if as_result(result) in order.saw else UNSEEN
    return UNSEEN if order.verb in ("approve", "merge") and on_pull(head) not in order.saw else ""


def _obey(s: Snapshot, stage: Stage, order: Order, why: Why) -> tuple[Action, ...]:
    """What is to be done at once; what the ledger remembers of the order comes last, in `_note_for`."""
    if said := plan_orders.obeyed(s, stage, order):
        return said
    match order.verb:
        case "help":
            return _reply(order, help_text())
        case "status" | "explain":
            return _reply(order, explained(why(replace(s, orders=()))))
        case "pause all" | "resume all":
            return (PauseAll(order.verb == "pause all", order.by),)
        case "reject":
            return _reject(s, order)
        case "tell":
            return (tell(s, order), *(() if s.active_run else _reply(order, KEPT)))
        case "plan":
            return (*plan_orders.plan(s, order), *_reply(order, plan_orders.plan_told(s, order)))
        case "answer":
            return go_on(s, order)
        case "retry":
            return _retry(s, stage, order)
        case "budget" if _starts(s, stage, order):
            return _retry(s, stage, order)
        case "cancel":
            return _cancel(s, stage, order)
    return ()


def _note_for(s: Snapshot, stage: Stage, order: Order) -> NoteOrder:
    """The order is answered; pause, resume, priority, assign, retry and a person's word also change the item."""
    match order.verb:
        case "pause" | "resume" | "priority" | "assign":
            return _note(order, order.verb, order.args)
        case "plan" if not there(s):
            return _note(order, "plan", order.args or AUTO)
        case "budget":
            return replace(_note(order, "budget", order.args), starts=_starts(s, stage, order))
        case "retry" if "--fresh" in order.args:
            return _note(order, "retry", "fresh")
        case "retry" if not isinstance(stage, InReview):
            return _note(order, "retry", "")
        case "approve" if not plan_orders.shown(s, stage):
            return _note(order, "approve", "", Approval("approve", order.author, _approvable(s, stage), order.at))
        case "merge" if s.pull:
            return _note(order, "merge", "", Approval("merge", order.author, s.pull.head, order.at))
    return _answered(order)


def _reject(s: Snapshot, order: Order) -> tuple[Action, ...]:
    assert s.pull and s.item.claim  # _refusal saw to it
    brief = rework_brief(task(s, s.item.claim), (), (), ((order.author, order.args),), s.runs)
    plan = rework_plan(s, s.item.claim, s.pull.head, (f"order:{order.id}",), brief, merge_base=False)
    return (SendBack(plan), MoveCard(s.columns.in_progress))


def _retry(s: Snapshot, stage: Stage, order: Order) -> tuple[Action, ...]:
    """In review: another attempt on the same pull request. Else, and afresh: given up, and started by this command."""
    assert s.issue  # _refusal saw to it
    fresh = "--fresh" in order.args
    if isinstance(stage, InReview) and _continues(stage, order):
        brief = again_brief(task(s, stage.claim), order.by, s.runs)
        return send_back(s, "InReview", [], stage.pull.head, (f"order:{order.id}",), brief, asked=True).actions
    tree: tuple[Action, ...] = (RemoveWorktree(), *_over(s, order)) if fresh else ()
    release: tuple[Action, ...] = (ReleaseClaim(),) if s.item.claim else ()
    go = GoAhead(f"order:{order.id}", order.by, order.at, s.issue.title, s.issue.body, by_command=True)
    return (*tree, *release, AcceptGoAhead(go), MoveCard(s.columns.ready))


def _over(s: Snapshot, order: Order) -> tuple[Action, ...]:
    """Whoever starts over starts with another plan."""
    e = s.execution
    return (NotePlan(e.plan.task_id, Cancelled(order.at, order.by)),) if e and not e.completed else ()


def _starts(s: Snapshot, stage: Stage, order: Order) -> bool:
    """More was all it waited for: it is a go-ahead like `retry`."""
    if order.verb != "budget" or not isinstance(stage, Parked):
        return False
    reason = stage.fact.reason
    last = s.runs[-1].outcome if s.runs else None
    if MORE in reason or (last is not None and last.ended == "overspent"):
        return True
    return any(run.outcome and run.outcome.ended == "overspent" and overspent(run) == reason for run in s.runs)


def _continues(stage: Stage, order: Order) -> bool:
    """Another attempt under the go-ahead that stands, with its text; any other `retry` is a go-ahead itself."""
    return isinstance(stage, InReview) and "--fresh" not in order.args


def _cancel(s: Snapshot, stage: Stage, order: Order) -> tuple[Action, ...]:
    name = type(stage).__name__
    close: tuple[Action, ...] = (ClosePull(),) if "--close" in order.args and s.pull and s.pull.open else ()
    reason = f"cancelled by {mention(order.by)}"
    parked = () if isinstance(stage, Parked) else park_quietly(s, name, reason, move=True)
    return (*parked, *close)


def _approvable(s: Snapshot, stage: Stage) -> str:
    """What was shown last: a result that is not pushed, the pull request's head, or the issue's text."""
    if s.issue and _text_shown(s, stage):
        return text_hash(s.issue.title, s.issue.body)
    return _result_shown(s, stage) or (s.pull.head if s.pull and s.pull.open else "")


def _text_shown(s: Snapshot, stage: Stage) -> bool:
    return s.issue is not None and isinstance(stage, Ready | Waiting) and text_waits(s, s.issue)


def _result_shown(s: Snapshot, stage: Stage) -> str:
    """The head of a result that is not pushed."""
    result = s.unpushed
    shown = s.item.parked or isinstance(stage, Gating | Built)
    return result.work.head if result and result.work and shown else ""


def _note(order: Order, verb: str, value: str, approval: Approval | None = None) -> NoteOrder:
    return NoteOrder(order.id, verb, order.by, value, approval)


def _answered(order: Order) -> NoteOrder:
    return _note(order, "answered", "")


def _react(order: Order, reaction: str) -> tuple[Action, ...]:
    return () if order.from_shell else (Acknowledge(order.subject, reaction),)


def _reply(order: Order, body: str) -> tuple[Action, ...]:
    return () if order.from_shell else (Reply(body, f"reply-{order.id}"),)
