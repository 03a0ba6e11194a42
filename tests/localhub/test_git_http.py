"""Stories of git itself against a running localhub: clone, fetch, push, and what a push sets in motion."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from shop import Shop, attempt, commit, git
from talk import LocalHub


@pytest.fixture
def shop(hub: LocalHub, tmp_path: Path) -> Shop:
    return Shop(hub, tmp_path)


def test_what_is_pushed_can_be_cloned_and_fetched(shop: Shop) -> None:
    """A commit travels from one checkout to another."""
    other = shop.clone(shop.ann["token"], "other")
    sha = commit(shop.checkout, "src/app.py", "print('hi')\n")
    git(shop.checkout, "push", "-q", "origin", "HEAD:main")
    git(other, "fetch", "-q")
    assert git(other, "rev-parse", "origin/main") == sha
    assert git(other, "show", "origin/main:src/app.py") == "print('hi')"


def test_a_big_push_arrives(shop: Shop) -> None:
    """Six megabytes that do not compress are streamed in chunks."""
    sha = commit(shop.checkout, "blob.bin", random.Random(7).randbytes(6_000_000))
    git(shop.checkout, "push", "-q", "origin", "HEAD:refs/heads/big")
    assert sha in git(shop.checkout, "ls-remote", "origin", "refs/heads/big")


def test_a_clone_may_leave_out_blobs_and_history(shop: Shop) -> None:
    """Partial and shallow clones work, over protocol version 2 as over version 0."""
    commit(shop.checkout, "one", "1")
    git(shop.checkout, "push", "-q", "origin", "HEAD:main")
    blobless = shop.clone(shop.ann["token"], "blobless", "--filter=blob:none", "--no-checkout")
    assert "?" in git(blobless, "rev-list", "--objects", "--missing=print", "HEAD")
    assert git(blobless, "show", "HEAD:one") == "1"
    shallow = shop.clone(shop.ann["token"], "shallow", "--depth=1", "-c", "protocol.version=0")
    assert git(shallow, "rev-list", "--count", "HEAD") == "1"


def test_a_lease_protects_what_somebody_else_pushed(shop: Shop) -> None:
    """force-with-lease refuses a branch that moved, and one that should not be there yet."""
    first = commit(shop.checkout, "a", "1")
    create = "--force-with-lease=refs/heads/topic:"
    git(shop.checkout, "push", "-q", create, "origin", "HEAD:refs/heads/topic")
    git(shop.checkout, "commit", "-q", "--amend", "-m", "Again")
    assert "stale info" in attempt(shop.checkout, "push", create, "origin", "HEAD:refs/heads/topic").stderr
    git(shop.checkout, "push", "-q", f"--force-with-lease=topic:{first}", "origin", "HEAD:refs/heads/topic")
    assert git(shop.checkout, "rev-parse", "HEAD") in git(shop.checkout, "ls-remote", "origin", "topic")


def test_custom_refs_are_stored_in_silence(shop: Shop) -> None:
    """A ref of the bot's own is there for ls-remote, and no push is heard of."""
    sha = commit(shop.checkout, "a", "1")
    git(shop.checkout, "push", "-q", "--force-with-lease=refs/sluice/claim/7:", "origin", f"{sha}:refs/sluice/claim/7")
    assert git(shop.checkout, "ls-remote", "origin", "refs/sluice/*") == f"{sha}\trefs/sluice/claim/7"
    expecting_nothing = ("push", "--force-with-lease=refs/sluice/claim/7:", "origin", "HEAD~1:refs/sluice/claim/7")
    assert "stale info" in attempt(shop.checkout, *expecting_nothing).stderr
    git(shop.checkout, "push", "-q", "origin", ":refs/sluice/claim/7")
    assert git(shop.checkout, "ls-remote", "origin", "refs/sluice/*") == ""


def test_strangers_are_asked_who_they_are(hub: LocalHub, tmp_path: Path) -> None:
    """A private repository needs a token that may read it; a wrong token is refused; reading is not writing."""
    bob, eve = hub.person("bob"), hub.person("eve")
    owner = hub.person("owner")
    repo = hub.repo(owner["login"], private=True, collaborators={bob["login"]: "read"})
    url = hub.clone_url(repo["full_name"], "{}")
    assert "could not read Username" in attempt(tmp_path, "ls-remote", str(repo["clone_url"])).stderr
    assert "Authentication failed" in attempt(tmp_path, "ls-remote", url.format("nonsense")).stderr
    assert "Repository not found" in attempt(tmp_path, "ls-remote", url.format(eve["token"])).stderr
    git(tmp_path, "clone", "-q", url.format(bob["token"]), "bobs")
    commit(tmp_path / "bobs", "a", "1")
    refused = attempt(tmp_path / "bobs", "push", "origin", "HEAD:refs/heads/bobs")
    assert f"denied to {bob['login']}" in refused.stderr and "403" in refused.stderr


def test_a_public_repository_is_read_without_a_token(shop: Shop) -> None:
    """Anybody clones it; nobody pushes without a name."""
    assert "refs/heads/main" in git(shop.folder, "ls-remote", str(shop.repo["clone_url"]))
    assert attempt(shop.checkout, "push", str(shop.repo["clone_url"]), "HEAD:refs/heads/x").returncode != 0


def test_a_protected_branch_changes_by_pull_request_only(hub: LocalHub, tmp_path: Path) -> None:
    """Who may write but not administer is refused on that branch, and only there."""
    shop = Shop(hub, tmp_path, protection={"main": {"required_approvals": 1}})
    commit(shop.checkout, "a", "1")
    done = attempt(shop.checkout, "push", "origin", "HEAD:main", "HEAD:refs/heads/topic")
    assert "GH006: Protected branch update failed for refs/heads/main" in done.stderr
    heads = git(shop.checkout, "ls-remote", "--heads", "origin")
    assert heads.count(git(shop.checkout, "rev-parse", "HEAD")) == 1 and "refs/heads/topic" in heads


def test_a_push_moves_the_head_of_its_pull_request(shop: Shop) -> None:
    """Once git push is back, the pull request is at the new head."""
    git(shop.checkout, "checkout", "-qb", "topic")
    commit(shop.checkout, "a", "1")
    git(shop.checkout, "push", "-q", "origin", "topic")
    number = shop.open_pull("topic")
    sha = commit(shop.checkout, "a", "2")
    git(shop.checkout, "push", "-q", "origin", "topic")
    assert shop.pull(number)["head"]["sha"] == sha
    shop.hub.idle()
    mirror = f"refs/pull/{number}/head"
    assert git(shop.checkout, "ls-remote", "origin", mirror) == f"{sha}\t{mirror}"
    assert attempt(shop.checkout, "push", "-f", "origin", f"main:{mirror}").returncode != 0
    git(shop.checkout, "push", "-q", "origin", ":topic")
    assert shop.pull(number)["state"] == "closed"


def test_an_app_needs_leave_to_change_workflows(hub: LocalHub, tmp_path: Path) -> None:
    """Without `workflows: write` a push that touches .github/workflows is refused, also in an older commit of it."""
    shop = Shop(hub, tmp_path)
    owner = shop.name.split("/")[0]
    app = hub.admin("apps", {"slug": hub.name("bot"), "owner": owner, "permissions": {"contents": "write"}})
    git(shop.checkout, "remote", "set-url", "origin", shop.url(app["token"]))
    commit(shop.checkout, ".github/workflows/ci.yml", "on: push\n")
    commit(shop.checkout, "b", "1")
    refused = attempt(shop.checkout, "push", "origin", "HEAD:refs/heads/topic")
    assert "without `workflows` permission" in refused.stderr
    git(shop.checkout, "reset", "-q", "--hard", "origin/main")
    commit(shop.checkout, "b", "1")
    git(shop.checkout, "push", "-q", "origin", "HEAD:refs/heads/topic")
