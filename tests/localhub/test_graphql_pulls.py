"""Pull requests over GraphQL: opening, checks, reviews, threads, merging, and the refs below them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql_world import World
from localhub import automerge, checks
from localhub.model import Protection, PullRequest
from localhub.permissions import caller_of

MERGE = """
mutation($id: ID!, $head: GitObjectID) { mergePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) {
  pullRequest { state merged mergeCommit { oid } }
} }
"""
REF = """
query($name: String!) { repository(owner: "acme", name: "demo") {
  id ref(qualifiedName: $name) { id name target { oid } }
} }
"""
REVIEWS = """
reviewDecision reviewRequests(first: 5) { nodes { requestedReviewer { ... on User { login } } } }
latestReviews(first: 5) { nodes { state author { login } } }
latestOpinionatedReviews(first: 5, writersOnly: true) { nodes { state commit { oid } } }
"""
ROLLUP = """
statusCheckRollup { state contexts(first: 10) { checkRunCount statusContextCount nodes { __typename
  ... on CheckRun { name status conclusion externalId title summary isRequired(pullRequestNumber: 1)
                    checkSuite { app { slug } workflowRun { databaseId } } }
  ... on StatusContext { context state isRequired(pullRequestNumber: 1) } } } }
"""
TREE = """
{ repository(owner: "acme", name: "demo") {
  defaultBranchRef { name branchProtectionRule { pattern } }
  file: object(expression: "HEAD:src/app.py") { ... on Blob { text byteSize isBinary } }
  folder: object(expression: "main:src") { ... on Tree { entries { name type } } }
  gone: object(expression: "main:nowhere") { oid }
  commit: object(expression: "main") { ... on Commit {
    history(first: 1, path: "README.md") { totalCount nodes { message author { name } } } } }
} }
"""


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await World(tmp_path).build()


async def read(world: World, pull: PullRequest, fields: str) -> dict[str, Any]:
    shown: dict[str, Any] = await world.read(pull.node_id, "PullRequest", fields)
    return shown


async def test_pull_request_as_it_was_opened(world: World):
    """The branch, the size of its change, its commits and the issue it will close."""
    await world.issue("Fix the typo")
    pull = await world.pull("fix", "Closes #1", draft=True)
    shown = await read(
        world, pull,
        "number state isDraft merged headRefName baseRefName additions deletions changedFiles isCrossRepository"
        " closingIssuesReferences(first: 5) { nodes { number } } files(first: 5) { nodes { path changeType } }"
        " headRef { name } mergeCommit { oid } autoMergeRequest { mergeMethod } isInMergeQueue reviewDecision",
    )  # fmt: skip
    assert shown == {
        "number": 2, "state": "OPEN", "isDraft": True, "merged": False, "headRefName": "fix", "baseRefName": "main",
        "additions": 1, "deletions": 0, "changedFiles": 1, "isCrossRepository": False,
        "closingIssuesReferences": {"nodes": [{"number": 1}]},
        "files": {"nodes": [{"path": "fix.txt", "changeType": "ADDED"}]}, "headRef": {"name": "fix"},
        "mergeCommit": None, "autoMergeRequest": None, "isInMergeQueue": False, "reviewDecision": None,
    }  # fmt: skip


async def test_last_commit_of_a_pull_request(world: World):
    pull = await world.pull("fix")
    fields = "commits(last: 1) { totalCount nodes { commit { oid messageHeadline statusCheckRollup { state } } } }"
    assert (await read(world, pull, fields))["commits"] == {
        "totalCount": 1,
        "nodes": [{"commit": {"oid": pull.head_sha, "messageHeadline": "Add fix", "statusCheckRollup": None}}],
    }


async def test_pull_requests_are_found_by_their_branch(world: World):
    await world.pull("fix")
    await world.pull("feature")
    found = 'pullRequests(first: 5, headRefName: "fix", states: [OPEN]) { totalCount nodes { title } }'
    shown = await world.read(world.repo.node_id, "Repository", found)
    assert shown["pullRequests"] == {"totalCount": 1, "nodes": [{"title": "fix"}]}


async def test_mergeable_is_unknown_at_first(world: World):
    """The first look starts the computation, a later one sees its result."""
    pull = await world.pull("fix")
    fields = "mergeable mergeStateStatus"
    assert await read(world, pull, fields) == {"mergeable": "UNKNOWN", "mergeStateStatus": "UNKNOWN"}
    await world.settle()
    assert await read(world, pull, fields) == {"mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN"}


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
    closer = "nodes { ... on ClosedEvent { closer { ... on PullRequest { number } } } }"
    fields = f"state timelineItems(last: 5, itemTypes: [CLOSED_EVENT]) {{ {closer} }}"
    closed = await world.read(issue, "Issue", fields)
    assert closed == {"state": "CLOSED", "timelineItems": {"nodes": [{"closer": {"number": 2}}]}}


async def test_checks_of_a_head(world: World):
    """A check run and a status roll up to one state, each knowing whether the base requires it."""
    world.repo.protection["main"] = Protection(required_checks=("gate",))
    pull = await world.pull("fix")
    app = caller_of(world.hub, world.app)
    output = {"title": "Gate", "summary": "All good"}
    run = {"conclusion": "success", "external_id": "run-1", "output": output}
    checks.create_run(world.hub, app, world.repo, "gate", pull.head_sha, **run)
    checks.set_status(world.hub, app, world.repo, pull.head_sha, "pending", context="lint")
    rollup = (await read(world, pull, ROLLUP))["statusCheckRollup"]
    found = rollup["contexts"]
    assert (rollup["state"], found["checkRunCount"], found["statusContextCount"]) == ("PENDING", 1, 1)
    assert found["nodes"] == [
        {
            "__typename": "CheckRun", "name": "gate", "status": "COMPLETED", "conclusion": "SUCCESS",
            "externalId": "run-1", "title": "Gate", "summary": "All good", "isRequired": True,
            "checkSuite": {"app": {"slug": "sluice"}, "workflowRun": None},
        },
        {"__typename": "StatusContext", "context": "lint", "state": "PENDING", "isRequired": False},
    ]  # fmt: skip


async def test_review_is_asked_for_given_and_counted(world: World):
    """A request waits for Bob until he reviews; his approval of the head decides."""
    world.repo.protection["main"] = Protection(required_approvals=1)
    pull = await world.pull("fix")
    await world.write("requestReviews", pullRequestId=pull.node_id, userIds=[world.bob.actor.node_id], union=True)
    waiting = await read(world, pull, REVIEWS)
    assert waiting["reviewDecision"] == "REVIEW_REQUIRED"
    assert waiting["reviewRequests"]["nodes"] == [{"requestedReviewer": {"login": "bob"}}]
    review = {"pullRequestId": pull.node_id, "event": "APPROVE"}
    await world.write("addPullRequestReview", "pullRequestReview { state }", world.bob, **review)
    approved = await read(world, pull, REVIEWS)
    assert (approved["reviewDecision"], approved["reviewRequests"]["nodes"]) == ("APPROVED", [])
    assert approved["latestReviews"]["nodes"] == [{"state": "APPROVED", "author": {"login": "bob"}}]
    assert approved["latestOpinionatedReviews"]["nodes"] == [{"state": "APPROVED", "commit": {"oid": pull.head_sha}}]


async def test_pending_review_is_seen_by_its_author_alone(world: World):
    pull = await world.pull("fix")
    await world.write("addPullRequestReview", "pullRequestReview { state }", world.bob, pullRequestId=pull.node_id)
    fields = "reviews(first: 5) { nodes { state body } }"
    assert (await read(world, pull, fields))["reviews"]["nodes"] == []
    done = {"pullRequestId": pull.node_id, "event": "COMMENT", "body": "Nice"}
    await world.write("submitPullRequestReview", "pullRequestReview { state }", world.bob, **done)
    assert (await read(world, pull, fields))["reviews"]["nodes"] == [{"state": "COMMENTED", "body": "Nice"}]


async def test_thread_is_opened_answered_and_resolved(world: World):
    pull = await world.pull("fix")
    line = {"pullRequestId": pull.node_id, "path": "fix.txt", "line": 1, "body": "Why?"}
    opened = await world.write("addPullRequestReviewThread", "thread { id isResolved }", world.bob, **line)
    thread = opened["thread"]["id"]
    await world.write("addPullRequestReviewThreadReply", pullRequestReviewThreadId=thread, body="Because")
    await world.write("resolveReviewThread", threadId=thread)
    fields = "nodes { isResolved path line comments(first: 5) { nodes { body } } }"
    [shown] = (await read(world, pull, f"reviewThreads(first: 5) {{ {fields} }}"))["reviewThreads"]["nodes"]
    assert (shown["isResolved"], shown["path"], shown["line"]) == (True, "fix.txt", 1)
    assert [comment["body"] for comment in shown["comments"]["nodes"]] == ["Why?", "Because"]


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [("success", "CLEAN"), ("skipped", "CLEAN"), ("neutral", "CLEAN"), ("cancelled", "BLOCKED"), (None, "BLOCKED")],
)
async def test_a_required_check_passes_in_three_ways(world: World, conclusion: str | None, state: str):
    """Success, skipped and neutral; what was cancelled or still goes on blocks."""
    world.repo.protection["main"] = Protection(required_checks=("gate",))
    pull = await world.pull("fix")
    checks.create_run(
        world.hub, caller_of(world.hub, world.app), world.repo, "gate", pull.head_sha, conclusion=conclusion
    )
    assert (await read(world, pull, "mergeStateStatus"))["mergeStateStatus"] == "UNKNOWN"
    await world.settle()
    assert (await read(world, pull, "mergeStateStatus"))["mergeStateStatus"] == state


async def test_draft_is_made_ready_and_merges_by_itself(world: World):
    """Auto-merge waits for the required check, bound to the head it was asked for."""
    world.hub.listeners.append(lambda event: automerge.merge_when_green(world.hub, event))
    world.repo.protection["main"] = Protection(required_checks=("gate",))
    pull = await world.pull("fix", draft=True)
    await world.write("markPullRequestReadyForReview", pullRequestId=pull.node_id)
    wish = {"pullRequestId": pull.node_id, "mergeMethod": "SQUASH", "expectedHeadOid": pull.head_sha}
    await world.write("enablePullRequestAutoMerge", **wish)
    waiting = await read(world, pull, "isDraft autoMergeRequest { mergeMethod }")
    assert waiting == {"isDraft": False, "autoMergeRequest": {"mergeMethod": "SQUASH"}}
    app = caller_of(world.hub, world.app)
    checks.create_run(world.hub, app, world.repo, "gate", pull.head_sha, conclusion="success")
    await world.settle()
    assert (await read(world, pull, "state"))["state"] == "MERGED"


async def test_merge_queue_takes_a_pull_request(world: World):
    world.repo.protection["main"] = Protection(merge_queue=True)
    pull = await world.pull("fix")
    entry = "mergeQueueEntry { position pullRequest { isInMergeQueue } }"
    given = {"pullRequestId": pull.node_id, "expectedHeadOid": pull.head_sha}
    queued = await world.write("enqueuePullRequest", entry, **given)
    assert queued["mergeQueueEntry"] == {"position": 1, "pullRequest": {"isInMergeQueue": True}}
    await world.settle()
    assert (await read(world, pull, "state"))["state"] == "MERGED"


async def test_merge_queue_gives_back_what_is_taken_out(world: World):
    """While it waits it can be neither merged nor updated; taken out, the timeline says so and it stays open."""
    world.repo.protection["main"] = Protection(merge_queue=True)
    pull = await world.pull("fix")
    async with world.repo.queue_turns["main"]:  # another one's turn
        await world.write("enqueuePullRequest", pullRequestId=pull.node_id)
        refused = await world.ask(MERGE, id=pull.node_id)
        assert refused["errors"][0]["message"] == "Pull Request is in the merge queue"
        await world.write("dequeuePullRequest", id=pull.node_id)
    await world.settle()
    events = "timelineItems(last: 1, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT])"
    shown = await read(world, pull, f"state {events} {{ nodes {{ ... on RemovedFromMergeQueueEvent {{ reason }} }} }}")
    assert shown == {"state": "OPEN", "timelineItems": {"nodes": [{"reason": "manual"}]}}


async def test_branch_is_brought_up_to_date(world: World):
    """updatePullRequestBranch merges the base into the head, if the head is the expected one."""
    pull, other = await world.pull("fix"), await world.pull("other")
    await world.data(MERGE, id=other.node_id)
    given = {"pullRequestId": pull.node_id, "expectedHeadOid": pull.head_sha}
    after = await world.write("updatePullRequestBranch", "pullRequest { headRefOid }", **given)
    assert after["pullRequest"]["headRefOid"] != given["expectedHeadOid"]
    update = "mutation($input: UpdatePullRequestBranchInput!) { updatePullRequestBranch(input: $input) { __typename } }"
    refused = await world.ask(update, input=given)
    assert refused["errors"][0]["message"] == "expected head sha didn't match current head ref."


async def test_files_and_history_of_a_branch(world: World):
    """An expression names a file, a folder or a commit; what does not exist is null."""
    shown = (await world.data(TREE))["repository"]
    assert shown["defaultBranchRef"] == {"name": "main", "branchProtectionRule": None}
    assert shown["file"] == {"text": "print('hello')\n", "byteSize": 15, "isBinary": False}
    assert shown["folder"] == {"entries": [{"name": "app.py", "type": "blob"}]}
    assert shown["gone"] is None
    assert shown["commit"]["history"]["totalCount"] == 1


async def test_refs_are_compared_and_set_all_or_none(world: World):
    """Of two moves one expects the wrong commit, so neither happens; then the other does, once; then it is deleted."""
    await world.pull("fix")
    oid = (await world.data(REF, name="refs/heads/fix"))["repository"]["ref"]["target"]["oid"]
    move = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
    claim = {"name": "refs/sluice/claim/1", "beforeOid": "0" * 40, "afterOid": oid}
    wrong = {"name": "refs/heads/fix", "beforeOid": "1" * 40, "afterOid": oid}
    given = {"repositoryId": world.repo.node_id}
    refused = await world.ask(move, input={**given, "refUpdates": [claim, wrong]})
    assert refused["errors"][0]["type"] == "STALE_DATA"
    assert (await world.data(REF, name=claim["name"]))["repository"]["ref"] is None
    await world.data(move, input={**given, "refUpdates": [claim]})
    taken = await world.ask(move, input={**given, "refUpdates": [claim]})
    assert taken["errors"][0]["type"] == "STALE_DATA"
    ref = (await world.data(REF, name=claim["name"]))["repository"]["ref"]
    await world.write("deleteRef", refId=ref["id"])
    assert (await world.data(REF, name=claim["name"]))["repository"]["ref"] is None
