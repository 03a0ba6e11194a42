"""What earlier tasks teach the next plan, as plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.plans.execution import after, begin
from bot.core.plans.happened import Completed, Dispatched, GateJudged, Happened, Recorded, SentBack, Started
from bot.core.plans.learning import (
    Past,
    Try,
    advice,
    agent_scores,
    budget_for,
    cited,
    first_gate_rate,
    gate_rate,
    glance,
    past,
    playbook_scores,
    similar,
)
from bot.core.plans.plan import Gate, Phase, Plan, Step
from bot.core.plans.planner import Request, make_plan
from bot.core.plans.sizing import TOKENS
from bot.core.run import Peer
from bot.core.spend import unpriced
from bot.core.tokens import Tokens
from bot.playbook_files import shipped
from tests.core.test_any_plan import plans, walk

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PHASE = Phase(1, "Fix", (Step("1.1", "ada", "fix"),), gate=Gate(("make test",)))
PLAN = Plan("task-a-0001", "Fix it", (PHASE,), T0, task_type="bug-fix", mode="direct")


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def used(tokens: int) -> tuple[Tokens, ...]:
    return (Tokens("claude-haiku-4-5", tokens - 10, output=10),)


MENDED: tuple[Happened, ...] = (
    Started(at(0), "mona"),
    Dispatched(at(1), "1.1", "ada"),
    Recorded(at(3), "1.1", "complete", "ada", used=used(1_000)),
    GateJudged(at(4), 1, passed=False),
    SentBack(at(4), "1.1", "the gate failed"),
    Dispatched(at(5), "1.1", "ada"),
    Recorded(at(9), "1.1", "complete", "ada", used=used(500)),
    GateJudged(at(10), 1, passed=True),
    Completed(at(10)),
)


def told(*happened: Happened) -> Past:
    e = begin(PLAN)
    for what in happened:
        e = after(e, what)
    return past(e, happened, unpriced)


def similar_task(number: int, tokens: int | None, outcome: str = "complete", agent: str = "ada") -> Past:
    tries = (Try(agent, "1.1", outcome == "complete", False, 60.0, tokens),)
    shape = Past(
        f"task-{number}", "Fix", "direct", "bug-fix", "LOW", "lean", "direct", "complete", 1, tries, (True,), (True,)
    )
    return replace(shape, outcome=outcome, tokens=tokens, seconds=60.0)  # type: ignore[arg-type]


def test_a_task_is_read_from_what_happened() -> None:
    """Attempts with their time and tokens, every verdict and the first, what was sent back; the cost is unknown."""
    found = told(*MENDED)
    assert (found.outcome, found.tokens, found.cost_usd, found.seconds) == ("complete", 1_500, None, 600)
    assert [(each.seconds, each.tokens, each.again) for each in found.tries] == [(120, 1_000, False), (240, 500, True)]
    assert (found.gates, found.first_gates, found.sent_back) == ((False, True), (False,), 1)


def test_agents_playbooks_and_gates_have_their_record() -> None:
    """Who did how many, how many at the first attempt; a gate's rate over all verdicts and over the first."""
    history = [told(*MENDED), similar_task(2, 2_000), similar_task(3, None, "failed", "bob")]
    ada, bob = agent_scores(history)
    assert (ada.name, ada.of, ada.complete, ada.first_time, ada.tokens) == ("ada", 3, 3, 2, 1_000)
    assert (bob.name, bob.rate, bob.tokens) == ("bob", 0.0, None)
    [direct] = playbook_scores(history)
    assert (direct.of, direct.complete, direct.first_time) == (3, 2, 1)
    assert (str(gate_rate(history)), str(first_gate_rate(history))) == ("3/4 (75 %)", "2/3 (67 %)")
    seen = glance(history)
    assert (seen.tasks, seen.uses, seen.retries, seen.outcomes) == (3, 4, 1, {"complete": 2, "failed": 1})
    assert seen.models == {"claude-haiku-4-5": 2} and seen.tokens == 3_500


def test_the_next_plan_uses_and_cites_what_such_work_took() -> None:
    """Its budget holds the dearest of the similar tasks, and its explanation says what that rests on."""
    history = tuple(similar_task(n, 60_000 + n * 10_000, "failed" if n == 3 else "complete") for n in range(14))
    plain = make_plan(Request("Fix the login bug", T0))
    assert (plain.task_type, plain.playbook, plain.budget) == ("bug-fix", "direct", "lean")
    learnt = make_plan(Request("Fix the login bug", T0, history=history))
    assert learnt.budget == "standard"
    assert (
        "Last 14 similar tasks: 13 complete, 1 failed; the first gate passed in 14/14 (100 %); " in learnt.explanation
    )
    assert "125 k tokens in the middle, 60 k tokens to 190 k tokens; so the budget is standard." in learnt.explanation


def test_of_too_few_nothing_is_concluded() -> None:
    """Two tasks, tasks of another kind, tasks nobody knows the tokens of, and tasks somebody called off."""
    two = [similar_task(n, 1_000) for n in range(2)]
    assert cited(advice(two, "direct", "bug-fix")) == ""
    off = [similar_task(n, 1_000, "cancelled") for n in range(9)]
    assert similar(off, "direct", "bug-fix") == []
    unknown = [similar_task(n, None) for n in range(5)]
    found = advice(unknown, "direct", "bug-fix")
    assert found.budget is None and cited(found).startswith("Last 5 similar tasks: 5 complete; the first gate")


def test_what_is_known_in_part_sets_no_budget() -> None:
    """Of two attempts one was billed: nobody knows what it took; billed with another of its session, it is known."""
    again = Dispatched(at(5), "1.1", "ada")
    unknown, together = (
        Recorded(at(9), "1.1", "complete", "ada"),
        Recorded(at(9), "1.1", "complete", "ada", session="sid"),
    )
    first = replace(MENDED[2], session="sid")  # type: ignore[call-arg]
    assert not told(*MENDED[:5], again, unknown).whole
    assert told(*MENDED[:2], first, *MENDED[3:5], again, together).whole
    history = [replace(similar_task(n, 10), whole=n > 1) for n in range(5)]
    assert budget_for(history[:4]) is None and budget_for(history) == "lean"
    assert "10 tokens in the middle, 10 tokens to 10 tokens, known of 3; " in cited(
        advice(history, "direct", "bug-fix")
    )
    assert [each.tokens for each in playbook_scores([replace(similar_task(1, 10), whole=False)])] == [None]


def test_an_agent_that_mostly_fails_is_named() -> None:
    """In the advice of the next plan."""
    history = [similar_task(n, 1_000, "failed" if n < 3 else "complete", "bob") for n in range(4)]
    assert advice(history, "direct", "bug-fix").shaky == ("bob",)
    assert "bob failed at least every second attempt" in cited(advice(history, "direct", "bug-fix"))


def test_who_mostly_failed_is_asked_last() -> None:
    """Of several peers that could scout, the next plan's team is made of those with a better record first."""
    peers = tuple(Peer(name, "claude", model=name) for name in ("bob", "ada", "eve"))
    request = Request("Migrate codebase to new SDK", T0, playbooks=shipped(), playbook="scout-plan-build", peers=peers)
    history = tuple(replace(similar_task(n, 1_000, "failed", "bob"), task_type="migration") for n in range(4))
    fresh, learnt = make_plan(request), make_plan(replace(request, history=history))
    assert [plan.steps[0].team[0].agent for plan in (fresh, learnt)] == ["bob", "ada"]
    assert "bob failed at least every second attempt" in learnt.explanation


@given(st.lists(st.integers(1, 3_000_000), min_size=3, max_size=20))
def test_a_budget_holds_what_such_tasks_took(tokens: list[int]) -> None:
    """The smallest tier that does; the largest where none does."""
    found = budget_for([similar_task(n, each) for n, each in enumerate(tokens)])
    assert found
    smaller = [most for most in TOKENS.values() if most < TOKENS[found]]
    assert found == "full" or max(tokens) <= TOKENS[found]
    assert all(max(tokens) > most for most in smaller)


@settings(max_examples=60)
@given(st.data(), plans())
def test_any_task_is_read_and_nothing_is_counted_twice(data: st.DataObject, plan: Plan) -> None:
    """Whatever happened to it: as many attempts as were recorded, and no more first verdicts than phases."""
    way = walk(data, plan)
    found = past(way.e, way.happened, unpriced)
    assert len(found.tries) == sum(isinstance(each, Recorded) for each in way.happened)
    assert len(found.first_gates) <= len(way.e.phases) and len(found.gates) >= len(found.first_gates)
    assert found.outcome == "complete" and glance([found]).uses == len(found.tries)
