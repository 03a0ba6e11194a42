"""Gives a board the columns and fields it lacks: asked for by `sluice board setup`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.board import Board
from bot.core.setup import Option, completed, new
from bot.errors import BoardError, Refused
from bot.github.documents import Mutation, combine
from bot.github.graphql import GraphQL

Node = Mapping[str, Any]


@dataclass(frozen=True)
class SetUp:
    """What the board lacked."""

    columns: tuple[str, ...]
    fields: tuple[str, ...]


async def set_up(graphql: GraphQL, board: Board, dry: bool) -> SetUp:
    """The columns are read in the moment they are written, with their ids: GitHub takes the list it is given for all
    there is, and a card whose option is not in it by id loses its place."""
    known = await _fields(graphql, board)
    before = [_option(each) for each in known["status"]["options"]]
    wanted = completed(before, board.columns)
    kinds = {board.priority_field: "NUMBER"} | board.kept.kinds()
    absent = {name: kind for name, kind in kinds.items() if name.casefold() not in known}
    found = SetUp(new(wanted), tuple(absent))
    if dry:
        return found
    writes = [Mutation("SetOptions", _all_of(board, wanted))] if found.columns else []
    writes += [
        Mutation("AddField", {"projectId": board.project_id, "dataType": kind, "name": name})
        for name, kind in absent.items()
    ]
    if writes:
        await _tell(graphql, board, writes)
    after = {option["id"] for option in (await _fields(graphql, board))["status"]["options"]}
    if lost := [option.name for option in before if option.id not in after]:
        raise BoardError(f"board {board.key} lost its column {', '.join(lost)} while it was set up; look at its cards")
    return found


async def _fields(graphql: GraphQL, board: Board) -> dict[str, Any]:
    """By name in small letters."""
    answer = await graphql.ask("BoardFields", {"project": board.project_id})
    nodes = ((answer.data.get("node") or {}).get("fields") or {}).get("nodes") or []
    found = {field["name"].casefold(): field for field in nodes if field and "name" in field}
    if "options" not in found.get("status", {}):
        raise BoardError(f"the fields of board {board.key} cannot be read")
    return found


async def _tell(graphql: GraphQL, board: Board, writes: list[Mutation]) -> None:
    answer = await graphql.tell(*combine(writes))
    if answer.errors:
        said = "; ".join(dict.fromkeys(str(error.get("message")) for error in answer.errors))
        raise Refused(f"board {board.key} could not be set up: {said}")


def _all_of(board: Board, options: tuple[Option, ...]) -> dict[str, Any]:
    told = [
        {"name": o.name, "color": o.color, "description": o.description} | ({"id": o.id} if o.id else {})
        for o in options
    ]
    return {"fieldId": board.status_field_id, "singleSelectOptions": told}


def _option(node: Node) -> Option:
    return Option(node["name"], node["color"], node["description"] or "", node["id"])
