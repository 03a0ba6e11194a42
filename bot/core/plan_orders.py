"""A person's word on a plan: `/sluice approve`, `reject` and `amend`, where a plan or a phase of it is shown."""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import Action, AdoptPlan, NotePlan
from bot.core.foreign import clean, fence
from bot.core.going_ahead import text_waits
from bot.core.item import GoAhead, Order
from bot.core.planned import there, unfinished
from bot.core.planning import AUTO, not_makeable, one_more_over, plan_for
from bot.core.plans import due as dues
from bot.core.plans.accepting import refused
from bot.core.plans.amending import last_changing, one_more, remedy
from bot.core.plans.execution import Execution, begin
from bot.core.plans.happened import Amended, Answered, Cancelled, Happened, SentBack
from bot.core.plans.plan import Plan
from bot.core.plans.words import plan_shown
from bot.core.snapshot import Snapshot
from bot.core.stage import AwaitingApproval, Executing, Parked, Ready, Stage

FEEDBACK = "words after `approve` are for a phase of a plan that waits for approval"


def shown(s: Snapshot, stage: Stage) -> dues.AskApproval | None:
    """The plan or the phase that a person is asked about. What a stranger made of the issue's text comes first."""
    if isinstance(stage, Ready) and s.issue and text_waits(s, s.issue):
        return None
    if isinstance(stage, AwaitingApproval):
        return stage.asks
    e = unfinished(s) if isinstance(stage, Ready) else None
    return next((each for each in dues.due(e) if isinstance(each, dues.AskApproval)), None) if e else None


def has_happened(s: Snapshot, stage: Stage, order: Order) -> bool:
    """A crash came between that and its answer. Whose answer lets a step go on is to be given the item too."""
    e = s.execution
    if e is None or (order.verb == "answer" and isinstance(stage, Parked)):
        return False
    match order.verb:
        case "approve" | "reject":
            answers = (e.answer, *(phase.answer for phase in e.phases))
            said = any((a.at, a.by, a.feedback) == (order.at, order.by, order.args) for a in answers if a)
        case "amend":
            said = any((a.at, a.by, a.description) == (order.at, order.by, clean(order.args)) for a in e.amendments)
        case _:
            said = False
    return said or any(f"order:{order.id}" in back.causes for unit in e.units for back in unit.sent_back)


def problem(s: Snapshot, stage: Stage, order: Order) -> str:
    """Why its author's word makes no sense now; empty where it does, or is about no plan."""
    what = _what(s, stage, order)
    if isinstance(what, str):
        return what
    e = s.execution
    return next((why for each in what if e and (why := refused(e, each))), "")


def obeyed(s: Snapshot, stage: Stage, order: Order) -> tuple[Action, ...]:
    """Empty: it is about no plan."""
    what = _what(s, stage, order)
    if not what or isinstance(what, str) or s.execution is None:
        return ()
    return (NotePlan(s.execution.plan.task_id, *what),)


def _what(s: Snapshot, stage: Stage, order: Order) -> tuple[Happened, ...] | str:
    e, asks = s.execution, shown(s, stage)
    match order.verb:
        case "approve" if asks and e:
            return _approved(e, asks, order)
        case "approve" if order.args:
            return FEEDBACK
        case "reject" if asks and e:
            return _rejected(s, e, asks, order)
        case "amend":
            at_hand = isinstance(stage, Ready | Executing | AwaitingApproval | Parked)
            return _amended(e, order) if e and at_hand and unfinished(s) else "there is no plan that is not over"
    return ()


def unplannable(s: Snapshot, stage: Stage, order: Order) -> str:
    """Why no plan can be made or shown."""
    if there(s) and not order.args:
        return ""
    if s.issue is None or not s.issue.open:
        return "the issue is not open"
    if s.item.claim or there(s):
        return "it is being worked on already; `/sluice retry --fresh` starts over"
    if s.grounds is None:
        return "the repository cannot be read yet"
    return not_makeable(s.grounds, order.args)


def plan(s: Snapshot, order: Order) -> tuple[Action, ...]:
    """In place of one that nobody has begun."""
    made, e = _made(s, order), unfinished(s)
    if made is None or (e and e.plan.task_id == made.task_id):
        return ()
    if e is None:
        return (AdoptPlan(made),)
    other = _made(one_more_over(s), order) or made
    return (NotePlan(e.plan.task_id, Cancelled(order.at, order.by)), AdoptPlan(other))


def plan_told(s: Snapshot, order: Order) -> str:
    made = _made(s, order)
    e = begin(made, on_board=True) if made else there(s)
    return plan_shown(e) if e else ""


def _made(s: Snapshot, order: Order) -> Plan | None:
    issue, grounds, name = s.issue, s.grounds, order.args or AUTO
    if there(s) or grounds is None or issue is None:
        return None
    text = GoAhead(order.id, order.by, order.at, issue.title, issue.body)
    return plan_for(replace(s, item=replace(s.item, playbook=name)), grounds, issue, text, name)


def _approved(e: Execution, asks: dues.AskApproval, order: Order) -> tuple[Happened, ...]:
    phase = e.phase(asks.phase)
    if not order.args:
        return (Answered(order.at, asks.phase, "approve", order.by),)
    answer = Answered(order.at, asks.phase, "approve-with-feedback", order.by, order.args)
    return (remedy(e, phase, _said(order), order.by, order.at), answer) if phase else (answer,)


def _rejected(s: Snapshot, e: Execution, asks: dues.AskApproval, order: Order) -> tuple[Happened, ...]:
    """The plan itself is not begun; of a phase the work goes back, as a pull request's does, or to whose turn it is."""
    phase = e.phase(asks.phase)
    if phase is None:
        return (Answered(order.at, 0, "reject", order.by, order.args),)
    turns = [each for each in phase.steps if each.step.interactive]
    step = (turns or [last_changing(phase)])[-1].step.id
    why = f"@{order.author} asks:\n\n{_said(order)}"
    return (SentBack(order.at, step, why, (f"order:{order.id}",), asked=True),)


def _amended(e: Execution, order: Order) -> tuple[Amended, ...] | str:
    found = one_more(e, clean(order.args), order.by, order.at)
    return found if isinstance(found, str) else (found,)


def _said(order: Order) -> str:
    return "\n".join(fence(f"written by @{order.author}", clean(order.args)))
