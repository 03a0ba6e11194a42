"""Boards and their cards, as GitHub's GraphQL shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.context import Written
from bot.core.board import Board, Card, Cards, Columns, Kept, Scan
from bot.core.limits import Importance
from bot.core.report import Report
from bot.errors import BoardError, OutOfReach
from bot.github.auth import TokenSource
from bot.github.documents import Mutation, combine
from bot.github.failures import check_whole
from bot.github.graphql import Answer, GraphQL, came_of
from bot.github.limits import Limits
from bot.github.places import no_board
from bot.github.times import time

STATUS = "Status"
PAGE = 100
NOTHING_KEPT = Kept()


@dataclass(frozen=True)
class Account:
    """Who reads and writes one board, where that is not Sluice's own identity."""

    token: TokenSource
    login: str
    limits: Limits = field(default_factory=Limits)


async def find_board(
    graphql: GraphQL, key: str, columns: Columns, priority_field: str, kept: Kept = NOTHING_KEPT
) -> Board:
    """The board `owner/number`; BoardError says what is there instead."""
    owner, _, number = key.partition("/")
    if not (owner and number.isdecimal()):
        raise BoardError(no_board(key))
    answer = await graphql.ask("Board", {"owner": owner, "number": int(number)})
    project = _project(answer)
    if project is None and any(error.get("type") == "INSUFFICIENT_SCOPES" for error in answer.errors):
        raise BoardError(f"board {key} cannot be read: the token lacks the scope “project” ({_said(answer)})")
    if project is None:
        raise BoardError(
            f"there is no board {key} that this token may read: check owner and number, and for an App that it is "
            f"installed on {owner} with the organization permission “Projects”; a person's board is closed to Apps and "
            f'needs a token of its own, [boards."{key}"] token ({_said(answer)})'
        )
    fields = {field["name"]: field for field in project["fields"]["nodes"] if field and "name" in field}
    status = fields.get(STATUS)
    if status is None or "options" not in status:
        raise BoardError(f"board {key} has no single-select field “{STATUS}”; its fields are: {', '.join(fields)}")
    return Board(
        key=key,
        project_id=project["id"],
        status_field_id=status["id"],
        options={option["name"]: option["id"] for option in status["options"]},
        columns=columns,
        priority_field=priority_field,
        kept=kept,
        field_ids=_ids(project["fields"]["nodes"], kept),
        personal=not (answer.data.get("organization") or {}).get("projectV2"),
    )


def _ids(nodes: Sequence[Mapping[str, Any]], kept: Kept) -> dict[str, str]:
    """Of the fields to keep that are there, in the type they need."""
    there = {(node["name"].casefold(), node["dataType"]): node["id"] for node in nodes if node and "name" in node}
    wanted = kept.kinds().items()
    return {name: there[name.casefold(), kind] for name, kind in wanted if (name.casefold(), kind) in there}


async def scan_board(graphql: GraphQL, board: Board, whole: bool = True) -> Scan:
    """Every card that is not archived, in board order; a point for each hundred. The columns are read along.

    Not `whole`: only those in the columns Sluice works with, as GitHub's index has them, which is seconds behind.
    """
    names = ",".join(f'"{name}"' for name in board.active)
    query = "" if whole else f"status:{names}"
    cards: list[Card] = []
    after: str | None = None
    while True:
        variables = {"project": board.project_id, "priority": board.priority_field, "after": after, "query": query}
        answer = await graphql.ask("Scan", variables)
        node = answer.data.get("node")
        if not node:
            raise OutOfReach(f"it cannot be read any more: {_said(answer)}")
        check_whole(answer.errors, lambda path: "content" in path)  # a card that is missing must not look deleted
        items = node["items"]
        cards += [card(each, len(cards) + place) for place, each in enumerate(filter(None, items["nodes"]))]
        if not items["pageInfo"]["hasNextPage"]:
            return Scan(_as_it_is(board, node["field"] or {}), tuple(cards), whole)
        after = items["pageInfo"]["endCursor"]


async def read_cards(graphql: GraphQL, board: Board, ids: Sequence[str]) -> Cards:
    """Straight from the cards themselves, not from an index."""
    found: list[Card] = []
    for first in range(0, len(ids), PAGE):
        some = list(ids[first : first + PAGE])
        answer = await graphql.ask("Cards", {"ids": some, "priority": board.priority_field})
        check_whole(answer.errors, lambda path: path[0] == "nodes")
        nodes = [node for node in answer.data.get("nodes") or [] if node]
        found += [card(node, first + place) for place, node in enumerate(nodes)]
    there = [each for each in found if not each.archived]
    return Cards(tuple(there), tuple(id_ for id_ in ids if id_ not in {each.id for each in there}))


async def post_update(graphql: GraphQL, board: Board, report: Report) -> Written:
    """A status update of the board: one more piece of content, as GitHub counts it."""
    told = Mutation("PostUpdate", {"projectId": board.project_id, "status": report.standing, "body": report.body})
    return came_of(await graphql.tell(*combine([told]), Importance.WORDS, creating=1), "w0")


def _as_it_is(board: Board, status: Mapping[str, Any]) -> Board:
    """Columns are renamed, removed and made anew while Sluice runs."""
    options = {option["name"]: option["id"] for option in status.get("options", ())}
    return replace(board, options=options, status_field_id=status.get("id", board.status_field_id), lost="")


def card(node: Mapping[str, Any], position: int) -> Card:
    content = node.get("content") or {}
    priority = node.get("priority") or {}
    value = next((priority[key] for key in ("name", "text", "number") if priority.get(key) is not None), None)
    return Card(
        id=node["id"],
        kind=node["type"],
        column=(node.get("status") or {}).get("name"),
        archived=node["isArchived"],
        position=position,
        updated_at=max(time(each["updatedAt"]) for each in (node, content) if "updatedAt" in each),
        title=content.get("title", ""),
        repo=(content.get("repository") or {}).get("nameWithOwner", ""),
        issue_id=content.get("id", "") if node["type"] == "ISSUE" else "",
        number=content.get("number"),
        open=(content.get("issueState") or content.get("pullState") or "OPEN") == "OPEN",
        priority=None if value is None else str(value),
    )


def _project(answer: Answer) -> dict[str, Any] | None:
    owners = (answer.data.get("organization"), answer.data.get("user"))
    return next((owner["projectV2"] for owner in owners if owner and owner.get("projectV2")), None)


def _said(answer: Answer) -> str:
    return "; ".join(dict.fromkeys(str(error.get("message")) for error in answer.errors)) or "GitHub said nothing"
