"""Lives in the toy world that begin again: retries, approvals of what was held back, second lives."""

from __future__ import annotations

from dataclasses import replace

from bot.core.comments import REOPENED
from tests.core.facts import check, policy
from tests.core.toy import Toy, parked, reviewed, started


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


def test_retry_after_the_pull_request_was_closed_opens_another() -> None:
    """Even of the same result: who asks again since it was closed wants one, whoever closed it."""
    for by_hand in (True, False):
        toy = reviewed()
        first = toy.pull
        if by_hand:
            toy.close_by_hand()
        else:
            toy.say("cancel", "--close")
        assert parked(toy)
        toy.say("retry")
        toy.settle()
        toy.agent_ends("h1")
        toy.settle()
        assert toy.pull and first and toy.pull.open and toy.pull.number != first.number
        assert toy.column == "In Review"


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
    toy.issue = replace(toy.issue, title="Another title")
    toy.item = replace(toy.item, title="Another title")
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


def test_reopened_issue_starts_anew_only_when_moved() -> None:
    """After a merge, a reopened issue waits for a move, then lives a second life with its own pull request."""
    toy = reviewed()
    toy.merge_by_hand()
    toy.settle()
    first = toy.pull
    toy.issue = replace(toy.issue, open=True, state_reason="REOPENED")
    toy.settle()
    assert toy.active == []
    assert toy.status is not None and "is merged" in toy.status.body and toy.status.body.endswith(REOPENED)
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


def test_stale_command_covers_no_move_by_somebody_who_may_not() -> None:
    """Started by a comment and cancelled, an item is not started again by a reader's move; it says so."""
    toy = parked_after_command()
    toy.drag("Ready", by="rita")
    toy.base_head = "b9"
    told = toy.settle()
    assert toy.active == [] and "rita moved the card, but has no write access" in told.reason
    assert toy.status is not None and "Rita moved" in toy.status.body
    toy.drag("Ready", by="wendy")
    toy.settle()
    assert len(toy.active) == 1


def parked_after_command() -> Toy:
    toy = started()
    toy.say("cancel")
    toy.settle()
    toy.say("retry")
    toy.settle()
    toy.say("cancel")
    toy.settle()
    assert parked(toy) and toy.active == []
    return toy


def test_review_whose_answer_was_never_delivered_is_answered_on_retry() -> None:
    """Somebody pushed while the agent worked, so its result stayed here: the review is still to be answered."""
    toy = reviewed()
    toy.review("CHANGES_REQUESTED", body="Name it better")
    toy.settle()
    toy.commit_by_hand()
    toy.agent_ends("h2")
    assert parked(toy)
    toy.say("retry")
    toy.settle()
    assert len(toy.active) == 1


def test_retry_in_review_goes_beyond_the_rounds() -> None:
    """The rounds are used up, and still a person who asks for another attempt gets it."""
    toy = reviewed(Toy(policy(rounds=0)))
    toy.say("retry")
    toy.settle()
    assert len(toy.active) == 1


def test_retry_right_after_cancel_waits_for_the_agent_to_end() -> None:
    """Two commands in one comment: the second is obeyed once the agent has stopped."""
    toy = started()
    toy.say("cancel")
    toy.say("retry")
    toy.settle()
    toy.settle()
    assert len(toy.runs) == 2 and len(toy.active) == 1, [run.state for run in toy.runs]
    assert toy.replies == []
