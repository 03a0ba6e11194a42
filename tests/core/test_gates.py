"""Every gate: a row that passes, one that fails, one that is not known yet, and one where something is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.gates.approvals import approvals
from bot.core.gates.checks import checks
from bot.core.gates.command import command
from bot.core.gates.mergeable import mergeable
from bot.core.gates.queue import queue
from bot.core.gates.rules import rules
from bot.core.gates.threads import threads
from bot.core.gates.verdict import GateRun, Verdict
from bot.core.gates.workflow import told, workflow
from bot.core.item import Approval
from bot.core.policy import Policy
from bot.core.pull import Pull, Shown
from tests.core.facts import ME, NOW, ago, check, gate_run, policy, pull, review, thread, word


def says(verdict: Verdict, state: str, waits_for: str, reason: str) -> None:
    assert (verdict.state, verdict.waits_for) == (state, waits_for)
    assert reason in verdict.reason
    assert verdict.head == "h1"


@pytest.mark.parametrize(
    ("the_pull", "the_policy", "state", "waits_for", "reason"),
    [
        pytest.param(pull(), policy(), "passed", "nobody", "passed: ci", id="passes"),
        pytest.param(pull(checks=()), policy(), "passed", "nobody", "no checks are configured", id="none"),
        pytest.param(pull(checks=(check(state="failed"),)), policy(), "failed", "nobody", "ci", id="fails"),
        pytest.param(
            pull(checks=(check("a", "pending"), check("b", "failed"))), policy(), "failed", "nobody", "b", id="red"
        ),
        pytest.param(pull(checks=(check(state="pending"),)), policy(), "unknown", "machine", "running: ci", id="runs"),
        pytest.param(pull(), policy(checks=("lint",)), "unknown", "machine", "not reported yet: lint", id="absent"),
        pytest.param(pull(checks_left=True), policy(), "unknown", "person", "more checks", id="too-many"),
        pytest.param(pull(checks=(), checks_known=False), policy(), "unknown", "machine", "reports", id="unreadable"),
        pytest.param(
            pull(checks=(check("a", "unknown"), check("b"))), policy(), "unknown", "person", "a result", id="cancelled"
        ),
        pytest.param(
            pull(checks=(check("a", "unknown"), check("b", "failed"))), policy(), "failed", "nobody", "b", id="both"
        ),
        pytest.param(
            pull(checks=(check("a", "unknown"), check("b", "pending"))), policy(), "unknown", "machine", "b", id="again"
        ),
    ],
)  # fmt: skip
def test_checks(the_pull: Pull, the_policy: Policy, state: str, waits_for: str, reason: str) -> None:
    """What is red fails, what is missing or running waits, what cannot be read has not passed."""
    says(checks(the_pull, the_policy), state, waits_for, reason)


def test_red_check_run_again_is_new_evidence() -> None:
    """The key of a failure names the run and its attempt."""
    first, second = (checks(pull(checks=(check(state="failed", key=key),)), policy()) for key in ("9.1", "9.2"))
    assert first.key != second.key


@pytest.mark.parametrize(
    ("words", "the_pull", "state", "reason"),
    [
        pytest.param((), pull(reviews=(review(),)), "passed", "approved by mona", id="review"),
        pytest.param((word(),), pull(), "passed", "approved by mona", id="command"),
        pytest.param((), pull(), "unknown", "nobody with write access", id="nobody"),
        pytest.param((word(head="h0"),), pull(), "unknown", "nobody", id="command-on-old-head"),
        pytest.param((), pull(reviews=(review(head="h0"),)), "unknown", "earlier head", id="review-on-old-head"),
        pytest.param((), pull(reviews=(review(ME),)), "unknown", "nobody", id="own"),
        pytest.param((), pull(reviews=(review("rita", by_writer=False),)), "unknown", "nobody", id="reader"),
        pytest.param((), pull(reviews=(review("ci-bot", by_bot=True),)), "unknown", "nobody", id="bot"),
        pytest.param((), pull(reviews=(review(state="DISMISSED"),)), "unknown", "nobody", id="dismissed"),
        pytest.param((), pull(reviews=(review(state="CHANGES_REQUESTED"),)), "failed", "changes requested", id="asked"),
        pytest.param(
            (word(by="wendy"),),
            pull(reviews=(review(state="CHANGES_REQUESTED"),)),
            "failed",
            "changes requested by mona",
            id="one-for-one-against",
        ),
        pytest.param(
            (),
            pull(reviews=(review(state="CHANGES_REQUESTED", minutes_ago=9), review(minutes_ago=1))),
            "passed",
            "approved",
            id="mind-changed",
        ),
        pytest.param(
            (),
            pull(reviews=(review(),), review_decision="REVIEW_REQUIRED"),
            "unknown",
            "further",
            id="more",
        ),
    ],
)
def test_approvals(words: tuple[Approval, ...], the_pull: Pull, state: str, reason: str) -> None:
    """A person's word on this very head counts; the author's, a bot's, a reader's and an old one do not."""
    verdict = approvals(the_pull, words)
    says(verdict, state, "person" if state == "unknown" else "nobody", reason)


@pytest.mark.parametrize(
    ("the_pull", "contains_base", "state", "waits_for", "reason"),
    [
        pytest.param(pull(), True, "passed", "nobody", "cleanly", id="clean"),
        pytest.param(pull(mergeable="CONFLICTING"), True, "failed", "nobody", "conflicts with main", id="conflict"),
        pytest.param(pull(mergeable="UNKNOWN"), True, "unknown", "machine", "working out", id="unknown"),
        pytest.param(pull(merge_state="BEHIND"), None, "unknown", "machine", "behind", id="github-says-behind"),
        pytest.param(pull(), False, "unknown", "machine", "behind main", id="policy-says-behind"),
        pytest.param(pull(), None, "passed", "nobody", "cleanly", id="ancestry-not-known"),
        pytest.param(pull(draft=True), True, "unknown", "person", "draft", id="draft"),
    ],
)
def test_mergeable(the_pull: Pull, contains_base: bool | None, state: str, waits_for: str, reason: str) -> None:
    """A conflict fails, what GitHub has not worked out waits, what is behind waits to be brought up to date."""
    says(mergeable(the_pull, policy(up_to_date=True), "b1", contains_base), state, waits_for, reason)


def test_conflict_with_a_newer_base_is_new_evidence() -> None:
    """The key of a conflict names the base's head."""
    conflicting = pull(mergeable="CONFLICTING")
    assert mergeable(conflicting, policy(), "b1", None).key != mergeable(conflicting, policy(), "b2", None).key


@pytest.mark.parametrize(
    ("the_pull", "the_policy", "state"),
    [
        pytest.param(pull(), policy(), "passed", id="none"),
        pytest.param(pull(threads=(thread(resolved=True),)), policy(), "passed", id="resolved"),
        pytest.param(pull(threads=(thread(),)), policy(), "unknown", id="open"),
        pytest.param(pull(threads=(thread(),)), policy(threads=False), "passed", id="not-asked-for"),
    ],
)
def test_threads(the_pull: Pull, the_policy: Policy, state: str) -> None:
    """An unresolved thread waits for a person where the policy asks for it."""
    says(threads(the_pull, the_policy), state, "person" if state == "unknown" else "nobody", "review thread")


@pytest.mark.parametrize(
    ("the_pull", "state"),
    [
        (pull(), "passed"),
        (pull(merge_state="UNSTABLE"), "passed"),
        (pull(merge_state="BLOCKED"), "unknown"),
        (pull(merge_state="BLOCKED", queue=True), "passed"),
    ],
)
def test_rules(the_pull: Pull, state: str) -> None:
    """What GitHub's protection blocks is never merged past it."""
    says(rules(the_pull), state, "person" if state == "unknown" else "nobody", "rules for main")


@pytest.mark.parametrize(
    ("the_pull", "words", "state"),
    [
        pytest.param(pull(reviews=(review(),)), (), "passed", id="never-given-back"),
        pytest.param(pull(reviews=(review(),), left_queue=ago(0)), (), "unknown", id="given-back"),
        pytest.param(pull(reviews=(review(),), left_queue=ago(60)), (), "passed", id="approved-since"),
        pytest.param(pull(reviews=(review(head="h0"),), left_queue=ago(60)), (), "unknown", id="of-an-earlier-head"),
        pytest.param(pull(left_queue=ago(60)), (word(),), "passed", id="word-since"),
    ],
)
def test_queue(the_pull: Pull, words: tuple[Approval, ...], state: str) -> None:
    """What GitHub's merge queue gave back is not enqueued again until a person approves it anew."""
    says(queue(the_pull, words), state, "person" if state == "unknown" else "nobody", "merge queue")


RUNS = [
    pytest.param((), "unknown", "machine", "absent", id="absent"),
    pytest.param((gate_run(head="h0"),), "unknown", "machine", "absent", id="on-another-head"),
    pytest.param((gate_run(state="admitted"),), "unknown", "machine", "", id="admitted"),
    pytest.param((gate_run(state="running"),), "unknown", "machine", "", id="running"),
    pytest.param((gate_run(),), "passed", "nobody", "", id="passed"),
    pytest.param((gate_run(state="failed"),), "failed", "nobody", "g1", id="failed"),
    pytest.param((gate_run(state="unknown"),), "unknown", "person", "", id="could-not-be-run"),
    pytest.param((gate_run(state="failed"), gate_run()), "passed", "nobody", "", id="newest-counts"),
]


@pytest.mark.parametrize(("runs", "state", "waits_for", "key"), RUNS)
def test_command(runs: tuple[GateRun, ...], state: str, waits_for: str, key: str) -> None:
    """A command counts on the head it ran on; one that could not be run waits for a person."""
    verdict = command("make test", "h1", runs)
    assert (verdict.state, verdict.waits_for) == (state, waits_for)
    assert key in verdict.key
    assert verdict.reason


@pytest.mark.parametrize(("runs", "state", "waits_for", "key"), RUNS)
def test_workflow(runs: tuple[GateRun, ...], state: str, waits_for: str, key: str) -> None:
    """A dispatched workflow is judged the same way."""
    verdict = workflow("gate.yml", pull(), [replace(run, gate="workflow:gate.yml", since=ago(0)) for run in runs], NOW)
    assert (verdict.state, verdict.waits_for) == (state, waits_for)
    assert key in verdict.key


SHA = "a" * 40
PIN = f"acme/ci/.github/workflows/gate.yml@{SHA}"


def ran(state: str, minutes_ago: float = 5, **changed: object) -> GateRun:
    return gate_run(state=state, gate="workflow:gate.yml", since=ago(minutes_ago), **changed)


@pytest.mark.parametrize(
    ("runs", "the_pull", "state", "waits_for", "key", "reason"),
    [
        pytest.param((), pull(fork=True), "unknown", "person", "fork", "from a fork", id="fork"),
        pytest.param((ran("passed"),), pull(fork=True), "unknown", "person", "fork", "from a fork", id="fork-passed"),
        pytest.param((ran("admitted", 0.5),), pull(), "unknown", "machine", "", "looked for until 12:00", id="unheard"),
        pytest.param((ran("admitted", 2),), pull(), "unknown", "machine", "absent", "no run of", id="never-sent"),
        pytest.param((ran("running", 1, run_id=""),), pull(), "unknown", "machine", "", "running", id="no-id-yet"),
        pytest.param((ran("running", 3, run_id=""),), pull(), "unknown", "person", "", "`run-name: ", id="no-name"),
        pytest.param((ran("running", 99),), pull(), "unknown", "machine", "", "running", id="long"),
        pytest.param((ran("unstarted", 0.5),), pull(), "unknown", "machine", "", "again at 12:00", id="refused"),
        pytest.param((ran("unstarted", 1),), pull(), "unknown", "machine", "absent", "", id="refused-a-while-ago"),
        pytest.param(
            (ran("unstarted", 9), ran("unstarted", 1)), pull(), "unknown", "machine", "", "at 12:01", id="twice"
        ),
        pytest.param((ran("unstarted", 99),) * 6, pull(), "unknown", "person", "", "unstarted", id="refused-for-good"),
        pytest.param((ran("passed"),), pull(), "unknown", "person", "", f"did not use {PIN}", id="another"),
        pytest.param((ran("failed"),), pull(), "unknown", "person", "", "did not use", id="failed-another"),
        pytest.param(
            (ran("passed", used=(PIN.replace("a" * 40, "b" * 40),)),), pull(), "unknown", "person", "", "did not use",
            id="another-commit",
        ),
        pytest.param((ran("passed", used=("x/y/z@1", PIN)),), pull(), "passed", "nobody", "", "", id="bound"),
        pytest.param(
            (ran("passed", used=(PIN.replace("acme/ci", "Acme/CI"),)),), pull(), "passed", "nobody", "", "", id="case"
        ),
        pytest.param((ran("failed", used=(PIN,)),), pull(), "failed", "nobody", "g1", "", id="bound-failed"),
        pytest.param((ran("unknown", used=(PIN,)),), pull(), "unknown", "person", "", "", id="bound-cancelled"),
    ],
)  # fmt: skip
def test_bound_workflow(
    runs: tuple[GateRun, ...], the_pull: Pull, state: str, waits_for: str, key: str, reason: str
) -> None:
    """It counts when its run used the pinned file; what GitHub did not start is looked for, then tried again."""
    verdict = workflow("gate.yml", the_pull, runs, NOW, {"gate.yml": PIN})
    says(verdict, state, waits_for, reason)
    assert verdict.key == key or key in verdict.key != ""
    assert verdict.again_at is None or verdict.again_at > NOW


def test_a_run_on_another_commit_is_none_of_this_head() -> None:
    """The branch moved between the judgement and the dispatch: the gate has not started."""
    mine = ran("running", key="k")
    found = gate_run(state="passed", head="h2", run_id="7:1")
    assert (told(mine, found).state, told(mine, found).head) == ("unstarted", "h1")
    assert told(mine, replace(found, head="h1")).state == "passed"


def test_a_check_of_sluices_own_is_judged_by_its_gate() -> None:
    """Who names it among the checks as well does not wait for it twice."""
    named = policy(checks=("ci", "Sluice: gate.yml"))
    assert checks(pull(), named).waits_for == "machine"
    assert checks(pull(shown=(Shown("Sluice: gate.yml", 1, "k", "failure"),)), named).passed


def test_jobs_of_dispatched_workflows_are_judged_by_their_gates() -> None:
    """A failed job of an earlier run of the gate does not stand against the newer run."""
    red = pull(checks=(check("gate", "failed", key="77:1"), check("ci")))
    assert checks(red, policy()).failed
    assert checks(red, policy(), (ran("passed", run_id="77:2"),)).passed
    assert checks(pull(checks=(check("lint", "failed", key="g1"),)), policy(), (ran("passed"),)).failed
