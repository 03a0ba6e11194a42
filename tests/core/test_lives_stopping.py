"""Lives in the toy world that people stop: pauses, cancels, moved cards, closed issues."""

from __future__ import annotations

import pytest

from tests.core.facts import policy
from tests.core.toy import parked, reviewed, started


def test_pause_keeps_the_work_and_resume_goes_on() -> None:
    """Pausing ends the agent; resuming goes on with the same run."""
    toy = started()
    toy.say("pause", by="wendy")
    toy.settle()
    assert toy.active == []
    assert toy.worktree
    toy.say("resume", by="wendy")
    toy.settle()
    assert [(run.state, run.attempts) for run in toy.runs] == [("running", 1)]


def test_pausing_often_uses_no_attempt_up() -> None:
    """A person may stop and resume a run as often as they like: its three tries are for what the machine fails."""
    toy = started()
    for _ in range(5):
        toy.say("pause", by="wendy")
        toy.settle()
        toy.say("resume", by="wendy")
        toy.settle()
        assert [run.state for run in toy.runs] == ["running"]
    for _ in range(2):
        toy.agent_ends(None, "lost")
        toy.settle()
    assert not parked(toy)
    toy.agent_ends(None, "lost")
    toy.settle()
    assert parked(toy)


def test_pause_all_stops_even_when_a_command_cannot_be_judged() -> None:
    """A comment of somebody whose role is unknown does not keep an agent running."""
    toy = started()
    toy.paused_all_by = "mona"
    toy.say("help", by="stranger")
    toy.settle()
    assert toy.active == []


@pytest.mark.parametrize("mode", ["off", "preview"])
def test_mode_that_writes_nothing_still_ends_agents(mode: str) -> None:
    """When a repository leaves live, agents end although a command waits, and nothing is written."""
    toy = started()
    toy.policy = policy(mode)
    toy.say("help", by="wendy")
    before = (toy.column, toy.replies, toy.status)
    toy.settle()
    assert toy.active == []
    assert (toy.column, toy.replies, toy.status) == before


def test_rejecting_while_paused_starts_nothing() -> None:
    """No command starts an agent while everything is paused."""
    toy = reviewed()
    toy.paused_all_by = "mona"
    toy.say("reject", "wrong shop")
    toy.settle()
    assert toy.active == []
    assert "paused" in toy.replies[-1]


def test_card_removed_ends_the_item() -> None:
    """A card that is gone from the board ends its item and says so on the issue."""
    toy = reviewed()
    toy.face = None
    toy.settle()
    assert toy.item.done == "closed"
    assert toy.status is not None
    assert "removed from the board" in toy.status.body


def test_moved_to_done_without_a_pull_request_ends_it() -> None:
    """Done by hand stops the agent and gives the item up."""
    toy = started()
    toy.drag("Done")
    toy.settle()
    assert (toy.item.done, toy.item.claim, toy.active, toy.column, toy.worktree) == ("stopped", None, [], "Done", False)


def test_moved_to_done_with_an_open_pull_request_asks_first() -> None:
    """Nothing is closed before somebody says so."""
    toy = reviewed()
    toy.drag("Done")
    assert parked(toy)
    assert toy.pull is not None
    assert toy.pull.open
    assert len(toy.questions) == 1


def test_moved_to_an_unmapped_column_stops_and_stays() -> None:
    """The card is left where the person put it, and nobody is asked."""
    toy = started()
    toy.drag("Ice box", by="tess")
    toy.settle()
    assert (toy.column, toy.active, len(toy.questions)) == ("Ice box", [], 0)
    assert toy.item.parked is not None


def test_moved_back_to_ready_while_working_changes_nothing() -> None:
    """One go-ahead is one run: a second move to Ready only puts the card back."""
    toy = started()
    toy.drag("Ready")
    toy.settle()
    assert toy.column == "In Progress"
    assert len(toy.runs) == 1


def test_moved_to_ready_in_review_asks_for_another_attempt_once() -> None:
    """A card taken from review to Ready is one more round."""
    toy = reviewed()
    toy.drag("Ready")
    toy.settle()
    assert len(toy.active) == 1
    assert toy.column == "In Progress"
    toy.agent_ends("h2")
    toy.settle()
    assert len(toy.runs) == 2
    assert toy.column == "In Review"


def test_move_by_a_reader_is_put_back() -> None:
    """Somebody who may not command cannot stop work by moving the card."""
    toy = started()
    toy.drag("Done", by="rita")
    toy.settle()
    assert toy.column == "In Progress"
    assert len(toy.active) == 1
