"""What the protection of the default branch demands before a pull request may be merged."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from talk import Json, LocalHub


@dataclass
class Scene:
    """An author with a pull request, a reviewer with write access, and an App for checks."""

    hub: LocalHub
    repo: str
    author: httpx.Client
    reviewer: httpx.Client
    app: httpx.Client
    number: int = 0
    head: str = ""

    def propose(self, text: str = "one\n", branch: str = "work", path: str = "new.txt", **order: Any) -> None:
        base = self.author.get(f"{self.repo}/git/ref/heads/main").json()["object"]["sha"]
        self.author.post(f"{self.repo}/git/refs", json={"ref": f"refs/heads/{branch}", "sha": base})
        self.write(path, text, branch)
        opened = self.author.post(
            f"{self.repo}/pulls", json={"title": "Work", "head": branch, "base": "main", **order}
        ).json()
        self.number, self.head = opened["number"], opened["head"]["sha"]

    def write(self, path: str, text: str, branch: str) -> None:
        content = base64.b64encode(text.encode()).decode()
        old = self.author.get(f"{self.repo}/contents/{path}", params={"ref": branch}).json().get("sha")
        sent = {"message": "Write", "content": content, "branch": branch} | ({"sha": old} if old else {})
        self.head = self.author.put(f"{self.repo}/contents/{path}", json=sent).json()["commit"]["sha"]

    def merge(self, **order: str) -> httpx.Response:
        return self.author.put(f"{self.repo}/pulls/{self.number}/merge", json=order)

    def review(self, event: str, body: str = "") -> httpx.Response:
        sent = {"event": event, "body": body}
        return self.reviewer.post(f"{self.repo}/pulls/{self.number}/reviews", json=sent)

    def check(self, conclusion: str) -> None:
        sent = {"name": "ci", "head_sha": self.head, "conclusion": conclusion}
        self.app.post(f"{self.repo}/check-runs", json=sent)

    def ask(self, query: str, by: httpx.Client | None = None, **variables: str) -> Json:
        """GraphQL about the pull request, `$p`."""
        sent = {"query": query, "variables": {"p": self.pull()["node_id"], **variables}}
        found: Json = (by or self.author).post("/graphql", json=sent).json()
        return found

    def pull(self) -> Json:
        found: Json = self.author.get(f"{self.repo}/pulls/{self.number}").json()
        return found


@pytest.fixture
def scene(hub: LocalHub) -> Any:
    def build(**rules: Any) -> Scene:
        author, reviewer = hub.person("author"), hub.person("reviewer")
        org = hub.org(**{author["login"]: "admin"})
        made = hub.repo(org, collaborators={reviewer["login"]: "write"}, protection={"main": rules} if rules else {})
        app = hub.admin("apps", {"slug": hub.name("app"), "owner": org})
        clients = [hub.rest(each["token"]) for each in (author, reviewer, app)]
        return Scene(hub, f"/repos/{made['full_name']}", *clients)

    return build


def test_required_checks_must_pass_on_the_head(scene):
    """Expected, then failing, is refused; skipped passes; a push makes it expected again. A refused check is none."""
    here = scene(required_checks=["ci"])
    here.propose()
    odd = {"name": "ci", "head_sha": here.head, "status": "late"}
    assert here.app.post(f"{here.repo}/check-runs", json=odd).status_code == 422
    refused = here.merge()
    assert (refused.status_code, refused.json()["message"]) == (405, 'Required status check "ci" is expected.')
    here.check("failure")
    assert here.merge().json()["message"] == 'Required status check "ci" is failing.'
    here.check("skipped")
    here.write("new.txt", "two\n", "work")
    assert here.merge().json()["message"] == 'Required status check "ci" is expected.'
    here.check("success")
    assert here.merge(sha=here.head).json()["merged"] is True


def test_an_approval_of_an_older_head_does_not_count(scene):
    """The approval that protection demands is dismissed by a push, and the author's own is refused."""
    here = scene(required_approvals=1)
    here.propose()
    own = here.author.post(f"{here.repo}/pulls/{here.number}/reviews", json={"event": "APPROVE"})
    assert (own.status_code, own.json()["message"]) == (422, "Can not approve your own pull request")
    assert here.merge().status_code == 405
    here.review("APPROVE")
    here.write("new.txt", "two\n", "work")
    states = [each["state"] for each in here.author.get(f"{here.repo}/pulls/{here.number}/reviews").json()]
    assert states == ["DISMISSED"]
    assert "approving review is required" in here.merge().json()["message"]
    here.review("APPROVE")
    assert here.merge().json()["merged"] is True


def test_requested_changes_block_until_the_reviewer_approves(scene):
    """Changes requested by somebody who may write hold the merge."""
    here = scene(required_approvals=1)
    here.propose()
    here.review("REQUEST_CHANGES", "Not like this")
    assert here.merge().json()["message"].startswith("Changes have been requested")
    here.review("APPROVE")
    assert here.merge().status_code == 200


def test_a_draft_and_a_conflict_are_not_mergeable(scene):
    """Neither is merged, and each says why."""
    here = scene()
    here.propose(draft=True)
    assert here.merge().json()["message"] == "Pull Request is still a draft"
    here.propose("other\n", "clash", "README.md")
    here.write("README.md", "mine\n", "main")
    here.hub.idle()
    assert (here.merge().status_code, here.merge().json()["message"]) == (405, "Pull Request is not mergeable")


def test_strict_protection_wants_the_head_up_to_date(scene):
    """A head behind its base is refused until the branch is updated."""
    here = scene(strict=True)
    here.propose()
    here.write("README.md", "moved on\n", "main")
    assert here.merge().json()["message"] == "The head branch is not up to date with the base branch."
    here.pull()
    here.hub.idle()
    assert here.pull()["mergeable_state"] == "behind"
    updated = here.author.put(f"{here.repo}/pulls/{here.number}/update-branch", json={})
    assert updated.status_code == 202
    assert here.merge(sha=here.pull()["head"]["sha"]).status_code == 200


def test_pushing_to_a_protected_branch_is_for_admins(scene):
    """Somebody with write access must go through a pull request."""
    here = scene(required_approvals=1)
    sent = {"message": "Sneak", "content": "eA==", "branch": "main"}
    refused = here.reviewer.put(f"{here.repo}/contents/sneaked.txt", json=sent)
    assert refused.status_code == 403
    assert here.author.put(f"{here.repo}/contents/allowed.txt", json=sent).status_code == 201


def test_a_merged_head_cannot_be_merged_again_and_its_branch_may_go(scene):
    """After the merge the pull request is closed for good; deleting the branch changes nothing."""
    here = scene()
    here.propose()
    assert here.merge().status_code == 200
    assert here.merge().status_code == 405
    assert here.author.delete(f"{here.repo}/git/refs/heads/work").status_code == 204
    assert (here.pull()["merged"], here.pull()["state"]) == (True, "closed")


def test_deleting_the_head_branch_closes_the_pull_request(scene):
    """An open pull request without a head is closed, not merged."""
    here = scene()
    here.propose()
    here.author.delete(f"{here.repo}/git/refs/heads/work")
    assert (here.pull()["merged"], here.pull()["state"]) == (False, "closed")


def test_a_pull_request_needs_something_to_merge_and_exists_once(scene):
    """No commits, a branch that is not there, and a second one for the same branch are refused with the reason."""
    here = scene()
    here.propose()
    twice = here.author.post(f"{here.repo}/pulls", json={"title": "Again", "head": "work", "base": "main"}).json()
    assert "A pull request already exists for" in twice["errors"][0]["message"]
    nothing = here.author.post(f"{here.repo}/pulls", json={"title": "Nothing", "head": "main", "base": "main"}).json()
    assert nothing["errors"][0]["message"] == "No commits between main and main"
    missing = here.author.post(f"{here.repo}/pulls", json={"title": "Missing", "head": "gone", "base": "main"}).json()
    assert missing["errors"] == [{"resource": "PullRequest", "field": "head", "code": "invalid"}]


def test_a_rebase_puts_the_commits_on_top_of_the_base(scene):
    """Each commit keeps its message; there is no merge commit, and the head was never touched."""
    here = scene()
    here.propose()
    here.write("README.md", "moved on\n", "main")
    here.write("second.txt", "two\n", "work")
    assert here.merge(merge_method="rebase").status_code == 200
    history = here.author.get(f"{here.repo}/commits").json()
    assert [len(each["parents"]) for each in history] == [1, 1, 1, 0]
    assert here.pull()["head"]["sha"] == here.head


ENQUEUE = (
    "mutation($p: ID!, $h: GitObjectID) { enqueuePullRequest(input: {pullRequestId: $p, expectedHeadOid: $h})"
    " { mergeQueueEntry { position } } }"
)
MERGE = "mutation($p: ID!) { mergePullRequest(input: {pullRequestId: $p}) { pullRequest { merged } } }"
QUEUE = "query($p: ID!) { node(id: $p) { ... on PullRequest { isMergeQueueEnabled isInMergeQueue } } }"


def test_the_merge_queue_merges_what_keeps_the_rules(scene):
    """A pull request without its approval, or at another head, may not join; with it, the queue merges it."""
    here = scene(required_approvals=1, strict=True, merge_queue=True)
    here.propose()
    here.write("README.md", "moved on\n", "main")  # being up to date is the queue's own business
    refused = here.ask(ENQUEUE)
    assert "approving review is required" in refused["errors"][0]["message"]
    here.review("APPROVE")
    assert "Head branch was modified" in here.ask(ENQUEUE, h="0" * 40)["errors"][0]["message"]
    joined = here.ask(ENQUEUE, h=here.pull()["head"]["sha"])
    assert joined["data"]["enqueuePullRequest"]["mergeQueueEntry"]["position"] == 1
    here.hub.idle()
    assert here.pull()["merged"] is True


def test_a_branch_with_a_merge_queue_takes_nothing_else(scene):
    """Somebody who may write cannot merge past the queue, by neither API; without a queue there is none to join."""
    here = scene(merge_queue=True)
    here.propose()
    shown = here.ask(QUEUE)["data"]["node"]
    assert shown == {"isMergeQueueEnabled": True, "isInMergeQueue": False}
    refused = here.reviewer.put(f"{here.repo}/pulls/{here.number}/merge", json={})
    assert refused.status_code == 405
    assert "Changes must be made through the merge queue" in refused.json()["message"]
    assert "through the merge queue" in here.ask(MERGE, here.reviewer)["errors"][0]["message"]
    assert here.merge().json()["merged"] is True  # an admin may

    without = scene(required_approvals=0)
    without.propose()
    assert without.ask(QUEUE)["data"]["node"]["isMergeQueueEnabled"] is False
    assert "not enabled" in without.ask(ENQUEUE)["errors"][0]["message"]


def test_commits_on_the_default_branch_close_what_they_name(scene):
    """`Fixes #1` in a commit on main closes the issue; on another branch it does not."""
    here = scene()
    for title in ("One", "Two"):
        here.author.post(f"{here.repo}/issues", json={"title": title})
    base = here.author.get(f"{here.repo}/git/ref/heads/main").json()["object"]["sha"]
    here.author.post(f"{here.repo}/git/refs", json={"ref": "refs/heads/aside", "sha": base})
    for number, where in ((1, "main"), (2, "aside")):
        sent = {"message": f"Fixes #{number}", "content": "eA==", "branch": where}
        here.author.put(f"{here.repo}/contents/fix.txt", json=sent)
    states = [here.author.get(f"{here.repo}/issues/{number}").json()["state"] for number in (1, 2)]
    assert states == ["closed", "open"]


def test_a_role_can_be_given_and_taken(scene):
    """Write access is what lets an approval count."""
    here = scene(required_approvals=1)
    here.propose()
    here.review("APPROVE")
    login = here.reviewer.get("/user").json()["login"]
    assert here.author.put(f"{here.repo}/collaborators/{login}", json={"permission": "pull"}).status_code == 204
    assert here.merge().status_code == 405
    here.author.put(f"{here.repo}/collaborators/{login}", json={"permission": "push"})
    assert here.merge().status_code == 200
