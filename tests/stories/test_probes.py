"""`sluice doctor --write`: every kind of write is tried on a scratch issue, of which only its closed self stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.newcomer import Newcomer

EVERYTHING = dict.fromkeys(("contents", "issues", "pull_requests", "organization_projects"), "write")


def doctor(newcomer: Newcomer, *words: str, **permissions: str) -> tuple[int, str]:
    """With a token that has these permissions alone."""
    order = {"owner": newcomer.org, "permissions": permissions}
    token = newcomer.hub.admin(f"people/{newcomer.ann['login']}/tokens", order)["token"]
    newcomer.init("--board", newcomer.board, "--agent", "true", token=token)
    return newcomer.sluice("doctor", *words)


def board_of(newcomer: Newcomer) -> list[dict[str, Any]]:
    owner, number = newcomer.board.split("/")
    with newcomer.hub.rest(newcomer.ann["token"]) as api:
        return list(api.get(f"/orgs/{owner}/projectsV2/{number}/items").json())


def issues(newcomer: Newcomer) -> list[dict[str, Any]]:
    with newcomer.hub.rest(newcomer.ann["token"]) as api:
        return list(api.get(f"/repos/{newcomer.repo}/issues?state=all").json())


def test_everything_is_tried_and_cleaned_up(newcomer: Newcomer) -> None:
    """What could be done is said; the scratch issue is closed, and neither card, comment nor ref is left."""
    before = len(newcomer.hub.admin("log"))
    code, said = doctor(newcomer, "--write", **EVERYTHING)
    done = "open an issue, comment, react, remove the comment, put it on board"
    assert code == 0 and done in said and "set a ref under refs/sluice and delete it" in said, said
    [issue] = issues(newcomer)
    assert (issue["state"], issue["comments"], board_of(newcomer)) == ("closed", 0, [])
    verbs = [(line["verb"], line["target"]) for line in newcomer.hub.admin(f"log?after={before}")]
    assert any("refs/sluice/probe" in target for _, target in verbs)
    assert not any("Ready" in target or "In Progress" in target for _, target in verbs), verbs


@pytest.mark.parametrize(
    ("lacking", "where", "named"),
    [
        ("issues", "repo", "“Issues: Read and write”"),
        ("organization_projects", "project", "“Projects: Read and write”"),
        ("contents", "repo", "“Contents: Read and write”"),
    ],
)
def test_what_may_not_be_written_is_named(newcomer: Newcomer, lacking: str, where: str, named: str) -> None:
    """A write that fails says which permission is missing and who gives it; what was begun is cleaned up."""
    code, said = doctor(newcomer, "--write", **EVERYTHING | {lacking: "read"})
    assert code == 1 and named in said and f"the scope “{where}”" in said, said
    assert all(issue["state"] == "closed" for issue in issues(newcomer)) and board_of(newcomer) == []


def test_an_issue_that_is_given_stays_as_it_was(newcomer: Newcomer) -> None:
    """Its card keeps its column, the issue stays open, and nothing said stays."""
    with newcomer.hub.rest(newcomer.ann["token"]) as api:
        issue = api.post(f"/repos/{newcomer.repo}/issues", json={"title": "Mine"}).json()
        owner, number = newcomer.board.split("/")
        api.post(f"/orgs/{owner}/projectsV2/{number}/items", json={"type": "Issue", "id": issue["id"]})
    code, said = doctor(newcomer, "--write", "--issue", f"{newcomer.repo}#{issue['number']}", **EVERYTHING)
    assert code == 0 and "move its card" not in said, said
    [after] = issues(newcomer)
    assert (after["state"], after["comments"], len(board_of(newcomer))) == ("open", 0, 1)


def test_an_app_that_lacks_permissions_is_told_of_them_without_a_write(newcomer: Newcomer) -> None:
    """doctor compares what the installation was given with what is asked for, and says where to add and accept it."""
    init = newcomer.start("--app", "--board", newcomer.board, "--agent", "true")
    newcomer.install(newcomer.make_app(init))
    assert init.end()[0] == 0
    [slug] = [path.stem for path in newcomer.folder.glob("*.pem")]
    given = EVERYTHING | {"issues": "read", "actions": "write", "checks": "write", "statuses": "read"}
    newcomer.hub.admin(f"apps/{slug}", {"permissions": given | {"merge_queues": "read"}}, method="PATCH")
    code, said = newcomer.sluice("doctor")
    assert code == 1 and "lacks “Issues: Read and write”" in said and f"settings/apps/{slug}/permissions" in said, said
