"""A plan driven by hand, verb by verb, as the specification's first run has it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from bot.core.plans.happened import Amended, Answered, Dispatched, GateJudged, Recorded, Started
from bot.core.plans.plan import Gate, Member, Phase, Plan, Step
from tests.plans.shop import BUILD, LOOK, PLAN, TASK, Shop

OTHER = "task-other-0001"
Happening = TypeVar("Happening", Recorded, GateJudged, Amended)


AGAIN = """
import asyncio
from datetime import UTC, datetime
from bot.core.plans.happened import Dispatched, Recorded, SentBack
from bot.ledger.open import open_ledger

async def again():
    ledger, now = await open_ledger({url!r}), datetime.now(UTC)
    back, given = SentBack(now, "1.1", ""), Dispatched(now, "1.1", "x")
    await ledger.happen({task!r}, back, given, Recorded(now, "1.1", "complete", "x"))
    await ledger.close()

asyncio.run(again())
"""


def test_the_first_run_as_the_specification_has_it(shop: Shop) -> None:
    """Every label of it, from the first action to the files at the end."""
    shop.save()
    begun = shop.execute("start").out.splitlines()
    assert begun[:7] == [
        "ACTION: DISPATCH",
        "Agent: backend-engineer--python",
        "Model: sonnet",
        "Step: 1.1",
        "Message: Dispatch agent 'backend-engineer--python' for step 1.1.",
        "--- Delegation Prompt ---",
        "# Agent Task: 1.1 — Add request logging middleware",
    ]
    assert "Read .sluice/context.md for shared project context." in begun
    assert begun[-2:] == ["--- End Prompt ---", f"Session binding: export SLUICE_TASK_ID={TASK}"]
    given = shop.execute("dispatched", "--step-id", "1.1", "--agent", BUILD.agent)
    assert given.out == '{"status": "dispatched", "step_id": "1.1"}\n'
    shop.write("app/middleware.py")
    sha = shop.commit("step 1.1: backend-engineer--python complete")
    words = ("--status", "complete", "--outcome", "Added it", "--files", "app/middleware.py,app/main.py")
    done = shop.execute("record", "--step-id", "1.1", "--agent", BUILD.agent, *words, "--commit", sha[:7])
    assert (done.out, done.err) == ("Recorded: step 1.1 (backend-engineer--python) — complete\n", "")
    gate = shop.execute("next").out.splitlines()
    assert gate[0] == "ACTION: GATE"
    assert [line.partition(":")[0] for line in gate[1:]] == ["Type", "Phase", "Command", "Message"]
    assert "Command: test -f app/middleware.py" in gate
    assert shop.execute("gate", "--phase-id", "1", "--result", "pass").out == "Gate recorded: phase 1 — PASS\n"
    assert "Agent: code-reviewer\n" in shop.execute("next").out
    shop.execute("dispatched", "--step", "2.1", "--agent", "code-reviewer")
    assert shop.execute("next").out.startswith("ACTION: WAIT\nSteps: 2.1\n")
    looked = shop.execute("record", "--step", "2.1", "--agent", "code-reviewer", "--status", "complete")
    assert looked.out == "Recorded: step 2.1 (code-reviewer) — complete\n"
    assert shop.execute("next").out == f"ACTION: COMPLETE\nSummary: Task {TASK} completed successfully.\n"
    end = shop.execute("complete").out.splitlines()
    assert end[0] == f"Task {TASK} completed."
    assert end[1].startswith("Steps: 2/2 | Gates passed: 1 | Elapsed: ") and end[1].endswith("s")
    assert end[2:] == [f"Trace: .sluice/traces/{TASK}.json", f"Retrospective: .sluice/retrospectives/{TASK}.md"]
    trace = json.loads((shop.folder / f"traces/{TASK}.json").read_text())
    assert trace["outcome"] == "complete" and [each["type"] for each in trace["events"]].count("recorded") == 2
    assert "## What worked" in (shop.folder / f"retrospectives/{TASK}.md").read_text()
    assert shop.git("status", "--short") == ""


@pytest.mark.parametrize("status", ["pass", "done", "COMPLETE"])
def test_a_step_is_complete_or_failed_and_nothing_else(shop: Shop, status: str) -> None:
    """Any other word is its user's mistake, and nothing is recorded."""
    _dispatched(shop)
    said = shop.execute("record", "--step-id", "1.1", "--agent", BUILD.agent, "--status", status)
    assert said.code == 2 and "'complete', 'failed'" in said.err
    assert not any(isinstance(each, Recorded) for each in shop.happened())


def test_who_claims_success_and_delivers_nothing_has_failed(shop: Shop) -> None:
    """What was to be delivered is not there: recorded as failed, said plainly, exit code 1, and how it goes on."""
    _dispatched(shop)
    shop.write("app/other.py")
    said = shop.execute("record", "--step-id", "1.1", "--status", "complete", "--outcome", "All done!")
    assert said.code == 1
    assert said.out == "Recorded: step 1.1 (backend-engineer--python) — failed\n"
    assert said.err == ("sluice: step 1.1 counts as failed: what it was to deliver is not there: app/middleware.py\n")
    stuck = shop.execute("next")
    assert stuck.code == 1 and stuck.out.startswith("ACTION: FAILED\nMessage: step 1.1 (backend-engineer--python)")
    assert "sluice execute retry-step --step-id 1.1" in stuck.out
    assert stuck.out.splitlines()[-1] == f"Retrospective: .sluice/retrospectives/{TASK}.md"
    assert "failed: what it was to deliver is not there" in (shop.folder / f"retrospectives/{TASK}.md").read_text()
    assert shop.execute("retry-step", "--step-id", "1.1").code == 0
    again = shop.execute("next").out
    assert "## It came back: mend this" in again and "what it was to deliver is not there" in again


def test_who_changes_by_hand_what_it_may_not_has_failed(shop: Shop) -> None:
    """As a run would have: the plan's paths hold for both; what others changed beside it is not held against it."""
    shop.save(_with_steps(replace(BUILD, deliverables=(), blocked_paths=("infra",))))
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("infra/main.tf")
    words = ("record", "--step-id", "1.1", "--status", "complete", "--files")
    assert "it changed what it was not to touch: infra/main.tf" in shop.execute(*words, "infra/main.tf").err
    shop.execute("retry-step", "--step-id", "1.1")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("infra/other.tf")
    shop.write("app/middleware.py")
    assert shop.execute(*words, "app/middleware.py").code == 0


def test_a_step_that_changes_files_and_changed_none_has_failed(shop: Shop) -> None:
    """Files it names that did not change are no proof, and neither is what lay there before it began."""
    plan = _with_steps(replace(BUILD, deliverables=()))
    shop.write("before.py")
    shop.save(plan)
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    said = shop.execute("record", "--step-id", "1.1", "--files", "before.py")
    assert said.code == 1 and "it was to change files, and nothing changed" in said.err
    shop.execute("retry-step", "--step-id", "1.1")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("app/new.py")
    assert shop.execute("record", "--step-id", "1.1").code == 0
    assert _last(shop, Recorded).files == ("app/new.py",)


def test_a_step_that_changed_what_was_not_its_to_change_has_failed(shop: Shop) -> None:
    """Of what it names; of all that changed, while nobody else is at work in the same tree."""
    kept = replace(BUILD, deliverables=(), allowed_paths=("app/**",), blocked_paths=(".github/**",))
    shop.save(_with_steps(kept, replace(kept, id="1.2", allowed_paths=("web/**",))))
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.execute("dispatched", "--step-id", "1.2")
    shop.write("app/new.py")
    shop.write("web/new.js")
    assert shop.execute("record", "--step-id", "1.1").code == 0
    said = shop.execute("record", "--step-id", "1.2", "--files", "web/new.js,app/new.py")
    assert said.code == 1 and "it changed files beyond those it may: app/new.py" in said.err
    shop.execute("retry-step", "--step-id", "1.2")
    shop.execute("dispatched", "--step-id", "1.2")
    shop.write(".github/workflows/ci.yml")
    said = shop.execute("record", "--step-id", "1.2")
    assert said.code == 1 and "it changed what it was not to touch: .github/workflows/ci.yml" in said.err


def test_though_the_clock_was_set_back_what_is_done_again_happens_again(shop: Shop) -> None:
    """The last that happened lies in the future: the same step, given to the same agent, is given once more."""
    shop.save()
    shop.let(Started(datetime(2999, 1, 1, tzinfo=UTC), "mona"))
    for _ in range(2):
        assert shop.execute("dispatched", "--step-id", "1.1").code == 0
        assert shop.execute("retry-step", "--step-id", "1.1").code == 0
    assert [each.kind for each in shop.happened()] == ["started", *("dispatched", "sent-back") * 2]


def test_a_name_with_brackets_is_a_name_and_stars_are_a_pattern(shop: Shop) -> None:
    """As routes of some frameworks are called."""
    shop.save(_with_steps(replace(BUILD, deliverables=("pages/[id].tsx", "app/*.py"))))
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("pages/[id].tsx")
    assert shop.execute("record", "--step-id", "1.1").code == 0


def test_a_commit_nobody_knows_is_noted_and_said(shop: Shop) -> None:
    """It changes nothing else."""
    _dispatched(shop)
    shop.write("app/middleware.py")
    said = shop.execute("record", "--step-id", "1.1", "--commit", "a4d82cf")
    assert said.code == 0 and "commit a4d82cf is not known here" in said.err
    assert _last(shop, Recorded).commit == "a4d82cf"


def test_what_is_handed_on_is_kept_by_the_ledger_and_named_to_the_next(shop: Shop) -> None:
    """By its path: nothing is pasted into a prompt."""
    scout = replace(BUILD, deliverables=(".sluice/relevant-files.md",), changes=False)
    shop.save(_with_steps(scout))
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    assert shop.execute("record", "--step-id", "1.1").code == 1
    shop.execute("retry-step", "--step-id", "1.1")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write(".sluice/relevant-files.md", "app/main.py:1 the app\n")
    assert shop.execute("record", "--step-id", "1.1").code == 0
    shop.execute("gate", "--phase-id", "1", "--result", "pass")
    prompt = shop.execute("next").out
    assert "Read `.sluice/relevant-files.md`: written by earlier steps." in prompt and "app/main.py:1" not in prompt


def test_a_gate_by_hand_is_attested_and_one_that_runs_is_not(shop: Shop) -> None:
    """`--run` really runs the commands; a red one prints its output, and what mends it is told that."""
    red = Gate(("echo looking; test -f there",))
    shop.save(replace(PLAN, phases=(replace(PLAN.phases[0], gate=red), PLAN.phases[1])))
    _built(shop)
    ran = shop.execute("gate", "--phase-id", "1", "--run", "--send-back")
    assert ran.code == 1 and ran.out.startswith("Gate recorded: phase 1 — FAIL\nlooking")
    judged = _last(shop, GateJudged)
    assert (judged.how, judged.passed) == ("command", False)
    assert "The gate `echo looking; test -f there` failed." in shop.execute("next").out
    _built(shop, again=True)
    assert shop.execute("gate", "--phase-id", "1", "--result", "fail", "--notes", "no").code == 0
    stuck = shop.execute("next")
    assert stuck.code == 1 and "retry-gate --phase-id 1" in stuck.out
    assert shop.execute("retry-gate", "--phase-id", "1").code == 0
    shop.execute("gate", "--phase-id", "1", "--result", "pass", "--gate-output", "looked at it")
    judged = _last(shop, GateJudged)
    assert (judged.how, judged.passed, judged.output) == ("attested", True, "looked at it") and judged.by


def test_a_verdict_on_work_that_changed_meanwhile_is_none(shop: Shop) -> None:
    """Somebody sends the phase back and it is done again, while its gate still runs over what was there before."""
    gate = Gate((f"{sys.executable} again.py",))
    shop.save(replace(PLAN, phases=(replace(PLAN.phases[0], gate=gate), PLAN.phases[1])))
    shop.write("again.py", AGAIN.format(url=shop.url, task=TASK))
    _built(shop)
    said = shop.execute("gate", "--phase-id", "1", "--run")
    assert said.code == 2 and "phase 1 changed while its gate ran" in said.err
    assert shop.execute("next").out.startswith("ACTION: GATE")


def test_approval_comes_before_the_gate_with_what_it_is_about(shop: Shop) -> None:
    """Rejected nothing goes on; approved with feedback, a phase of mending follows, behind the same gate."""
    shop.save(replace(PLAN, phases=(replace(PLAN.phases[0], approval="it touches logins"), PLAN.phases[1])))
    _built(shop)
    asked = shop.execute("next").out
    assert asked.startswith("ACTION: APPROVAL\nPhase: 1\nMessage: Phase 1 waits for approval: it touches logins\n")
    assert "--- Approval Context ---\n1.1 backend-engineer--python: Added it" in asked
    assert shop.execute("gate", "--phase-id", "1", "--result", "pass").code == 2
    shop.execute("approve", "--phase-id", "1", "--result", "reject")
    assert shop.execute("next").code == 1
    assert shop.execute("approve", "--phase-id", "1", "--result", "approve-with-feedback").code == 2
    words = ("--result", "approve-with-feedback", "--feedback", "Log the user too")
    said = shop.execute("approve", "--phase-id", "1", *words)
    assert said.out == "Approval recorded: phase 1 — approve-with-feedback\n"
    assert [type(each) for each in shop.happened()[-2:]] == [Answered, Amended]
    shop.execute("gate", "--phase-id", "1", "--result", "pass")
    assert "Step: 3.1\n" in (mending := shop.execute("next").out) and "Log the user too" in mending


def test_a_plan_is_approved_before_anything_starts(shop: Shop) -> None:
    """Nothing is dispatched before; what is asked about is the plan."""
    shop.save(approval="risk is HIGH", risk="HIGH", risk_reasons=("it deletes data",))
    begun = shop.execute("start").out
    assert begun.startswith("ACTION: APPROVAL\nPhase: 0\n") and "Risk: HIGH: it deletes data" in begun
    assert shop.execute("dispatched", "--step-id", "1.1").code == 2
    shop.execute("approve", "--phase-id", "0", "--result", "approve")
    assert shop.execute("next").out.startswith("ACTION: DISPATCH")


def test_all_that_may_begin_side_by_side_is_one_list(shop: Shop) -> None:
    """As JSON, members of a team each for themselves; what waits for them is not in it."""
    team = (Member("1.2.a", "scout", "look here"), Member("1.2.b", "scout-2", "look there"))
    steps = (
        replace(BUILD, deliverables=(), allowed_paths=("app/**",)),
        Step("1.2", "scouts", "Look around", team=team, changes=False),
        Step("1.3", "writer", "Write it up", depends_on=("1.1",)),
    )
    shop.save(_with_steps(*steps))
    shop.execute("start")
    first = shop.execute("next", "--all").json
    assert [(each["action"], each["step"]) for each in first] == [
        ("DISPATCH", "1.1"),
        ("DISPATCH", "1.2.a"),
        ("DISPATCH", "1.2.b"),
    ]
    for step in ("1.1", "1.2"):
        shop.execute("dispatched", "--step-id", step)
    assert [each["action"] for each in shop.execute("next", "--all").json] == ["WAIT"]
    one = shop.execute("team-record", "--step-id", "1.2", "--member-id", "a", "--outcome", "All well here")
    assert one.out == "Recorded: step 1.2.a (scout) — complete\n"
    assert shop.task().execution.find("1.2").state == "running"  # type: ignore[union-attr]
    other = shop.execute("team-record", "--step-id", "1.2.b", "--agent", "scout-2", "--output", "json")
    assert other.json["status"] == "complete"
    assert shop.task().execution.find("1.2").state == "complete"  # type: ignore[union-attr]


def test_a_plan_is_amended_and_what_is_done_stays(shop: Shop) -> None:
    """Phases by name and agent, steps by phase; said who and why."""
    shop.save()
    shop.execute("start")
    words = ("--add-phase", "Migration:backend-engineer--python", "--add-step", "2:dba:Look at the tables")
    said = shop.execute("amend", "--description", "Need migration step", *words)
    assert said.out == "Amended (amend-1): phase 3 (Migration), step 2.2 (dba)\n"
    assert [each.phase.number for each in shop.task().execution.phases] == [1, 3, 2]
    assert _last(shop, Amended).description == "Need migration step"
    assert shop.execute("amend", "--description", "x", "--add-phase", "Migration").code == 2
    assert shop.execute("amend", "--description", "x").code == 2


def test_an_interactive_step_takes_turns(shop: Shop) -> None:
    """Its agent's turn, then a person's, at most as often as the plan allows; then it is recorded."""
    shop.save(_with_steps(replace(BUILD, interactive=True, max_turns=2, deliverables=())))
    assert "Interactive: yes\nMax-Turns: 2\n" in shop.execute("start").out
    shop.execute("dispatched", "--step-id", "1.1")
    shop.execute("interact", "--step-id", "1.1", "--asked", "Which port?")
    waits = shop.execute("next").out
    assert waits.startswith("ACTION: INTERACT\n") and "Turn: 1/2\n" in waits and "Which port?" in waits
    said = shop.execute("interact", "--step-id", "1.1", "--input", "8080")
    assert said.out == "Interaction recorded: step 1.1 — turn 1/2; the next is its agent's\n"
    assert shop.execute("interact", "--step-id", "1.1", "--input", "and TLS").code == 0
    assert shop.execute("interact", "--step-id", "1.1", "--input", "and more").code == 2
    assert shop.execute("interact", "--step-id", "1.1", "--input", "x", "--done").code == 2
    shop.write("app/port.py")
    assert shop.execute("record", "--step-id", "1.1").code == 0


def test_after_an_interruption_what_was_dispatched_by_hand_is_shown_again(shop: Shop) -> None:
    """No step is given up, and none is dispatched twice."""
    _dispatched(shop)
    assert shop.execute("next").out.startswith("ACTION: WAIT")
    again = shop.execute("resume").out
    assert again.startswith("ACTION: DISPATCH\n") and "Step: 1.1\n" in again
    taken = shop.execute("dispatched", "--step-id", "1.1")
    assert taken.code == 2 and "in the hands of backend-engineer--python already" in taken.err
    assert sum(isinstance(each, Dispatched) for each in shop.happened()) == 1
    shop.write("app/middleware.py")
    shop.execute("record", "--step-id", "1.1")
    assert shop.execute("resume").out.startswith("ACTION: GATE")


def test_many_tasks_at_once_and_which_is_meant(shop: Shop) -> None:
    """--task-id before SLUICE_TASK_ID before the active one, before the only one; the list tells them apart."""
    shop.save()
    (shop.folder / "active-task-id.txt").unlink()
    assert f"Task: {TASK}\n" in shop.execute("status").out
    shop.save(task_id=OTHER, summary="Another")
    for task in (TASK, OTHER):
        assert shop.execute("start", "--task-id", task).code == 0
    assert shop.execute("status").out.startswith(f"Task: {OTHER}\nBound: to the active task\nStatus: running\n")
    shop.monkeypatch.setenv("SLUICE_TASK_ID", TASK)
    assert shop.execute("status").out.startswith(f"Task: {TASK}\nBound: by SLUICE_TASK_ID\n")
    assert f"Task: {OTHER}\n" in shop.execute("status", "--task-id", OTHER).out
    listed = shop.execute("list", "--output", "json").json["tasks"]
    assert {row["task_id"]: row["active"] for row in listed} == {TASK: True, OTHER: False}
    starred = next(line for line in shop.execute("list").out.splitlines() if line.startswith("*"))
    assert starred.split()[:4] == ["*", TASK, "running", "0/2"]
    switched = shop.execute("switch", OTHER)
    assert switched.out.startswith(f"Active task: {OTHER}\n") and "stays bound to" in switched.out
    assert shop.execute("switch", "task-nowhere").code == 2


def test_status_says_where_it_stands(shop: Shop) -> None:
    """Task, phase, steps, gates, elapsed, who has what, and the tokens as far as they are known."""
    _dispatched(shop)
    lines = dict(line.split(": ", 1) for line in shop.execute("status").out.splitlines())
    assert lines["Phase"] == "1 — Implementation" and lines["Steps"] == "0/2"
    assert lines["Gates"] == "0 passed, 0 failed" and lines["Elapsed"].endswith("s")
    assert lines["Under way"] == "1.1 (backend-engineer--python)"
    assert "none yet: pass --session-id" in lines["Usage"]


def test_a_cancelled_task_is_over(shop: Shop) -> None:
    """With its reason; it is filed, and nothing more happens to it."""
    shop.save()
    shop.execute("start")
    said = shop.execute("cancel", "--reason", "not wanted").out
    assert said.splitlines()[0] == f"Task {TASK} cancelled."
    assert "gave the task up: not wanted" in (shop.folder / f"retrospectives/{TASK}.md").read_text()
    assert json.loads((shop.folder / f"traces/{TASK}.json").read_text())["outcome"] == "cancelled"
    assert shop.execute("cancel").out == said
    assert "not wanted" in shop.execute("next").out
    assert shop.execute("dispatched", "--step-id", "1.1").code == 2
    assert shop.execute("status", "--output", "json").json["status"] == "cancelled"


def test_mistakes_are_sentences(shop: Shop) -> None:
    """No task, a task not started, a step that is not there or not due, a phase without an end: exit code 2."""
    assert shop.execute("next").code == 2
    shop.save()
    _mistaken(shop, "has not been started", "next")
    _mistaken(shop, "has not been started", "record", "--step-id", "1.1")
    _mistaken(shop, "there is no task task-x", "next", "--task-id", "task-x")
    shop.execute("start")
    _mistaken(shop, "there is no step 9.9; steps: 1.1, 2.1", "dispatched", "--step-id", "9.9")
    under_way = "step 2.1 is not due: phase 1 (Implementation) is under way"
    _mistaken(shop, under_way, "dispatched", "--step-id", "2.1")
    _mistaken(shop, "`sluice execute dispatched` comes first", "record", "--step-id", "1.1")
    _mistaken(shop, "--result pass", "gate", "--phase-id", "1")
    _mistaken(shop, "its steps are not complete", "gate", "--phase-id", "1", "--result", "pass")
    _mistaken(shop, "its steps are not complete", "gate", "--phase-id", "1", "--run")
    _mistaken(shop, "phase 1 needs no approval", "approve", "--phase-id", "1")
    _mistaken(shop, "phase 1 (Implementation) is not over", "complete")
    _mistaken(shop, "step 1.1 is not interactive", "interact", "--step-id", "1.1", "--input", "x")


def test_an_agent_at_work_drives_no_plan(shop: Shop) -> None:
    """The launcher's mark is in the environment of everything it starts."""
    shop.save()
    shop.monkeypatch.setenv("SLUICE_RUN", "some-run")
    refused = shop.execute("start")
    assert refused.code == 2 and "an agent at work drives no plan of its own" in refused.err


def _mistaken(shop: Shop, said: str, *words: str) -> None:
    wrong = shop.execute(*words)
    assert (wrong.code, wrong.out) == (2, "") and said in wrong.err, wrong


def _with_steps(*steps: Step) -> Plan:
    return replace(PLAN, phases=(replace(PLAN.phases[0], steps=steps), Phase(2, "Review", (LOOK,))))


def _dispatched(shop: Shop) -> None:
    shop.save()
    shop.execute("start")
    assert shop.execute("dispatched", "--step-id", "1.1").code == 0


def _built(shop: Shop, again: bool = False) -> None:
    if not again:
        shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("app/middleware.py", f"{again}\n")
    assert shop.execute("record", "--step-id", "1.1", "--outcome", "Added it").code == 0


def _last(shop: Shop, kind: type[Happening]) -> Happening:
    return [each for each in shop.happened() if isinstance(each, kind)][-1]
