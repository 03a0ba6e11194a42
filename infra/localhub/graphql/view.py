"""How records become GraphQL: a view holds the simulated fields of the types it is named for.

A method `head_ref_oid` answers the field `headRefOid`; `plain` names fields that are a record's attribute. Records
stay what resolvers hand on; a view is made afresh for each field. Plain dictionaries answer by key, which is how
connections, payloads and summaries are built. Any other field of the schema says that it is not simulated.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from inspect import isawaitable
from typing import Any, ClassVar, Generic, TypeVar

from localhub import grants, permissions
from localhub.errors import HubError, InsufficientScopes
from localhub.graphql.cost import Cost
from localhub.graphql.errors import not_simulated, unknown_node
from localhub.graphql.kinds import home, scope_of
from localhub.hub import Hub
from localhub.model import Project, Repo
from localhub.permissions import Caller

R = TypeVar("R")
Node = TypeVar("Node")
Plain = dict[str, Any]
PLAIN = (str, int, bool, float, datetime, type(None))  # what needs no guard
Resolver = Callable[..., Any]


@dataclass(frozen=True)
class Context:
    """What one request's resolvers share."""

    hub: Hub
    caller: Caller
    cost: Cost
    most_mutations: int = 22
    begun: list[str] = field(default_factory=list)  # the mutations of this document so far

    def find(self, node_id: str, kind: type[Node] | tuple[type[Node], ...]) -> Node:
        """The record behind a node id, if it is of this kind and the caller may read it."""
        record = self.hub.nodes.get(node_id)
        if not isinstance(record, kind) or not self.readable(record):
            raise unknown_node(node_id)
        return record

    def find_exactly(self, node_id: str, kind: type[Node]) -> Node:
        """As `find`, but no subclass: an issue that is no pull request."""
        record = self.find(node_id, kind)
        if type(record) is not kind:
            raise unknown_node(node_id)
        return record

    def readable(self, record: object) -> bool:
        """What the caller may not read does not exist."""
        try:
            match home(record):
                case Repo() as repo:
                    permissions.require(self.caller, repo, "read", scope_of(record), "read")
                case Project() as project:
                    permissions.require_project(self.caller, project, "read")
        except InsufficientScopes:
            raise
        except HubError:
            return False
        return True

    def guarded(self, answer: Any) -> Any:
        """What a resolver answers, unless the token may not see it: what hangs on a repository, in a list or alone."""
        if self.caller.token.is_classic or isinstance(answer, PLAIN):
            return answer
        if isawaitable(answer):
            return self._guarded_later(answer)
        shown = answer.get("nodes", ()) if isinstance(answer, dict) else answer
        for record in shown if isinstance(shown, list) else [shown]:
            scope = scope_of(record)
            repo = home(record) if scope else None
            if scope and isinstance(repo, Repo):
                grants.require(self.caller.token, repo, scope, "read")
        return answer

    async def _guarded_later(self, answer: Awaitable[Any]) -> Any:
        return self.guarded(await answer)


def read(**fields: str) -> dict[str, str]:
    """`plain = read(databaseId="id")`: fields that are an attribute of the record."""
    return fields


class View(Generic[R]):
    """The fields of the GraphQL types in `types`, read from one record."""

    types: ClassVar[tuple[str, ...]] = ()
    plain: ClassVar[dict[str, str]] = {}
    every: ClassVar[list[type[View[Any]]]] = []

    def __init__(self, record: R, context: Context) -> None:
        self.record = record
        self.context = context
        self.hub = context.hub
        self.caller = context.caller

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "types" in cls.__dict__:
            View.every.append(cls)

    @classmethod
    def resolvers(cls) -> Iterator[tuple[str, Resolver]]:
        """Every field this view answers, with the function graphql-core calls for it."""
        for base in reversed(cls.__mro__):
            for key, attribute in base.__dict__.get("plain", {}).items():
                yield key, reader(attribute)
            for name, member in base.__dict__.items():
                if callable(member) and not name.startswith("_") and issubclass(base, View) and base is not View:
                    yield camel(name), caller_of(cls, name)


def reader(attribute: str) -> Resolver:
    def resolve(record: Any, info: Any, **arguments: Any) -> Any:
        return record[attribute] if isinstance(record, dict) else getattr(record, attribute)

    return resolve


def caller_of(cls: type[View[Any]], name: str) -> Resolver:
    def resolve(record: Any, info: Any, **arguments: Any) -> Any:
        return info.context.guarded(getattr(cls(record, info.context), name)(**arguments))

    return resolve


def default_resolver(record: Any, info: Any, **arguments: Any) -> Any:
    """A plain dictionary answers by key; any other field is not simulated, and says so."""
    if isinstance(record, dict) and info.field_name in record:
        return record[info.field_name]
    raise not_simulated(info.parent_type.name, info.field_name)


def camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
