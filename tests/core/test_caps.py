"""Caps in tokens and money: what is refused before it starts, with which figures, and what people may add."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.actions import AskPerson
from bot.core.budget import MORE, Caps, Usage, admit, run_cap
from bot.core.decide import decide
from bot.core.item import Parked
from bot.core.policy import Work
from bot.core.run import Limits
from bot.core.spend import Bill, Budget, amount
from tests.core.facts import NOW, ago, issue, item, order, outcome, peer, policy, run, snapshot
from tests.core.toy import Toy, started

M = 1_000_000


def bill(tokens: int = M, cost: float | None = 1.0, minutes_ago: float = 60, **changed: Any) -> Bill:
    return replace(Bill(f"r{minutes_ago}", "claude", True, ago(minutes_ago), Budget(tokens, cost)), **changed)


@pytest.mark.parametrize(
    ("usage", "refused", "full"),
    [
        pytest.param(Usage(item=Budget(M, 15.0)), "1 M tokens and $15.00 of the 15 M", False, id="item"),
        pytest.param(Usage(item=Budget(15 * M)), "used 15 M tokens of the 15 M", False, id="price-unknown"),
        pytest.param(Usage(item=Budget(M, 15.0), more=Budget(0, 2.0)), "", True, id="given-more"),
        pytest.param(Usage(bills=(bill(cost=45.5),)), "has used $45.50 of $50.00 in the last 24 hours", True, id="day"),
        pytest.param(Usage(bills=(bill(46 * M, None),)), "46 M tokens of 50 M tokens", True, id="day-unknown-price"),
        pytest.param(Usage(bills=(bill(cost=45.0),)), "", True, id="just-fits"),
    ],
)  # fmt: skip
def test_caps_refuse_with_figures(usage: Usage, refused: str, full: bool) -> None:
    """Tokens and money each bind; the item's cap names the way on, and the day's frees itself."""
    refusal = admit(usage, Caps(), Work(), peer(), first=True)
    assert (refusal is None) == (not refused)
    if refusal:
        assert refused in refusal.reason and refusal.full is full
        assert (MORE in refusal.reason) is not full


def test_running_work_is_held_in_full() -> None:
    """Whatever runs may yet use its whole cap; what it used beyond that counts too."""
    at_work = bill(cost=0.5, held=Budget(5 * M, 5.0))
    nearly = Usage(bills=(bill(cost=41.0), at_work))
    refusal = admit(nearly, Caps(), Work(), peer(), first=True)
    assert refusal and "has used $41.50 of $50.00" in refusal.reason and "$4.50 more is kept" in refusal.reason
    over = Usage(bills=(bill(cost=38.0), replace(at_work, used=Budget(M, 7.5))))
    assert admit(over, Caps(), Work(), peer(), first=True)


def test_it_says_when_there_is_room_again() -> None:
    """As soon as enough is a day old; while only running work is in the way, when it ends."""
    old, new = bill(cost=20.0, minutes_ago=23 * 60), bill(cost=27.0, minutes_ago=60)
    refusal = admit(Usage(bills=(new, old)), Caps(), Work(), peer(), first=True)
    assert (
        refusal and refusal.until == NOW + timedelta(hours=1) and "room again at 2026-05-04 13:00 UTC" in refusal.reason
    )
    held = bill(cost=1.0, held=Budget(5 * M, 48.0))
    refusal = admit(Usage(bills=(held,)), Caps(), Work(), peer(), first=True)
    assert refusal and refusal.until is None and "when one of them ends" in refusal.reason


def test_each_agent_and_each_repository_has_a_day_of_its_own() -> None:
    """An agent's own cap binds it alone, a repository's tighter one everybody there."""
    dear, other = peer(day=Budget(50 * M, 3.0)), peer("other")
    usage = Usage(bills=(bill(cost=1.0),), today_by_peer={"claude": 1})
    refused = admit(usage, Caps(), Work(), dear, first=True)
    assert refused and "agent claude has used $1.00 of $3.00" in refused.reason and "may take $3.00" in refused.reason
    assert admit(usage, Caps(), Work(), other, first=True) is None
    here = admit(usage, Caps(), Work(cost_per_day=2.0), other, first=True)
    assert here and "this repository has used $1.00 of $2.00" in here.reason
    assert admit(replace(usage, bills=(bill(here=False),)), Caps(), Work(cost_per_day=2.0), other, first=True) is None
    often = admit(usage, Caps(), Work(), peer(runs_per_day=1), first=True)
    assert often and "agent claude has used its 1 runs" in often.reason


def test_a_policy_only_tightens() -> None:
    """What is larger there than in the settings changes nothing."""
    assert run_cap(Usage(), Caps(), Work(cost_per_run=2.0, tokens_per_run=9 * M), peer()) == Budget(5 * M, 2.0)
    assert run_cap(Usage(), Caps(), Work(cost_per_item=1.0), peer()) == Budget(5 * M, 1.0)
    assert run_cap(Usage(), Caps(), Work(cost_per_run=400.0), peer()) == Budget(5 * M, 5.0)


@given(
    st.builds(
        Work,
        runs_per_item=st.integers(1, M),
        runs_per_day=st.integers(1, M),
        running=st.integers(1, M),
        tokens_per_run=st.none() | st.integers(1, 10**12),
        cost_per_run=st.none() | st.floats(0.01, 1e6),
        tokens_per_item=st.none() | st.integers(1, 10**12),
        cost_per_item=st.none() | st.floats(0.01, 1e6),
        tokens_per_day=st.none() | st.integers(1, 10**12),
        cost_per_day=st.none() | st.floats(0.01, 1e6),
    ),
    st.sampled_from(
        (
            Usage(for_go_ahead=6),
            Usage(today=100),
            Usage(running=2),
            Usage(item=Budget(0, 15.0)),
            Usage(bills=(bill(cost=45.5),)),
        )
    ),
)
def test_no_policy_loosens_anything(work: Work, full: Usage) -> None:
    """Whatever a repository writes, what the settings refuse is refused, and no run gets more than theirs."""
    assert run_cap(Usage(), Caps(), work, peer()).fits(Budget(5 * M, 5.0))
    shared = replace(full, bills=tuple(replace(each, used=Budget(M, 50.0)) for each in full.bills))
    assert admit(shared, Caps(), work, peer(capacity=9), first=True)


def test_a_run_gets_what_the_item_has_left() -> None:
    """Near the end of an item's budget its run stops sooner; what people added is its as well."""
    used = Usage(item=Budget(M, 12.0))
    assert run_cap(used, Caps(), Work(), peer()) == Budget(5 * M, 3.0)
    assert run_cap(replace(used, more=Budget(0, 10.0)), Caps(), Work(), peer()) == Budget(5 * M, 13.0)


def test_money_does_not_bind_who_is_paid_by_the_month() -> None:
    """A subscription is held to tokens alone."""
    paid = peer(subscription=True)
    dear = Usage(item=Budget(M, 99.0), bills=(bill(cost=99.0),))
    assert admit(dear, Caps(), Work(), paid, first=True) is None
    assert run_cap(dear, Caps(), Work(), paid) == Budget(5 * M, None)
    assert admit(Usage(item=Budget(15 * M)), Caps(), Work(), paid, first=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+5", Budget(0, 5.0)), ("2.50", Budget(0, 2.5)), ("+$3", Budget(0, 3.0)), ("+500k", Budget(500_000)),
        ("+2M", Budget(2 * M)), ("1.5m", Budget(1_500_000)), ("", None), ("+0", None), ("-5", None),
        ("+5 apples", None), ("+99999", None), ("+1e9", None), ("+inf", None), ("+५", None), ("5M5", None),
    ],
)  # fmt: skip
def test_amounts(text: str, found: Budget | None) -> None:
    """Plain numbers are dollars, those with a letter tokens, and nothing else is an amount."""
    assert amount(text) == found


# --- the day, whatever happens in it ---------------------------------------------------------------------------------


STEPS = st.lists(
    st.tuples(st.sampled_from(("start", "spend", "end", "hour")), st.integers(0, 3), st.floats(0.0, 3.0)), max_size=60
)
SMALL = Caps(running=9, item=Budget(9 * M, 9.0), day=Budget(10 * M, 10.0))
PEERS = tuple(
    peer(name, capacity=9, day=Budget(7 * M, 7.0), limits=Limits(tokens=2 * M, cost_usd=2.0)) for name in "ab"
)


@given(STEPS)
def test_no_cap_is_exceeded_by_more_than_what_runs_did_beyond_their_own(steps: list[tuple[str, int, float]]) -> None:
    """Over any sequence of admissions, spends and endings, the day holds but for what a run used after its own cap."""
    now, bills, beyond = NOW, list[Bill](), dict[str, float]()
    for kind, which, cost in steps:
        running = [each for each in bills if each.held]
        chosen = running[which % len(running)] if running else None
        who = PEERS[which % 2]
        usage = Usage(bills=tuple(each for each in bills if each.held or each.at > now - timedelta(hours=24)))
        if kind == "start" and admit(usage, SMALL, Work(running=9), who, first=True) is None:
            cap = run_cap(usage, SMALL, Work(running=9), who)
            bills.append(Bill(f"r{len(bills)}", who.name, True, now, Budget(0, 0.0), cap))
        elif kind == "hour":
            now += timedelta(hours=1 + which)
        elif chosen and chosen.held:
            over = chosen.used.exceeds(chosen.held)
            add = Budget(0, 0.0) if over or kind == "end" else Budget(round(cost * M), cost)
            used = chosen.used + add
            held = None if kind == "end" or over else chosen.held
            bills[bills.index(chosen)] = replace(chosen, used=used, held=held, at=now)
            beyond[chosen.run] = max(0.0, (used.cost_usd or 0.0) - (chosen.held.cost_usd or 0.0))
        day = [each for each in bills if each.held or each.at > now - timedelta(hours=24)]
        for name, most in (("ab", 10.0), ("a", 7.0), ("b", 7.0)):
            mine = [each for each in day if each.peer in name]
            spent = sum(each.used.cost_usd or 0.0 for each in mine)
            assert spent <= most + sum(beyond.get(each.run, 0.0) for each in mine) + 1e-6


# --- more for an item ------------------------------------------------------------------------------------------------


def overspent(toy: Toy) -> None:
    """Its agent was stopped at its cap."""
    toy.runs[-1] = replace(
        toy.runs[-1],
        state="ended",
        outcome=replace(outcome("overspent"), cost_usd=5.02),
        cap=Budget(5 * M, 5.0),
        ended_at=toy.now,
    )
    toy.settle()


def test_an_overspent_run_asks_with_figures_and_names_the_way_on() -> None:
    """The person asked reads what was used, of what, and how it goes on."""
    toy = started()
    overspent(toy)
    assert toy.column == "Needs a person"
    assert toy.item.parked and "used 0 tokens and $5.02 of the 5 M tokens and $5.00" in toy.item.parked.reason
    [asked] = toy.questions.values()
    assert "/sluice budget +5" in asked


@pytest.mark.parametrize(("by", "column"), [("mona", "In Progress"), ("wendy", "Needs a person")])
def test_more_money_takes_a_maintainer_and_lets_it_go_on(by: str, column: str) -> None:
    """Who may write may not spend more; who maintains may, and the same agent goes on."""
    toy = started()
    overspent(toy)
    toy.orders.append(replace(order("budget", "+5", by=by), at=toy.tick()))
    toy.settle()
    assert toy.column == column
    assert (toy.item.more == Budget(0, 5.0)) is (by == "mona")


def test_more_money_alone_starts_nothing_that_waits_for_something_else() -> None:
    """An item that needs a person for another reason only has more to use."""
    at = snapshot(
        "Needs a person",
        item=item(parked=Parked("cancelled by mona", ago(5), True)),
        runs=(run(ended="failed"),),
        orders=(order("budget", "+2M"),),
    )
    kinds = [type(action).__name__ for action in decide(at).actions]
    assert "NoteOrder" in kinds and "AcceptGoAhead" not in kinds


def test_an_item_over_its_cap_asks_before_it_starts() -> None:
    """In Ready with nothing left: one comment names the figures and the command."""
    decision = decide(snapshot(usage=Usage(item=Budget(M, 15.5)), policy=policy()))
    [asked] = [action for action in decision.actions if isinstance(action, AskPerson)]
    assert "$15.50 of the" in asked.body and "/sluice budget +5" in asked.body
    assert decision.waits_for == "person" and issue().open
