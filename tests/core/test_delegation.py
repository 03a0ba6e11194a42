"""What whoever takes a step is told, and what is added to a plan at work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from syrupy.assertion import SnapshotAssertion

from bot.core.plans.accepting import refused
from bot.core.plans.amending import amended, remedy
from bot.core.plans.delegation import Document, conflicting, delivered, gate_failed, news, prompt
from bot.core.plans.due import Failed, due
from bot.core.plans.execution import Execution, StepState, carried_out
from bot.core.plans.happened import Amended, Answered, Dispatched, Happened, Recorded, SentBack, Started
from bot.core.plans.plan import Gate, Member, Phase, Plan, Step

T0 = datetime(2026, 1, 1, tzinfo=UTC)
BUILD = Step(
    "1.1",
    "backend-engineer--python",
    "Add request logging middleware\n\nCapture method, path, status and duration (ms).",
    deliverables=("app/middleware.py", ".sluice/notes.md"),
    allowed_paths=("app/**",),
    blocked_paths=("app/settings.py",),
    context_files=("app/main.py",),
)
LOOK = Step("2.1", "code-reviewer", "Review for correctness and style", changes=False)
PLAN = Plan(
    "task-logging-a3f9",
    "Add request logging middleware",
    (
        Phase(1, "Implementation", (BUILD,), approval="risky", gate=Gate(("pytest tests/",))),
        Phase(2, "Review", (LOOK,)),
    ),
    T0,
)
BUILT: tuple[Happened, ...] = (
    Started(T0, "mona"),
    Dispatched(T0, "1.1", BUILD.agent),
    Recorded(T0, "1.1", "complete", BUILD.agent, "Added it;\nlogs method and path", ("app/middleware.py",)),
)


def test_a_step_is_told_its_task_and_where_everything_lies(snapshot: SnapshotAssertion) -> None:
    """Title, shared context, scope, files, what to hand on, and knowledge whole or by its path."""
    knowledge = (Document("docs/a.md", "- Say `hm`."), Document("docs/b.md", why="step 1.0 was given it whole"))
    e, step = _at(BUILT[:1], "1.1")
    assert prompt(e, step, knowledge, (".sluice/detailed-plan.md",), ("Answer in a few sentences.",)) == snapshot
    assert delivered(knowledge) == ("docs/a.md",)


def test_a_later_step_is_told_what_was_done_before(snapshot: SnapshotAssertion) -> None:
    """What was recorded, in a line, and what was handed on, by its path."""
    assert prompt(*_at(BUILT, "2.1"), artifacts=(".sluice/notes.md",)) == snapshot


def test_what_came_back_says_why_first(snapshot: SnapshotAssertion) -> None:
    """A red gate with its last lines, a conflict with its files; a machine's failure is no news."""
    red = SentBack(T0, "1.1", gate_failed("pytest tests/", "E  boom"))
    both = SentBack(T0, "1.1", conflicting(("app/main.py",)), conflict=True)
    lost = SentBack(T0, "1.1", "", lost=True)
    e, step = _at((*BUILT, red, both, lost), "1.1")
    assert prompt(e, step) == snapshot
    assert news(e, step) == snapshot
    assert news(*_at((*BUILT[:2], lost), "1.1")) == ""


def test_a_team_knows_of_each_other_and_whoever_joins_knows_all(snapshot: SnapshotAssertion) -> None:
    """A member is told what the others do; the joining step what each came to."""
    team = (Member("1.1.a", "scout", "look at the API"), Member("1.1.b", "scout-2", "look at the pages"))
    step = replace(BUILD, team=team, joins="agent", deliverables=(), context_files=())
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], steps=(step,)),))
    did = [Recorded(T0, member.id, "complete", member.agent, f"{member.task}: all well") for member in team]
    e = carried_out(plan, (*BUILT[:1], Dispatched(T0, "1.1", "team")))
    joined = carried_out(plan, (*BUILT[:1], Dispatched(T0, "1.1", "team"), *did))
    assert (prompt(e, _found(e, "1.1.a")), prompt(joined, _found(joined, "1.1"))) == snapshot


def test_of_a_failed_team_it_is_said_who_failed_and_why() -> None:
    """Nobody spoke for all of it."""
    team = (Member("1.1.a", "scout", "look at the API"), Member("1.1.b", "scout-2", "look at the pages"))
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], steps=(replace(BUILD, team=team),)),))
    ends = (Recorded(T0, "1.1.a", "complete", "scout"), Recorded(T0, "1.1.b", "failed", "scout-2", error="no pages"))
    e = carried_out(plan, (*BUILT[:1], Dispatched(T0, "1.1", "team"), *ends))
    assert due(e) == (Failed("step 1.1 (backend-engineer--python) failed: 1.1.b (scout-2): no pages"),)


def test_what_the_approver_said_reaches_every_step() -> None:
    """Feedback on the plan itself is everybody's."""
    plan = replace(PLAN, approval="HIGH")
    e = carried_out(plan, (Answered(T0, 0, "approve-with-feedback", "mona", "Keep it small."), *BUILT[:1]))
    assert "mona approved the plan and said:" in prompt(e, _found(e, "1.1"))
    assert "Keep it small." in prompt(e, _found(e, "1.1"))


def test_feedback_becomes_a_phase_behind_the_approved_one() -> None:
    """For whoever changed files last, and behind the same gate."""
    e, _ = _at(BUILT, "1.1")
    word = Answered(T0, 1, "approve-with-feedback", "mona", "Log the user too")
    added = remedy(e, e.phases[0], word.feedback, "mona", T0)
    assert refused(e, word) == "" and added.after == 1
    (phase,) = added.phases
    assert (phase.number, phase.name, phase.gate) == (3, "Remediation", PLAN.phases[0].gate)
    assert phase.steps[0].agent == BUILD.agent and "Log the user too" in phase.steps[0].task
    assert [each.phase.number for each in _at((*BUILT, word, added), "1.1")[0].phases] == [1, 3, 2]


def test_an_amendment_is_read_from_words_or_says_what_is_wrong_with_them() -> None:
    """Ids go on from those that are there; nothing is guessed."""
    e, _ = _at(BUILT, "1.1")
    added = amended(
        e, "Migrate", ["Migration:dba", "Docs: writer"], ["2:dba:Check it", "2:dba:Twice: it"], 1, "mona", T0
    )
    assert isinstance(added, Amended)
    assert [(phase.number, phase.name, phase.steps[0].agent) for phase in added.phases] == [
        (3, "Migration", "dba"),
        (4, "Docs", "writer"),
    ]
    assert [(step.id, step.task) for step in added.steps] == [("2.2", "Check it"), ("2.3", "Twice: it")]
    assert amended(e, "x", ["Migration"], [], None, "m", T0) == "'Migration' is no phase: say NAME:AGENT"
    assert amended(e, "x", [], ["2:dba"], None, "m", T0) == "'2:dba' is no step: say PHASE:AGENT:DESCRIPTION"
    assert amended(e, "x", [], ["7:dba:y"], None, "m", T0) == "there is no phase 7; phases: 1, 2"


def _at(happened: tuple[Happened, ...], step: str) -> tuple[Execution, StepState]:
    e = carried_out(PLAN, happened)
    return e, _found(e, step)


def _found(e: Execution, step: str) -> StepState:
    state = e.find(step)
    assert state
    return state
