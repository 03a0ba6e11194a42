"""In review: what is mended, what is waited for, who is asked, and when it is merged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.actions import (
    AskPerson,
    AskReview,
    DispatchWorkflow,
    JoinLane,
    LeaveLane,
    Merge,
    Park,
    RunGate,
    SendBack,
    UpdateBranch,
)
from bot.core.comments import working
from bot.core.decide import decide
from bot.core.item import Refused, at_shell
from bot.core.pull import Review
from bot.core.review import queued
from bot.core.snapshot import Rival, Snapshot
from tests.core.facts import (
    ago,
    built,
    check,
    claim,
    claimed,
    gate_run,
    go_ahead,
    in_review,
    order,
    policy,
    pull,
    review,
    run,
    thread,
    word,
)

GREEN = policy(by="when-green")
APPROVED = pull(reviews=(review(),))


def acts(s: Snapshot) -> list[str]:
    return [type(action).__name__ for action in decide(s).actions]


def action(s: Snapshot, kind: type) -> Any:
    return next(found for found in decide(s).actions if isinstance(found, kind))


def test_merges_the_approved_head() -> None:
    """Green and approved where policy lets Sluice merge: merged at exactly that head."""
    s = in_review(APPROVED, policy=GREEN)
    assert acts(s) == ["JoinLane", "Merge"]
    assert action(s, Merge) == Merge("h1", "squash")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, "a person merges it"),
        ({"policy": GREEN, "the_pull": pull()}, "nobody with write access"),
        ({"policy": GREEN, "the_pull": pull(reviews=(review(head="h0"),))}, "earlier head"),
        ({"policy": GREEN, "the_pull": pull(reviews=(review("sluice[bot]"),))}, "nobody"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, checks=(check(state="pending"),))}, "still running"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, mergeable="UNKNOWN")}, "working out"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, merge_state="BLOCKED")}, "rules for main"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, threads=(thread(),))}, "unresolved"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, draft=True)}, "draft"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, in_queue=True)}, "merge queue"),
        ({"policy": GREEN, "the_pull": replace(APPROVED, queue=True, left_queue=ago(0))}, "gave it back"),
        ({"the_pull": replace(APPROVED, in_queue=True)}, "merge queue has it"),
        ({"policy": GREEN, "paused_all_by": "mona"}, "paused by mona"),
        ({"policy": policy("off", by="when-green")}, 'mode = "off"'),
    ],
)
def test_does_not_merge(facts: dict[str, Any], reason: str) -> None:
    """Everything that holds a merge back, each with its reason."""
    s = in_review(**{"the_pull": APPROVED, **facts})
    assert "Merge" not in acts(s)
    assert reason in decide(s).reason


def test_pull_request_left_to_people_is_not_noted_again() -> None:
    """The look that starts over on a new branch saw the old pull request: it does not put it back into the queue."""
    s = in_review(orders=(order("retry", "--fresh"),))
    assert queued(s, decide(s)) is None
    other = in_review(orders=(order("retry"),))
    assert queued(other, decide(other)) is not None


@pytest.mark.parametrize(
    ("refused", "asks"),
    [
        (Refused("h1", "squash", "Not allowed.", True, ago(1), ago(1)), True),
        (Refused("h1", "squash", "Rule violations.", False, ago(40), ago(5)), True),
        (Refused("h1", "squash", "Base branch was modified.", False, ago(1), ago(1)), False),
        (Refused("h1", "squash", "Not allowed.", True, ago(40), ago(31)), False),
        (Refused("h1", "merge", "Not allowed.", True, ago(1), ago(1)), False),
        (Refused("h0", "squash", "Not allowed.", True, ago(1), ago(1)), False),
    ],
    ids=["for-good", "for-long", "for-now", "tried-again", "another-method", "another-head"],
)
def test_merge_that_github_refuses(refused: Refused, asks: bool) -> None:
    """It leaves the queue of its base branch and a person is asked, once; what passes by itself is tried again."""
    mine = claimed(pull_number=30, pushed_head="h1", refused=refused, lane_since=ago(45))
    s = in_review(APPROVED, mine, policy=GREEN)
    decision = decide(s)
    assert any(isinstance(action, Merge) for action in decision.actions) is not asks
    assert (LeaveLane() in decision.actions, decision.waits_for == "person") == (asks, asks)
    for question in [action for action in decision.actions if isinstance(action, AskPerson)]:
        assert refused.words in question.body and "`merge.method`" in question.body
        again = decide(replace(s, asked=(question.mark,)))
        assert not any(isinstance(action, AskPerson) for action in again.actions)


def test_branch_with_a_merge_queue_is_enqueued() -> None:
    """Where GitHub has a queue it does the merging."""
    s = in_review(replace(APPROVED, queue=True, merge_state="BEHIND"), policy=GREEN)
    assert action(s, Merge).queue
    rival = Rival("PVTI_0", (0.0, 0), ago(3), 7)
    assert acts(replace(s, lane=(rival,))) == ["Merge"]


def test_only_the_head_of_the_queue_is_brought_up_to_date() -> None:
    """The first updates its branch; the one behind it waits and says for whom."""
    behind = replace(APPROVED, merge_state="BEHIND")
    assert acts(in_review(behind, policy=GREEN)) == ["JoinLane", "UpdateBranch"]
    first = Rival("PVTI_0", (0.0, 0), ago(3), 7)
    mine = Rival("PVTI_1", (0.0, 1), ago(1), 12)
    waits = in_review(behind, policy=GREEN, lane=(first, mine))
    assert acts(waits) == []
    assert "#7 is merged first" in decide(waits).reason
    assert acts(in_review(behind, policy=GREEN, lane=(first,))) == ["JoinLane"]


def test_who_stands_in_line_does_not_ask_whether_it_merges() -> None:
    """After each merge GitHub works it out anew for all of them: it is asked when the turn has come."""
    unsettled = replace(APPROVED, mergeable="UNKNOWN", merge_state="UNKNOWN")
    first, mine = Rival("PVTI_0", (0.0, 0), ago(3), 7), Rival("PVTI_1", (0.0, 1), ago(1), 12)
    waits = decide(in_review(unsettled, policy=GREEN, lane=(first, mine)))
    assert (waits.reason, waits.look_again_at) == ("#7 is merged first", ago(-5))
    assert acts(in_review(unsettled, policy=GREEN, lane=(first,))) == ["JoinLane"]
    turn = decide(in_review(unsettled, policy=GREEN, lane=(mine,)))
    assert "working out whether it merges" in turn.reason
    assert turn.look_again_at is not None and turn.look_again_at < ago(-1)
    alone = in_review(replace(unsettled, reviews=()), policy=GREEN, lane=(first,))
    assert acts(alone) == []  # no approval, no place in line


def test_who_waits_for_a_review_does_not_ask_whether_it_merges_all_the_time() -> None:
    """First it is settled whether it merges, then people are asked; later merges beside it cost a look a minute."""
    unsettled = pull(mergeable="UNKNOWN", merge_state="UNKNOWN")
    fresh = decide(in_review(unsettled, policy=GREEN))
    assert "working out" in fresh.reason and fresh.look_again_at == ago(-2 / 60)
    asked = decide(in_review(replace(unsettled, requested=("wendy",)), policy=GREEN))
    assert asked.waits_for == "person" and "working out" not in asked.reason
    assert asked.look_again_at == ago(-1)


def test_behind_is_not_updated_before_the_other_gates_pass() -> None:
    """Updating voids approvals, so it comes last."""
    s = in_review(pull(merge_state="BEHIND"), policy=GREEN)
    assert not {"UpdateBranch", "JoinLane"} & set(acts(s))


def test_head_of_the_queue_leaves_when_it_is_paused() -> None:
    """Whoever stands still holds nobody up; resumed, it takes a place again."""
    mine = claimed(pull_number=30, pushed_head="h1", lane_since=ago(5), paused_by="@wendy")
    assert acts(in_review(APPROVED, mine, policy=GREEN)) == ["LeaveLane"]
    assert acts(in_review(APPROVED, replace(mine, paused_by=None, lane_since=None), policy=GREEN))[0] == "JoinLane"


def test_head_of_the_queue_leaves_when_it_must_be_mended() -> None:
    """Others do not wait while an agent works, nor half an hour for a person."""
    mine = claimed(pull_number=30, pushed_head="h1", lane_since=ago(5))
    red = in_review(replace(APPROVED, checks=(check(state="failed"),)), mine, policy=GREEN)
    assert acts(red)[:2] == ["LeaveLane", "SendBack"]
    waits = in_review(pull(), mine, policy=GREEN)
    assert decide(waits).look_again_at == ago(-25)
    assert LeaveLane() in decide(in_review(pull(), replace(mine, lane_since=ago(31)), policy=GREEN)).actions


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        pytest.param(review(state="CHANGES_REQUESTED"), True, id="changes"),
        pytest.param(review(state="COMMENTED", body="Hm"), True, id="comment"),
        pytest.param(review(state="COMMENTED"), False, id="empty-comment"),
        pytest.param(review(state="APPROVED", body="Nice"), False, id="approval"),
        pytest.param(review(state="PENDING", body="Hm"), False, id="pending"),
        pytest.param(review("rita", "CHANGES_REQUESTED", by_writer=False), False, id="reader"),
        pytest.param(review("linter", "CHANGES_REQUESTED", by_bot=True), True, id="named-bot"),
        pytest.param(review("other", "CHANGES_REQUESTED", by_bot=True), False, id="other-bot"),
        pytest.param(review("sluice[bot]", "COMMENTED", body="Hm"), True, id="of-whose-token-it-is"),
    ],
)
def test_reviews_that_send_work_back(said: Review, asked: bool) -> None:
    """A writer's review with something to do is rework; a bot's only if the policy names it."""
    s = in_review(pull(reviews=(said,)), policy=policy(bots=("Linter",)))
    assert ("SendBack" in acts(s)) is asked


def test_review_is_answered_once() -> None:
    """A run that was started for a review and came to something has seen to it."""
    asking = pull(head="h2", reviews=(review(state="CHANGES_REQUESTED", head="h1"),))
    mended = built("h2", key="r2", head="h1", causes=("go:move-1", f"review:{asking.reviews[0].id}"))
    mine = claimed(pull_number=30, pushed_head="h2")
    s = in_review(asking, mine, runs=(built(), mended))
    assert "SendBack" not in acts(s)
    assert action(s, AskReview).logins == ("wendy", "mona")


def test_second_review_on_the_same_head_is_another_round() -> None:
    """What is new evidence is the review, not the head."""
    first, second = (
        review(state="COMMENTED", body="a", minutes_ago=4),
        review(state="COMMENTED", body="b", minutes_ago=2),
    )
    old = built("h1", key="r2", head="h0", causes=(f"review:{first.id}",))
    s = in_review(pull(reviews=(first, second)), runs=(built("h0"), old))
    assert action(s, SendBack).run.causes == ("go:move-1", f"review:{second.id}")


def test_line_comments_reach_the_agent() -> None:
    """The brief of a round names file, line and words of each unresolved remark."""
    said = review(state="COMMENTED", id="rev-1")
    s = in_review(pull(reviews=(said,), threads=(thread("Why teh?"),)))
    brief = action(s, SendBack).run.brief
    assert "src/shop.py:3" in brief
    assert "Why teh?" in brief


def test_red_check_reaches_the_agent_with_its_output() -> None:
    """The brief of a round holds what failed and what it printed last."""
    s = in_review(pull(checks=(check("ci", "failed", summary="1 test failed", url="https://ci.test/1"),)))
    plan = action(s, SendBack).run
    assert (plan.round, plan.first, plan.merge_base) == (2, False, False)
    assert "1 test failed" in plan.brief
    assert "https://ci.test/1" in plan.brief


def test_conflict_brings_the_base_in() -> None:
    """A conflict is resolved in the worktree, with the base merged into it."""
    plan = action(in_review(pull(mergeable="CONFLICTING")), SendBack).run
    assert plan.merge_base
    assert "conflict" in plan.brief


def test_rounds_used_up_park() -> None:
    """After N rounds a person is asked."""
    runs = tuple(built(f"h{n}", key=f"r{n}", round=n) for n in range(1, 5))
    mine = claimed(pull_number=30, pushed_head="h4")
    s = in_review(pull(head="h4", checks=(check(state="failed"),)), mine, runs=runs)
    assert isinstance(action(s, Park), Park)
    assert "after 4 rounds" in decide(s).reason


def test_same_trouble_on_the_same_head_is_not_tried_again() -> None:
    """Where a run with that very key exists, a person is asked."""
    red = pull(checks=(check(state="failed"),))
    plan = action(in_review(red), SendBack).run
    tried = run(plan.key, ended="cancelled", go_ahead="older", head="h1")
    s = in_review(red, runs=(tried, built()))
    assert "tried to mend this already" in decide(s).reason


def test_agent_no_longer_set_up_parks() -> None:
    """Work that only a missing agent could mend asks a person."""
    s = in_review(pull(checks=(check(state="failed"),)), peers=())
    assert "claude is no longer set up" in decide(s).reason


def test_gates_run_on_the_head_they_find() -> None:
    """Commands and workflows that have not run on this head are started; those of another head do not count."""
    s = in_review(policy=policy(commands=("make test",)), gate_runs=(gate_run(head="h0"),))
    assert action(s, RunGate).head == "h1"
    s = in_review(policy=policy(workflows=("gate.yml",)))
    assert action(s, DispatchWorkflow) == DispatchWorkflow("workflow:gate.yml", "gate.yml", "h1")


def test_reviewers_are_asked_once_and_after_the_machines() -> None:
    """Nobody is asked while checks run, nor twice, nor by another spelling of their name."""
    assert "AskReview" not in acts(in_review(pull(checks=(check(state="pending"),))))
    assert action(in_review(), AskReview).logins == ("wendy",)
    named = policy(reviewers=("Mona",))
    assert action(in_review(policy=named), AskReview).logins == ("Mona",)
    assert "AskReview" not in acts(in_review(pull(requested=("mona",)), policy=named))


def test_reviewer_github_does_not_take_is_not_asked_again() -> None:
    """The reason says so; the others are asked, or else whoever wanted it."""
    mine = claimed(pull_number=30, pushed_head="h1", unaskable=("bbob",))
    s = in_review(the_item=mine, policy=policy(reviewers=("Bbob", "Mona")))
    assert action(s, AskReview).logins == ("Mona",)
    assert "GitHub does not take bbob as a reviewer" in decide(s).reason
    assert action(in_review(the_item=mine, policy=policy(reviewers=("Bbob",))), AskReview).logins == ("wendy",)


def test_nobody_on_github_is_taken_for_a_user_of_the_command_line() -> None:
    """Started there, the review is asked of whoever moved the card last, and nobody of that name is mentioned."""
    go = go_ahead(by=at_shell("root"), by_command=True)
    mine = claimed(claim=claim(go), pull_number=30, pushed_head="h1")
    assert action(in_review(the_item=mine), AskReview).logins == ("wendy",)
    assert "AskReview" not in acts(in_review(the_item=mine, moves=()))
    asks = decide(in_review(pull(state="CLOSED"), mine))
    assert action(in_review(pull(state="CLOSED"), mine), AskPerson).body.startswith("@wendy **this needs")
    assert "@root" not in str(asks) and "root from the command line asked" in working("claude", go, 1)


def test_merge_word_counts_for_its_head_only() -> None:
    """A maintainer's word merges in people mode; on another head it is spent."""
    mine = claimed(pull_number=30, pushed_head="h1", approvals=(word("merge"),))
    assert action(in_review(the_item=mine), Merge).head == "h1"
    assert "Merge" not in acts(in_review(the_item=replace(mine, approvals=(word("merge", head="h0"),))))


def test_lane_is_joined_before_anything_changes_the_base() -> None:
    """A refusal of the place in the queue leaves branch and base alone, since it comes first."""
    for facts in (APPROVED, replace(APPROVED, merge_state="BEHIND")):
        decision = decide(in_review(facts, policy=GREEN))
        assert isinstance(decision.actions[0], JoinLane)
        assert isinstance(decision.actions[1], Merge | UpdateBranch)


def test_gate_that_cannot_be_run_is_told_once() -> None:
    """A workflow that is not there waits for a person, and whoever asked for the work hears of it once."""
    stuck = gate_run(state="unknown", gate="workflow:nope.yml", reason="there is no such workflow")
    s = in_review(APPROVED, policy=policy(by="when-green", workflows=("nope.yml",)), gate_runs=(stuck,))
    question = action(s, AskPerson)
    assert "@wendy" in question.body and "no such workflow" in question.body
    assert "AskPerson" not in acts(replace(s, asked=(question.mark,)))
