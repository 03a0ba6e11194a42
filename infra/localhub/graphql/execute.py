"""One GraphQL request: parse, validate, charge, execute; errors leave in GitHub's shape beside partial data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    execute,
    get_operation_ast,
    get_variable_values,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import VariableValues

from localhub.errors import HubError, TooFast
from localhub.graphql.cost import cost_of
from localhub.graphql.dryrun import rehearsed
from localhub.graphql.errors import Refusal, sentence, shaped
from localhub.graphql.kinds import type_name
from localhub.graphql.schema import schema
from localhub.graphql.view import Context, default_resolver
from localhub.hub import Hub
from localhub.permissions import Caller

# gh selects `state` on issues and pull requests side by side, two enums under one key: GitHub lets it, so we do.
RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]


async def run(
    hub: Hub, caller: Caller, query: str, variables: Mapping[str, Any] | None = None, operation: str | None = None
) -> dict[str, Any]:
    """The answer's body. What does not parse or validate costs a point too, as every request does."""
    points = 1
    try:
        document = checked(query)
        chosen, values = chosen_operation(document, dict(variables or {}), operation)
        cost = cost_of(schema(), chosen, fragments_of(document), values)
        dry = rehearsed(chosen, fragments_of(document), values)
        points = 0 if dry else cost.points
    except GraphQLErrors as many:
        return {"errors": [shaped(error) for error in many.errors]}
    except GraphQLError as error:
        return {"errors": [shaped(error)]}
    finally:
        hub.meter.graphql(caller.counts_as, points)
    if dry:
        document, unanswered = dry
    result = execute(
        schema(),
        document,
        context_value=Context(hub, caller, cost, hub.meter.limits_of(caller.counts_as).mutations),
        variable_values=dict(variables or {}),
        operation_name=operation,
        field_resolver=default_resolver,
        type_resolver=lambda record, info, abstract: type_name(record),
    )
    answer = body(await result if isawaitable(result) else result)
    if dry and isinstance(answer["data"], dict):
        answer["data"] |= dict.fromkeys(unanswered)
    return answer


def writes(query: str, operation: str | None) -> bool:
    """Whether a document changes anything; one that is wrong does not."""
    try:
        chosen = get_operation_ast(checked(query), operation)
    except (GraphQLErrors, GraphQLError):
        return False
    return chosen is not None and chosen.operation is OperationType.MUTATION


class GraphQLErrors(Exception):
    """Everything validation found wrong with a document."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


@lru_cache(maxsize=256)
def checked(query: str) -> DocumentNode:
    """Clients send the same few documents again and again, so those that are right are remembered."""
    document = parse(query)
    errors = validate(schema(), document, RULES)
    if errors:
        raise GraphQLErrors(errors)
    return document


def chosen_operation(
    document: DocumentNode, variables: dict[str, Any], name: str | None
) -> tuple[OperationDefinitionNode, VariableValues]:
    operation = get_operation_ast(document, name)
    if operation is None:
        raise GraphQLError("An operation name is required" if name is None else f'No operation named "{name}"')
    values = get_variable_values(schema(), operation.variable_definitions or (), variables)
    if isinstance(values, list):
        raise GraphQLErrors(values)
    return operation, values


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def body(result: ExecutionResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"data": result.data}
    too_fast = [error.original_error for error in result.errors or () if isinstance(error.original_error, TooFast)]
    if too_fast and not any((result.data or {}).values()):
        raise too_fast[0]  # nothing was done, so the whole request is refused
    if result.errors:
        answer["errors"] = [shaped(typed(error)) for error in result.errors]
    return answer


def typed(error: GraphQLError) -> GraphQLError:
    """A verb's refusal carries GitHub's type; anything else that broke is our fault and must be seen."""
    cause = error.original_error
    if cause is None or isinstance(cause, Refusal):
        return error
    if not isinstance(cause, HubError):
        raise cause
    return GraphQLError(sentence(cause), nodes=error.nodes, path=error.path, extensions={"type": cause.graphql_type})
