"""One issue, two boards: the card that has it works, the other waits and says why."""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import NoteOrder
from bot.core.decide import decide
from bot.core.item import Parked
from bot.core.snapshot import Twin
from tests.core.facts import NOW, ago, claimed, in_review, item, move, order, snapshot

HAS_IT = Twin("acme/2", claimed=True)


def test_the_other_card_waits() -> None:
    """Nothing is written for it, not even a comment: the issue's comments are the other card's to write."""
    decision = decide(snapshot(twin=HAS_IT))
    assert (decision.stage, decision.waits_for, decision.actions) == ("Ready", "dependency", ())
    assert decision.reason == "its card on board acme/2 has it; this one waits"


def test_a_command_is_answered_once() -> None:
    """By the card that has it; the other notes it, wherever it stands."""
    for s in (
        snapshot(twin=HAS_IT, orders=(order("retry"),)),
        snapshot("Backlog", twin=HAS_IT, orders=(order("merge"),)),
    ):
        assert [type(action) for action in decide(s).actions] == [NoteOrder]


def test_the_card_that_has_it_goes_on() -> None:
    """Its own life does not depend on the other."""
    assert decide(in_review(twin=HAS_IT)).stage == decide(in_review()).stage == "InReview"
    assert decide(snapshot("In Progress", item=claimed(), twin=HAS_IT)).stage == "Claimed"


def test_the_other_card_does_not_get_round_a_need_for_a_person() -> None:
    """What needs a person on one board is not taken up on the other, until a person moves the card there."""
    needs = Twin("acme/2", claimed=False, parked_at=ago(5))
    assert "needs a person" in decide(snapshot(twin=needs)).reason
    moved = snapshot(twin=needs, moves=(move("Ready", minutes_ago=1),))
    assert decide(moved).stage == "Ready" and "agent claude takes it" in decide(moved).reason


def test_two_that_need_a_person_do_not_block_each_other() -> None:
    """Whichever is moved to Ready is taken up."""
    mine = item(parked=Parked("x", NOW, True), spent="move-1")
    again = (move("Ready", key="move-1"), move("Ready", minutes_ago=1))
    s = snapshot(item=mine, twin=Twin("acme/2", False, ago(5)), moves=again)
    assert "agent claude takes it" in decide(s).reason


def test_a_command_is_answered_at_all() -> None:
    """When both need a person, neither leaves the answer to the other."""
    both = snapshot(
        "Needs a person", item=item(parked=Parked("x", NOW, True), spent="move-1"), twin=Twin("acme/2", False, ago(5))
    )
    acts = [type(action).__name__ for action in decide(replace(both, orders=(order("retry", by="wendy"),))).actions]
    assert "AcceptGoAhead" in acts
