"""Ready, with a plan: it is shown, approved where its risk asks for that, and begun."""

from __future__ import annotations

from bot.core.actions import Action, AskPerson, Claim, Decision, MoveCard, NotePlan, SayStatus
from bot.core.comments import not_started
from bot.core.item import GoAhead
from bot.core.parking import ask_mark
from bot.core.plans import due as dues
from bot.core.plans.amending import REOPENED
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Started
from bot.core.plans.words import plan_wants_approval, progress
from bot.core.queue import takers
from bot.core.run import Peer
from bot.core.snapshot import Snapshot
from bot.core.wishes import outlived


def unfinished(s: Snapshot) -> Execution | None:
    """The plan that is to be begun, or gone on with."""
    e = s.execution
    return e if e and not e.completed and not e.cancelled else None


def there(s: Snapshot) -> Execution | None:
    """The plan that is shown, rather than another made: one that was begun, or that somebody had a say in."""
    e = s.execution
    return e if e and not e.cancelled and (e.started or e.amendments or e.answer) else None


def first_units(e: Execution) -> list[StepState]:
    """What would begin with it; empty where it waits for a person, or for a gate."""
    return [each.step for each in dues.due(e) if isinstance(each, dues.Dispatch)]


def peers_for(s: Snapshot, unit: StepState) -> list[Peer]:
    """Who may take the step, best first: the agent that is named, those of its role, then those of any."""
    if s.issue is None:
        return []
    fields, step = s.face.fields if s.face else {}, unit.step
    able = takers(s.peers, s.issue.repo, s.issue.labels, fields, None, step.role)
    named = [peer for peer in able if peer.name == step.agent]
    return named or sorted(able, key=lambda peer: (peer.name != s.item.peer_wanted, peer.role != step.role))


def card(s: Snapshot, e: Execution) -> tuple[Action, ...]:
    """Where it stands while its plan is carried out: the phase's column, if the board has one of that name."""
    named = e.current.phase.column if e.current else ""
    there = next((each for each in s.options if named and each.casefold() == named.casefold()), None)
    own = s.columns.meaning_of(there) is None  # a column with a meaning of its own says something else
    column = there if there and own else s.columns.in_progress
    return () if (s.column or "").casefold() == column.casefold() else (MoveCard(column),)


def shown(s: Snapshot, e: Execution) -> tuple[Action, ...]:
    """Card and status, as they are not yet."""
    body = progress(e, s.item.claim.go_ahead if s.item.claim else None)
    return (*card(s, e), *(() if s.status and s.status.body == body else (SayStatus(body),)))


def reads_otherwise(s: Snapshot, e: Execution) -> bool:
    """The issue was closed in the middle of its plan and reopened, and was edited since that was begun or was last
    seen to be edited."""
    if e.started is None or e.last_at is None or s.issue is None or not outlived(s, e.last_at):
        return False
    seen = [each.at for each in e.amendments if each.trigger == REOPENED]
    return bool(s.issue.changed_since(max((e.started.at, *seen))))


def wants_approval(s: Snapshot, e: Execution, go: GoAhead, accept: tuple[Action, ...]) -> Decision | None:
    """A person is asked once for the plan as it is shown; None: it needs none, or has it."""
    if e.approved:
        return None
    if e.answer:
        reason = f"{e.answer.by} rejected the plan; `/sluice retry --fresh` starts over"
        body = not_started(reason)
        tell: tuple[Action, ...] = () if s.status and s.status.body == body else (SayStatus(body),)
        return Decision("Ready", reason, (*accept, *tell), waits_for="person")
    sign = ask_mark(f"{e.plan.task_id}|0|{len(e.amendments)}")
    body = plan_wants_approval(e, s.person_behind(go))
    ask: tuple[Action, ...] = () if sign in s.asked else (AskPerson(body, sign),)
    reason = f"the plan waits for approval: {e.plan.approval}"
    return Decision("Ready", reason, (*accept, *ask), waits_for="person")


def begin(s: Snapshot, e: Execution, claim: Claim, accept: tuple[Action, ...], spend: tuple[Action, ...]) -> Decision:
    """The item is taken; its steps are given out next, and then card and status say so."""
    started: tuple[Action, ...] = () if e.started else (NotePlan(e.plan.task_id, Started(s.now, claim.go_ahead.by)),)
    actions = (*accept, claim, *spend, *started)
    return Decision("Ready", f"its plan begins: {e.plan.playbook}, {len(e.steps)} steps", actions, s.now, "machine")
