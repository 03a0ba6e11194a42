"""Reading: the board, its cards and all of one item, against a GitHub that answers like the real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.context import Seen
from bot.core.actions import SayStatus
from bot.core.item import Item
from bot.core.trust import Role
from bot.errors import BoardError
from bot.github.auth import AppToken, StaticToken
from bot.github.client import viewer_login
from bot.github.times import time
from tests.contracts.github_world import GitHubWorld, claimed, world

__all__ = ["world"]


async def test_board_is_found_with_its_columns(world: GitHubWorld) -> None:
    """The board of an organization is found by owner and number, and its columns have ids."""
    assert list(world.board.options) == ["Ready", "In Progress", "In Review", "Needs a person", "Done"]
    assert world.board.option_id("ready") == world.options["Ready"]
    assert world.board.columns.missing_from(tuple(world.board.options)) == ()


async def test_board_that_is_not_there_is_explained(world: GitHubWorld) -> None:
    """A wrong number says what to check instead of failing later."""
    with pytest.raises(BoardError, match="check owner and number"):
        await world.github.board(f"{world.org}/99")
    with pytest.raises(BoardError, match="owner/number"):
        await world.github.board("acme")
    token = world.admin(f"people/{world.mona.login}/tokens", scopes=["repo"])["token"]
    github = world.client(StaticToken(token))
    with pytest.raises(BoardError, match="lacks the scope “project”"):
        await github.board(world.key)
    await github.close()


async def test_scan_reads_a_hundred_cards_for_a_point(world: GitHubWorld) -> None:
    """Cards come in board order with what a scan needs, and the whole scan costs one point."""
    first, second = world.add_issue("First", column="Ready"), world.add_issue("Second")
    draft = world.add_draft("Third", "perhaps")
    world.costs.clear()
    cards = (await world.github.scan(world.board)).cards
    assert [card.id for card in cards] == [first.id, second.id, draft.id]
    assert [(card.kind, card.column, card.title) for card in cards] == [
        ("ISSUE", "Ready", "First"),
        ("ISSUE", None, "Second"),
        ("DRAFT_ISSUE", None, "Third"),
    ]
    assert (cards[0].repo, cards[0].number, cards[0].open) == (world.repo, first.number, True)
    assert dict(world.costs) == {(None, "graphql_requests"): 1, (None, "graphql_points"): 1}


async def test_priority_comes_from_the_boards_field(world: GitHubWorld) -> None:
    """A number in the Priority field reaches the card."""
    item = world.add_issue("Urgent")
    world.set_field(item, "Priority", {"number": 2})
    (card,) = (await world.github.scan(world.board)).cards
    assert card.priority == "2.0"


async def test_item_is_seen_whole_for_one_point(world: GitHubWorld) -> None:
    """Issue, card, moves, comments and policy arrive in one document of one point."""
    item = world.add_issue("Fix the typo", "It says teh.", column="Ready")
    world.move(item, "In Progress", by=world.hubert)
    said = world.comment(item.number or 0, "/sluice status", by=world.hubert)
    world.commit("main", ".github/sluice.toml", 'mode = "live"\n')
    world.costs.clear()
    seen = await world.github.see(world.board, item)
    assert seen.issue is not None and seen.face is not None
    assert (seen.issue.title, seen.issue.body, seen.issue.author) == ("Fix the typo", "It says teh.", world.mona.login)
    assert seen.face.column == "In Progress"
    assert [(move.to, move.actor, move.automated) for move in seen.moves] == [
        ("Ready", world.mona.login, False),
        ("In Progress", world.hubert.login, False),
    ]
    (heard,) = seen.comments
    assert (heard.id, heard.author, heard.body, heard.edited) == (
        str(said["id"]),
        world.hubert.login,
        "/sluice status",
        False,
    )
    assert seen.policy_text == 'mode = "live"\n' and seen.policy_since is not None
    assert (seen.repo, seen.default_branch, seen.pull, seen.branch_head) == (world.repo, "main", None, None)
    assert dict(world.costs) == {(item.id, "graphql_requests"): 1, (item.id, "graphql_points"): 1}


async def test_nothing_said_is_missed(world: GitHubWorld) -> None:
    """However much was said since the last look, all of it is read, and Sluice's own comment is found again."""
    item = world.add_issue("Busy")
    early = [world.comment(item.number or 0, f"early {n}") for n in range(20)]
    item = replace(item, first_seen=time(early[0]["created_at"]))
    (status,) = await world.github.write(world.board, item, [SayStatus("At work.")], await look(world, item))
    world.admin("limits", login=world.hubert.login, secondary=False)
    late = [world.comment(item.number or 0, f"late {n}", by=world.hubert) for n in range(160)]
    seen = await look(world, item)
    assert seen.status is not None and (seen.status.id, seen.status.body) == (status.id, "At work.")
    assert [each.body for each in seen.comments] == [each["body"] for each in (*early, *late)]

    world.costs.clear()
    await look(world, replace(item, heard_until=time(late[-1]["created_at"]) + timedelta(seconds=1)))
    assert world.costs[item.id, "graphql_points"] == 1 + 2, "only as far back as Sluice's own comment"


async def look(world: GitHubWorld, item: Item) -> Seen:
    return await world.github.see(world.board, item)


async def test_every_review_and_thread_of_an_open_pull_request_is_read(world: GitHubWorld) -> None:
    """An old thread that is unresolved still holds the merge back, however many came after it."""
    item = claimed(world.add_issue("Big"), "sluice/1-big")
    world.commit("sluice/1-big", "big.txt", "big\n")
    pulls = f"/repos/{world.repo}/pulls"
    pull = world.hubert.rest("POST", pulls, head="sluice/1-big", base="main", title="Big")
    place = {"path": "big.txt", "line": 1, "side": "RIGHT"}
    for n in range(45):
        world.mona.rest(
            "POST", f"{pulls}/{pull['number']}/reviews", event="COMMENT", comments=[{**place, "body": f"{n}"}]
        )
    found = (await look(world, item)).pull
    assert found is not None and len(found.reviews) == len(found.threads) == 45


async def test_fields_of_the_card_are_seen(world: GitHubWorld) -> None:
    """What the board's fields say of a card, by name."""
    item = world.add_issue("Sized", column="Ready")
    world.set_field(item, "Priority", {"number": 2})
    face = (await look(world, item)).face
    assert face is not None and face.fields == {"Title": "Sized", "Status": "Ready", "Priority": "2"}


async def test_full_item_still_costs_one_point(world: GitHubWorld) -> None:
    """With a branch and a pull request in the document too, GitHub's own counter moves by one."""
    item = world.add_issue("Big")
    world.commit("sluice/1-big", "big.txt", "big\n")
    item = claimed(item, "sluice/1-big")
    for variant in (item, replace(item, pull_number=1), replace(item, issue_id=(await _issue_id(world, item)))):
        before = _points(world)
        await world.github.see(world.board, variant)
        assert _points(world) - before == 1


async def test_dependencies_and_labels_are_seen(world: GitHubWorld) -> None:
    """What blocks an issue is named with its state."""
    blocker, item = world.add_issue("First this"), world.add_issue("Then that")
    issues = f"/repos/{world.repo}/issues"
    blocking = world.mona.rest("GET", f"{issues}/{blocker.number}")["id"]
    world.mona.rest("POST", f"{issues}/{item.number}/dependencies/blocked_by", issue_id=blocking)
    world.mona.rest("POST", f"{issues}/{item.number}/labels", labels=["frontend"])
    issue = (await world.github.see(world.board, item)).issue
    assert issue is not None
    assert [(each.ref, each.open) for each in issue.blocked_by] == [(f"{world.repo}#{blocker.number}", True)]
    assert (issue.blockers_total, issue.labels) == (1, ("frontend",))


async def test_edit_of_the_text_names_its_editor(world: GitHubWorld) -> None:
    """Who changed the text after the go-ahead matters, so it is known."""
    item = world.add_issue("Text", "first")
    world.hubert.rest("PATCH", f"/repos/{world.repo}/issues/{item.number}", body="second")
    issue = (await world.github.see(world.board, item)).issue
    assert issue is not None
    assert (issue.body, issue.editor) == ("second", world.hubert.login) and issue.edited_at is not None


async def test_draft_is_seen_as_a_draft(world: GitHubWorld) -> None:
    """A draft has a title, a body and whoever made it, and no issue."""
    seen = await world.github.see(world.board, world.add_draft("Maybe", "some day"))
    assert seen.draft is not None and seen.issue is None
    assert (seen.draft.title, seen.draft.body, seen.draft.creator) == ("Maybe", "some day", world.mona.login)


async def test_card_that_is_gone_leaves_its_issue(world: GitHubWorld) -> None:
    """When the card is deleted there is no face, and the issue is read by its own id."""
    item = world.add_issue("Removed")
    item = replace(item, issue_id=await _issue_id(world, item))
    world.remove_card(item)
    seen = await world.github.see(world.board, item)
    assert seen.face is None
    assert seen.issue is not None and seen.issue.title == "Removed"


async def test_roles_are_githubs(world: GitHubWorld) -> None:
    """What somebody may do is asked of the permission endpoint; a stranger may do nothing."""
    asked = {login: await world.github.role(world.repo, login) for login in _people(world)}
    assert list(asked.values()) == [Role.ADMIN, Role.WRITE, Role.READ, Role.NONE]
    assert world.costs[None, "rest_requests"] == 4


async def test_app_mints_its_own_tokens(world: GitHubWorld) -> None:
    """An App's key becomes an installation token that reads the board, and is kept while it lasts."""
    tokens = AppToken(world.url, world.app["app_id"], world.app["private_key"], owner=world.org)
    assert await tokens.login() == world.github.login
    assert await tokens() == await tokens()
    assert (await world.client(tokens).board(world.key)).project_id == world.board.project_id


async def test_persons_token_knows_its_owner(world: GitHubWorld) -> None:
    """With a person's token, Sluice acts under that person's name."""

    async def token() -> str:
        return world.mona.client.headers["authorization"].removeprefix("Bearer ")

    assert await viewer_login(world.url, token) == world.mona.login


def _people(world: GitHubWorld) -> list[str]:
    return [world.mona.login, world.hubert.login, world.olga.login, "nobody-at-all"]


async def _issue_id(world: GitHubWorld, item: Item) -> str:
    return str(world.mona.rest("GET", f"/repos/{world.repo}/issues/{item.number}")["node_id"])


def _points(world: GitHubWorld) -> int:
    return int(world.admin(f"counters?login={world.app['login']}", method="GET")["graphql_points"])
