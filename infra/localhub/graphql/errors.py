"""GraphQL errors the way GitHub spells them: `type` on top, then path, locations and message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import FieldNode, GraphQLError

from localhub.errors import HubError, TooFast


class Refusal(GraphQLError):
    """A refusal with GitHub's error type."""

    def __init__(
        self, type_: str, message: str, *, node: FieldNode | None = None, path: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(message, nodes=node, path=path, extensions={"type": type_})


def not_simulated(type_name: str, field: str) -> Refusal:
    return Refusal("NOT_SIMULATED", f"Field '{type_name}.{field}' is not simulated by localhub")


def unknown_node(node_id: str) -> Refusal:
    return Refusal("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'.")


def unknown(type_name: str, what: str) -> Refusal:
    """`Could not resolve to a User with the login of 'x'.`"""
    article = "an" if type_name[0] in "AEIOaeio" else "a"
    return Refusal("NOT_FOUND", f"Could not resolve to {article} {type_name} with the {what}.")


def sentence(refusal: HubError) -> str:
    """A verb's refusal as GraphQL says it: the field errors of a 422 as one sentence."""
    if isinstance(refusal, TooFast):
        return refusal.graphql_message
    return ", ".join(entry.get("message") or plainly(entry) for entry in refusal.errors) or refusal.message


def plainly(entry: Mapping[str, str]) -> str:
    """`{field: title, code: missing_field}` is "Title missing field"."""
    return f"{entry.get('field', '')} {entry['code']}".replace("_", " ").strip().capitalize()


def shaped(error: GraphQLError) -> dict[str, Any]:
    """One entry of `errors`: GitHub puts `type` beside the message, not under `extensions`."""
    formatted = error.formatted
    extensions = dict(formatted.get("extensions") or {})
    entry: dict[str, Any] = {}
    if "type" in extensions:
        entry["type"] = extensions.pop("type")
    if error.path is not None:
        entry["path"] = error.path
    if extensions:
        entry["extensions"] = extensions
    entry["locations"] = formatted.get("locations", [])
    entry["message"] = error.message
    return entry
