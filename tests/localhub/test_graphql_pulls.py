"""Pull requests over GraphQL: opening, checks, reviews, threads, merging, and the refs below them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from graphql_world import World
from localhub import checks
from localhub.model import Protection, PullRequest
from localhub.permissions import caller_of

MERGE = """
mutation($id: ID!, $head: GitObjectID) {
  mergePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { pullRequest { state merged mergeCommit { oid } } }
}
"""
REF = 'query($name: String!) { repository(owner: "acme", name: "demo") { id ref(qualifiedName: $name) { id name target { oid } } } }'
REVIEW = "mutation($id: ID!, $event: PullRequestReviewEvent!, $body: String) { addPullRequestReview(input: {pullRequestId: $id, event: $event, body: $body}) { pullRequestReview { id state } } }"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def read(world: World, pull: PullRequest, fields: str) -> dict[str, Any]:
    data = await world.data(
        f"query($id: ID!) {{ node(id: $id) {{ ... on PullRequest {{ {fields} }} }} }}", id=pull.node_id
    )
    node: dict[str, Any] = data["node"]
    return node


async def settled(world: World) -> None:
    """What GitHub computes in the background is done."""
    while world.hub.pending:
        await asyncio.gather(*world.hub.pending)


async def test_pull_request_as_it_was_opened(world: World):
    """The branch, the size of its change, its commits and the issue it will close."""
    await world.issue("Fix the typo")
    pull = await world.pull("fix", "Closes #1", draft=True)
    shown = await read(
        world, pull,
        "number state isDraft merged headRefName baseRefName additions deletions changedFiles isCrossRepository"
        " closingIssuesReferences(first: 5) { nodes { number } } files(first: 5) { nodes { path changeType } }"
        " commits(last: 1) { totalCount nodes { commit { oid messageHeadline statusCheckRollup { state } } } }"
        " headRef { name } mergeCommit { oid } autoMergeRequest { mergeMethod } isInMergeQueue reviewDecision",
    )  # fmt: skip
    commit = shown.pop("commits")
    assert commit["totalCount"] == 1
    assert commit["nodes"] == [
        {"commit": {"oid": pull.head_sha, "messageHeadline": "Add fix", "statusCheckRollup": None}}
    ]
    assert shown == {
        "number": 2, "state": "OPEN", "isDraft": True, "merged": False, "headRefName": "fix", "baseRefName": "main",
        "additions": 1, "deletions": 0, "changedFiles": 1, "isCrossRepository": False,
        "closingIssuesReferences": {"nodes": [{"number": 1}]},
        "files": {"nodes": [{"path": "fix.txt", "changeType": "ADDED"}]}, "headRef": {"name": "fix"},
        "mergeCommit": None, "autoMergeRequest": None, "isInMergeQueue": False, "reviewDecision": None,
    }  # fmt: skip


async def test_pull_requests_are_found_by_their_branch(world: World):
    await world.pull("fix")
    await world.pull("feature")
    data = await world.data(
        '{ repository(owner: "acme", name: "demo") { pullRequests(first: 5, headRefName: "fix", states: [OPEN]) '
        "{ totalCount nodes { title } } } }"
    )
    assert data["repository"]["pullRequests"] == {"totalCount": 1, "nodes": [{"title": "fix"}]}


async def test_mergeable_is_unknown_at_first(world: World):
    """The first look starts the computation, a later one sees its result."""
    pull = await world.pull("fix")
    assert await read(world, pull, "mergeable mergeStateStatus") == {
        "mergeable": "UNKNOWN",
        "mergeStateStatus": "UNKNOWN",
    }
    await settled(world)
    assert await read(world, pull, "mergeable mergeStateStatus") == {
        "mergeable": "MERGEABLE",
        "mergeStateStatus": "CLEAN",
    }


async def test_merge_honours_the_expected_head(world: World):
    """A merge of another head than expected is refused; the right one closes the issue and names the commit."""
    issue = await world.issue("Fix the typo")
    pull = await world.pull("fix", "Closes #1")
    refused = await world.ask(MERGE, id=pull.node_id, head="0" * 39 + "1")
    assert refused["data"] == {"mergePullRequest": None}
    assert refused["errors"][0]["message"] == "Head branch was modified. Review and try the merge again."
    merged = (await world.data(MERGE, id=pull.node_id, head=pull.head_sha))["mergePullRequest"]["pullRequest"]
    main = await world.data(REF, name="main")
    assert (merged["state"], merged["merged"]) == ("MERGED", True)
    assert merged["mergeCommit"]["oid"] == main["repository"]["ref"]["target"]["oid"]
    closed = await world.data(
        "query($id: ID!) { node(id: $id) { ... on Issue { state timelineItems(last: 5, itemTypes: [CLOSED_EVENT]) {"
        " nodes { ... on ClosedEvent { closer { ... on PullRequest { number } } } } } } } }",
        id=issue,
    )
    assert closed["node"] == {"state": "CLOSED", "timelineItems": {"nodes": [{"closer": {"number": 2}}]}}


async def test_checks_of_a_head(world: World):
    """A check run and a status roll up to one state, each knowing whether the base requires it."""
    world.repo.protection["main"] = Protection(required_checks=("gate",))
    pull = await world.pull("fix")
    app = caller_of(world.hub, world.app)
    checks.create_run(
        world.hub, app, world.repo, "gate", pull.head_sha, conclusion="success", external_id="run-1",
        output={"title": "Gate", "summary": "All good"},
    )  # fmt: skip
    checks.set_status(world.hub, app, world.repo, pull.head_sha, "pending", context="lint")
    shown = await read(
        world, pull,
        "statusCheckRollup { state contexts(first: 10) { checkRunCount statusContextCount nodes { __typename"
        " ... on CheckRun { name status conclusion externalId title summary isRequired(pullRequestNumber: 1)"
        " checkSuite { app { slug } workflowRun { databaseId } } }"
        " ... on StatusContext { context state isRequired(pullRequestNumber: 1) } } } }",
    )  # fmt: skip
    rollup = shown["statusCheckRollup"]
    assert (rollup["state"], rollup["contexts"]["checkRunCount"], rollup["contexts"]["statusContextCount"]) == (
        "PENDING",
        1,
        1,
    )
    assert rollup["contexts"]["nodes"] == [
        {"__typename": "CheckRun", "name": "gate", "status": "COMPLETED", "conclusion": "SUCCESS", "externalId": "run-1",
         "title": "Gate", "summary": "All good", "isRequired": True,
         "checkSuite": {"app": {"slug": "sluice"}, "workflowRun": None}},
        {"__typename": "StatusContext", "context": "lint", "state": "PENDING", "isRequired": False},
    ]  # fmt: skip


async def test_review_is_asked_for_given_and_counted(world: World):
    """A request waits for Bob until he reviews; his approval decides, until a push dismisses it."""
    world.repo.protection["main"] = Protection(required_approvals=1)
    pull = await world.pull("fix")
    ask = "mutation($id: ID!, $who: [ID!]) { requestReviews(input: {pullRequestId: $id, userIds: $who, union: true}) { pullRequest { id } } }"
    await world.data(ask, id=pull.node_id, who=[world.bob.actor.node_id])
    fields = (
        "reviewDecision reviewRequests(first: 5) { nodes { requestedReviewer { ... on User { login } } } }"
        " latestReviews(first: 5) { nodes { state author { login } } }"
        " latestOpinionatedReviews(first: 5, writersOnly: true) { nodes { state commit { oid } } }"
    )
    waiting = await read(world, pull, fields)
    assert waiting["reviewDecision"] == "REVIEW_REQUIRED"
    assert waiting["reviewRequests"]["nodes"] == [{"requestedReviewer": {"login": "bob"}}]
    await world.data(REVIEW, world.bob, id=pull.node_id, event="APPROVE")
    approved = await read(world, pull, fields)
    assert (approved["reviewDecision"], approved["reviewRequests"]["nodes"]) == ("APPROVED", [])
    assert approved["latestReviews"]["nodes"] == [{"state": "APPROVED", "author": {"login": "bob"}}]
    assert approved["latestOpinionatedReviews"]["nodes"] == [{"state": "APPROVED", "commit": {"oid": pull.head_sha}}]


async def test_pending_review_is_seen_by_its_author_alone(world: World):
    pull = await world.pull("fix")
    start = (
        "mutation($id: ID!) { addPullRequestReview(input: {pullRequestId: $id}) { pullRequestReview { id state } } }"
    )
    await world.data(start, world.bob, id=pull.node_id)
    assert (await read(world, pull, "reviews(first: 5) { totalCount }"))["reviews"] == {"totalCount": 0}
    submit = 'mutation($id: ID!) { submitPullRequestReview(input: {pullRequestId: $id, event: COMMENT, body: "Nice"}) { pullRequestReview { state } } }'
    await world.data(submit, world.bob, id=pull.node_id)
    assert (await read(world, pull, "reviews(first: 5) { nodes { state body } }"))["reviews"]["nodes"] == [
        {"state": "COMMENTED", "body": "Nice"}
    ]


async def test_thread_is_opened_answered_and_resolved(world: World):
    pull = await world.pull("fix")
    opened = await world.data(
        'mutation($id: ID!) { addPullRequestReviewThread(input: {pullRequestId: $id, path: "fix.txt", line: 1, body: "Why?"})'
        " { thread { id isResolved } } }",
        world.bob, id=pull.node_id,
    )  # fmt: skip
    thread = opened["addPullRequestReviewThread"]["thread"]["id"]
    await world.data(
        "mutation($id: ID!) { addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $id, body: \"Because\"})"
        " { comment { id } } resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }",
        id=thread,
    )  # fmt: skip
    fields = "reviewThreads(first: 5) { nodes { isResolved path line resolvedBy { login } comments(first: 5) { nodes { body } } } }"
    [shown] = (await read(world, pull, fields))["reviewThreads"]["nodes"]
    assert (shown["isResolved"], shown["path"], shown["line"]) == (True, "fix.txt", 1)
    assert [comment["body"] for comment in shown["comments"]["nodes"]] == ["Why?", "Because"]


async def test_draft_is_made_ready_and_merges_by_itself(world: World):
    """Auto-merge waits for the required check, bound to the head it was asked for."""
    from localhub import merging

    world.hub.listeners.append(lambda event: merging.merge_when_green(world.hub, event))
    world.repo.protection["main"] = Protection(required_checks=("gate",))
    pull = await world.pull("fix", draft=True)
    await world.data(
        "mutation($id: ID!, $head: GitObjectID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } }"
        " enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH, expectedHeadOid: $head})"
        " { pullRequest { autoMergeRequest { mergeMethod enabledBy { login } } } } }",
        id=pull.node_id, head=pull.head_sha,
    )  # fmt: skip
    assert (await read(world, pull, "autoMergeRequest { mergeMethod }"))["autoMergeRequest"] == {
        "mergeMethod": "SQUASH"
    }
    app = caller_of(world.hub, world.app)
    checks.create_run(world.hub, app, world.repo, "gate", pull.head_sha, conclusion="success")
    await settled(world)
    assert (await read(world, pull, "state"))["state"] == "MERGED"


async def test_merge_queue_takes_a_pull_request(world: World):
    pull = await world.pull("fix")
    enqueue = (
        "mutation($id: ID!, $head: GitObjectID) { enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head})"
        " { mergeQueueEntry { position pullRequest { isInMergeQueue } } } }"
    )
    data = await world.data(enqueue, id=pull.node_id, head=pull.head_sha)
    assert data["enqueuePullRequest"]["mergeQueueEntry"] == {"position": 1, "pullRequest": {"isInMergeQueue": True}}
    await settled(world)
    assert (await read(world, pull, "state"))["state"] == "MERGED"


async def test_files_and_history_of_a_branch(world: World):
    """An expression names a file, a folder or a commit; what does not exist is null."""
    data = await world.data(
        '{ repository(owner: "acme", name: "demo") { defaultBranchRef { name branchProtectionRule { pattern } }'
        ' file: object(expression: "HEAD:src/app.py") { ... on Blob { text byteSize isBinary } }'
        ' folder: object(expression: "main:src") { ... on Tree { entries { name type } } }'
        ' gone: object(expression: "main:nowhere") { oid }'
        ' commit: object(expression: "main") { ... on Commit { history(first: 1, path: "README.md") { totalCount nodes { message author { name } } } } } } }'
    )
    shown = data["repository"]
    assert shown["defaultBranchRef"] == {"name": "main", "branchProtectionRule": None}
    assert shown["file"] == {"text": "print('hello')\n", "byteSize": 15, "isBinary": False}
    assert shown["folder"] == {"entries": [{"name": "app.py", "type": "blob"}]}
    assert shown["gone"] is None
    assert shown["commit"]["history"]["totalCount"] == 1


async def test_refs_are_compared_and_set_all_or_none(world: World):
    """Of two moves one expects the wrong commit, so neither happens; then both do; then one ref is deleted."""
    await world.pull("fix")
    found = await world.data(REF, name="refs/heads/fix")
    repo, oid = found["repository"]["id"], found["repository"]["ref"]["target"]["oid"]
    move = "mutation($repo: ID!, $moves: [RefUpdate!]!) { updateRefs(input: {repositoryId: $repo, refUpdates: $moves}) { clientMutationId } }"
    claim = {"name": "refs/sluice/claim/1", "beforeOid": "0" * 40, "afterOid": oid}
    wrong = {"name": "refs/heads/fix", "beforeOid": "1" * 40, "afterOid": oid}
    refused = await world.ask(move, repo=repo, moves=[claim, wrong])
    assert refused["errors"][0]["type"] == "STALE_DATA"
    assert (await world.data(REF, name="refs/sluice/claim/1"))["repository"]["ref"] is None
    await world.data(move, repo=repo, moves=[claim])
    taken = await world.ask(move, repo=repo, moves=[claim])
    assert taken["errors"][0]["type"] == "STALE_DATA"
    ref = (await world.data(REF, name="refs/sluice/claim/1"))["repository"]["ref"]
    await world.data("mutation($id: ID!) { deleteRef(input: {refId: $id}) { clientMutationId } }", id=ref["id"])
    assert (await world.data(REF, name="refs/sluice/claim/1"))["repository"]["ref"] is None


async def test_branch_is_brought_up_to_date(world: World):
    """updatePullRequestBranch merges the base into the head, if the head is the expected one."""
    pull = await world.pull("fix")
    other = await world.pull("other")
    await world.data(MERGE, id=other.node_id)
    update = "mutation($id: ID!, $head: GitObjectID) { updatePullRequestBranch(input: {pullRequestId: $id, expectedHeadOid: $head}) { pullRequest { headRefOid } } }"
    before = pull.head_sha
    after = (await world.data(update, id=pull.node_id, head=before))["updatePullRequestBranch"]["pullRequest"][
        "headRefOid"
    ]
    assert after != before
    refused = await world.ask(update, id=pull.node_id, head=before)
    assert refused["errors"][0]["message"] == "expected head sha didn't match current head ref."
