"""A plan driven headless: who takes a step, and what comes of an attempt. Facts in, what happens out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.foreign import plain
from bot.core.plans.delegation import conflicting
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Asked, Happened, Interacted, Recorded, SentBack
from bot.core.plans.plan import Step
from bot.core.plans.verifying import astray, unfulfilled
from bot.core.run import Outcome, Peer
from bot.core.tokens import Tokens
from bot.core.worktree import Work

ROUNDS = 3  # in which a phase's work may come back by itself
MADE_TO_WAIT = ("limited", "unreached", "lost", "cancelled")  # no fault of its agent's


@dataclass(frozen=True)
class Attempt:
    """What is known of an attempt when its agent has ended, and its work is collected."""

    run: str
    agent: str
    outcome: Outcome
    work: Work | None  # in its own tree, since it began
    there: Collection[str]  # of what it was to deliver
    used: tuple[Tokens, ...] = ()
    estimated: int | None = None


def peer_for(step: Step, peers: Sequence[Peer]) -> Peer | None:
    """The one the step names, else the first whose role fits; a peer without a role takes any step."""
    named = [peer for peer in peers if peer.name == step.agent]
    own = [peer for peer in peers if peer.role == step.role]
    return next(iter((*named, *own, *(peer for peer in peers if not peer.role))), None)


def nobody_for(e: Execution, peers: Sequence[Peer]) -> list[str]:
    """The steps that nobody in sluice.toml takes, and whom they need."""
    return [
        f"step {unit.step.id} needs an agent named {unit.step.agent}, or one with the role {unit.step.role}"
        for unit in e.units
        if unit.state != "complete" and peer_for(unit.step, peers) is None
    ]


def verdict(e: Execution, unit: StepState, attempt: Attempt) -> str:
    """Why its result is not taken, in a sentence; empty: it is."""
    outcome, work = attempt.outcome, attempt.work
    if outcome.ended == "asked":
        return f"it asks: {outcome.question}"
    if outcome.ended != "finished":
        how = outcome.ended.replace("_", " ")
        return f"{how}: {outcome.summary}" if outcome.summary else how
    if work and work.unresolved:
        return f"conflict markers are left in {', '.join(work.unresolved)}"
    changed = [file.path for file in work.files] if work else []
    return unfulfilled(e, unit, attempt.there.__contains__, changed) or astray(unit.step, changed)


def rejected(e: Execution, unit: StepState, attempt: Attempt, why: str, at: datetime) -> list[Happened]:
    """It goes back while there are rounds, told why, if it says it is done and is not; else a person looks at it."""
    if attempt.outcome.ended in MADE_TO_WAIT:
        return [SentBack(at, unit.step.id, why, lost=True)]
    failed = _recorded(unit, attempt, "failed", at, why)
    again = attempt.outcome.ended == "finished" and rounds_left(e, unit.step.id)
    return [failed, SentBack(at, unit.step.id, why)] if again else [failed]


def accepted(unit: StepState, attempt: Attempt, work: Work | None, at: datetime) -> Recorded:
    """`work`: what lies on the task's branch with it."""
    return _recorded(unit, attempt, "complete", at, "", work)


def conflicted(e: Execution, unit: StepState, attempt: Attempt, files: Sequence[str], at: datetime) -> list[Happened]:
    """Its result and what was done beside it do not fit: it goes back with the conflict laid before it."""
    why = conflicting(files)
    failed = _recorded(unit, attempt, "failed", at, why)
    return [failed, SentBack(at, unit.step.id, why, conflict=True)] if rounds_left(e, unit.step.id) else [failed]


def rounds_left(e: Execution, step: str) -> bool:
    phase = e.phase_of(step)
    return phase is not None and phase.rounds < ROUNDS


def turn_over(unit: StepState, attempt: Attempt, happened: Sequence[Happened], at: datetime) -> Asked | None:
    """An interactive step's agent has ended a turn and waits for a person; None: the person has said all."""
    if not unit.step.interactive or attempt.outcome.ended not in ("finished", "asked"):
        return None
    last = said_last(happened, unit.step.id)
    if last and last.done:
        return None
    return Asked(at, unit.step.id, plain(attempt.outcome.question or attempt.outcome.summary))


def said_last(happened: Sequence[Happened], step: str) -> Interacted | None:
    """The person's turn that its agent is to answer; None: its agent has not had that turn yet, or is at its first."""
    mine = [each for each in happened if getattr(each, "step", "") == step]
    return mine[-1] if mine and isinstance(mine[-1], Interacted) else None


def _recorded(
    unit: StepState, attempt: Attempt, status: str, at: datetime, error: str, work: Work | None = None
) -> Recorded:
    own = attempt.work
    return Recorded(
        at,
        unit.step.id,
        "complete" if status == "complete" else "failed",
        attempt.agent,
        plain(attempt.outcome.summary),
        tuple(file.path for file in own.files) if own else (),
        own.head if own else "",
        attempt.run,
        work,
        attempt.used,
        attempt.estimated,
        error=error,
        seconds=attempt.outcome.seconds,
    )
