"""Lives in the toy world, from the go-ahead to the merge: gates, rounds, reviews, what a machine loses."""

from __future__ import annotations

from dataclasses import replace

from tests.core.facts import check, draft, policy
from tests.core.toy import Toy, parked, reviewed, started


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


def test_issue_closed_by_hand_ends_the_item() -> None:
    """The agent ends, the work is kept, the card follows."""
    toy = started()
    toy.issue = replace(toy.issue, open=False)
    toy.settle()
    assert (toy.item.done, toy.column, toy.worktree, toy.active) == ("closed", "Done", False, [])


def test_draft_becomes_an_issue_and_keeps_its_go_ahead() -> None:
    """The move that was made on the draft starts the issue, whose timeline does not show it."""
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
    toy.pull = replace(toy.pull, mergeable="CONFLICTING")
    toy.settle()
    assert len(toy.active) == 1
    toy.agent_ends("h2")
    toy.pull = replace(toy.pull, mergeable="MERGEABLE")
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


def test_run_that_could_not_begin_waits_and_asks_nobody() -> None:
    """While git or GitHub does not answer, the same run is tried again, later each time, and no agent is blamed."""
    toy = started()
    pauses = []
    for _ in range(5):
        toy.agent_ends(None, "unreached")
        waits = toy.settle()
        assert waits.look_again_at is not None and "tried again at" in waits.reason
        pauses.append(waits.look_again_at - toy.now)
        toy.now = waits.look_again_at
        toy.settle()
        assert [run.state for run in toy.runs] == ["running"]
    assert pauses == sorted(pauses) and toy.questions == {}
    toy.agent_ends("h1")
    toy.settle()
    assert toy.column == "In Review"


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
