"""Which items a webhook hints at; from payloads cut down to what GitHub surely sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.actions import WAITS
from webhooks.hints import BoardHint, CardHint, Hint, ItemHint, ReachHint, WaitingHint, WordHint, hints

ME = "sluice[bot]"
AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
REPO = "acme/shop"
REPOSITORY = {"full_name": REPO, "default_branch": "main"}
PULL = {"number": 12, "head": {"ref": "sluice/7-fix", "sha": "abc"}}
CARD = {"node_id": "PVTI_1", "project_node_id": "PVT_1", "content_type": "Issue", "updated_at": "2026-05-04T11:59:00Z"}
MOVED = {"field_value": {"field_name": "Status", "field_type": "single_select", "to": {"id": "1", "name": "Ready"}}}


def of(event: str, sender: str = "mona", **payload: Any) -> list[Hint]:
    return hints(event, {"repository": REPOSITORY, "sender": {"login": sender}, **payload}, ME, "guid-1", AT)


@pytest.mark.parametrize("action", ["edited", "closed", "reopened", "labeled", "unlabeled", "transferred", "deleted"])
def test_changed_issue_is_looked_at(action: str) -> None:
    """What happens to an issue is a reason to look at it."""
    found = of("issues", action=action, issue={"number": 7})
    assert ItemHint(f"issues.{action}", REPO, (7,)) in found


def test_closed_issue_concerns_those_that_wait_for_it() -> None:
    """Items that wait for a dependency are looked at, even when Sluice itself closed the issue."""
    expected = WaitingHint("issues.closed", None, ("dependency",))
    assert expected in of("issues", action="closed", issue={"number": 7})
    assert of("issues", sender=ME, action="closed", issue={"number": 7}) == [expected]


@pytest.mark.parametrize(
    ("event", "action"),
    [("pull_request", "closed"), ("pull_request_review", "submitted"), ("pull_request_review_thread", "resolved")],
)
def test_pull_request_points_at_its_issue_too(event: str, action: str) -> None:
    """One of Sluice's branches carries the number of the issue it is for."""
    assert of(event, action=action, pull_request=PULL) == [ItemHint(f"{event}.{action}", REPO, (12, 7))]


def test_comment_is_a_hint_when_it_is_new() -> None:
    """A new comment may hold a command; an edited one never does."""
    assert of("issue_comment", action="created", issue={"number": 7}) == [ItemHint("issue_comment.created", REPO, (7,))]
    assert of("issue_comment", action="edited", issue={"number": 7}) == []


def test_command_is_a_hint_wherever_it_is_written() -> None:
    """A comment that seems to hold a command also hints at itself, because its issue may be no item."""
    found = of("issue_comment", action="created", issue={"number": 7}, comment={"body": "Stop!\n\n/Sluice pause all"})
    assert WordHint("issue_comment.created", REPO, 7) in found


def test_moved_card_is_looked_at() -> None:
    """The issue's own timeline says who moved it, so the card alone is the hint."""
    found = of("projects_v2_item", action="edited", projects_v2_item=CARD, changes=MOVED)
    assert found == [CardHint("projects_v2_item.edited", "PVTI_1", "PVT_1")]


@pytest.mark.parametrize(("sender", "automated"), [("mona", False), ("github-project-automation[bot]", True)])
def test_moved_draft_says_who_moved_it(sender: str, automated: bool) -> None:
    """A draft has no timeline: its mover is known from the webhook alone."""
    draft = {**CARD, "content_type": "DraftIssue"}
    (found,) = of("projects_v2_item", sender, action="edited", projects_v2_item=draft, changes=MOVED)
    assert isinstance(found, CardHint) and found.move is not None
    assert (found.move.key, found.move.to, found.move.actor, found.move.automated) == (
        "guid-1",
        "Ready",
        sender,
        automated,
    )
    assert found.move.at == datetime(2026, 5, 4, 11, 59, tzinfo=UTC)


def test_new_order_of_the_board_asks_for_a_scan() -> None:
    """No card says where it stands; the scan does."""
    found = of("projects_v2_item", action="reordered", projects_v2_item=CARD)
    assert found == [BoardHint("projects_v2_item.reordered", "PVT_1")]


def test_results_count_although_they_carry_sluices_name() -> None:
    """Checks run in the name of whoever pushed, which is Sluice."""
    suite = {"pull_requests": [{"number": 12}], "head_branch": "sluice/7-fix"}
    assert of("check_suite", ME, action="completed", check_suite=suite) == [
        ItemHint("check_suite.completed", REPO, (12, 7))
    ]
    run = {"pull_requests": [], "head_branch": "sluice/7-fix"}
    assert of("workflow_run", ME, action="completed", workflow_run=run) == [
        ItemHint("workflow_run.completed", REPO, (7,))
    ]


def test_check_runs_of_actions_are_left_to_their_suite() -> None:
    """Dozens of jobs are one hint; another App's check is one of its own."""
    run = {"app": {"slug": "github-actions"}, "check_suite": {"head_branch": "sluice/7-fix"}, "pull_requests": []}
    assert of("check_run", action="completed", check_run=run) == []
    other = {**run, "app": {"slug": "lint"}}
    assert of("check_run", action="completed", check_run=other) == [ItemHint("check_run.completed", REPO, (7,))]


@pytest.mark.parametrize("event", ["check_run", "check_suite"])
def test_of_a_check_of_sluices_own_only_rerun_is_a_hint(event: str) -> None:
    """That it made one it knows; that a person wants it once more it does not."""
    own = {"app": {"slug": ME.removesuffix("[bot]")}, "head_branch": "sluice/7-fix", "pull_requests": []}
    said = {event: {**own, "check_suite": own} if event == "check_run" else own}
    assert of(event, ME, action="completed", **said) == []
    assert of(event, "mona", action="rerequested", **said) == [ItemHint(f"{event}.rerequested", REPO, (7,))]


def test_run_that_begins_is_news_when_it_is_a_rerun() -> None:
    """Its first attempt is nothing to look at yet; another takes back the verdict that was there."""
    run = {"pull_requests": [], "head_branch": "sluice/7-fix", "run_attempt": 1}
    assert of("workflow_run", action="requested", workflow_run=run) == []
    again = {**run, "run_attempt": 2}
    assert of("workflow_run", action="requested", workflow_run=again) == [
        ItemHint("workflow_run.requested", REPO, (7,))
    ]


def test_status_without_a_branch_wakes_who_waits_for_machines() -> None:
    """A commit status names a commit; a pending one is no news."""
    assert of("status", state="success", sha="abc", branches=[]) == [WaitingHint("status", REPO, ("machine",))]
    assert of("status", state="failure", branches=[{"name": "sluice/7-fix"}]) == [ItemHint("status", REPO, (7,))]
    assert of("status", state="pending", branches=[]) == []


def test_push_to_the_default_branch_concerns_all_work() -> None:
    """A new base may put branches behind; a new policy may change everything."""
    code = [{"added": [], "modified": ["app.py"], "removed": []}]
    policy = [{"added": [], "modified": [".github/sluice.toml"], "removed": []}]
    assert of("push", ref="refs/heads/main", commits=code) == [WaitingHint("push", REPO)]
    assert of("push", ref="refs/heads/main", commits=policy) == [WaitingHint("push", REPO, WAITS)]
    assert of("push", ref="refs/heads/sluice/7-fix", commits=code) == [ItemHint("push", REPO, (7,))]
    assert of("push", ref="refs/heads/feature", commits=code) == []


def test_new_dependency_concerns_the_blocked_issue() -> None:
    """It may lie in another repository than the event."""
    blocked = {
        "action": "blocking_added",
        "blocked_issue": {"number": 9},
        "blocked_issue_repo": {"full_name": "acme/api"},
    }
    assert of("issue_dependencies", **blocked) == [ItemHint("issue_dependencies.blocking_added", "acme/api", (9,))]


@pytest.mark.parametrize(
    "event", ["issues", "issue_comment", "pull_request", "projects_v2_item", "pull_request_review"]
)
def test_own_echo_is_no_hint(event: str) -> None:
    """What Sluice did itself it need not be told."""
    action = {"issue_comment": "created", "pull_request_review": "submitted"}.get(event, "edited")
    assert of(event, ME, action=action, issue={"number": 7}, pull_request=PULL, projects_v2_item=CARD) == []


@pytest.mark.parametrize(("event", "action"), [("star", "created"), ("issues", "pinned"), ("ping", None)])
def test_other_events_are_no_hint(event: str, action: str | None) -> None:
    """What cannot matter wakes nobody."""
    assert of(event, action=action, issue={"number": 7}) == []


def test_what_comes_in_a_persons_name_may_be_theirs() -> None:
    """Sluice has that person's token: only the look at the item tells whose move it was."""
    payload = {"action": "edited", "projects_v2_item": CARD, "changes": MOVED, "sender": {"login": "mona"}}
    assert hints("projects_v2_item", payload, "mona", "guid-1", AT) == of("projects_v2_item", **payload) != []


@pytest.mark.parametrize("cause", ["installation.suspend", "installation.created", "installation_repositories.removed"])
def test_what_becomes_of_the_installation_is_a_hint(cause: str) -> None:
    """What Sluice reaches has changed, whoever did it."""
    event, action = cause.split(".")
    assert of(event, action=action) == [ReachHint(cause)]
