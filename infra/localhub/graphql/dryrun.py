"""`rateLimit(dryRun: true)`: the cost of a query is told and the query is not carried out."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_argument_values

from localhub.graphql.cost import Count
from localhub.graphql.schema import schema


def rehearsed(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
) -> tuple[DocumentNode, list[str]] | None:
    """The document that only asks what it would cost, and the keys that stay unanswered; None when it is meant."""
    root = schema().query_type
    if operation.operation is not OperationType.QUERY or root is None:
        return None
    asked = Count(schema(), fragments, variables).collect(root, [operation.selection_set])
    told = [node for nodes in asked.values() for node in nodes if _is_dry(root, node, variables)]
    if not told:
        return None
    left = [key for key, nodes in asked.items() if nodes[0] not in told]
    alone = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=SelectionSetNode(selections=tuple(told)),
    )
    return DocumentNode(definitions=(alone, *fragments.values())), left


def _is_dry(root: GraphQLObjectType, node: FieldNode, variables: VariableValues) -> bool:
    if node.name.value != "rateLimit":
        return False
    return bool(get_argument_values(root.fields["rateLimit"], node, variables).get("dry_run"))
