"""A plan as files: what is written is read back as it was, what somebody edited counts, and mistakes have a place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.plans.plan import Gate, Member, Phase, Plan, Step
from bot.core.plans.planner import Request, make_plan
from bot.core.plans.risk import asking
from bot.plan_files.page import HINT, page
from bot.plan_files.reading import NotUnderstood, read_page
from bot.plan_files.record import SCHEMA, plan_schema, read_record, record
from bot.playbook_files import shipped

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = make_plan(Request("Add logging", T0, playbooks=shipped(), gates=("make test",), task_id="task-logging-a3f9"))
TOP = Path(__file__).parents[2]

WORDS = st.text(min_size=1).filter(str.strip)
LINE = st.text().filter(lambda text: len(text.splitlines()) < 2)
NAMES = LINE.filter(str.strip)
PATHS = st.lists(WORDS.filter(lambda w: not w.startswith(("/", "~")) and ".." not in w.split("/")), max_size=3).map(
    tuple
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """With every field that a person sees set to anything."""
    phases: list[Phase] = []
    known: list[str] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        steps = [_step(draw, f"{number}.{at}", known) for at in range(1, draw(st.integers(1, 3)) + 1)]
        commands = tuple(draw(st.lists(WORDS, max_size=2)))
        gate = Gate(commands, draw(st.just("ci.yml") if not commands else st.sampled_from(("", "ci.yml"))))
        told = (draw(st.text()), draw(st.one_of(st.none(), st.just(gate))), draw(st.text()))
        phases.append(Phase(number, draw(LINE), tuple(steps), *told))
    risk, tier = draw(st.sampled_from(("LOW", "CRITICAL"))), draw(st.sampled_from(("lean", "full")))
    return Plan(
        "task-a-0001", draw(WORDS), tuple(phases), T0, draw(WORDS), risk, ("why",), tier, draw(WORDS), "refactor",
        ("python",), draw(st.sampled_from(("low", "high"))), draw(st.text()), draw(st.text()), draw(PATHS),
    )  # fmt: skip


def _step(draw: st.DrawFn, name: str, known: list[str]) -> Step:
    waits = tuple(draw(st.lists(st.sampled_from(known), unique=True, max_size=2))) if known else ()
    known.append(name)
    team = tuple(Member(f"{name}.{c}", draw(NAMES), draw(WORDS)) for c in draw(st.sampled_from(("", "ab"))))
    return Step(
        name, draw(NAMES), draw(WORDS), draw(NAMES), draw(LINE), waits, draw(PATHS), draw(st.booleans()),
        draw(PATHS), draw(PATHS), draw(PATHS), draw(PATHS), team, draw(st.sampled_from(("concatenate", "agent"))),
        draw(st.booleans()), draw(st.integers(1, 99)), draw(st.sampled_from((None, 0.5, 30.0))),
    )  # fmt: skip


@settings(max_examples=60)
@given(plans())
def test_what_is_written_is_read_back(plan: Plan) -> None:
    """Whatever people and agents are called and told: an unedited page changes nothing."""
    assert read_page(page(plan), plan) == plan
    assert read_record(record(plan)) == plan


@settings(max_examples=60)
@given(plans())
def test_a_page_says_all_that_people_may_change(plan: Plan) -> None:
    """Read over a plan that has nothing of it, the page brings it all."""
    bare = Plan(plan.task_id, "x", (Phase(1, "x", (Step("1.1", "x", "x"),)),), T0, risk_reasons=("why",))
    assert read_page(page(plan), bare) == asking(replace(plan, task_type="", stack=()))


@settings(max_examples=60)
@given(plans(), st.data())
def test_no_page_raises_anything_but_a_sentence(plan: Plan, data: st.DataObject) -> None:
    """Whatever somebody leaves of it: a plan, or what is wrong."""
    lines = page(plan).split("\n")
    kept = data.draw(st.lists(st.sampled_from([*lines, "x", "## Phase 1", "#### 1.1.a x", "- Turns: no"]), max_size=30))
    try:
        assert read_page("\n".join(kept), plan).phases
    except NotUnderstood as wrong:
        assert str(wrong)


def test_the_page() -> None:
    """It reads well."""
    [step, *_] = PLAN.phases[0].steps
    shown = page(replace(PLAN, phases=(replace(PLAN.phases[0], steps=(replace(step, blocked_paths=("a", "b/**")),)),)))
    assert [line for line in shown.splitlines() if line and line not in HINT][:-2] == [
        "# Add logging", "- Task ID: task-logging-a3f9", "- Risk: LOW", "- Budget: standard", "- Mode: phased",
        "- Playbook: build-review", "- Intervention: low", "## Phase 1: Implementation", "- Gate: `make test`",
        "### 1.1 engineer", "> Add logging", "- Model: sonnet", "- Blocked paths: `a`, `b/**`",
    ]  # fmt: skip


def test_what_somebody_edits_counts() -> None:
    """Steps, gates, texts and who does what."""
    text = page(PLAN).replace(
        "- Gate: `make test`\n", "- Gate: `make test`\n- Gate: `make lint`\n- Approval: look at it\n"
    )
    text = text.replace("> Add logging\n", "> Add logging\n>\n>  - of every request\n")
    text = text.replace(
        "## Phase 2", "### 1.2 docs-writer\r\n\r\n> Describe it\r\n- After: 1.1\n- Changes files: no\n\n## Phase 2"
    )
    edited = read_page(text, PLAN)
    assert edited.phases[0].gate == Gate(("make test", "make lint")) and edited.phases[0].approval == "look at it"
    assert edited.steps[0].task == "Add logging\n\n - of every request"
    assert edited.steps[1] == Step("1.2", "docs-writer", "Describe it", depends_on=("1.1",), changes=False)
    assert replace(edited, phases=PLAN.phases) == PLAN


def test_a_risk_that_is_raised_asks_for_its_approvals() -> None:
    """They stand on the page then, and whoever takes one away has said so."""
    raised = read_page(page(PLAN).replace("- Risk: LOW", "- Risk: CRITICAL"), PLAN)
    assert raised.approval == "the risk is CRITICAL" and [bool(each.approval) for each in raised.phases] == [
        True,
        False,
    ]
    without = page(raised).replace("- Approval: the risk is CRITICAL\n", "")
    assert read_page(without, raised) == replace(raised, approval="")


@pytest.mark.parametrize(
    ("instead", "by", "said"),
    [
        ("- Risk: LOW", "- Risk: low", "line 7: Risk: must be one of LOW, MEDIUM, HIGH, CRITICAL"),
        ("- Model: sonnet", "- Modle: sonnet", "line 21: unknown: Modle; did you mean Model?"),
        ("- Model: sonnet", "- Turns: many", "line 21: Turns: must be a number"),
        ("- Model: sonnet", "- Minutes: nan", "line 17: step 1.1: turns and minutes must be more than 0"),
        ("- Risk: LOW", "- Risk: HIGH\n- Risk: LOW", "line 8: Risk is there twice"),
        ("## Explanation", "## Explanation\n\n> So.\n\n## Explanation", "line 41: the explanation is there twice"),
        ("## Phase 2", "<!-- later\n## Phase 2", "line 24: a comment begins here that no --> ends"),
        ("- Gate: `make test`", "- Gate: ` `", "line 13: phase 1 has a gate without a command or a workflow"),
        ("- Model: sonnet", "- Changes files: perhaps", "line 21: Changes files: must be yes or no"),
        ("- Gate: `make test`", "- Gate: make test", "line 15: each must stand between backquotes"),
        ("- Gate: `make test`", "> make", "line 15: a text that is told belongs below a step"),
        ("> Add logging", "Add logging", "line 19: not understood: 'Add logging'; what an agent is told begins with >"),
        ("### 1.1 engineer", "### 3.1 engineer", "line 17: step '3.1' of phase 1: its id must be 1. and a number"),
        ("### 1.1 engineer", "##### 1.1", "line 17: not understood: '##### 1.1'; headings are ## Phase 1: Name"),
        ("- Model: sonnet", "- After: 2.1", "line 17: step 1.1 depends on 2.1, which comes in a later phase"),
        ("task-logging-a3f9", "task-other-0001", "line 6: this is the plan of task-logging-a3f9, and stays so"),
        ("# Add logging", "", "line 1: the heading is missing that says what is to be done"),
        ("### 1.1 engineer", "### 1.1", "line 17: step 1.1 needs an agent and a task"),
    ],
)
def test_a_mistake_is_told_with_its_line(instead: str, by: str, said: str) -> None:
    """And with what it should be."""
    assert instead in page(PLAN)
    with pytest.raises(NotUnderstood) as wrong:
        read_page(page(PLAN).replace(instead, by, 1), PLAN)
    assert str(wrong.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the heading is missing that says what is to be done"),
        ("\n\n\n", "line 1: the heading is missing"),
        ("# Add logging\n\n- Risk: LOW\n", "line 4: a phase is missing, as in ## Phase 1: Build"),
        ("# Add logging\n## Phase 1: Build\n", "line 2: phase 1 (Build) has no step"),
    ],
)
def test_a_page_that_lacks_something_says_where_it_belongs(text: str, said: str) -> None:
    """An empty one, too."""
    with pytest.raises(NotUnderstood) as wrong:
        read_page(text, PLAN)
    assert str(wrong.value).startswith(said)


def _without(data: Any) -> None:
    del data["summary"]


def _unknown(data: Any) -> None:
    data["phases"][0]["steps"][0]["deliverable"] = []


def _twice(data: Any) -> None:
    data["phases"][1]["number"] = 1


def _wrong(data: Any) -> None:
    data["phases"][0]["steps"][0]["max_turns"] = "many"


def _astray(data: Any) -> None:
    data["task_id"] = "../../x"


def _timeless(data: Any) -> None:
    data["created_at"] = "2026-01-01T00:00:00"


def _endless(data: Any) -> None:
    data["phases"][0]["steps"][0]["minutes"] = float("inf")


def _halved(data: Any) -> None:
    data["summary"] = "\ud800"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without, "summary: field required"),
        (_unknown, "unknown key phases[0].steps[0].deliverable; did you mean deliverables?"),
        (_wrong, "phases[0].steps[0].max_turns: input should be a valid integer"),
        (_twice, "phase 1 is there twice"),
        (_astray, "`task_id` is of letters, digits, dots and hyphens, and is not '../../x'"),
        (_timeless, "`created_at` must say its time zone"),
        (_endless, "step 1.1: turns and minutes must be more than 0"),
        (_halved, "not valid JSON: 'utf-8' codec can't encode"),
    ],
)
def test_a_record_is_validated(change: Any, said: str) -> None:
    """The place is named."""
    data = json.loads(record(PLAN))
    change(data)
    found = read_record(json.dumps(data))
    assert isinstance(found, str) and found.startswith(said)
    assert all(str(read_record(text)).startswith("not valid JSON: ") for text in ("{", "[" * 100_000))


def test_what_editors_put_before_a_text_is_no_part_of_it() -> None:
    """A file that begins with a byte order mark is read as without."""
    assert read_page(f"\ufeff{page(PLAN)}", PLAN) == read_record(f"\ufeff{record(PLAN)}") == PLAN


def test_the_schema_is_published() -> None:
    """As docs/plan.schema.json has it: `python -m bot.reference --write` refreshes it."""
    assert (TOP / SCHEMA).read_text() == plan_schema()
    assert json.loads(plan_schema())["additionalProperties"] is False
