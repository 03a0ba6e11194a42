"""What a query costs, held to the five figures known from GitHub itself: two from its documentation, three measured."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse
from localhub.graphql.cost import Cost, cost_of
from localhub.graphql.errors import Refusal
from localhub.graphql.execute import chosen_operation, fragments_of
from localhub.graphql.schema import schema

GH_ITEM_LIST = """
query OrgProjectWithItems($login: String!, $number: Int!, $firstItems: Int!, $afterItems: String,
                          $firstFields: Int!, $afterFields: String) {
  organization(login: $login) { projectV2(number: $number) {
    number url shortDescription public closed title id
    owner { __typename ... on User { login } ... on Organization { login } }
    items(first: $firstItems, after: $afterItems) { pageInfo { endCursor hasNextPage } totalCount nodes {
      content { __typename
        ... on DraftIssue { id body title }
        ... on PullRequest { body title number url repository { nameWithOwner } }
        ... on Issue { body title number url repository { nameWithOwner } } }
      id
      fieldValues(first: 100) { nodes { __typename
        ... on ProjectV2ItemFieldDateValue { date field { ...Field } }
        ... on ProjectV2ItemFieldIterationValue { startDate duration field { ...Field } }
        ... on ProjectV2ItemFieldLabelValue { labels(first: 10) { nodes { name } } field { ...Field } }
        ... on ProjectV2ItemFieldNumberValue { number field { ...Field } }
        ... on ProjectV2ItemFieldSingleSelectValue { name field { ...Field } }
        ... on ProjectV2ItemFieldTextValue { text field { ...Field } }
        ... on ProjectV2ItemFieldMilestoneValue { milestone { description dueOn } field { ...Field } }
        ... on ProjectV2ItemFieldPullRequestValue { pullRequests(first: 10) { nodes { url } } field { ...Field } }
        ... on ProjectV2ItemFieldRepositoryValue { repository { url } field { ...Field } }
        ... on ProjectV2ItemFieldUserValue { users(first: 10) { nodes { login } } field { ...Field } }
        ... on ProjectV2ItemFieldReviewerValue { reviewers(first: 10) { nodes {
          __typename ... on Team { name } ... on User { login } } } field { ...Field } } } } } }
    fields(first: $firstFields, after: $afterFields) {
      totalCount pageInfo { endCursor hasNextPage } nodes { ...Field } }
  } }
}
fragment Field on ProjectV2FieldConfiguration {
  __typename
  ... on ProjectV2Field { id name dataType }
  ... on ProjectV2IterationField { id name dataType }
  ... on ProjectV2SingleSelectField { id name dataType options { id name } }
}
"""

LEAN_BOARD = """
query($id: ID!, $after: String) { node(id: $id) { ... on ProjectV2 {
  items(first: 100, after: $after, query: "status:Ready,\\"In Progress\\"") { pageInfo { hasNextPage endCursor } nodes {
    id type isArchived updatedAt
    status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { optionId name updatedAt } }
    agent: fieldValueByName(name: "Agent") { ... on ProjectV2ItemFieldTextValue { text } }
    content { __typename
      ... on Issue { id number title state updatedAt issueDependenciesSummary { blockedBy } subIssuesSummary { total } }
      ... on PullRequest { id number title state reviewDecision mergeStateStatus headRefOid } } } } } } }
"""

DEPENDENCIES = (
    "issues(first: 100) { nodes { blockedBy(first: 20) { nodes { id } } subIssues(first: 20) { nodes { id } } } }"
)


def cost(query: str, **variables: Any) -> Cost:
    document = parse(query)
    operation, values = chosen_operation(document, variables, None)
    return cost_of(schema(), operation, fragments_of(document), values)


def test_documented_example_of_points():
    """100 repositories x 50 issues x 60 labels are 5,101 requests, which is 51 points."""
    found = cost(
        "{ viewer { login repositories(first: 100) { edges { node { id issues(first: 50) { edges { node { id"
        " labels(first: 60) { edges { node { id name } } } } } } } } } } }"
    )
    assert (found.requests, found.points) == (5101, 51)


def test_documented_example_of_nodes():
    """The documentation's second example may return 22,060 nodes."""
    found = cost(
        "{ viewer { repositories(first: 50) { edges { repository: node { name"
        " pullRequests(first: 20) { edges { pullRequest: node { title ...Comments } } }"
        " issues(first: 20) { totalCount edges { issue: node { title bodyHTML ...Comments } } }"
        " } } } followers(first: 10) { edges { follower: node { login } } } } }"
        " fragment Comments on Comment {"
        " ... on PullRequest { comments(first: 10) { edges { comment: node { bodyHTML } } } }"
        " ... on Issue { comments(first: 10) { edges { comment: node { bodyHTML } } } } }"
    )
    assert found.nodes == 22_060


def test_measured_dependencies_of_ten_repositories():
    """Ten aliased repositories with issues, their dependencies and pull requests cost 20 points."""
    repositories = " ".join(
        f'r{n}: repository(owner: "o", name: "r{n}") {{ {DEPENDENCIES} pullRequests(first: 50) {{ nodes {{ id }} }} }}'
        for n in range(10)
    )
    assert cost(f"{{ {repositories} }}").points == 20


@pytest.mark.parametrize(("items", "points"), [(50, 51), (100, 101)])
def test_measured_item_list_of_gh(items: int, points: int):
    """`gh project item-list` costs what people measured, because a union is charged as its dearest type."""
    assert cost(GH_ITEM_LIST, login="acme", number=1, firstItems=items, firstFields=100).points == points


def test_lean_board_page_costs_one_point():
    """A page of 100 cards without nested connections is one point."""
    found = cost(LEAN_BOARD, id="PVT_x")
    assert (found.requests, found.nodes, found.points) == (1, 100, 1)


def test_aliased_mutations_cost_one_point():
    """Twenty writes in one document are one point: mutations are no connections."""
    writes = " ".join(f'm{n}: closeIssue(input: {{issueId: "I_{n}"}}) {{ issue {{ id }} }}' for n in range(20))
    assert cost(f"mutation {{ {writes} }}").points == 1


def test_what_is_left_out_is_not_charged():
    """A connection under @include(if: false) costs nothing, and the default of a variable counts."""
    query = (
        "query($with: Boolean = false) { viewer { repositories(first: 100) { nodes {"
        " issues(first: 100) @include(if: $with) { nodes { id } } } } } }"
    )
    assert (cost(query).requests, cost(query, **{"with": True}).requests) == (1, 101)


def test_one_connection_asked_for_in_two_fragments_is_fetched_once():
    query = (
        "{ viewer { ...A ...B } } fragment A on User { repositories(first: 10) { nodes { id } } }"
        " fragment B on User { repositories(first: 10) { nodes { name } } }"
    )
    assert cost(query).requests == 1


@pytest.mark.parametrize(
    ("arguments", "type_", "message"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate"),
        ("(first: 101)", "EXCESSIVE_PAGINATION", "Requesting 101 records on the `repositories` connection exceeds"),
        ("(first: -1)", "INVALID_PAGINATION_BOUNDARIES", "cannot be less than zero"),
        ("(first: 1, last: 1)", "INVALID_PAGINATION_BOUNDARIES", "Passing both `first` and `last`"),
    ],
)
def test_page_without_lawful_bounds_is_refused(arguments: str, type_: str, message: str):
    with pytest.raises(Refusal, match=message) as refusal:
        cost(f"{{ viewer {{ repositories{arguments} {{ nodes {{ id }} }} }} }}")
    assert refusal.value.extensions == {"type": type_}
    assert refusal.value.path == ["viewer", "repositories"]


def test_nothing_asked_of_a_page_needs_no_bounds():
    """GitHub accepts a bare totalCount, and `first: 0`, which gh sends."""
    assert cost("{ viewer { repositories { totalCount } } }").points == 1
    assert cost("{ viewer { repositories(first: 0) { nodes { id } } } }").nodes == 0


def test_half_a_million_nodes_is_the_limit():
    with pytest.raises(Refusal, match="possible nodes which exceeds the maximum limit of 500,000") as refusal:
        cost(
            "{ viewer { repositories(first: 100) { nodes { issues(first: 100) { nodes {"
            " comments(first: 100) { nodes { id } } } } } } } }"
        )
    assert refusal.value.extensions == {"type": "MAX_NODE_LIMIT_EXCEEDED"}
