"""Which items get a plan, and what it is made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.actions import AdoptPlan, AskPerson, Claim, NoteOrder, NotePlan, SayStatus
from bot.core.comments import AGAIN, REOPENED
from bot.core.decide import decide
from bot.core.item import text_hash
from bot.core.plans.amending import one_more
from bot.core.plans.execution import after, begin, carried_out
from bot.core.plans.happened import Amended, Answered, Cancelled, Completed, Dispatched, Recorded, SentBack, Started
from bot.core.plans.library import Tagged, is_shared, tags_of
from bot.core.plans.playbook import Part, Playbook, Stretch
from bot.core.plans.stack import Facts
from bot.core.policy import Planning
from bot.core.snapshot import Grounds, Snapshot, StatusComment
from bot.playbook_files import shipped
from tests.core.facts import (
    NOW,
    PLAN,
    PLAN_OVER,
    STEPS_DONE,
    ago,
    go_ahead,
    in_plan,
    issue,
    item,
    move,
    order,
    policy,
    snapshot,
    step_run,
)

GROUNDS = Grounds(Facts(("app.py", "pyproject.toml")), shipped())
LIST = "- [ ] the code\n- [ ] the documents\n"


def ready(plan: Planning, **facts: Any) -> Snapshot:
    return snapshot(policy=replace(policy(), plan=plan), **{"grounds": GROUNDS, **facts})


def adopted(s: Snapshot) -> list[Any]:
    return [action.plan for action in decide(s).actions if isinstance(action, AdoptPlan)]


@pytest.mark.parametrize(
    ("plan", "facts", "steps"),
    [
        (Planning(), {}, None),
        (Planning("auto"), {}, None),  # a light piece of work is one step, which is no plan
        (Planning("scout-builder"), {}, 2),
        (Planning(labels={"large": "plan-build-review-ship"}), {}, None),
        (Planning(labels={"large": "plan-build-review-ship"}), {"issue": issue(labels=("large",))}, 4),
        (Planning(checklist=True), {"issue": issue(body=LIST)}, 2),
        (Planning(), {"issue": issue(body=LIST)}, None),
        (Planning(sub_issues=True), {"issue": issue(sub_issues=("One", "Two", "Three"))}, 3),
        (Planning(), {"issue": issue(sub_issues=("One", "Two", "Three"))}, None),
        (Planning(), {"item": item(playbook="direct")}, 1),  # somebody asked for it
        (Planning("scout-builder"), {"grounds": None}, None),
    ],
)
def test_who_gets_a_plan(plan: Planning, facts: dict[str, Any], steps: int | None) -> None:
    """By the policy's playbook, by a label, by a list, or because somebody asked."""
    found = adopted(ready(plan, **facts))
    assert [len(each.steps) for each in found] == ([] if steps is None else [steps])


def test_the_same_text_has_the_same_plan_and_another_text_another() -> None:
    """Nothing is made twice; what nobody has begun is made anew when the text changes before."""
    s = ready(Planning("scout-builder"))
    [plan] = adopted(s)
    again = replace(s, execution=begin(plan, on_board=True))
    assert adopted(again) == [] and any(isinstance(action, Claim) for action in decide(again).actions)
    other = replace(again, issue=issue(title="Fix all typos"), moves=(replace(again.moves[0]),))
    [second] = adopted(other)
    assert second.task_id != plan.task_id and second.summary == "Fix all typos"
    assert [action.task for action in decide(other).actions if isinstance(action, NotePlan)] == [plan.task_id]


def test_an_approval_is_of_the_text_as_it_was() -> None:
    """Edited before anything began, the plan is made anew, with what people added, and a person is asked again."""
    s = ready(Planning("scout-builder", approve="LOW"))
    [plan] = adopted(s)
    note = one_more(begin(plan, on_board=True), "Write a note", "mona", ago(2))
    assert isinstance(note, Amended)
    assert carried_out(plan, (note,)).phases[-1].phase.name == "Amendment", "behind everything: nothing is at work yet"
    given = carried_out(plan, (note, Answered(ago(1), 0, "approve", "mona")), on_board=True)
    approved = replace(s, execution=given)
    assert adopted(approved) == [] and any(isinstance(action, Claim) for action in decide(approved).actions)
    edited = replace(approved, issue=issue(title="Delete all users"))
    [other] = adopted(edited)
    found = [(each.task, each.what) for each in decide(edited).actions if isinstance(each, NotePlan)]
    assert [(task, type(what)) for task, what in found] == [(plan.task_id, Cancelled), (other.task_id, Amended)]
    again = carried_out(other, [what for task, what in found if task == other.task_id], on_board=True)
    asked = replace(edited, execution=again, plans_over=1)
    assert adopted(asked) == [] and any(isinstance(action, AskPerson) for action in decide(asked).actions)
    rejected = carried_out(plan, (Answered(ago(1), 0, "reject", "mona"),), on_board=True)
    assert adopted(replace(edited, execution=rejected)) == [], "until somebody starts over"


def test_a_plan_that_took_anothers_place_stays() -> None:
    """The look after that knows one more plan that is over, and makes no third; nor does a second wish for one."""
    s = ready(Planning("scout-builder"))
    [plan] = adopted(s)
    other = replace(s, execution=begin(plan, on_board=True), issue=issue(title="Fix all typos"))
    [second] = adopted(other)
    assert adopted(replace(other, execution=begin(second, on_board=True), plans_over=1)) == []

    wish = replace(s, execution=begin(plan, on_board=True), orders=(order("plan", "plan-build-review-ship"),))
    [third] = adopted(wish)
    obeyed = replace(wish, execution=begin(third, on_board=True), plans_over=1)
    assert adopted(obeyed) == []
    assert adopted(replace(obeyed, orders=(), item=item(playbook="plan-build-review-ship"))) == []


def test_what_a_stranger_made_of_the_text_is_approved_before_a_plan_of_the_old_one() -> None:
    """One word is for one thing: the plan for the new text is another, and is shown."""
    s = ready(Planning("scout-builder", approve="LOW"), item=item(go_ahead=go_ahead()))
    [plan] = adopted(s)
    edited = issue(body="It says tah.", editor="nobody", edited_at=ago(2))
    word = replace(order("approve"), saw=(f"plan:{plan.task_id}:",))
    s = replace(s, execution=begin(plan, on_board=True), issue=edited, orders=(word,))
    assert not [action for action in decide(s).actions if isinstance(action, NotePlan)]
    [noted] = [action for action in decide(s).actions if isinstance(action, NoteOrder)]
    assert noted.approval and noted.approval.head == text_hash(edited.title, edited.body)
    [anew] = adopted(replace(s, orders=(), item=replace(s.item, approvals=(noted.approval,))))
    assert anew.task_id != plan.task_id


def test_who_looks_at_a_rejected_plan_reads_how_it_goes_on() -> None:
    """In the status comment, once."""
    s = ready(Planning("scout-builder", approve="LOW"))
    [plan] = adopted(s)
    s = replace(s, execution=carried_out(plan, (Answered(NOW, 0, "reject", "mona"),), on_board=True))
    [told] = [action for action in decide(s).actions if isinstance(action, SayStatus)]
    assert "`/sluice retry --fresh` starts over" in told.body
    assert not any(isinstance(a, SayStatus) for a in decide(replace(s, status=StatusComment("c", told.body))).actions)


def test_a_plan_that_is_over_is_not_made_again_where_its_result_is_gone_on_with() -> None:
    """In another life there is another, also for the same text."""
    s = ready(Planning("scout-builder"))
    [plan] = adopted(s)
    over = carried_out(plan, (Started(NOW, "wendy"), Completed(NOW)), on_board=True)
    assert adopted(replace(s, execution=over, item=item(pull_number=30), plans_over=1)) == []
    [second] = adopted(replace(s, execution=over, plans_over=1))
    assert second.task_id != plan.task_id
    built = carried_out(PLAN, (*PLAN_OVER, Completed(ago(2))), on_board=True)
    left = replace(s, execution=built, runs=(step_run("1.2", "s2"),), plans_over=1)
    assert adopted(left) == []
    assert adopted(replace(left, item=item(asked_fresh=1, fresh_at=ago(1)))), "whoever starts over has a plan again"


def test_from_a_risk_on_a_person_approves_the_plan() -> None:
    """As the policy says; asked once."""
    s = ready(Planning("scout-builder", approve="LOW"))
    [plan] = adopted(s)
    assert plan.approval.startswith("the risk is LOW")
    s = replace(s, execution=begin(plan, on_board=True))
    [asked] = [action for action in decide(s).actions if isinstance(action, AskPerson)]
    assert "`/sluice approve` starts it" in asked.body
    assert not any(isinstance(action, AskPerson | Claim) for action in decide(replace(s, asked=(asked.mark,))).actions)
    never = ready(Planning("scout-builder", approve="never"), issue=issue(title="Delete the production database"))
    assert [each.approval for each in adopted(never)] == [""]


@pytest.mark.parametrize("plan", [Planning("scout-bilder"), Planning(labels={"large": "scout-bilder"})])
def test_a_playbook_that_is_not_there_starts_nothing(plan: Planning) -> None:
    """The policy's word was misspelt, or the team's file is gone: nothing is done without what it was to bring."""
    s = ready(plan, issue=issue(labels=("large",)))
    assert not any(isinstance(action, AdoptPlan | Claim) for action in decide(s).actions)
    assert "there is no playbook scout-bilder; there are auto, " in decide(s).reason


def test_a_teams_broken_playbook_starts_nothing() -> None:
    """And whoever asked for the work is told what is wrong with it."""
    s = ready(Planning("auto"), grounds=replace(GROUNDS, problem=".github/sluice/playbooks/x.toml: unknown key steps"))
    assert adopted(s) == [] and "unknown key steps" in decide(s).reason


@pytest.mark.parametrize(
    ("args", "problem"), [("", ""), ("scout-builder", ""), ("auto", ""), ("nonsense", "there is no playbook nonsense")]
)
def test_a_plan_is_made_when_somebody_asks(args: str, problem: str) -> None:
    """Shown at once, in whatever column the card stands."""
    s = snapshot("Backlog", grounds=GROUNDS, orders=(order("plan", args, by="wendy"),))
    decision = decide(s)
    assert (problem in decision.reason) and bool(adopted(s)) == (not problem)


def test_a_step_that_takes_turns_has_them_by_comments() -> None:
    """Its phase is looked at whenever it ends, and what is said of it goes to that step."""
    talk = Playbook(
        "talk", "Talked over.", (Stretch("Talk", (Part("Ask: {task}", "planner", interactive=True), Part("{task}"))),)
    )
    [plan] = adopted(ready(Planning("talk"), grounds=replace(GROUNDS, playbooks=(talk,))))
    assert plan.phases[0].approval == "step 1.1 takes turns with a person"
    both = [
        what
        for step in plan.steps
        for what in (Dispatched(ago(9), step.id, "c"), Recorded(ago(8), step.id, "complete", "c"))
    ]
    shown = carried_out(plan, (Started(ago(9), "wendy"), *both), on_board=True)
    s = in_plan(execution=shown, orders=(order("reject", "Ask about colours too", by="wendy"),))
    [back] = [each.what for each in decide(s).actions if isinstance(each, NotePlan)]
    assert isinstance(back, SentBack) and back.step == "1.1" and "colours" in back.why


def test_a_teams_documents_go_to_the_steps_whose_words_they_match() -> None:
    """Those that lie in the repository's folder for them, by the tags of their front matter or name."""
    texts = {
        ".github/sluice/knowledge/typos.md": "",
        ".github/sluice/knowledge/money.md": "---\ntags: [billing]\n---\n",
        ".github/sluice/knowledge/pack/other.md": "",
    }
    library = tuple(Tagged(path, tags_of(path, text)) for path, text in texts.items() if is_shared(path))
    assert [each.tags for each in library] == [("typos",), ("billing",)]
    s = ready(Planning("scout-builder"), grounds=replace(GROUNDS, library=library), issue=issue(title="Fix the typos"))
    assert {path for plan in adopted(s) for step in plan.steps for path in step.knowledge} == {next(iter(texts))}


def reopened(edited: bool, **facts: Any) -> Snapshot:
    """Closed in the middle of its plan, reopened, and moved to Ready again."""
    e = carried_out(PLAN, STEPS_DONE[:3], on_board=True)
    again = issue(reopened_at=ago(4), **({"editor": "wendy", "edited_at": ago(4)} if edited else {}))
    return ready(Planning(), execution=e, issue=again, moves=(move("Ready", minutes_ago=3),), **facts)


@pytest.mark.parametrize("edited", [True, False])
def test_a_reopened_issues_plan_goes_on_and_sees_to_what_was_edited(edited: bool) -> None:
    """What is done stays done; a step more compares it with the text, where that is another since the plan began."""
    s = reopened(edited)
    found = [what for each in decide(s).actions if isinstance(each, NotePlan) for what in each.all]
    assert [type(what) for what in found] == ([Amended] if edited else [])
    assert edited or any(isinstance(action, Claim) for action in decide(s).actions)
    if edited and s.execution:
        e = after(s.execution, found[0])
        assert [(p.phase.name, p.phase.gate) for p in e.phases[-1:]] == [("As it reads now", PLAN.phases[0].gate)]
        assert any(isinstance(action, Claim) for action in decide(replace(s, execution=e)).actions), "noted once"
        assert s.issue
        later = replace(s, now=NOW + timedelta(hours=1), issue=replace(s.issue, reopened_at=NOW + timedelta(minutes=9)))
        later = replace(later, execution=e, moves=(move("Ready", minutes_ago=-10),))
        assert any(isinstance(action, Claim) for action in decide(later).actions), "nor again when it is reopened again"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"execution": carried_out(PLAN, STEPS_DONE[:4], on_board=True)}, "1 of 3 steps are done and stay so"),
        ({"plans_over": 1}, "It gets a new plan"),
        ({}, REOPENED),
    ],
)
def test_what_becomes_of_a_reopened_issues_plan_is_told(facts: dict[str, Any], told: str) -> None:
    """Before anybody moves the card, below the summary that stands there, once."""
    again = issue(state_reason="REOPENED", reopened_at=ago(4))
    s = ready(
        Planning("scout-builder"), item=item(done="closed", spent="m"), issue=again, moves=(move("Ready", key="m"),),
        status=StatusComment("c", "**Over.**"), **facts,
    )  # fmt: skip
    s = replace(s, face=replace(snapshot("Backlog").face, column="Backlog"))  # type: ignore[type-var]
    [said] = [action.body for action in decide(s).actions if isinstance(action, SayStatus)]
    assert told in said and said.count(AGAIN) == 1
    assert not any(isinstance(a, SayStatus) for a in decide(replace(s, status=StatusComment("c", said))).actions)
