"""What all mutations share: a payload echoes `clientMutationId`, and node ids become records or NOT_FOUND."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import isawaitable
from typing import Any

from localhub.graphql.errors import Refusal
from localhub.graphql.view import Context, Plain, Resolver, View
from localhub.model import Actor, Label

Input = dict[str, Any]


class MutationView(View[None]):
    """Methods take the input object, in snake case, and return the payload."""

    @classmethod
    def resolvers(cls) -> Iterator[tuple[str, Resolver]]:
        for field, resolve in super().resolvers():
            yield field, echoing(resolve)

    def _logins(self, ids: Iterable[str] | None) -> list[str]:
        return [self.context.find(node_id, Actor).login for node_id in ids or ()]

    def _label_names(self, ids: Iterable[str] | None) -> list[str]:
        return [self.context.find(node_id, Label).name for node_id in ids or ()]


def echoing(resolve: Resolver) -> Resolver:
    async def resolved(record: Any, info: Any, **arguments: Any) -> Plain:
        take_turn(info.context, info.path.key)
        payload = resolve(record, info, **arguments)
        if isawaitable(payload):
            payload = await payload
        return {"clientMutationId": arguments["input"].get("client_mutation_id"), **payload}

    return resolved


def take_turn(context: Context, alias: str) -> None:
    """Only so many mutations of one document are carried out; the others are refused, and those before them stand."""
    context.begun.append(alias)
    if len(context.begun) > context.most_mutations:
        raise Refusal("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
    context.hub.meter.write(context.caller.counts_as)
