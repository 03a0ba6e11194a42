"""The GraphQL documents: read from `queries/`, one operation each, and several writes combined into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    separate_operations,
    visit,
)

MOST = 20  # aliased mutations in one document; GitHub refuses some kinds at 22


@dataclass(frozen=True)
class Mutation:
    """One write: the name of an operation in `writes.graphql` and its input."""

    operation: str
    input: dict[str, Any]


@cache
def operation(name: str) -> DocumentNode:
    """The document of one operation, with the fragments it needs and no others."""
    return _operations()[name]


def printed(document: DocumentNode) -> str:
    """As it is sent. What `queries/` holds is printed once: that takes longer than everything else about a call."""
    name = _names().get(id(document))
    return _text(name) if name else print_ast(document)


def combine(mutations: Sequence[Mutation]) -> tuple[DocumentNode, dict[str, Any]]:
    """One document that does them in order, each under the alias `w0`, `w1` ...; and its variables."""
    if len(mutations) > MOST:
        raise ValueError(f"at most {MOST} writes travel in one document, not {len(mutations)}")
    declared: list[VariableDefinitionNode] = []
    fields: list[SelectionNode] = []
    for place, mutation in enumerate(mutations):
        single = visit(_definition(mutation.operation), _Renamed(f"i{place}"))
        declared.extend(single.variable_definitions)
        (field,) = single.selection_set.selections
        fields.append(_aliased(field, f"w{place}"))
    whole = OperationDefinitionNode(
        operation=OperationType.MUTATION,
        name=NameNode(value="Write"),
        directives=(),
        variable_definitions=tuple(declared),
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return DocumentNode(definitions=(whole,)), {f"i{place}": each.input for place, each in enumerate(mutations)}


class _Renamed(Visitor):
    """Gives the variable `$input` another name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def enter_variable(self, *_: Any) -> VariableNode:
        return VariableNode(name=NameNode(value=self.name))


def _aliased(field: Any, alias: str) -> FieldNode:
    return FieldNode(
        alias=NameNode(value=alias),
        name=field.name,
        arguments=field.arguments,
        directives=field.directives,
        selection_set=field.selection_set,
    )


def _definition(name: str) -> OperationDefinitionNode:
    return next(each for each in operation(name).definitions if isinstance(each, OperationDefinitionNode))


@cache
def _operations() -> dict[str, DocumentNode]:
    found: dict[str, DocumentNode] = {}
    for file in (files("bot.github") / "queries").iterdir():
        if file.name.endswith(".graphql"):
            found |= separate_operations(parse(file.read_text("utf-8"), no_location=True))
    return found


@cache
def _names() -> dict[int, str]:
    """By the identity of documents that are kept as long as the process lives."""
    return {id(document): name for name, document in _operations().items()}


@cache
def _text(name: str) -> str:
    return print_ast(operation(name))
