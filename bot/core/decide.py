"""The judgement: from a snapshot to a decision. Pure: no clock, file, socket, environment or chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from bot.core.actions import Decision, StopRun
from bot.core.ending import closed, done, merged, outside, parked
from bot.core.executing import awaiting, executing
from bot.core.keeping import keep_fields
from bot.core.orders import answer
from bot.core.pausing import stop, stopped_by
from bot.core.reviewing import in_review
from bot.core.showing import say_policy
from bot.core.snapshot import Snapshot
from bot.core.stage import (
    AwaitingApproval,
    Built,
    Claimed,
    Closed,
    Done,
    Draft,
    Executing,
    Gating,
    InReview,
    Merged,
    Outside,
    Parked,
    Ready,
    Stage,
    Waiting,
    Working,
    stage_of,
)
from bot.core.starting import draft, ready
from bot.core.telling import say_heard, told_too_late
from bot.core.twins import elsewhere
from bot.core.wishing import follow_wish
from bot.core.working import built, claimed, gating, working

GONE_BY = timedelta(seconds=20)  # an agent that was stopped before the engine had begun it again ends by nobody's hand


def decide(s: Snapshot) -> Decision:
    """Commands first, then whatever stops everything, then a person's wish, then what the stage asks for.

    Where nothing may be written no command is answered, or one would keep an agent from being stopped; and one that
    waits for a slot holds up neither a stop nor a wish.
    """
    decision = _decide(s)
    return replace(decision, actions=(*say_policy(s), *decision.actions, *keep_fields(s), *say_heard(s)))


def _decide(s: Snapshot) -> Decision:
    stage = stage_of(s)
    if other := elsewhere(s, stage):
        return other
    answered = answer(s, stage, why) if s.policy.mode == "live" else None
    if answered and answered.actions:
        return answered
    return stand_still(s, stage) or follow_wish(s, stage) or answered or by_stage(s, stage)


def why(s: Snapshot) -> str:
    """The reason alone, for those who ask: what the decision would be if nobody had asked."""
    stage = stage_of(s)
    return (stand_still(s, stage) or follow_wish(s, stage) or by_stage(s, stage)).reason


def stand_still(s: Snapshot, stage: Stage) -> Decision | None:
    """Everything, this repository or this item is stopped: agents end, their work is kept, nothing else happens."""
    if isinstance(stage, Outside | Done | Parked):
        return None
    reason = stopped_by(s)
    if not reason:
        return None
    actions = stop(s, reason)
    again = s.now + GONE_BY if any(isinstance(action, StopRun) for action in actions) else None
    return Decision(name_of(stage), reason, actions, again, "person")


def by_stage(s: Snapshot, stage: Stage) -> Decision:
    if s.active_run and isinstance(stage, Outside | Draft | Waiting | Ready | Done):
        gone = "the agent of the last attempt is still being stopped"
        return Decision(name_of(stage), gone, stop(s, gone), waits_for="machine")
    if late := told_too_late(s, stage):
        return late
    match stage:
        case Outside(why_not):
            return outside(s, why_not)
        case Draft():
            return draft(s)
        case Waiting(on):
            return Decision("Waiting", f"blocked by {', '.join(on)}", waits_for="dependency")
        case Ready():
            return ready(s)
        case Claimed():
            return claimed(s, stage)
        case Working():
            return working(s, stage)
        case Executing():
            return executing(s, stage)
        case AwaitingApproval():
            return awaiting(s, stage)
        case Gating():
            return gating(s, stage)
        case Built():
            return built(s, stage)
        case InReview():
            return in_review(s, stage)
        case Merged(pull):
            return merged(s, pull)
        case Closed(how):
            return closed(s, how)
        case Parked(fact):
            return parked(s, fact)
        case Done(how):
            return done(s, how)
        case _:
            assert_never(stage)


def name_of(stage: Stage) -> str:
    return type(stage).__name__
