"""What a document costs: GitHub's points and nodes, counted from the text alone before anything runs.

A connection is one request for every parent it hangs on, as if each page above it were full; points are requests
divided by a hundred, rounded, at least one. A selection on a union or an interface is charged as its dearest concrete
type, which is the only reading that fits the measured cost of `gh project item-list`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values

from localhub.graphql.errors import Refusal

NODE_LIMIT = 500_000
PAGE_LIMIT = 100

Fields = dict[str, list[FieldNode]]


@dataclass(frozen=True)
class Cost:
    """`requests` is what GitHub divides by a hundred; `nodes` is the most the answer could hold."""

    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        return max(1, (self.requests + 50) // 100)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.requests + other.requests, self.nodes + other.nodes)

    def dearer(self, other: Cost) -> Cost:
        return Cost(max(self.requests, other.requests), max(self.nodes, other.nodes))


def cost_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: VariableValues,
) -> Cost:
    """The whole operation; refuses pages without bounds, pages over 100 and answers over half a million nodes."""
    root = schema.get_root_type(OperationType(operation.operation))
    if root is None:
        return Cost()
    cost = Count(schema, fragments, variables).selection(root, [operation.selection_set], 1, ())
    if cost.nodes > NODE_LIMIT:
        message = f"This query requests up to {cost.nodes:,} possible nodes which exceeds the maximum limit of 500,000."
        raise Refusal("MAX_NODE_LIMIT_EXCEEDED", message)
    return cost


@dataclass(frozen=True)
class Count:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def selection(self, of: Any, sets: list[SelectionSetNode], parents: int, path: tuple[str, ...]) -> Cost:
        """What the selection sets on type `of` cost when they are answered for so many parents."""
        if not is_abstract_type(of):
            return self.fields(of, sets, parents, path)
        cost = Cost()
        for concrete in self.alternatives(of, sets):
            cost = cost.dearer(self.fields(concrete, sets, parents, path))
        return cost

    def fields(self, of: GraphQLObjectType, sets: list[SelectionSetNode], parents: int, path: tuple[str, ...]) -> Cost:
        cost = Cost()
        for key, nodes in self.collect(of, sets).items():
            cost += self.field(of, nodes, parents, (*path, key))
        return cost

    def field(self, of: GraphQLObjectType, nodes: list[FieldNode], parents: int, path: tuple[str, ...]) -> Cost:
        definition = of.fields.get(nodes[0].name.value)
        inner = [node.selection_set for node in nodes if node.selection_set]
        if definition is None or not inner:
            return Cost()
        kind = get_named_type(definition.type)
        if not is_composite_type(kind) or kind.name.startswith("__"):
            return Cost()
        if not (kind.name.endswith("Connection") and "first" in definition.args):
            return self.selection(kind, inner, parents, path)
        values = get_argument_values(definition, nodes[0], self.variables)
        size = page_size(nodes[0], values, inner, path)
        return Cost(parents, parents * size) + self.selection(kind, inner, parents * size, path)

    def alternatives(self, of: GraphQLAbstractType, sets: list[SelectionSetNode]) -> Iterator[GraphQLObjectType]:
        """One concrete type for each way the fragments can apply: fragments that apply alike cost alike."""
        conditions = set(self.conditions(sets))
        seen: set[frozenset[str]] = set()
        for concrete in self.schema.get_possible_types(of):
            applying = frozenset(name for name in conditions if self.applies(name, concrete))
            if applying not in seen:
                seen.add(applying)
                yield concrete

    def conditions(self, sets: list[SelectionSetNode]) -> Iterator[str]:
        for selection in sets:
            for node in selection.selections:
                if isinstance(node, FieldNode):
                    continue
                name, inner = self.opened(node)
                if name:
                    yield name
                yield from self.conditions([inner])

    def collect(self, of: GraphQLObjectType, sets: list[SelectionSetNode], into: Fields | None = None) -> Fields:
        """Fields by response key, fragments opened, what @skip and @include leave out left out."""
        into = {} if into is None else into
        for selection in sets:
            for node in selection.selections:
                if not self.included(node):
                    continue
                if isinstance(node, FieldNode):
                    into.setdefault((node.alias or node.name).value, []).append(node)
                    continue
                name, inner = self.opened(node)
                if name is None or self.applies(name, of):
                    self.collect(of, [inner], into)
        return into

    def opened(self, node: Any) -> tuple[str | None, SelectionSetNode]:
        """A fragment's type condition and its selection."""
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments[node.name.value]
            return fragment.type_condition.name.value, fragment.selection_set
        assert isinstance(node, InlineFragmentNode)
        return node.type_condition.name.value if node.type_condition else None, node.selection_set

    def applies(self, name: str, concrete: GraphQLObjectType) -> bool:
        condition = self.schema.get_type(name)
        if is_abstract_type(condition):
            return self.schema.is_sub_type(condition, concrete)
        return condition is concrete

    def included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])


def page_size(node: FieldNode, values: Mapping[str, Any], inner: list[SelectionSetNode], path: tuple[str, ...]) -> int:
    """How many nodes a connection may return; GitHub lets a bare totalCount go without bounds."""
    name = node.name.value
    asked = {bound: values[bound] for bound in ("first", "last") if values.get(bound) is not None}
    if not asked:
        if not {"nodes", "edges"} & {selected for selection in inner for selected in names(selection)}:
            return 0
        message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise Refusal("MISSING_PAGINATION_BOUNDARIES", message, node=node, path=path)
    if len(asked) == 2:
        message = f"Passing both `first` and `last` to paginate the `{name}` connection is not supported."
        raise Refusal("INVALID_PAGINATION_BOUNDARIES", message, node=node, path=path)
    bound, size = asked.popitem()
    if size > PAGE_LIMIT:
        message = (
            f"Requesting {size} records on the `{name}` connection exceeds the `{bound}` limit of {PAGE_LIMIT} records."
        )
        raise Refusal("EXCESSIVE_PAGINATION", message, node=node, path=path)
    if size < 0:
        message = f"`{bound}` on the `{name}` connection cannot be less than zero."
        raise Refusal("INVALID_PAGINATION_BOUNDARIES", message, node=node, path=path)
    return int(size)


def names(selection: SelectionSetNode) -> Iterator[str]:
    """What a connection's selection asks for; a fragment is taken to ask for nodes."""
    for node in selection.selections:
        yield node.name.value if isinstance(node, FieldNode) else "nodes"
