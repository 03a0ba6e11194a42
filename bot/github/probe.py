"""Tries every kind of write, because what a token may do is only known when it does it. Asked for by doctor --write.

A scratch issue is opened and closed again; a given one is left as it was. No card stays in a column that Sluice drains.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.core.board import Board
from bot.errors import Refused, SluiceError
from bot.github.documents import Mutation, combine
from bot.github.graphql import GraphQL
from bot.github.permissions import ISSUES, PROJECTS, Permission
from bot.github.rest import Reply, Rest

T = TypeVar("T")
TITLE = "Sluice: may it write here?"
BODY = "`sluice doctor --write` opened this to see what it may do, and closes it again. Nothing needs doing."
COMMENT = "`sluice doctor --write` was here, and removes this again."


@dataclass(frozen=True)
class Tried:
    """One kind of write; `error` is empty where it worked."""

    what: str
    needs: Permission
    error: str = ""


class Probe:
    """Of one repository and one board, which may have an account of its own."""

    def __init__(self, rest: Rest, graphql: GraphQL, board: Board, repo: str) -> None:
        self._rest, self._graphql, self._board, self._repo = rest, graphql, board, repo
        self._found: list[Tried] = []

    async def run(self, number: int | None) -> list[Tried]:
        """With an issue of that number, else with a new one. What needs what failed is not tried."""
        issue = await self._issue(number)
        if issue is None:
            return self._found
        there = f"/repos/{self._repo}/issues/{issue['number']}"
        try:
            await self._words(there)
            await self._card(issue["node_id"], fresh=number is None)
        finally:
            if number is None:
                closed = {"state": "closed", "state_reason": "not_planned"}
                await self._try(f"close #{issue['number']} again", ISSUES, self._rest.send("PATCH", there, closed))
        return self._found

    async def _issue(self, number: int | None) -> Any:
        there = f"/repos/{self._repo}/issues"
        if number is None:
            made = self._rest.send("POST", there, {"title": TITLE, "body": BODY})
            return _data(await self._try("open an issue", ISSUES, made))
        return _data(await self._try(f"read #{number}", ISSUES, self._rest.get(f"{there}/{number}")))

    async def _words(self, there: str) -> None:
        comment = _data(
            await self._try("comment", ISSUES, self._rest.send("POST", f"{there}/comments", {"body": COMMENT}))
        )
        if comment is None:
            return
        mine = f"/repos/{self._repo}/issues/comments/{comment['id']}"
        await self._try("react", ISSUES, self._rest.send("POST", f"{mine}/reactions", {"content": "eyes"}))
        await self._try("remove the comment", ISSUES, self._rest.send("DELETE", mine, {}))

    async def _card(self, issue: str, fresh: bool) -> None:
        """A card of somebody's keeps its column, which is written once more as it is. Ours goes where nothing comes of
        it, even where it cannot be taken off again, and whoever put it on the board: GitHub may have by itself."""
        was = None if fresh else await self._card_of(issue)
        ids = {"projectId": self._board.project_id}
        adding = self._tell("AddCard", ids | {"contentId": issue})
        made = await self._try(f"put it on board {self._board.key}", PROJECTS, adding)
        if made is None:
            return
        card = made["item"]["id"]
        column = (was["status"] or {}).get("name") if was else self._board.harmless
        if column:
            value = {"singleSelectOptionId": self._board.option_id(column)}
            moved = ids | {"itemId": card, "fieldId": self._board.status_field_id, "value": value}
            await self._try(f"move its card to {column}", PROJECTS, self._tell("MoveCard", moved))
        if not was:
            removing = self._tell("RemoveCard", ids | {"itemId": card})
            await self._try("take its card off again", PROJECTS, removing)

    async def _card_of(self, issue: str) -> Any:
        answer = await self._graphql.ask("CardsOf", {"issue": issue})
        nodes = ((answer.data.get("node") or {}).get("projectItems") or {}).get("nodes") or []
        return next((node for node in nodes if node and node["project"]["id"] == self._board.project_id), None)

    async def _tell(self, operation: str, given: dict[str, Any]) -> Any:
        answer = await self._graphql.tell(*combine([Mutation(operation, given)]))
        if error := answer.error_at("w0"):
            raise Refused(f"GitHub: {error}")
        return answer.data["w0"]

    async def _try(self, what: str, needs: Permission, doing: Awaitable[T]) -> T | None:
        """What came of it; None where it was refused, or where nobody knows."""
        try:
            done = await doing
        except SluiceError as error:
            self._found.append(Tried(what, needs, str(error)))
            return None
        self._found.append(Tried(what, needs))
        return done


def _data(reply: Reply | None) -> Any:
    return reply.data if reply else None
