"""What people say to an agent: at its work, or in answer to its question. No word is lost: one that the agent it was
meant for did not hear any more is new evidence, and worth one more run."""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import (
    Acknowledge,
    Action,
    Claim,
    Decision,
    Dispatch,
    MoveCard,
    NoteHeard,
    NotePlan,
    RunPlan,
    SayStatus,
    SpendMove,
    Tell,
)
from bot.core.asking import asked
from bot.core.budget import Refusal, admit
from bot.core.comments import working
from bot.core.item import GoAhead, Issue, Order
from bot.core.message import Message
from bot.core.plans.execution import Execution
from bot.core.plans.happened import SentBack
from bot.core.prompts import NEWS_FOLLOW, answered_brief, first_brief, told_brief
from bot.core.run import Run, evidence_of, is_step, run_key
from bot.core.snapshot import Snapshot
from bot.core.stage import Built, Claimed, Gating, InReview, Stage
from bot.core.starting import STEP, branch_of
from bot.core.working import send_back, task


def tell(s: Snapshot, order: Order) -> Tell:
    run = s.active_run
    return Tell(Message(order.id, order.author, order.args, order.at, order.subject, run=run.key if run else ""))


def say_heard(s: Snapshot) -> tuple[Action, ...]:
    """Whoever said something sees that the agent has heard it."""
    news = [message for message in s.messages if message.heard_by and not message.told]
    shown = tuple(Acknowledge(message.subject, "THUMBS_UP") for message in news if message.subject)
    return (*shown, *(NoteHeard(message.id) for message in news))


def told_too_late(s: Snapshot, stage: Stage) -> Decision | None:
    """The agent ended before it could be told: one more run begins with what it missed."""
    over = {run.key for run in s.runs if run.state == "ended"}
    missed = [message for message in s.messages if message.run in over and not message.heard_by]
    head = _head(stage) if missed else None
    if head is None or s.item.claim is None:
        return None
    brief = told_brief(task(s, s.item.claim), s.runs)
    causes = tuple(f"message:{message.id}" for message in missed)
    return send_back(s, type(stage).__name__, [], head, causes, brief, asked=True)


def _head(stage: Stage) -> str | None:
    """What the run that missed it came to; None where no run would follow anyway, or a person is asked first."""
    match stage:
        case Gating(_, _, work) | Built(_, _, work):
            return work.head
        case InReview(_, pull) if pull.open:
            return pull.head
        case Claimed(_, Run() as run) if run.outcome and run.outcome.ended == "finished":
            return run.head
        case _:
            return None


def may_go_on(s: Snapshot) -> Refusal | None:
    """Whether the agent that asked may be given another run now."""
    run = asked(s)
    peer = next((peer for peer in s.peers if run and peer.name == run.peer), None)
    if run and peer is None:
        return Refusal(f"agent {run.peer} is no longer set up", full=False)
    return admit(s.usage, s.caps, s.policy.work, peer, first=False) if peer else None


def go_on(s: Snapshot, order: Order) -> tuple[Action, ...]:
    """The same attempt, under the go-ahead that stands and with its text, by the agent that asked."""
    run, go, issue = asked(s), s.item.go_ahead, s.issue
    assert run and run.outcome and go and issue  # `orders` saw to it
    answer = replace(tell(s, order), message=replace(tell(s, order).message, answers=run.outcome.question, told=True))
    if is_step(run.step) and s.execution:
        return (answer, *_step_goes_on(s, s.execution, run, go, issue, order))
    pull = s.pull if s.pull and s.pull.open else None
    branch, base = pull.branch if pull and pull.branch else branch_of(s, issue), pull.base if pull else s.default_branch
    plan = _plan(s, run, go, issue, order, branch)
    return (
        answer,
        Claim(run.peer, branch, base, go, plan),
        *((SpendMove(s.moves[-1].key),) if s.moves else ()),  # whatever was moved while it stood still
        MoveCard(s.columns.in_progress),
        SayStatus(working(run.peer, go, plan.round)),
        Dispatch(plan.key),
    )


def _step_goes_on(s: Snapshot, e: Execution, run: Run, go: GoAhead, issue: Issue, order: Order) -> tuple[Action, ...]:
    """Its plan gives the step out again, to be gone on with."""
    back = SentBack(order.at, run.step, NEWS_FOLLOW, (f"order:{order.id}",), asked=True)
    return (
        NotePlan(e.plan.task_id, back),  # first: once it is claimed, nobody is known to wait for the answer
        Claim(run.peer, branch_of(s, issue), s.default_branch, go, None),
        *((SpendMove(s.moves[-1].key),) if s.moves else ()),
        MoveCard(s.columns.in_progress),
    )


def _plan(s: Snapshot, run: Run, go: GoAhead, issue: Issue, order: Order, branch: str) -> RunPlan:
    """From where the run that asked began: what it had done by then counts as this one's."""
    causes = (f"go:{go.key}", f"order:{order.id}")
    evidence = evidence_of(causes)
    key = run_key(s.item.id, STEP, run.head, evidence)
    brief = answered_brief(first_brief(issue.repo, issue.number, go, branch, s.policy), s.runs)
    number = sum(each.go_ahead == go.key for each in s.runs) + 1
    plan = RunPlan(key, STEP, run.peer, number, go.key, evidence, run.head, brief.whole, causes, dossier=brief.news)
    return replace(plan, first=False)
