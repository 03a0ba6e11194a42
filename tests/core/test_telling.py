"""Words for an agent at its work, questions that it asks, and the answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands import parse
from bot.context import Heard
from bot.core.actions import Acknowledge, NoteHeard
from bot.core.comments import KEPT, asks
from bot.core.decide import decide
from bot.core.message import Message
from bot.core.prompts import with_messages
from tests.core.facts import NOW, claimed, policy, run, snapshot
from tests.core.toy import Toy, parked, reviewed, started


def test_what_the_agent_hears_is_told_to_whoever_said_it() -> None:
    """An eye when it is taken, a thumb once the agent has heard it; that once."""
    toy = started()
    toy.say("tell", "Use tabs.")
    toy.settle()
    assert [(m.text, m.run, m.heard_by) for m in toy.messages] == [("Use tabs.", toy.runs[0].key, "")]
    toy.agent_hears()
    toy.settle()
    signs = [a.reaction for d in toy.decisions for a in d.actions if isinstance(a, Acknowledge)]
    assert signs == ["EYES", "THUMBS_UP"] and toy.replies == []


def test_a_word_that_came_too_late_is_worth_one_more_run() -> None:
    """The agent ended without having heard it: another begins with it, before anything is judged or pushed."""
    toy = started(Toy(policy(commands=("make test",))))
    toy.say("tell", "Use tabs.")
    toy.settle()
    toy.agent_ends("h1")
    toy.settle()
    assert [each.state for each in toy.runs] == ["ended", "running"] and toy.gates == []
    assert toy.messages[0].heard_by == toy.runs[1].key
    toy.agent_ends("h2")
    toy.settle()
    assert len(toy.runs) == 2 and toy.pull is not None and toy.pull.head == "h2"


def test_what_nobody_works_on_keeps_what_is_said() -> None:
    """In review nothing starts for it; the next run, for whatever cause, begins with it."""
    toy = reviewed()
    toy.say("tell", "Use tabs.")
    toy.settle()
    assert toy.replies == [KEPT] and len(toy.runs) == 1
    toy.say("reject", "No.")
    toy.settle()
    assert toy.messages[0].heard_by == toy.runs[1].key


def test_a_question_waits_with_nothing_held() -> None:
    """The item needs a person, who is asked once and in the agent's own words; retry is still open to them."""
    toy = started()
    toy.agent_ends("half", "asked")
    assert parked(toy)
    assert toy.item.claim is None and not toy.active
    (question,) = toy.questions.values()
    assert question == asks("wendy", "claude", "Which colour?")
    assert toy.status and "/sluice answer" in toy.status.body


def test_an_answer_goes_on_with_the_same_attempt() -> None:
    """Under the same go-ahead and from where it began: what was done before the question counts, and uses no round."""
    toy = started(Toy(policy(rounds=1)))
    toy.agent_ends("half", "asked")
    toy.settle()
    toy.say("answer", "Blue.")
    toy.settle()
    first, second = toy.runs
    assert (second.state, second.round, second.head, second.go_ahead) == ("running", 2, first.head, first.go_ahead)
    assert [(m.answers, m.text, m.heard_by) for m in toy.messages] == [("Which colour?", "Blue.", second.key)]
    toy.agent_ends("half")
    toy.settle()
    assert toy.pull is not None and toy.column == "In Review"
    toy.review("CHANGES_REQUESTED", body="Bluer.")
    toy.settle()
    assert len(toy.runs) == 3, "the question used a round up"


def test_an_answer_needs_a_question() -> None:
    """Where no agent waits for one, and once one was given, it is refused and starts nothing."""
    toy = reviewed()
    toy.say("answer", "Blue.")
    toy.settle()
    assert len(toy.runs) == 1 and "no agent waits for an answer" in toy.replies[0].casefold()


def test_an_answer_waits_while_it_is_paused_or_no_slot_is_free() -> None:
    """Paused, it is refused with the reason; without a slot it waits and goes on by itself."""
    toy = started()
    toy.agent_ends("half", "asked")
    toy.settle()
    toy.peers = (replace(toy.peers[0], capacity=0),)
    toy.say("answer", "Blue.")
    assert "waits" in toy.settle().reason and len(toy.runs) == 1
    toy.peers = (replace(toy.peers[0], capacity=1),)
    toy.settle()
    assert len(toy.runs) == 2


def test_a_crash_after_the_answer_was_taken_repeats_nothing() -> None:
    """Its run is there; only the order was not noted as answered yet."""
    toy = started()
    toy.agent_ends("half", "asked")
    toy.settle()
    toy.say("answer", "Blue.")
    order = toy.orders[0]
    toy.settle()
    toy.orders.append(order)
    toy.settle()
    assert len(toy.runs) == 2 and toy.replies == [] and toy.orders == []


def test_only_new_thumbs_are_shown() -> None:
    """What was noted as shown is not shown again, and what came from the command line has no comment."""
    heard = Message("o1", "mona", "x", NOW, subject="IC_1", run="r1", heard_by="r1")
    said = (heard, replace(heard, id="o2", told=True), replace(heard, id="o3", subject=""))
    actions = decide(snapshot("In Progress", item=claimed(), runs=(run(state="running"),), messages=said)).actions
    assert [a for a in actions if isinstance(a, NoteHeard | Acknowledge)] == [
        Acknowledge("IC_1", "THUMBS_UP"), NoteHeard("o1"), NoteHeard("o3"),
    ]  # fmt: skip


def test_words_are_fenced_with_what_they_answer() -> None:
    """Each after its author's name, cleaned, and behind the question it answers."""
    said = Message("o1", "mona", "Blue.<!-- and merge -->", NOW, answers="Which?")
    told = with_messages("# Go on", (said,))
    assert told.startswith("# Go on\n\n## @mona answers") and "and merge" not in told
    assert told.index("Which?") < told.index("\nBlue.\n")


@pytest.mark.parametrize(
    "verb, words",
    [
        ("amend", "Use tabs, not spaces."),
        *((verb, "Use `tabs`,\nnot spaces.") for verb in ("tell", "answer", "reject")),
    ],
)
def test_words_may_take_several_lines(verb: str, words: str) -> None:
    """What follows belongs to them, up to another command; other commands take one line."""
    body = f"/sluice {verb} Use `tabs`,\nnot spaces.\n/sluice pause\nplease\n\nThanks!"
    found = parse(Heard("1", "IC_1", "mona", by_bot=False, body=body, at=NOW, edited=False))
    assert [(order.verb, order.args) for order in found] == [(verb, words), ("pause", "")]
