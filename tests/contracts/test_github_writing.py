"""Writing: what Sluice does on the board lands once, in few documents, and says what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.context import Seen, Written
from bot.core.actions import (
    Acknowledge,
    AskPerson,
    AskReview,
    BoardWrite,
    CloseIssue,
    ClosePull,
    ConvertDraft,
    EditPull,
    MoveCard,
    OpenPull,
    Reply,
    SayStatus,
)
from bot.core.item import Item
from tests.contracts.github_world import GitHubWorld, claimed, world

__all__ = ["world"]
BRANCH = "sluice/1-fix"


async def write(world: GitHubWorld, item: Item, *writes: BoardWrite) -> list[Written]:
    """See the item, then write, as a pass does."""
    seen = await world.github.see(world.board, item)
    return await world.github.write(world.board, item, writes, seen)


def comments(world: GitHubWorld, number: int | None) -> list[Any]:
    found: list[Any] = world.mona.rest("GET", f"/repos/{world.repo}/issues/{number}/comments")
    return found


async def test_neighbours_travel_in_one_document(world: GitHubWorld) -> None:
    """A move, a status comment and a reaction are one request of one point, and one piece of content."""
    item = world.add_issue("Fix")
    said = world.comment(item.number or 0, "/sluice status")
    seen = await world.github.see(world.board, item)
    world.costs.clear()
    actions = (MoveCard("In Progress"), SayStatus("Working on it."), Acknowledge(said["node_id"], "EYES"))
    written = await world.github.write(world.board, item, actions, seen)
    assert [each.ok for each in written] == [True, True, True]
    seen = await world.github.see(world.board, item)
    assert seen.face is not None and seen.face.column == "In Progress"
    assert seen.status is not None and seen.status.body.startswith("Working on it.")
    assert world.mona.rest("GET", f"/repos/{world.repo}/issues/comments/{said['id']}")["reactions"]["eyes"] == 1
    assert world.costs[item.id, "content_requests"] == 1
    assert world.costs[item.id, "graphql_points"] == 2  # the write, and seeing it


async def test_status_comment_is_edited_in_place(world: GitHubWorld) -> None:
    """However often the status is said, there is one comment, and it is not heard as anybody's words."""
    item = world.add_issue("Fix")
    for word in ("one", "two", "three"):
        (written,) = await write(world, item, SayStatus(word))
        assert written.ok
    (only,) = comments(world, item.number)
    assert only["body"].startswith("three")
    assert (await world.github.see(world.board, item)).comments == ()


async def test_nobody_is_asked_twice(world: GitHubWorld) -> None:
    """A question or a reply whose mark stands already is not posted again."""
    item = world.add_issue("Fix")
    for _ in range(2):
        written = await write(world, item, AskPerson("@mona, please look.", "go-1"), Reply("It waits.", "order-2"))
        assert [each.ok for each in written] == [True, True]
    assert len(comments(world, item.number)) == 2
    assert (await world.github.see(world.board, item)).asked == ("go-1", "order-2")


async def test_somebody_elses_marker_is_not_ours(world: GitHubWorld) -> None:
    """A person who copies Sluice's marker does not thereby speak for it."""
    item = world.add_issue("Fix")
    world.comment(item.number or 0, "<!-- sluice:status --> <!-- sluice:mark:go-1 -->")
    seen = await world.github.see(world.board, item)
    assert (seen.status, seen.asked) == (None, ())
    assert len(seen.comments) == 1


async def test_draft_becomes_an_issue_and_is_talked_about(world: GitHubWorld) -> None:
    """What follows the conversion already knows the issue it made."""
    item = world.add_draft("Idea", "Do it.")
    converted, moved, said = await write(world, item, ConvertDraft(world.repo), MoveCard("Ready"), SayStatus("Hello."))
    assert converted.ok and converted.number is not None and moved.ok and said.ok
    seen = await world.github.see(world.board, item)
    assert seen.issue is not None and (seen.issue.id, seen.issue.title) == (converted.id, "Idea")
    assert len(comments(world, converted.number)) == 1


async def test_pull_request_is_opened_once(world: GitHubWorld) -> None:
    """Opening it again finds the one that is open; the reviewer is asked in the same call."""
    item = claimed(world.add_issue("Fix"), BRANCH)
    world.commit(BRANCH, "fix.txt", "fixed\n")
    order = OpenPull(BRANCH, "main", "Fix", f"Closes #{item.number}")
    first, asked = await write(world, item, order, AskReview((world.hubert.login,)))
    again = await world.github.write(world.board, replace(item, repo=world.repo), [order], None)
    assert first.ok and asked.ok
    assert again == [Written(ok=True, id=first.id, number=first.number)]
    pull = (await world.github.see(world.board, item)).pull
    assert pull is not None and (pull.number, pull.requested) == (first.number, (world.hubert.login,))


async def test_text_of_a_pull_request_is_kept_up_to_date(world: GitHubWorld) -> None:
    """Sluice changes its own part; what people wrote around it stays, and a part they took out stays out."""
    item = claimed(world.add_issue("Fix"), BRANCH)
    world.commit(BRANCH, "fix.txt", "fixed\n")
    (opened,) = await write(world, item, OpenPull(BRANCH, "main", "Fix", "One file."))
    item = replace(item, pull_number=opened.number)
    path = f"/repos/{world.repo}/pulls/{opened.number}"
    world.hubert.rest("PATCH", path, body=world.hubert.rest("GET", path)["body"] + "\r\n\r\nSeen by Hubert.")
    await write(world, item, EditPull("Two files."))
    body = world.hubert.rest("GET", path)["body"]
    assert "Two files." in body and "One file." not in body and body.endswith("Seen by Hubert.")
    pull = (await world.github.see(world.board, item)).pull
    assert pull is not None and pull.text == "Two files."

    world.hubert.rest("PATCH", path, body="All mine now.")
    (left,) = await write(world, item, EditPull("Three files."))
    assert left.ok and world.hubert.rest("GET", path)["body"] == "All mine now."


async def test_one_failure_leaves_the_others_done(world: GitHubWorld) -> None:
    """An unknown column, a missing branch and an unknown reviewer are answers, each its own."""
    item = world.add_issue("Fix")
    column, pull, review, moved = await write(
        world,
        item,
        MoveCard("Nowhere"),
        OpenPull("sluice/9-none", "main", "Fix", ""),
        AskReview(("nobody-at-all",)),
        MoveCard("Ready"),
    )
    assert not column.ok and "no column “Nowhere”" in column.error
    assert not pull.ok and pull.error
    assert not review.ok and "no pull request" in review.error
    assert moved.ok


async def test_reviewers_github_takes_are_asked_beside_one_it_does_not(world: GitHubWorld) -> None:
    """One name that is misspelt keeps nobody else from being asked, and is named in the answer."""
    item = claimed(world.add_issue("Fix"), BRANCH)
    world.commit(BRANCH, "fix.txt", "fixed\n")
    order = OpenPull(BRANCH, "main", "Fix", f"Closes #{item.number}")
    _, asked = await write(world, item, order, AskReview(("nobody-at-all", world.hubert.login)))
    assert (asked.ok, asked.refused) == (False, ("nobody-at-all",)) and "nobody-at-all cannot be asked" in asked.error
    pull = (await world.github.see(world.board, item)).pull
    assert pull is not None and pull.requested == (world.hubert.login,)


async def test_issue_and_pull_request_are_closed(world: GitHubWorld) -> None:
    """Closing leaves the issue completed and says who closed the pull request."""
    item = claimed(world.add_issue("Fix"), BRANCH)
    world.commit(BRANCH, "fix.txt", "fixed\n")
    (opened,) = await write(world, item, OpenPull(BRANCH, "main", "Fix", ""))
    written = await write(world, item, ClosePull(), CloseIssue())
    assert [each.ok for each in written] == [True, True]
    seen: Seen = await world.github.see(world.board, replace(item, pull_number=opened.number))
    assert seen.issue is not None and (seen.issue.open, seen.issue.state_reason) == (False, "COMPLETED")
    assert seen.pull is not None and (seen.pull.state, seen.pull.closed_by) == ("CLOSED", world.github.login)


async def test_more_than_twenty_writes_are_split(world: GitHubWorld) -> None:
    """Twenty writes travel together; the rest follow."""
    item = world.add_issue("Fix")
    replies = [Reply(f"Answer {n}.", f"m{n}") for n in range(23)]
    seen = await world.github.see(world.board, item)
    world.costs.clear()
    written = await world.github.write(world.board, item, replies, seen)
    assert all(each.ok for each in written) and len(written) == 23
    assert world.costs[item.id, "graphql_requests"] == 2
    assert [comment["body"].split(".")[0] for comment in comments(world, item.number)] == [
        f"Answer {n}" for n in range(23)
    ]
