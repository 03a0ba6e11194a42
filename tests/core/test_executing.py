"""What is decided for an item that has a plan: who gets which step, what comes of it, and who is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.actions import (
    Action,
    AskPerson,
    Claim,
    Dispatch,
    DispatchWorkflow,
    Fold,
    LoseRun,
    MoveCard,
    NotePlan,
    Park,
    PushBranch,
    RunGate,
    SayStatus,
    SendBack,
    StopRun,
    Tell,
)
from bot.core.decide import decide
from bot.core.item import Parked
from bot.core.plans.execution import after
from bot.core.plans.happened import (
    Amended,
    Answered,
    Completed,
    Dispatched,
    GateJudged,
    Happened,
    Recorded,
    SentBack,
    Started,
)
from bot.core.plans.overlap import Busy
from bot.core.plans.plan import Gate
from bot.core.run import Peer, Run
from bot.core.snapshot import Snapshot
from bot.core.worktree import FileChange
from tests.core.facts import (
    CODE,
    DOCS,
    GIVEN,
    PHASE_OVER,
    PLAN,
    PLAN_OVER,
    STEPS_DONE,
    ago,
    claim,
    claimed,
    gate_run,
    go_ahead,
    in_plan,
    item,
    order,
    outcome,
    peer,
    policy,
    result,
    step_run,
)

BOTH = (*GIVEN, Dispatched(ago(8), "1.2", "claude", "s2", True))
WIDE = {"peers": (peer(capacity=5),), "policy": policy(commands=("make test",), running=5)}


def done(s: Snapshot, *kinds: type[Action]) -> list[Any]:
    """The actions of those kinds."""
    return [action for action in decide(s).actions if not kinds or isinstance(action, kinds)]


def happened(s: Snapshot, kind: type[Happened]) -> list[Any]:
    return [what for each in done(s, NotePlan) for what in each.all if isinstance(what, kind)]


def test_a_plan_is_started_and_its_steps_are_given_out_side_by_side() -> None:
    """Each is a run of its own, in a worktree of its own, and noted behind its admission."""
    assert happened(in_plan(**WIDE), Started)
    s = in_plan(GIVEN[0], **WIDE)
    runs = [action.run for action in done(s, SendBack)]
    assert [(run.step, run.own_tree, run.round) for run in runs] == [("1.1", "1.1", 1), ("1.2", "1.2", 1)]
    assert [each.run for each in happened(s, Dispatched)] == [run.key for run in runs]
    assert "Write the code" in runs[0].brief and "It says teh." in runs[0].brief


def test_documents_are_named_in_the_brief_and_once_for_a_plan_to_be_read() -> None:
    """By their paths, which lie in the worktree; who comes later is told that it was read before."""
    code, docs = (replace(step, knowledge=("doc/shop.md",)) for step in (CODE, DOCS))
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], steps=(code, docs)),))
    s = in_plan(GIVEN[0], plan=plan, **WIDE)
    first, second = (action.run.brief for action in done(s, SendBack))
    assert "- `doc/shop.md`: read it first" in first and "- `doc/shop.md`: it was read before" in second
    assert [each.delivered for each in happened(s, Dispatched)] == [("doc/shop.md",)] * 2


def test_no_more_are_given_out_than_there_is_room_for() -> None:
    """The other waits for a slot, and is not noted."""
    s = in_plan(GIVEN[0], peers=(peer(capacity=1),))
    assert [each.step for each in happened(s, Dispatched)] == ["1.1"]


def test_a_step_goes_to_the_agent_it_names() -> None:
    """Else to whoever takes the item."""
    s = in_plan(GIVEN[0], **{**WIDE, "peers": (peer(), peer("writer"))})
    assert [action.run.peer for action in done(s, SendBack)] == ["claude", "writer"]


def test_a_step_is_done_by_the_model_it_names() -> None:
    """Where its agent has none of its own, and its program knows such names."""
    code, docs = replace(CODE, model="opus"), replace(DOCS, model="haiku")
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], steps=(code, docs)),))
    own = Peer("writer", "claude", (), model="sonnet")
    s = in_plan(GIVEN[0], plan=plan, **{**WIDE, "peers": (Peer("backend", "claude", ()), own)})
    assert [(action.run.peer, action.run.model) for action in done(s, SendBack)] == [
        ("backend", "opus"),
        ("writer", ""),
    ]


def test_a_run_that_was_admitted_before_a_crash_is_noted_and_not_made_again() -> None:
    """Its key is the same."""
    s = in_plan(GIVEN[0], **WIDE)
    keys = [action.run.key for action in done(s, SendBack)]
    again = replace(s, runs=tuple(step_run(f"1.{n}", key, "admitted") for n, key in enumerate(keys, 1)))
    assert done(again, SendBack) == [] and [each.run for each in happened(again, Dispatched)] == keys


def test_work_comes_together_in_the_plans_order() -> None:
    """The later step waits for the earlier that is still at work; then each is taken in."""
    s = in_plan(*BOTH, runs=(step_run("1.1", "s1", "running"), step_run("1.2", "s2")), **WIDE)
    assert done(s, Fold) == []
    s = replace(s, runs=(step_run("1.1", "s1"), step_run("1.2", "s2")))
    assert [(fold.step, fold.head) for fold in done(s, Fold)] == [("1.1", "w-s1")]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (step_run("1.1", "s1", ended="failed"), "agent claude failed"),
        (step_run("1.1", "s1", ended="timed_out"), "agent claude ran out of time"),
        (step_run("1.1", "s1", work=result("b0")), "nothing changed"),
        (step_run("1.1", "s1", work=result("w", "a.py", unresolved=("a.py",))), "left conflict markers in a.py"),
        (step_run("1.1", "s1", work=None), "nothing changed"),
    ],
)
def test_what_an_agent_says_proves_nothing(run: Run, why: str) -> None:
    """A step that brought nothing has failed, whatever was said."""
    (recorded,) = happened(in_plan(*GIVEN, runs=(run,), **WIDE), Recorded)
    assert recorded.status == "failed" and why in recorded.error


@pytest.mark.parametrize(
    ("step", "files", "wrong"),
    [
        (replace(CODE, deliverables=("a.py",)), ("a.py",), ""),
        (replace(CODE, deliverables=("a.py", "tests")), ("a.py", "b.py"), "what it was to deliver is not there: tests"),
        (
            replace(CODE, deliverables=(".sluice/plan.md",)),
            ("a.py",),
            "what it was to deliver is not there: .sluice/plan.md",
        ),
        (replace(CODE, allowed_paths=("src/**",)), ("src/a.py",), ""),
        (replace(CODE, allowed_paths=("src/**",)), ("src/a.py", "x.py"), "it changed files beyond those it may: x.py"),
        (replace(CODE, blocked_paths=("infra",)), ("infra/a.tf",), "it changed what it was not to touch: infra/a.tf"),
    ],
)
def test_a_step_is_verified_by_what_it_left(step: Any, files: tuple[str, ...], wrong: str) -> None:
    """Its deliverables are there, and it kept within its bounds."""
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], steps=(step, DOCS)), *PLAN.phases[1:]))
    s = in_plan(*GIVEN, plan=plan, runs=(step_run("1.1", "s1", work=result("w", *files)),), **WIDE)
    found = happened(s, Recorded)
    assert [each.error for each in found] == ([wrong] if wrong else [])
    assert bool(done(s, Fold)) == (not wrong)


def test_a_failed_step_lets_the_others_end_and_then_needs_a_person() -> None:
    """What the others did is kept, and whoever asks again has the failed step alone done once more."""
    failed = Recorded(ago(6), "1.1", "failed", "claude", error="it changed nothing", run="s1")
    runs = (step_run("1.1", "s1"), step_run("1.2", "s2", "running"))
    assert done(in_plan(*BOTH, failed, runs=runs, **WIDE), Park) == []
    other = Recorded(ago(5), "1.2", "complete", "claude", run="s2", work=result("h1", "b.md"))
    runs = (runs[0], step_run("1.2", "s2"))
    (parked,) = done(in_plan(*BOTH, failed, other, runs=runs, **WIDE), Park)
    assert parked.reason == "step 1.1 (backend) failed: it changed nothing"
    again = claimed(claim=claim(go_ahead(key="order:9")))
    (back,) = happened(in_plan(*BOTH, failed, other, runs=runs, item=again, **WIDE), SentBack)
    assert (back.step, back.causes) == ("1.1", ("go:order:9",))


def test_the_machines_failures_are_none_of_the_steps() -> None:
    """A lost run goes on, one that never began is handed out, one that is gone is noted."""
    assert done(in_plan(*GIVEN, runs=(step_run("1.1", "s1", ended="lost"),), **WIDE), SendBack)[0].run.restart
    assert done(in_plan(*GIVEN, runs=(step_run("1.1", "s1", "admitted"),), **WIDE), Dispatch)
    gone = in_plan(*GIVEN, runs=(step_run("1.1", "s1", "running"),), lost=frozenset(["s1"]), **WIDE)
    assert done(gone, LoseRun)


def test_a_question_waits_until_the_others_have_ended() -> None:
    """Then a person is asked."""
    asked = step_run("1.2", "s2", ended="asked")
    s = in_plan(*BOTH, runs=(step_run("1.1", "s1", "running"), asked), **WIDE)
    assert done(s, Park) == []
    s = in_plan(*STEPS_DONE[:4], runs=(step_run("1.1", "s1"), asked), **WIDE)
    assert done(s, Park)[0].reason.startswith("agent claude asks:") and "Which colour?" in done(s, AskPerson)[0].body


def test_everything_that_works_on_a_plan_is_stopped() -> None:
    """Pausing the item ends each of its agents."""
    runs = (step_run("1.1", "s1", "running"), step_run("1.2", "s2", "running"))
    s = in_plan(*BOTH, runs=runs, item=claimed(paused_by="mona"), **WIDE)
    assert len(done(s, StopRun)) == 2
    again = decide(s).look_again_at
    assert again and again > s.now, "one the engine had not begun again would be ended by nobody"


def test_approval_comes_before_the_gate_and_is_asked_for_once() -> None:
    """With nothing running, and not again while it stands."""
    s = in_plan(*STEPS_DONE, **WIDE)
    (asked,) = done(s, AskPerson)
    assert "needs your approval" in asked.body and "`/sluice approve`" in asked.body
    assert decide(s).waits_for == "person" and done(s, RunGate) == []
    assert done(replace(s, asked=(asked.mark,)), AskPerson) == []


def test_the_gate_is_run_on_what_all_steps_did() -> None:
    """Failed it sends the phase's last builder back with the output; passed it opens the next phase."""
    s = in_plan(*PHASE_OVER[:-1], **WIDE)
    (gate,) = done(s, RunGate)
    assert (gate.command, gate.head) == ("make test", "h1")
    red = gate_run(state="failed", detail="1 failed")
    (back,) = happened(replace(s, gate_runs=(red,)), SentBack)
    assert back.step == "1.2" and "1 failed" in back.why
    (judged,) = happened(replace(s, gate_runs=(gate_run(),)), GateJudged)
    assert judged.passed and judged.how == "command"


def test_while_a_gate_runs_card_and_status_say_so() -> None:
    """Whoever asked for another attempt meanwhile has the card in Ready."""
    s = in_plan(*PHASE_OVER[:-1], **WIDE)
    assert done(s, MoveCard, SayStatus) == [], "the card is there, and the status is worth no write of its own"
    ready = replace(s, face=replace(s.face, column="Ready")) if s.face else s
    assert done(ready, MoveCard) == [MoveCard("In Progress")] and done(ready, RunGate)
    runs = replace(ready, gate_runs=(gate_run(state="running"),))
    assert done(runs, MoveCard, SayStatus)[0] == MoveCard("In Progress")
    assert "2 of 3 steps are done" in done(runs, SayStatus)[0].body


def test_after_its_rounds_a_red_gate_needs_a_person() -> None:
    """And whoever asks again gives it one more."""
    s = in_plan(*PHASE_OVER[:-1], GateJudged(ago(1), 1, False, head="h1"), runs=(step_run("1.2", "s2"),), **WIDE)
    red = gate_run(state="failed", detail="1 failed")
    told = done(replace(s, gate_runs=(red,)), Park)[0].reason
    assert told == "the gate of phase 1 failed: `make test` failed"
    assert done(s, Park)[0].reason == "the gate of phase 1 failed"
    s = replace(s, item=claimed(claim=claim(go_ahead(key="order:9"))))
    assert [back.step for back in happened(s, SentBack)] == ["1.2"]


def test_a_plan_that_is_over_is_pushed_as_one_result() -> None:
    """All its files, as the work of who changed something last."""
    runs = (step_run("1.1", "s1"), step_run("1.2", "s2", peer="writer"), step_run("2.1", "s3"))
    assert happened(in_plan(*PLAN_OVER[:-1], runs=runs, **WIDE), Completed)
    s = in_plan(*PLAN_OVER, runs=runs, **{**WIDE, "policy": policy()})
    assert s.last_run and s.last_run.peer == "writer"
    assert [type(action).__name__ for action in decide(s).actions][:2] == ["PushBranch", "OpenPull"]
    assert s.last_run.work and FileChange("b.md", 3, 1) in s.last_run.work.files


def test_a_plan_that_ended_after_another_attempt_was_asked_for_is_pushed() -> None:
    """Its gate could not be judged at first: no step had to be done again, and none is."""
    runs = (step_run("1.1", "s1"), step_run("1.2", "s2"), step_run("2.1", "s3"))
    again = claimed(claim=claim(go_ahead(key="order:9")))
    s = in_plan(*PLAN_OVER, runs=runs, item=again, **{**WIDE, "policy": policy()})
    assert [type(action).__name__ for action in decide(s).actions][:2] == ["PushBranch", "OpenPull"]


def test_only_what_was_seen_is_approved() -> None:
    """The plan as the look before found it; a word that was on its way when something happened is not heard."""
    s = in_plan(*STEPS_DONE, orders=(order("approve", by="mona"),), **WIDE)
    assert happened(s, Answered) == []
    seen = replace(s.orders[0], saw=(f"plan:task-a-0001:{ago(6).isoformat()}",))
    (answer,) = happened(replace(s, orders=(seen,)), Answered)
    assert (answer.phase, answer.answer, answer.by) == (1, "approve", "mona")
    words = replace(seen, args="also rename the logo")
    s = replace(s, orders=(words,))
    e = s.execution
    for what in happened(s, Amended) + happened(s, Answered):
        assert e
        e = after(e, what)
    assert e and [state.phase.name for state in e.phases] == ["Build", "Remediation", "Look"]
    assert "also rename the logo" in e.phases[1].steps[0].step.task


def test_a_rejected_phase_goes_back() -> None:
    """To whoever changed files last, with the words, and is shown again."""
    s = in_plan(*STEPS_DONE, orders=(order("reject", "not like that", by="wendy"),), **WIDE)
    (back,) = happened(s, SentBack)
    assert back.step == "1.2" and "not like that" in back.why


def test_what_was_done_again_is_shown_again() -> None:
    """Also where no file is changed: what a planner wrote was rejected, and is asked about once more."""
    look = replace(PLAN.phases[1], approval="people read it first")
    done_once = Dispatched(ago(8), "2.1", "claude", "s3", True), Recorded(ago(7), "2.1", "complete", "claude", run="s3")
    plan = replace(PLAN, phases=(look,))
    s = in_plan(GIVEN[0], *done_once, plan=plan, **WIDE)
    [asked] = done(s, AskPerson)
    back = SentBack(ago(6), "2.1", "not like that", ("order:1",))
    again = Dispatched(ago(5), "2.1", "claude", "s4", True), Recorded(ago(4), "2.1", "complete", "claude", run="s4")
    s = in_plan(GIVEN[0], *done_once, back, *again, plan=plan, asked=(asked.mark,), **WIDE)
    assert [action.mark != asked.mark for action in done(s, AskPerson)] == [True]


def test_a_limited_agents_step_is_taken_by_another() -> None:
    """Without using an attempt; where there is none it waits."""
    limited = step_run("1.1", "s1", outcome=outcome("limited"))
    s = in_plan(*GIVEN, runs=(limited,), **WIDE)
    assert done(s, SendBack)[0].run.restart  # its provider takes work again by now


def test_a_card_stands_in_its_phases_column_where_the_board_has_one() -> None:
    """Else in the one for work under way."""
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], column="BUILD"), *PLAN.phases[1:]))
    s = in_plan(GIVEN[0], plan=plan, options=("Ready", "In Progress", "Build"), **WIDE)
    assert [card.column for card in done(s, MoveCard)] == ["Build"]
    assert done(replace(s, options=("Ready", "In Progress")), MoveCard) == []
    assert done(replace(s, options=("Ready", "In Progress", "Done"), execution=None), MoveCard) == []


def test_a_phase_is_judged_by_a_workflow_on_what_is_pushed() -> None:
    """Pushed first, then dispatched, and passed only by that very head; protected files keep it from being pushed."""
    gate = Gate(("make test",), "gate.yml")
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], gate=gate), *PLAN.phases[1:]))
    s = in_plan(*PHASE_OVER[:-1], plan=plan, gate_runs=(gate_run(),), **WIDE)
    assert [push.head for push in done(s, PushBranch)] == ["h1"]
    s = replace(s, branch_head="h1")
    assert [each.file for each in done(s, DispatchWorkflow)] == ["gate.yml"]
    ran = replace(gate_run(), gate="workflow:gate.yml")
    assert happened(replace(s, gate_runs=(gate_run(), replace(ran, head="h0"))), GateJudged) == []
    assert [each.passed for each in happened(replace(s, gate_runs=(gate_run(), ran)), GateJudged)] == [True]
    red = replace(ran, state="failed")
    assert [back.step for back in happened(replace(s, gate_runs=(gate_run(), red)), SentBack)] == ["1.2"]
    e = after(s.execution, GateJudged(ago(1), 1, False, head="h1")) if s.execution else None
    (asked,) = done(replace(s, execution=e, gate_runs=(gate_run(), red)), Park)
    assert asked.reason.startswith("the gate of phase 1 failed: `gate.yml`: "), "it is said which"
    touched = policy(commands=("make test",), protected=("b.md",), running=5)
    (parked,) = done(replace(s, branch_head=None, policy=touched), Park)
    assert parked.reason == "the result so far changes protected files: b.md"


def test_a_step_waits_for_another_items_agent_that_changes_the_same_files() -> None:
    """By what plans say and what runs have told; the others of its plan begin meanwhile, and the reason says it."""
    code = replace(CODE, allowed_paths=("src/**",))
    plan = replace(PLAN, phases=(replace(PLAN.phases[0], steps=(code, DOCS)), *PLAN.phases[1:]))
    busy = (Busy("#7", ("docs/a.md", "src/shop.py")),)
    s = in_plan(GIVEN[0], plan=plan, busy=busy, **WIDE)
    assert [action.run.step for action in done(s, SendBack)] == ["1.2"]
    alone = in_plan(GIVEN[0], plan=replace(plan, phases=(replace(plan.phases[0], steps=(code,)),)), busy=busy, **WIDE)
    assert decide(alone).waits_for == "slot"
    assert decide(alone).reason == "step 1.1 waits: an agent of #7 changes src/shop.py, which it may change too"


def test_what_was_finished_is_not_done_again_for_another_attempt() -> None:
    """It ended while the item was being stopped; whoever asks for another attempt finds it taken in."""
    again = claimed(claim=claim(go_ahead(key="order:9")))
    s = in_plan(*GIVEN, runs=(step_run("1.1", "s1"),), item=again, **WIDE)
    assert [fold.step for fold in done(s, Fold)] == ["1.1"]
    s = in_plan(*GIVEN, runs=(step_run("1.1", "s1", ended="cancelled"),), item=again, **WIDE)
    assert [back.step for back in happened(s, SentBack)] == ["1.1"]


def test_an_answer_lets_the_step_that_asked_go_on() -> None:
    """Its words are kept for the agent, and the plan gives the step out again."""
    asked = step_run("1.1", "s1", ended="asked")
    parked = item(parked=Parked("agent claude asks: `Which colour?`", ago(2), True), go_ahead=go_ahead())
    s = in_plan(*GIVEN, runs=(asked,), item=parked, orders=(order("answer", "red", by="wendy"),), **WIDE)
    assert [type(action) for action in decide(s).actions][:3] == [Tell, NotePlan, Claim]
    (back,) = happened(s, SentBack)
    assert (back.step, back.causes) == ("1.1", ("order:c-answer",))


def test_the_result_is_mended_by_who_built_it() -> None:
    """Not by the scout or the reviewer who had the last word."""
    runs = (step_run("1.1", "s1"), step_run("1.2", "s2", peer="writer"), step_run("2.1", "s3", peer="eye"))
    s = in_plan(*PLAN_OVER, runs=runs, **{**WIDE, "peers": (peer(), peer("writer"), peer("eye"))})
    broken = replace(s, gate_runs=(gate_run(state="failed"),))
    assert [action.run.peer for action in done(broken, SendBack)] == ["writer"]
