"""Merging in the background, and by itself: what is asked for is kept under its uuid, and is about one head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shop import Shop
from talk import Json, LocalHub

UNRESOLVED = "A conversation must be resolved before this pull request can be merged."


@pytest.fixture
def shop(hub: LocalHub, tmp_path: Path) -> Shop:
    return Shop(hub, tmp_path)


def ask(shop: Shop, number: int, **wishes: Any) -> tuple[int, Json]:
    with shop.hub.rest(shop.ann["token"]) as api:
        answer = api.put(f"/repos/{shop.name}/pulls/{number}/merge-async", json=wishes)
    return answer.status_code, answer.json()


def protect(shop: Shop, **rules: Any) -> None:
    shop.hub.admin(f"repos/{shop.name}/protection/main", rules, "PUT")


def test_a_merge_in_the_background_ends_as_its_uuid_says(shop: Shop):
    """202 with a uuid, under which the result is found for a day; who asks again afterwards gets it at once."""
    head = shop.push("a", "1", "work")
    number = shop.open_pull("work")
    status, pending = ask(shop, number, merge_method="squash")
    assert (status, pending["status"], pending["details"]["expected_head_sha"]) == (202, "pending", head)
    shop.hub.idle()
    path = f"pulls/{number}/merge-async/{pending['details']['uuid']}"
    done = shop.get(path).json()
    assert (done["status"], done["details"]["sha"]) == ("merged", shop.pull(number)["merge_commit_sha"])
    assert ask(shop, number)[0] == 200
    shop.hub.admin("clock", {"advance_seconds": 24 * 3600 + 1})
    late = shop.get(path)
    shop.hub.admin("clock", {"advance_seconds": -24 * 3600 - 1})  # the server is shared
    assert late.status_code == 404


def test_what_may_not_be_merged_fails_later_and_says_why(shop: Shop):
    """Another head and a missing check fail in the background; an unknown method or a closed one is refused at once."""
    protect(shop, required_checks=["ci"])
    shop.push("a", "1", "work")
    number = shop.open_pull("work")
    said = []
    for wishes in ({"sha": "0" * 40}, {}):
        status, asked = ask(shop, number, **wishes)
        shop.hub.idle()
        failed = shop.get(f"pulls/{number}/merge-async/{asked['details']['uuid']}").json()
        said.append((status, failed["status"], failed["details"]["message"].split(".")[0]))
    assert said == [
        (202, "failed", "Head branch was modified"), (202, "failed", 'Required status check "ci" is expected'),
    ]  # fmt: skip
    assert ask(shop, number, merge_method="fast")[0] == 422
    with shop.hub.rest(shop.ann["token"]) as api:
        api.patch(f"/repos/{shop.name}/pulls/{number}", json={"state": "closed"})
    assert ask(shop, number)[0] == 400


def test_where_there_is_a_queue_it_is_joined(shop: Shop):
    """The default action on a branch with a merge queue, and auto-merge there, join the queue, which merges."""
    protect(shop, merge_queue=True, required_checks=["ci"])
    head = shop.push("a", "1", "work")
    number = shop.open_pull("work")
    wish = "mutation($p: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $p}) { clientMutationId } }"
    node = shop.pull(number)["node_id"]
    assert "errors" not in shop.hub.graphql(shop.ann["token"], wish, p=node)
    shop.post(f"statuses/{head}", {"state": "success", "context": "ci"})
    shop.hub.idle()
    assert shop.pull(number)["merged"]
    second = shop.push("b", "2", "more")
    other = shop.open_pull("more")
    shop.post(f"statuses/{second}", {"state": "success", "context": "ci"})
    _, asked = ask(shop, other)
    shop.hub.idle()
    assert shop.get(f"pulls/{other}/merge-async/{asked['details']['uuid']}").json()["status"] == "enqueued"
    assert shop.pull(other)["merged"]


def test_an_open_conversation_holds_the_merge_where_the_rules_say_so(shop: Shop):
    """A thread that is not resolved blocks; resolving it is enough, and is what auto-merge waits for."""
    protect(shop, resolve_threads=True)
    shop.push("a", "1", "work")
    number = shop.open_pull("work")
    shop.post(f"pulls/{number}/comments", {"path": "a", "line": 1, "body": "Why?"})
    with shop.hub.rest(shop.ann["token"]) as api:
        refused = api.put(f"/repos/{shop.name}/pulls/{number}/merge", json={})
    assert (refused.status_code, refused.json()["message"]) == (405, UNRESOLVED)
    assert shop.pull(number)["mergeable_state"] == "blocked"
    threads = "query($p: ID!) { node(id: $p) { ... on PullRequest { reviewThreads(first: 1) { nodes { id } } } } }"
    found = shop.hub.graphql(shop.ann["token"], threads, p=shop.pull(number)["node_id"])
    thread = found["data"]["node"]["reviewThreads"]["nodes"][0]["id"]
    settle = "mutation($i: ID!) {{ {}(input: {{{}: $i}}) {{ clientMutationId }} }}".format
    resolve, unresolve = settle("resolveReviewThread", "threadId"), settle("unresolveReviewThread", "threadId")
    shop.hub.graphql(shop.ann["token"], resolve, i=thread)
    assert shop.pull(number)["mergeable_state"] == "clean"
    shop.hub.graphql(shop.ann["token"], unresolve, i=thread)
    wish = settle("enablePullRequestAutoMerge", "pullRequestId")
    shop.hub.graphql(shop.ann["token"], wish, i=shop.pull(number)["node_id"])
    shop.hub.graphql(shop.ann["token"], resolve, i=thread)
    shop.hub.idle()
    assert shop.pull(number)["merged"]


def test_a_commit_without_a_checkout_wants_the_head_it_saw(shop: Shop):
    """`createCommitOnBranch` adds and deletes files in one commit, and only on top of the expected head."""
    head = shop.push("old.txt", "old\n", "work")
    make = """mutation($i: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $i) {
      commit { oid message } ref { name } } }"""
    order = {
        "branch": {"repositoryNameWithOwner": shop.name, "branchName": "work"}, "message": {"headline": "Swap"},
        "fileChanges": {"additions": [{"path": "new.txt", "contents": "bmV3Cg=="}], "deletions": [{"path": "old.txt"}]},
    }  # fmt: skip
    stale = shop.hub.graphql(shop.ann["token"], make, i={**order, "expectedHeadOid": "0" * 40})
    assert stale["errors"][0]["type"] == "STALE_DATA"
    made = shop.hub.graphql(shop.ann["token"], make, i={**order, "expectedHeadOid": head})
    commit = made["data"]["createCommitOnBranch"]["commit"]
    changed = shop.get(f"compare/{head}...{commit['oid']}").json()["files"]
    assert [(each["filename"], each["status"]) for each in changed] == [("new.txt", "added"), ("old.txt", "removed")]
