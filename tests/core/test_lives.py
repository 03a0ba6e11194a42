"""Whole lives of an item in a toy world: what people, agents and checks do to it, and where it ends."""

from __future__ import annotations

import pytest

from tests.core.facts import check, policy
from tests.core.toy import Toy


def started(toy: Toy | None = None) -> Toy:
    """An item a writer moved to Ready, with its agent at work."""
    toy = toy or Toy()
    toy.drag("Ready")
    toy.settle()
    assert [run.state for run in toy.runs] == ["running"]
    assert toy.column == "In Progress"
    return toy


def reviewed(toy: Toy | None = None) -> Toy:
    """An item whose agent made a result that became a pull request."""
    toy = started(toy)
    toy.agent_ends("h1")
    toy.settle()
    assert toy.pull is not None
    assert toy.pull.open
    assert toy.column == "In Review"
    return toy


def parked(toy: Toy) -> bool:
    toy.settle()
    return toy.item.parked is not None and toy.column == "Needs a person" and not toy.active


def test_plain_life() -> None:
    """Moved to Ready, built, reviewed, merged by a person, closed out."""
    toy = reviewed()
    assert toy.pull is not None
    assert toy.pull.requested == ("wendy",)
    toy.merge_by_hand()
    toy.settle()
    assert (toy.column, toy.item.done, toy.worktree, toy.branches) == ("Done", "merged", False, {})
    assert len(toy.runs) == 1
    assert not toy.questions


def test_merge_when_green_takes_an_approval_of_that_head() -> None:
    """Sluice merges by itself once a person approved the very head."""
    toy = reviewed(Toy(policy(by="when-green")))
    assert toy.pull is not None
    assert toy.pull.open
    toy.review("APPROVED")
    toy.settle()
    assert toy.pull.merged_by == "sluice[bot]"
    assert toy.column == "Done"


def test_commit_after_approval_voids_it() -> None:
    """A head that came after the approval is not merged."""
    toy = reviewed(Toy(policy(by="when-green")))
    toy.review("APPROVED")
    toy.commit_by_hand()
    decision = toy.settle()
    assert toy.pull is not None
    assert toy.pull.open
    assert "approved an earlier head" in decision.reason


def test_merge_command_in_people_mode() -> None:
    """Where people merge, a maintainer's word by comment merges exactly that head."""
    toy = reviewed()
    toy.say("merge")
    toy.settle()
    assert toy.column == "Done"


def test_merge_command_of_somebody_who_may_not() -> None:
    """A writer is no maintainer: the word is refused and forgotten."""
    toy = reviewed()
    toy.say("merge", by="wendy")
    toy.settle()
    assert toy.pull is not None
    assert toy.pull.open
    assert toy.orders == []


def test_red_check_goes_back_until_rounds_are_used_up() -> None:
    """Each red head is one more round for the same agent, and then one question to a person."""
    toy = reviewed(Toy(policy(rounds=2)))
    for round_ in (2, 3):
        toy.checks(check(state="failed", key=f"run-{round_}"))
        toy.settle()
        assert [run.round for run in toy.active] == [round_]
        toy.agent_ends(f"h{round_}")
        toy.settle()
    toy.checks(check(state="failed", key="run-4"))
    assert parked(toy)
    assert len(toy.runs) == 3
    assert len(toy.questions) == 1


def test_same_red_check_is_not_mended_twice_on_one_head() -> None:
    """An agent that changes nothing about a red check is not asked the same again."""
    toy = reviewed()
    toy.checks(check(state="failed", key="run-2"))
    toy.settle()
    toy.agent_ends(None)
    assert parked(toy)
    assert len(toy.runs) == 2


def test_retry_after_an_agent_changed_nothing_tries_the_check_again() -> None:
    """A person's go-ahead is new evidence, so the same red check is mended once more."""
    toy = reviewed()
    toy.checks(check(state="failed", key="run-2"))
    toy.settle()
    toy.agent_ends(None)
    assert parked(toy)
    toy.drag("Ready")
    toy.settle()
    assert len(toy.runs) == 3
    assert toy.column == "In Progress"


def test_changes_requested_then_addressed() -> None:
    """A review that asks for changes is one round; then its author is asked to look again."""
    toy = reviewed()
    toy.review("CHANGES_REQUESTED", body="Name it better")
    toy.settle()
    assert len(toy.active) == 1
    toy.agent_ends("h2")
    decision = toy.settle()
    assert toy.active == []
    assert toy.pull is not None
    assert "mona" in toy.pull.requested
    assert "changes requested by mona" in decision.reason


def test_review_lost_to_a_failed_run_is_answered_on_retry() -> None:
    """A run that came to nothing has not answered the review it was started for."""
    toy = reviewed()
    toy.review("CHANGES_REQUESTED", body="Name it better")
    toy.settle()
    toy.agent_ends(None, "timed_out")
    assert parked(toy)
    toy.say("retry")
    toy.settle()
    assert len(toy.active) == 1
    toy.agent_ends("h2")
    toy.settle()
    assert toy.active == []
    assert len(toy.runs) == 3


def test_reject_sends_the_work_back_once() -> None:
    """A rejection by comment is one round, whatever is looked at how often."""
    toy = reviewed()
    toy.say("reject", "wrong shop", by="wendy")
    toy.settle()
    assert len(toy.active) == 1
    toy.agent_ends("h2")
    toy.settle()
    assert toy.active == []
    assert toy.orders == []


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


def test_cancel_while_working_then_retry() -> None:
    """A cancelled item keeps its work and starts again when somebody asks."""
    toy = started()
    toy.say("cancel", by="wendy")
    assert parked(toy)
    assert not toy.questions
    toy.say("retry", by="wendy")
    toy.settle()
    assert len(toy.active) == 1
    assert len(toy.runs) == 2
    assert toy.column == "In Progress"


def test_go_ahead_while_the_last_agent_is_still_stopping() -> None:
    """A card moved back to Ready does not get a second agent beside one that still runs."""
    toy = started()
    toy.say("cancel", by="wendy")
    stubborn = toy.active[0]
    toy.settle()
    toy.runs = [stubborn]
    toy.drag("Ready")
    decision = toy.step()
    assert "still being stopped" in decision.reason
    toy.settle()
    assert len(toy.active) == 1
    assert toy.active[0].key != stubborn.key


def test_retry_by_command_does_not_act_on_the_first_move_again() -> None:
    """After a retry by comment the move that once started the item is no new wish."""
    toy = reviewed()
    toy.close_by_hand()
    assert parked(toy)
    toy.say("retry")
    toy.settle()
    toy.agent_ends("h2")
    toy.settle()
    assert len(toy.runs) == 2
    assert toy.pull is not None
    assert toy.pull.open
    assert toy.column == "In Review"


def test_retry_takes_up_an_open_pull_request_without_a_run() -> None:
    """A parked item whose pull request is green goes back to review, not to an agent."""
    toy = reviewed()
    toy.drag("Done")
    assert parked(toy)
    assert toy.pull is not None
    assert toy.pull.open
    toy.say("retry")
    toy.settle()
    assert toy.column == "In Review"
    assert len(toy.runs) == 1


def test_retry_fresh_in_review_starts_on_another_branch() -> None:
    """Starting over leaves the old branch alone and opens another pull request."""
    toy = reviewed()
    assert toy.pull is not None
    first = toy.pull
    toy.say("retry", "--fresh")
    toy.settle()
    toy.agent_ends("f1")
    toy.settle()
    assert toy.pull.number != first.number
    assert toy.pull.branch == f"{first.branch}-2"
    assert toy.branches[first.branch] == "h1"


def test_title_changed_between_lives_keeps_the_branch_of_the_pull_request() -> None:
    """An open pull request's branch is the one that is worked on, whatever the issue is called now."""
    toy = reviewed()
    toy.drag("Needs a person")
    toy.settle()
    toy.issue = toy.snapshot().issue.__class__(**{**vars(toy.issue), "title": "Another title"})
    toy.item = toy.item.__class__(**{**vars(toy.item), "title": "Another title"})
    toy.drag("Ready")
    toy.settle()
    assert toy.pull is not None
    assert toy.item.claim is not None
    assert toy.item.claim.branch == toy.pull.branch


def test_protected_files_are_pushed_after_an_approval() -> None:
    """A result that changes protected files waits for a person; approved, exactly it is pushed, without another run."""
    toy = started()
    toy.agent_ends("h1", paths=(".github/workflows/ci.yml",))
    assert parked(toy)
    assert toy.branches == {}
    toy.say("approve")
    toy.say("retry")
    toy.settle()
    assert list(toy.branches.values()) == ["h1"]
    assert len(toy.runs) == 1
    assert toy.column == "In Review"


def test_protected_files_of_a_later_round_are_approved_as_shown() -> None:
    """With a pull request open, an approval of a protected result means that result and not the old head."""
    toy = reviewed()
    toy.checks(check(state="failed", key="run-2"))
    toy.settle()
    toy.agent_ends("h2", paths=("AGENTS.md",))
    assert parked(toy)
    toy.say("approve")
    toy.drag("Ready")
    toy.settle()
    assert toy.pull is not None
    assert toy.pull.head == "h2"
    assert toy.column in ("In Review", "In Progress")


def test_protected_files_without_an_approval_stay_here() -> None:
    """Only retrying pushes nothing: the agent works again, and its result waits again."""
    toy = started()
    toy.agent_ends("h1", paths=("AGENTS.md",))
    assert parked(toy)
    toy.say("retry")
    toy.settle()
    toy.agent_ends("h2", paths=("AGENTS.md",))
    assert parked(toy)
    assert toy.branches == {}


def test_issue_closed_by_hand_ends_the_item() -> None:
    """The agent ends, the work is kept, the card follows."""
    toy = started()
    toy.issue = toy.issue.__class__(**{**vars(toy.issue), "open": False})
    toy.settle()
    assert (toy.item.done, toy.column, toy.worktree, toy.active) == ("closed", "Done", False, [])


def test_card_removed_ends_the_item() -> None:
    """A card that is gone from the board ends its item and says so on the issue."""
    toy = reviewed()
    toy.face = None
    toy.settle()
    assert toy.item.done == "closed"
    assert toy.status is not None
    assert "removed from the board" in toy.status.body


def test_reopened_issue_starts_anew_only_when_moved() -> None:
    """After a merge, a reopened issue waits for a move, then lives a second life with its own pull request."""
    toy = reviewed()
    toy.merge_by_hand()
    toy.settle()
    first = toy.pull
    toy.issue = toy.issue.__class__(**{**vars(toy.issue), "open": True})
    toy.settle()
    assert toy.active == []
    toy.drag("Ready")
    toy.settle()
    assert len(toy.active) == 1
    toy.agent_ends("h9")
    toy.settle()
    assert toy.pull is not None
    assert toy.pull is not first
    assert toy.pull.open
    toy.merge_by_hand()
    toy.settle()
    assert toy.column == "Done"
    assert len(toy.receipts) == 2


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


def test_command_then_moved_away_starts_nothing() -> None:
    """A retry by comment is taken back by moving the card away before it starts."""
    toy = Toy(policy(running=1))
    toy.paused_all_by = "mona"
    toy.drag("Backlog")
    toy.say("retry")
    toy.settle()
    toy.drag("Backlog", by="tess")
    toy.paused_all_by = None
    toy.settle()
    assert toy.runs == []
    toy.drag("Ready")
    toy.settle()
    assert len(toy.active) == 1


def test_draft_becomes_an_issue_and_keeps_its_go_ahead() -> None:
    """The move that was made on the draft starts the issue, whose timeline does not show it."""
    from tests.core.facts import draft

    toy = Toy()
    toy.draft = draft()
    toy.drag("Ready")
    toy.step()
    toy.moves.clear()
    toy.settle()
    assert toy.draft is None
    assert len(toy.active) == 1


def test_gate_command_fails_before_anything_is_pushed() -> None:
    """A red command sends the result back; a green one pushes it."""
    toy = started(Toy(policy(commands=("make test",))))
    toy.gate_answer = "failed"
    toy.agent_ends("h1")
    toy.settle()
    assert toy.branches == {}
    assert [run.round for run in toy.active] == [2]
    toy.gate_answer = "passed"
    toy.agent_ends("h2")
    toy.settle()
    assert list(toy.branches.values()) == ["h2"]


def test_gate_command_that_cannot_be_judged_asks_a_person() -> None:
    """A command that the machine could not run is tried once more, and then a person is asked."""
    toy = started(Toy(policy(commands=("make test",))))
    toy.gate_answer = "unknown"
    toy.agent_ends("h1")
    assert parked(toy)
    assert len(toy.gates) == 2
    assert toy.branches == {}


def test_conflict_goes_back_with_the_base_merged_in() -> None:
    """A conflict is a round of its own, once for each new head of the base."""
    toy = reviewed()
    assert toy.pull is not None
    toy.pull = toy.pull.__class__(**{**vars(toy.pull), "mergeable": "CONFLICTING"})
    toy.settle()
    assert len(toy.active) == 1
    toy.agent_ends("h2")
    toy.pull = toy.pull.__class__(**{**vars(toy.pull), "mergeable": "MERGEABLE"})
    toy.settle()
    assert toy.column == "In Review"


def test_person_pushes_while_the_agent_works() -> None:
    """A person's commit is never pushed over: the item asks."""
    toy = reviewed()
    toy.checks(check(state="failed", key="run-2"))
    toy.settle()
    toy.commit_by_hand()
    toy.agent_ends("h2")
    assert parked(toy)
    assert toy.pull is not None
    assert toy.pull.head.startswith("person")


def test_lost_run_goes_on_and_stops_trying() -> None:
    """A run the machine lost goes on twice, and then a person is asked."""
    toy = started()
    for _ in range(3):
        toy.agent_ends(None, "lost")
        toy.settle()
    assert parked(toy)
    assert len(toy.runs) == 1


def test_runs_of_an_item_are_capped_and_a_person_is_asked() -> None:
    """When an item has used its runs it asks, instead of waiting for a slot for ever."""
    toy = reviewed(Toy(policy(runs_per_item=1)))
    toy.checks(check(state="failed", key="run-2"))
    assert parked(toy)
    assert "used its 1 runs" in next(iter(toy.questions.values()))


def test_push_that_was_not_noted_is_noted_later() -> None:
    """A crash between the push and its note leaves no item behind: the next pass notes it."""
    toy = started()
    toy.agent_ends("h1")
    assert toy.item.claim is not None
    toy.branches[toy.item.claim.branch] = "h1"
    toy.settle()
    assert toy.item.pushed_head == "h1"
    assert toy.column == "In Review"


def test_pull_request_closed_by_hand_parks() -> None:
    """Nothing is opened again before somebody asks for it."""
    toy = reviewed()
    toy.close_by_hand()
    assert parked(toy)
    assert "closed by @mona" in next(iter(toy.questions.values()))
