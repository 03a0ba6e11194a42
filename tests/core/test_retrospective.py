"""What is filed when a task is over, and how a task stands in a word: both from what happened alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syrupy.assertion import SnapshotAssertion

from bot.core.plans.amending import remedy
from bot.core.plans.due import due
from bot.core.plans.execution import begin, carried_out
from bot.core.plans.happened import (
    Answered,
    Asked,
    Cancelled,
    Completed,
    Dispatched,
    GateJudged,
    Happened,
    Interacted,
    Recorded,
    SentBack,
    Started,
)
from bot.core.plans.labels import standing, told
from bot.core.plans.plan import Gate, Member, Phase, Plan, Step
from bot.core.plans.retrospective import retrospective, trace
from bot.core.tokens import Tokens

T0 = datetime(2026, 1, 1, tzinfo=UTC)
TEAM = (Member("1.2.a", "scout", "look here"), Member("1.2.b", "scout-2", "look there"))
PHASES = (
    Phase(
        1,
        "Build",
        (Step("1.1", "dev", "Build it"), Step("1.2", "scouts", "Look around", team=TEAM, changes=False)),
        approval="it is risky",
        gate=Gate(("make test",)),
    ),
    Phase(2, "Ask", (Step("2.1", "guide", "Ask a person", interactive=True, changes=False),)),
)
PLAN = Plan("task-a-0001", "do it", PHASES, T0)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def eventful() -> tuple[Happened, ...]:
    """Nearly everything that can go wrong does, and it comes to its end."""
    billed = (Tokens("m", 1000, output=50),)
    until_gate: tuple[Happened, ...] = (
        Started(at(0), "mona"),
        Dispatched(at(0), "1.1", "dev", "r1"),
        Dispatched(at(0), "1.2", "scouts"),
        SentBack(at(1), "1.1", "", lost=True),
        Dispatched(at(1), "1.1", "dev", "r2"),
        Recorded(at(2), "1.1", "failed", "dev", "Done!", run="r2", error="nothing changed", used=billed),
        SentBack(at(2), "1.1", "nothing changed"),
        Dispatched(at(2), "1.1", "dev", "r3"),
        Recorded(at(9), "1.1", "complete", "dev", "Built it", ("a.py",), run="r3", used=billed),
        Recorded(at(3), "1.2.a", "complete", "scout", "All well here", estimated=40),
        Recorded(at(4), "1.2.b", "complete", "scout-2", "All well there", seconds=30.0),
        Answered(at(10), 1, "reject", "hubot"),
        Answered(at(11), 1, "approve-with-feedback", "mona", "Log it, too"),
        GateJudged(at(12), 1, False, output="E  boom"),
        SentBack(at(12), "1.1", "The gate failed."),
        Dispatched(at(12), "1.1", "dev", "r4"),
        Recorded(at(13), "1.1", "failed", "dev", "", run="r4", error="it conflicts"),
        SentBack(at(13), "1.1", "It conflicts in a.py.", conflict=True),
        Dispatched(at(13), "1.1", "dev", "r5"),
        Recorded(at(14), "1.1", "complete", "dev", "Mended it", ("a.py",), run="r5"),
    )
    added = remedy(
        carried_out(PLAN, until_gate), carried_out(PLAN, until_gate).phases[0], "Log it, too", "mona", at(14)
    )
    return (
        *until_gate,
        Answered(at(14), 1, "approve", "mona"),
        added,
        GateJudged(at(15), 1, True, "attested", "mona"),
        Dispatched(at(15), "3.1", "dev"),
        Recorded(at(16), "3.1", "complete", "dev", "Logs it", ("log.py",)),
        GateJudged(at(16), 3, True),
        Dispatched(at(16), "2.1", "guide"),
        Asked(at(17), "2.1", "Which port?"),
        Interacted(at(18), "2.1", "mona", "8080", done=True),
        Recorded(at(19), "2.1", "complete", "guide", "Port 8080"),
        Completed(at(20), "mona"),
    )


def test_a_retrospective_says_what_did_not_work_and_why(snapshot: SnapshotAssertion) -> None:
    """Figures, what worked, what did not with its cause, gaps, each agent's record, sequencing, teams, conflicts."""
    assert retrospective(carried_out(PLAN, eventful()), eventful()) == snapshot


def test_a_trace_is_the_plan_and_every_event() -> None:
    """In order, with who and where, and how long what it ends has taken; it is JSON."""
    found = trace(carried_out(PLAN, eventful()), eventful())
    assert json.loads(json.dumps(found, default=str))["plan"]["task_id"] == "task-a-0001"
    assert (found["start"], found["end"], found["outcome"]) == (at(0), at(20), "complete")
    assert len(found["events"]) == len(eventful())
    built = found["events"][8]
    assert (built["type"], built["agent"], built["phase"], built["step"]) == ("recorded", "dev", 1, "1.1")
    assert built["duration"] == 7 * 60 and built["details"]["files"] == ("a.py",)
    assert found["events"][10]["duration"] == 30.0


def test_a_task_stands_in_a_word() -> None:
    """Told anew from what happened; it is never stored."""
    happened = eventful()
    seen = [standing(carried_out(PLAN, happened[:count])) for count in range(len(happened) + 1)]
    changes = [word for word, before in zip(seen, [None, *seen[:-1]], strict=True) if word != before]
    assert changes == [
        "planned", "running", "approval_pending", "failed", "gate_pending", "gate_failed", "running", "failed",
        "running", "approval_pending", "gate_pending", "running", "gate_pending", "running", "feedback_pending",
        "running", "complete",
    ]  # fmt: skip
    assert standing(carried_out(PLAN, (Cancelled(T0, "mona"),))) == "cancelled"
    assert standing(begin(replace(PLAN, approval="HIGH"))) == "planned"


def test_whatever_is_due_is_told_with_a_label() -> None:
    """Each action by its name, first."""
    happened = eventful()
    stood = [carried_out(PLAN, happened[:count]) for count in range(1, len(happened))]
    names = {str(told(e, each)["action"]) for e in stood for each in due(e)}
    assert names == {"DISPATCH", "WAIT", "APPROVAL", "FAILED", "GATE", "INTERACT", "COMPLETE"}
