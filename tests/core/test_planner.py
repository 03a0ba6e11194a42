"""Plans made by rules: from what is wanted, the repository and a playbook to phases and steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.plans.explaining import four_lines, shown
from bot.core.plans.plan import Plan, problems
from bot.core.plans.planner import Request, make_plan
from bot.core.plans.stack import Facts
from bot.core.run import Peer
from bot.playbook_files import shipped

T0 = datetime(2026, 1, 1, tzinfo=UTC)
FASTAPI = Facts(
    ("app/main.py", "tests/test_main.py", "requirements.txt", "docs/guide.md"),
    {"requirements.txt": "fastapi\npytest\n"},
)
LOGGING = Request("Add request logging middleware to the FastAPI app", T0, facts=FASTAPI, playbooks=shipped())
MIGRATE = replace(LOGGING, summary="Migrate codebase to new SDK")


def plan(request: Request = LOGGING, **changes: object) -> Plan:
    made = make_plan(replace(request, **changes))  # type: ignore[arg-type]
    assert problems(made) == []
    return made


def test_the_first_walkthrough() -> None:
    """An engineer of the repository's language builds, its own tests are the gate, a reviewer looks at it."""
    assert shown(plan(task_id="task-logging-a3f9")).splitlines() == [
        "Task: Add request logging middleware to the FastAPI app",
        "Task ID: task-logging-a3f9",
        "Risk: LOW | Budget: standard | Mode: phased",
        "",
        "Phase 1 — Implementation",
        "  1.1  backend-engineer--python  [sonnet]  Add request logging middleware to the FastAPI app",
        "  Gate: pytest tests/",
        "",
        "Phase 2 — Review",
        "  2.1  code-reviewer  [sonnet]  Review for correctness and style",
        "",
        "Explanation: LOW risk: nothing it names is sensitive. Playbook build-review:",
        "the work is medium (a change of usual size). The repository is of python,",
        "fastapi. The gate after phase 1 catches what breaks before Review begins.",
    ]


def test_four_lines_are_enough() -> None:
    """Where the plan is, what it amounts to, and what comes next."""
    assert four_lines(plan(task_id="task-logging-a3f9")).splitlines() == [
        "Plan saved: .sluice/plan.json",
        "To read and edit: .sluice/plan.md",
        "Task ID: task-logging-a3f9 | Risk: LOW | Budget: standard | Phases: 2 | Steps: 2",
        "Next: sluice execute start",
    ]


def test_the_same_gives_the_same_and_ids_are_never_used_twice() -> None:
    """The id is made of the words and the time."""
    assert plan() == plan()
    first = plan().task_id
    assert first.startswith("task-request-logging-middleware-") and len(first.rpartition("-")[2]) == 4
    assert plan(now=T0 + timedelta(seconds=1)).task_id != first
    assert plan(taken=frozenset({first})).task_id != first


@pytest.mark.parametrize(
    ("summary", "playbook", "why"),
    [
        ("Fix the typo", "direct", "the work is light"),
        ("Add request logging middleware", "build-review", "the work is medium"),
        ("Create gray pills for app header information", "scout-builder", "the work is medium, frontend"),
        ("Update HTML titles across application", "plan-build-review-ship", "the work is heavy"),
        ("Migrate codebase to new SDK", "scout-plan-build", "the work is heavy, migration"),
    ],
)
def test_the_playbook_fits_the_work(summary: str, playbook: str, why: str) -> None:
    """And the explanation says why."""
    made = plan(summary=summary)
    assert made.playbook == playbook and f"Playbook {playbook}: {why} (" in made.explanation


def test_a_playbook_is_asked_for_by_name() -> None:
    """One that is not there is said to be missing, and another fits."""
    assert plan(playbook="direct").playbook == "direct"
    assert "there is no playbook nothing; the work is medium" in plan(playbook="nothing").explanation


def test_scouts_differ_where_peers_do_and_the_planner_reads_only_what_they_found() -> None:
    """Each looks at its own, and writes its own part of one file."""
    peers = (Peer("claude", "claude"), Peer("codex", "codex"), Peer("again", "codex"), Peer("gemini", "acp"))
    made = plan(MIGRATE, peers=peers)
    [scouts], [planner], [builder] = (phase.steps for phase in made.phases)
    assert [member.agent for member in scouts.team] == ["claude", "codex", "gemini"]
    assert not scouts.changes and scouts.deliverables == (".sluice/relevant-files.md",)
    assert planner.context_files == scouts.deliverables and planner.deliverables == (".sluice/detailed-plan.md",)
    assert builder.context_files == planner.deliverables and builder.changes and builder.model == ""
    assert "Steps of the role scout may go to claude, codex, again, gemini." in made.explanation
    alone = plan(MIGRATE, peers=peers[:1]).phases[0].steps[0].team
    assert [member.agent for member in alone] == ["claude", "claude"] and alone[0].task != alone[1].task


def test_the_board_follows_where_it_has_such_columns() -> None:
    """PLAN, BUILD, REVIEW and SHIP; a failed builder leaves what the planner wrote."""
    made = plan(playbook="plan-build-review-ship")
    assert [phase.column for phase in made.phases] == ["PLAN", "BUILD", "REVIEW", "SHIP"]
    assert [step.changes for step in made.steps] == [False, True, False, False]
    assert [phase.gate and phase.gate.commands for phase in made.phases] == [None, ("pytest tests/",), None, None]


def test_a_checklist_becomes_steps_when_asked() -> None:
    """One after the other; sub-issues side by side; who they are for is told by their own words."""
    body = "- [x] done\n- [ ] add the endpoint\n- [ ] describe it in the docs\n"
    assert len(plan(body=body).phases[0].steps) == 1
    steps = plan(body=body, steps_from_checklist=True).phases[0].steps
    assert [(step.id, step.agent, step.depends_on) for step in steps] == [
        ("1.1", "backend-engineer--python", ()), ("1.2", "technical-writer", ("1.1",)),
    ]  # fmt: skip
    assert steps[0].task.startswith("add the endpoint\n\nIt is a part of: Add request logging")
    made = plan(sub_issues=("One", "Two"))
    assert [step.depends_on for step in made.phases[0].steps] == [(), ()] and made.mode == "parallel"


def test_specialists_share_the_work_as_far_as_its_size_allows() -> None:
    """Where two parts of the repository are spoken of, each has an engineer of its own; light work has one."""
    texts = {**FASTAPI.texts, "package.json": '{"dependencies": {"react": "19"}}'}
    both = Facts((*FASTAPI.paths, "web/app.tsx", "package.json"), texts)
    summary = "Add a settings page and its API endpoint"
    steps = plan(summary=summary, facts=both, playbook="build-review").phases[0].steps
    assert [(step.agent, step.depends_on) for step in steps] == [
        ("backend-engineer--python", ()), ("frontend-engineer--react", ("1.1",)),
    ]  # fmt: skip
    assert steps[1].task.endswith("Your part is that of frontend-engineer--react.")
    assert len(plan(summary=summary, facts=both, complexity="light").phases[0].steps) == 1


@pytest.mark.parametrize(
    ("summary", "asked", "phases"),
    [
        ("Tidy up", "", []),
        ("Delete passwords from the database", "the risk is HIGH", []),
        ("Drop the users table in production", "the risk is CRITICAL", [1]),
    ],
)
def test_risk_asks_for_a_person(summary: str, asked: str, phases: list[int]) -> None:
    """High: before anything starts. Critical: behind each phase that changes files, too."""
    made = plan(summary=summary, playbook="build-review")
    assert made.approval == asked and [phase.number for phase in made.phases if phase.approval] == phases
    assert ("A person approves the plan" in made.explanation) == bool(asked)


def test_paths_of_the_text_are_heeded() -> None:
    """What is there is read first, what is to be made must be there, where it must not go it may not."""
    details = (
        "See app/main.py. Write tests in tests/test_middleware.py. Do not touch `docs/`. Not /etc/passwd, nor ../x."
    )
    step = plan(details=details).phases[0].steps[0]
    assert step.context_files == ("app/main.py",) and step.deliverables == ("tests/test_middleware.py",)
    assert "docs/**" in step.blocked_paths and ".github/**" in step.blocked_paths and step.task.endswith(details)
    assert plan(details="Change only `app/` and nothing else").phases[0].steps[0].allowed_paths == ("app/**",)
    told = plan(details="It fails only in app/main.py, where we write logs to out/log.txt").phases[0].steps[0]
    assert (told.allowed_paths, told.deliverables, told.context_files) == ((), (), ("app/main.py",))
    assert ".github/**" not in plan(details="Pin .github/workflows/ci.yml").phases[0].steps[0].blocked_paths
    issue = plan(body=details).phases[0].steps[0]  # its text is told by who fences it
    assert (issue.task, issue.deliverables, issue.context_files) == (LOGGING.summary, (), ("app/main.py",))


def test_somebody_says_more() -> None:
    """Agents, model, kind, size and gates go before what the rules would say."""
    made = plan(
        agents=("api-engineer", "web-engineer", "security-reviewer"), model="haiku", task_type="refactor",
        complexity="medium", gates=("make all",), intervention="high", knowledge=("docs/guide.md",),
    )  # fmt: skip
    assert [(step.agent, step.model, step.depends_on) for step in made.steps] == [
        ("api-engineer", "haiku", ()), ("web-engineer", "haiku", ("1.1",)), ("security-reviewer", "haiku", ()),
    ]  # fmt: skip
    assert made.phases[0].gate and made.phases[0].gate.commands == ("make all",)
    assert (made.task_type, made.intervention, made.knowledge) == ("refactor", "high", ("docs/guide.md",))
    assert (plan(complexity="heavy").budget, plan(complexity="light").budget) == ("full", "lean")


def test_a_repository_without_tests_has_no_gate_and_says_so() -> None:
    """No command is made up."""
    made = plan(facts=Facts(("a.py",)))
    assert made.phases[0].gate is None and "No command that tests this repository was found" in made.explanation
    assert "The policy names no gate commands" in plan(find_gates=False).explanation


WORDS = st.sampled_from(
    ("drop table", "`a/b.py`", "only src/", "- [ ] x", "create ../x/y.md", "\n", "all files", "ui", "api")
)


@given(
    st.text(),
    st.lists(st.one_of(WORDS, st.text(max_size=20)), max_size=30).map(" ".join),
    st.sampled_from(["", "nothing", *(each.name for each in shipped())]),
    st.lists(st.text(max_size=30), max_size=30).map(tuple),
    st.booleans(),
)
def test_any_text_makes_a_sound_plan(
    summary: str, body: str, playbook: str, subs: tuple[str, ...], from_list: bool
) -> None:
    """Whatever somebody writes."""
    made = make_plan(
        replace(
            LOGGING, summary=summary, body=body, details=body, playbook=playbook, sub_issues=subs,
            steps_from_checklist=from_list,
        )
    )  # fmt: skip
    assert problems(made) == []
    assert made.explanation and shown(made)
