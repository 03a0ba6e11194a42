"""How agents stand: waiting for their provider, stopped by failures, and who stands in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.actions import Claim, SendBack
from bot.core.budget import Usage
from bot.core.decide import decide
from bot.core.run import Outcome
from bot.core.standing import Failure, Hold, Standing, failure_of, hold_of, waits_until
from tests.core.facts import NOW, ago, claimed, outcome, peer, run, snapshot


def failures(*minutes_ago: float, what: str = "login") -> tuple[Failure, ...]:
    return tuple(Failure(what, ago(each)) for each in minutes_ago)


@pytest.mark.parametrize(
    ("standing", "until"),
    [
        pytest.param(Standing(failures(50, 40, 30, 20)), None, id="four"),
        pytest.param(Standing(failures(50, 40, 30, 20, 10)), 50, id="five"),
        pytest.param(Standing(failures(80, 40, 30, 20, 10)), None, id="five-in-more-than-an-hour"),
        pytest.param(Standing(failures(130, 120, 110, 100, 90)), None, id="an-hour-without"),
        pytest.param(Standing(failures(119, 112, 105, 98, 91, 40)), 20, id="one-that-was-still-running"),
        pytest.param(Standing(failures(50, 40, 30) + failures(20, 10, what="model")), None, id="not-the-same"),
        pytest.param(Standing(failures(50, 40, 30, 20, 10), resumed_at=ago(5)), None, id="resumed"),
        pytest.param(Standing(failures(50, 40, 30, 20, 10, 5), resumed_at=ago(45)), 55, id="resumed-and-failed-again"),
    ],
)
def test_the_same_failure_five_times_in_an_hour_stops_an_agent(standing: Standing, until: float | None) -> None:
    """It goes on an hour after the last, or when whoever runs Sluice says so."""
    hold = hold_of("claude", standing, NOW)
    assert (hold.until if hold else None) == (NOW + timedelta(minutes=until) if until else None)
    if hold:
        assert "(login)" in hold.reason and "times within an hour" in hold.reason and not hold.limited


def test_what_counts_as_a_failure() -> None:
    """Its class where it has one, else how it ended; what is not the agent's fault is none."""
    assert failure_of(Outcome("failed", "", 1.0, "", failure="login")) == "login"
    assert failure_of(outcome("stalled")) == "stalled"
    assert {failure_of(outcome(how)) for how in ("finished", "cancelled", "lost", "unreached", "limited")} == {""}


def test_a_provider_is_waited_for_past_what_it_said() -> None:
    """Or longer each time in a row, where it said nothing, or something long over."""
    reset = NOW + timedelta(minutes=7)
    assert waits_until(reset, 3, NOW) > reset
    pauses = [
        (waits_until(said, times, NOW) - NOW) / timedelta(minutes=1)
        for said in (None, ago(1))
        for times in (0, 1, 2, 9)
    ]
    assert pauses == [5, 10, 20, 60] * 2


HELD = {
    "claude": Hold("waits for its provider, which takes work again at 12:30 UTC", NOW + timedelta(minutes=30), True)
}


def test_a_limited_agent_is_waited_for() -> None:
    """Nothing is started before its provider takes work again, and `explain` says so; no attempt is used."""
    ended = run(ended="limited")
    at = snapshot("In Progress", item=claimed(), runs=(ended,), usage=Usage(holds=HELD))
    decision = decide(at)
    assert decision.reason == f"agent claude {HELD['claude'].reason}"
    assert decision.look_again_at == HELD["claude"].until and not decision.actions
    assert at.rounds == 0 and ended.tries == 0

    after = decide(replace(at, usage=Usage()))
    [again] = [action for action in after.actions if isinstance(action, SendBack)]
    assert again.run.restart and again.run.key == ended.key


def test_a_fall_back_takes_over_at_once() -> None:
    """In the same round, with the whole brief; one that is held itself, or may not take the item, does not."""
    mine = peer(fallbacks=("codex",))
    at = snapshot("In Progress", item=claimed(), runs=(run(ended="limited"),), peers=(mine, peer("codex")))
    at = replace(at, usage=Usage(holds=HELD))
    [sent] = [action for action in decide(at).actions if isinstance(action, SendBack)]
    assert (sent.run.peer, sent.run.round, sent.run.takes_over, sent.run.dossier) == ("codex", 1, "r1", "")
    assert sent.run.key != "r1"

    both = replace(at, usage=Usage(holds={**HELD, "codex": HELD["claude"]}))
    elsewhere = replace(at, peers=(mine, peer("codex", labels=("docs",))))
    for other in (both, elsewhere):
        assert not decide(other).actions


def test_one_item_finds_out_for_all() -> None:
    """Another item in Ready waits too, or goes to the fall-back."""
    waits = decide(snapshot(usage=Usage(holds=HELD)))
    assert "takes work again at 12:30" in waits.reason and waits.look_again_at == HELD["claude"].until
    starts = decide(snapshot(usage=Usage(holds=HELD), peers=(peer(fallbacks=("codex",)), peer("codex"))))
    assert [action.peer for action in starts.actions if isinstance(action, Claim)] == ["codex"]


def test_a_stopped_agents_work_goes_to_nobody() -> None:
    """Fall-backs stand in for who is limited, not for who fails."""
    broken = {"claude": Hold("is stopped", NOW + timedelta(minutes=30), False)}
    mine = peer(fallbacks=("codex",))
    at = snapshot("In Progress", item=claimed(), runs=(run(ended="cancelled"),), peers=(mine, peer("codex")))
    [sent] = [a for a in decide(replace(at, usage=Usage(holds=broken))).actions if isinstance(a, SendBack)]
    assert sent.run.peer == "claude"  # which the ledger refuses until it goes on
