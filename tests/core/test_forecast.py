"""What a plan will probably take, by what was done before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.plans.forecast import Range, Sample, alike, forecast
from bot.core.plans.plan import Member, Phase, Plan, Step

T0 = datetime(2026, 1, 1, tzinfo=UTC)
BUILD, MORE = Step("1.1", "builder", "x"), Step("1.2", "builder", "y")
TEAM = (Member("2.1.a", "scout", "z"), Member("2.1.b", "scout", "z"))


def plan(*phases: tuple[Step, ...]) -> Plan:
    return Plan("task-a-0001", "x", tuple(Phase(n, "P", steps) for n, steps in enumerate(phases, 1)), T0)


def sample(tokens: int | None = 10, seconds: float | None = 60.0, role: str = "builder", **more: str) -> Sample:
    return Sample(role, more.get("playbook", "direct"), more.get("agent", "builder"), tokens, None, seconds)


def test_what_nobody_did_is_a_guess() -> None:
    """The budget's number, and nothing of money and time."""
    found = forecast(plan((BUILD,)), [sample(role="scout")])
    assert (found.tokens, found.cost_usd, found.seconds, found.rests_on) == (None, None, None, 0)
    assert (found.guess, found.unknown) == (500_000, ("1.1",))


def test_tokens_add_up_and_time_counts_the_longest_way() -> None:
    """Steps side by side, and members of a team, take the time of one."""
    samples = [sample(10, 60.0), sample(30, 180.0), sample(20, 120.0), sample(None, None)]
    found = forecast(plan((BUILD, MORE)), samples)
    assert found.tokens == Range(20, 40, 60) and found.seconds == Range(60, 120, 180) and found.rests_on == 4
    chain = Step("1.2", "builder", "y", depends_on=("1.1",))
    assert forecast(plan((chain, BUILD)), samples).seconds == Range(120, 240, 360)
    scouts = Step("2.1", "scout", "z", role="scout", team=TEAM)
    both = forecast(plan((BUILD,), (scouts,)), [*samples, sample(5, 30.0, role="scout")])
    assert both.tokens == Range(20, 30, 40) and both.seconds == Range(90, 150, 210)


def test_guessed_tokens_count_for_want_of_better_and_are_told_apart() -> None:
    """A guess by the length of texts is wrong by orders of magnitude: beside one that was counted it is nothing."""
    guess = replace(sample(1), real=False)
    assert (forecast(plan((BUILD,)), [guess]).tokens, forecast(plan((BUILD,)), [guess]).guessed) == (Range(1, 1, 1), 1)
    found = forecast(plan((BUILD,)), [guess, sample(500)])
    assert (found.tokens, found.guessed, found.rests_on) == (Range(500, 500, 500), 0, 2)


def test_the_most_alike_count_where_there_are_enough() -> None:
    """Of the same agent and playbook, else of the agent, else of the playbook, else of the role."""
    other, mine = sample(agent="other", playbook="else"), sample()
    assert alike(BUILD, "direct", [other, mine, mine, mine]) == [mine] * 3
    assert alike(BUILD, "else", [other, mine, mine, mine]) == [mine] * 3
    assert alike(BUILD, "direct", [other, mine]) == [other, mine]
