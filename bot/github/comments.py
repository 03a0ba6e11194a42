"""Comments as GitHub's GraphQL shows them: of the issue, of its pull request, of reviews and of lines.

One look brings the newest of each conversation. Where more came since the last one, older pages are asked for until
what was heard before is reached, so that no command is missed, and until Sluice's own status comment is found. Of a
pull request that is open every review and thread is read: an old one may still hold it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.context import Heard
from bot.github.actors import GHOST, is_bot, login
from bot.github.graphql import GraphQL
from bot.github.rest import Rest
from bot.github.times import time

Node = Mapping[str, Any]
STATUS_MARK = "<!-- sluice:status -->"


def comments(issue: Node | None, pull_request: Node | None) -> list[Heard]:
    """Everything people and bots said, oldest first, each once."""
    found = [_heard(node) for node in (*issue["early"]["nodes"], *issue["comments"]["nodes"])] if issue else []
    if pull_request:
        found += [_heard(node) for node in pull_request["comments"]["nodes"]]
        found += [_heard(node, "review-") for node in pull_request["reviews"]["nodes"] if node["submittedAt"]]
        threads = pull_request["reviewThreads"]["nodes"]
        found += [_heard(node, "line-") for thread in threads for node in thread["comments"]["nodes"]]
    return sorted({each.subject: each for each in found}.values(), key=lambda each: each.at)


def _heard(node: Node, kind: str = "") -> Heard:
    """GitHub numbers each kind of comment anew, so the kind belongs to the id."""
    return Heard(
        id=f"{kind}{node['fullDatabaseId']}",
        subject=node["id"],
        author=login(node["author"]) or GHOST,
        by_bot=is_bot(node["author"]),
        body=node["body"],
        at=time(node.get("submittedAt") or node["createdAt"]),
        edited=node["lastEditedAt"] is not None,
    )


async def read_back(
    graphql: GraphQL, issue: Node | None, pull_request: Node | None, since: datetime | None, me: str
) -> None:
    """Complete the two conversations in place. `since`: the newest comment that was heard before."""
    if issue:
        early = issue["early"]["nodes"]

        def enough(nodes: list[Node]) -> bool:
            return _reaches(nodes, since) and _has_status([*early, *nodes], me)

        await _read_back(graphql, issue, "comments", "OlderComments", enough)
    if pull_request:
        await _read_back(graphql, pull_request, "comments", "OlderComments", lambda nodes: _reaches(nodes, since))
    if pull_request and pull_request["state"] == "OPEN":
        await _read_back(graphql, pull_request, "reviews", "OlderReviews", lambda _: False)
        await _read_back(graphql, pull_request, "reviewThreads", "OlderThreads", lambda _: False)


async def _read_back(graphql: GraphQL, node: Node, what: str, query: str, enough: Callable[[list[Node]], bool]) -> None:
    nodes, page = node[what]["nodes"], node[what]["pageInfo"]
    while page["hasPreviousPage"] and not enough(nodes):
        answer = await graphql.ask(query, {"subject": node["id"], "before": page["startCursor"]})
        older = ((answer.data.get("node") or {}).get(what)) or {"nodes": [], "pageInfo": NO_MORE}
        nodes[:0] = older["nodes"]
        page = older["pageInfo"]


async def said_since(rest: Rest, repo: str, since: datetime) -> list[tuple[int, Heard]]:
    """Every comment on any issue or pull request of a repository, oldest first, with the issue's number."""
    found: list[Node] = []
    instant = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    while True:
        page = len(found) // PAGE + 1
        path = f"/repos/{repo}/issues/comments?sort=created&direction=asc&since={instant}&per_page={PAGE}&page={page}"
        nodes = (await rest.get(path)).data
        found += nodes
        if len(nodes) < PAGE:
            return [(int(node["issue_url"].rpartition("/")[2]), _told(node)) for node in found]


async def pulls_changed(rest: Rest, repo: str) -> dict[int, datetime]:
    """The open pull requests that changed last, by number: a review changes one and is in no list of the repository."""
    path = f"/repos/{repo}/pulls?state=open&sort=updated&direction=desc&per_page={PAGE}"
    return {node["number"]: time(node["updated_at"]) for node in (await rest.get(path)).data}


def _told(node: Node) -> Heard:
    """As REST shows a comment: it names no edit, but the time of the last change."""
    author = node["user"] or {"login": GHOST, "type": "User"}
    edited = node["updated_at"] != node["created_at"]
    at = time(node["created_at"])
    return Heard(str(node["id"]), node["node_id"], author["login"], author["type"] == "Bot", node["body"], at, edited)


PAGE = 100
NO_MORE: Node = {"hasPreviousPage": False, "startCursor": None}


def _reaches(nodes: Iterable[Node], since: datetime | None) -> bool:
    return since is None or any(time(each["createdAt"]) <= since for each in nodes)


def _has_status(nodes: Iterable[Node], me: str) -> bool:
    return any(STATUS_MARK in each["body"] and login(each["author"]) == me for each in nodes)
