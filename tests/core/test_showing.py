"""What is shown as check runs, and what "Re-run" below one leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.actions import Decision, DispatchWorkflow, Merge, SendBack, ShowCheck, ShowPolicy
from bot.core.decide import decide
from bot.core.gates.verdict import GateRun
from bot.core.item import Parked
from bot.core.pull import Pull, Shown
from bot.core.snapshot import PolicyWord, Snapshot
from tests.core.facts import ago, claimed, gate_run, in_review, policy, pull, review, snapshot
from tests.core.toy import Toy, reviewed

GATED = policy(by="when-green", workflows=("gate.yml",))
NAME = "Sluice: gate.yml"


def ran(state: str, run_id: str = "7:1", **changed: Any) -> GateRun:
    plain = gate_run(state=state, gate="workflow:gate.yml", reason=f"the workflow ended: {state}", run_id=run_id)
    return replace(plain, key="k1", since=ago(1), **changed)


def shown(conclusion: str = "success", key: str = "k1/7:1", **changed: Any) -> Shown:
    return replace(Shown(NAME, 900, key, conclusion, "Passed: the workflow ended: passed"), **changed)


def seen(state: str, *checks: Shown, run_id: str = "7:1", **changed: Any) -> Snapshot:
    return in_review(pull(shown=checks), policy=GATED, gate_runs=(ran(state, run_id),), **changed)


def check_of(decision: Decision) -> ShowCheck | None:
    return next((action for action in decision.actions if isinstance(action, ShowCheck)), None)


@pytest.mark.parametrize(
    ("s", "conclusion"),
    [
        pytest.param(seen("passed"), "success", id="passed"),
        pytest.param(seen("failed"), "failure", id="failed"),
        pytest.param(seen("unknown"), "action_required", id="no-result"),
        pytest.param(seen("running"), None, id="running-and-nothing-shown"),
        pytest.param(seen("unstarted"), None, id="tried-again-and-nothing-shown"),
        pytest.param(seen("passed", shown()), None, id="shown-already"),
        pytest.param(seen("passed", shown("failure")), "success", id="shown-otherwise"),
        pytest.param(seen("passed", shown(), run_id="7:2"), "success", id="another-attempt"),
        pytest.param(seen("running", shown(), run_id="7:2"), "", id="runs-again"),
        pytest.param(seen("running", shown(""), run_id="7:2"), None, id="runs-again-as-shown"),
        pytest.param(replace(seen("passed"), as_app=False), None, id="a-person-may-not"),
    ],
)  # fmt: skip
def test_what_is_shown(s: Snapshot, conclusion: str | None) -> None:
    """A result is shown once, a new attempt as another; who is no App shows nothing and goes on."""
    check = check_of(decide(s))
    assert (check and check.conclusion) == conclusion
    assert check is None or (check.name, check.head, check.known) == (
        NAME,
        "h1",
        s.pull.shown[0].id if s.pull and s.pull.shown else None,
    )


def test_what_people_read_below_a_failed_gate() -> None:
    """The summary says what failed, where its run is and what the button does; the log is fenced."""
    failed = ran("failed", detail="E   assert 1 == 2\n``` <!-- x -->", url="https://github.test/runs/7")
    check = check_of(decide(in_review(policy=GATED, gate_runs=(failed,))))
    assert check and check.title == "Failed: the workflow ended: failed"
    assert "https://github.test/runs/7" in check.summary and "Re-run" in check.summary
    assert check.text.count("```") == 2 and "assert 1 == 2" in check.text


def test_rerun_below_a_result_runs_the_gate_again_and_uses_up_no_round() -> None:
    """It is dispatched on the same head, though it failed and would be sent back."""
    decision = decide(seen("failed", shown("failure", rerequested=True)))
    assert [type(action) for action in decision.actions] == [DispatchWorkflow, ShowCheck]
    assert decision.actions[0] == DispatchWorkflow("workflow:gate.yml", "gate.yml", "h1", again="k1")
    check = check_of(decision)
    assert check and (check.conclusion, check.known) == ("", 900)
    assert "asked for it" in decision.reason


@pytest.mark.parametrize(
    "s",
    [
        pytest.param(seen("running", shown(rerequested=True)), id="it-runs"),
        pytest.param(seen("passed", shown(rerequested=True), run_id="7:2"), id="below-an-older-result"),
        pytest.param(replace(seen("passed", shown(rerequested=True)), as_app=False), id="no-app"),
        pytest.param(in_review(pull(shown=(shown(rerequested=True),)), policy=GATED), id="never-ran"),
    ],
)
def test_rerun_that_asks_for_nothing_new(s: Snapshot) -> None:
    """Once for each press: what runs, or has run since, is not started another time."""
    assert not any(isinstance(a, DispatchWorkflow) and a.again for a in decide(s).actions)


def test_rerun_while_the_item_needs_a_person_is_answered() -> None:
    """It starts nothing; the check says what would."""
    stopped = claimed(parked=Parked("after 4 rounds still red", ago(5), told=True), claim=None, pull_number=30)
    s = replace(seen("failed", shown("failure", rerequested=True)), item=stopped)
    check = check_of(decide(s))
    assert check and "/sluice retry" in check.title and check.known == 900
    assert not any(isinstance(action, DispatchWorkflow) for action in decide(s).actions)
    answered = shown("action_required", rerequested=False, title=check.title)
    assert check_of(decide(replace(s, pull=pull(shown=(answered,))))) is None


def test_life_of_a_gate_that_is_asked_for_again() -> None:
    """Red gate, no round left but a person's press: the gate alone runs again, turns green, and it merges."""
    toy = reviewed(Toy(GATED))
    assert toy.pull and [each.conclusion for each in toy.pull.shown] == ["success"]
    toy.gate_answer = "unknown"
    toy.press_rerun()
    toy.settle()
    assert len(toy.gates) == 2 and toy.pull.shown[0].conclusion == "action_required"
    toy.gate_answer = "passed"
    toy.press_rerun()
    toy.settle()
    toy.review("APPROVED")
    toy.settle()
    assert len(toy.gates) == 3 and len(toy.runs) == 1
    assert toy.pull.state == "MERGED"


def test_gate_that_passed_and_runs_again_holds_the_merge() -> None:
    """The newest attempt counts, older ones do not."""
    approved: Pull = pull(reviews=(review(),))
    s = in_review(approved, policy=GATED, gate_runs=(ran("passed"),))
    assert any(isinstance(action, Merge) for action in decide(s).actions)
    s = replace(s, gate_runs=(ran("running", "7:2"),))
    assert not any(isinstance(action, Merge | SendBack) for action in decide(s).actions)


BROKEN = "unknown key mod; did you mean mode?"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        pytest.param({"policy_problem": BROKEN}, ShowPolicy("d1", BROKEN), id="broken"),
        pytest.param({"policy_problem": BROKEN, "policy_word": PolicyWord("d1", BROKEN)}, None, id="told"),
        pytest.param(
            {"policy_problem": BROKEN, "policy_word": PolicyWord("d0", BROKEN)}, ShowPolicy("d1", BROKEN), id="new-head"
        ),
        pytest.param(
            {"policy_problem": BROKEN, "policy_word": PolicyWord("d1", "x")}, ShowPolicy("d1", BROKEN), id="new-text"
        ),
        pytest.param({"policy_word": PolicyWord("d1", BROKEN)}, ShowPolicy("d1", ""), id="mended"),
        pytest.param({}, None, id="whole"),
        pytest.param({"policy_problem": BROKEN, "default_head": None}, None, id="head-not-known"),
        pytest.param({"policy_problem": BROKEN, "policy": policy("preview")}, None, id="preview"),
        pytest.param({"policy_problem": BROKEN, "as_app": False}, None, id="no-app"),
    ],
)
def test_broken_policy_is_told_once_for_each_head_and_text(facts: dict[str, Any], told: ShowPolicy | None) -> None:
    """And once that it is mended; in preview, and as a person, nothing is written about it."""
    s = replace(snapshot(), **{"default_head": "d1", **facts})
    assert next((action for action in decide(s).actions if isinstance(action, ShowPolicy)), None) == told
