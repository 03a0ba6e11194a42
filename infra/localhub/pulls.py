"""Pull requests: opening and editing them, reviewers, drafts, and what a push does to them."""

from __future__ import annotations

from collections.abc import Iterable

from localhub import gitstore, issues, links
from localhub.automerge import disable_auto_merge as disable_auto_merge
from localhub.automerge import enable_auto_merge as enable_auto_merge
from localhub.errors import NotFound, Unprocessable
from localhub.hub import NO_SHA, Hub
from localhub.issues import close as close
from localhub.issues import reopen as reopen
from localhub.merging import blocker as blocker
from localhub.merging import closing_issues as closing_issues
from localhub.merging import mark_merged, unsettle
from localhub.merging import merge_state as merge_state
from localhub.merging import mergeable as mergeable
from localhub.merging import update_branch as update_branch
from localhub.model import Actor, Issue, PullRequest, Repo
from localhub.permissions import Caller, acting, at_least, of, require
from localhub.queue import dequeue as dequeue
from localhub.queue import enqueue as enqueue
from localhub.queue import merge_directly as merge_directly
from localhub.reviews import comment_on_line as comment_on_line
from localhub.reviews import decision as decision
from localhub.reviews import delete_review_comment as delete_review_comment
from localhub.reviews import dismiss_review as dismiss_review
from localhub.reviews import dismiss_stale
from localhub.reviews import edit_review_comment as edit_review_comment
from localhub.reviews import opinions as opinions
from localhub.reviews import reply as reply
from localhub.reviews import resolve_thread as resolve_thread
from localhub.reviews import review as review
from localhub.reviews import submit_review as submit_review
from localhub.reviews import thread_of as thread_of
from localhub.reviews import unresolve_thread as unresolve_thread
from localhub.timeline import note

SCOPE = "pull_requests"


async def open(
    hub: Hub, caller: Caller, repo: Repo, title: str, head: str, base: str, body: str = "", draft: bool = False
) -> PullRequest:
    """A pull request from branch `head` to branch `base` of the same repository."""
    require(caller, repo, "read", SCOPE)
    issues.check_title("PullRequest", title)
    head_ref = head.removeprefix(f"{repo.owner.login}:").removeprefix("refs/heads/")
    base_ref = base.removeprefix("refs/heads/")
    head_sha, base_sha = await _branches(repo, head_ref, base_ref)
    await _refuse_useless(repo, head_ref, base_ref, head_sha, base_sha)
    hub.meter.content(caller.counts_as)
    pull = PullRequest(
        hub.new_id(), "", repo, issues.take_number(repo), title, body, caller.actor, hub.now(), hub.now(),
        head_ref=head_ref, head_sha=head_sha, base_ref=base_ref, base_sha=base_sha, draft=draft,
    )  # fmt: skip
    hub.register("PR", pull)
    await measure(pull)
    repo.issues[pull.number] = pull
    issues.tell(hub, caller, pull, "opened")
    return pull


async def edit(
    hub: Hub, caller: Caller, pull: PullRequest, *,
    title: str | None = None, body: str | None = None, base: str | None = None,
) -> PullRequest:  # fmt: skip
    issues.edit(hub, caller, pull, title=title, body=body)
    if base is not None and base != pull.base_ref:
        sha = await gitstore.resolve(pull.repo.git_dir, f"refs/heads/{base}")
        if sha is None:
            raise Unprocessable(errors=[{"resource": "PullRequest", "field": "base", "code": "invalid"}])
        changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
        pull.base_ref, pull.base_sha = base, sha
        unsettle(pull)
        await measure(pull)
        issues.tell(hub, caller, pull, "edited", changes=changes)
    return pull


def mark_ready(hub: Hub, caller: Caller, pull: PullRequest) -> PullRequest:
    return _set_draft(hub, caller, pull, False)


def convert_to_draft(hub: Hub, caller: Caller, pull: PullRequest) -> PullRequest:
    return _set_draft(hub, caller, pull, True)


def request_reviewers(hub: Hub, caller: Caller, pull: PullRequest, logins: Iterable[str]) -> PullRequest:
    require(caller, pull.repo, "write", SCOPE)
    for reviewer in [_reviewer(hub, pull, login) for login in logins]:
        if reviewer not in pull.requested_reviewers:
            pull.requested_reviewers.append(reviewer)
            note(hub, pull, "review_requested", caller.actor, reviewer=reviewer)
            issues.tell(hub, caller, pull, "review_requested", requested_reviewer=reviewer)
    return pull


def remove_reviewers(hub: Hub, caller: Caller, pull: PullRequest, logins: Iterable[str]) -> PullRequest:
    require(caller, pull.repo, "write", SCOPE)
    gone = {login.lower() for login in logins}
    for reviewer in [each for each in pull.requested_reviewers if each.login.lower() in gone]:
        pull.requested_reviewers.remove(reviewer)
        issues.tell(hub, caller, pull, "review_request_removed", requested_reviewer=reviewer)
    return pull


async def on_push(hub: Hub, repo: Repo, ref: str, before: str, after: str, caller: Caller) -> None:
    """A branch moved: heads follow it, bases are measured again, keywords in its commits close issues."""
    branch = ref.removeprefix("refs/heads/")
    if branch == ref:
        return
    for pull in _open_pulls(repo):
        if pull.head_ref == branch:
            await _move_head(hub, caller, pull, before, after)
    if after == NO_SHA:
        return
    for pull in _open_pulls(repo):
        if pull.base_ref == branch:
            await _move_base(hub, caller, pull, after)
    if branch == repo.default_branch and before != NO_SHA:
        await _close_by_commits(hub, caller, repo, before, after)


def find(repo: Repo, number: int) -> PullRequest:
    pull: Issue | None = repo.issues.get(number)
    if not isinstance(pull, PullRequest):
        raise NotFound()
    return pull


async def measure(pull: PullRequest) -> None:
    """Count what the pull request changes."""
    git_dir, base, head = pull.repo.git_dir, pull.base_sha, pull.head_sha
    files = await gitstore.diff(git_dir, base, head)
    pull.commits = len(await gitstore.commits_between(git_dir, base, head))
    pull.changed_files = len(files)
    pull.additions, pull.deletions = sum(each.additions for each in files), sum(each.deletions for each in files)


async def _branches(repo: Repo, head: str, base: str) -> tuple[str, str]:
    found = {}
    for field, branch in (("head", head), ("base", base)):
        sha = await gitstore.resolve(repo.git_dir, f"refs/heads/{branch}")
        if sha is None:
            raise Unprocessable(errors=[{"resource": "PullRequest", "field": field, "code": "invalid"}])
        found[field] = sha
    return found["head"], found["base"]


async def _refuse_useless(repo: Repo, head: str, base: str, head_sha: str, base_sha: str) -> None:
    message = None
    if any(pull.head_ref == head and pull.base_ref == base for pull in _open_pulls(repo)):
        message = f"A pull request already exists for {repo.owner.login}:{head}."
    elif await gitstore.is_ancestor(repo.git_dir, head_sha, base_sha):
        message = f"No commits between {base} and {head}"
    if message:
        raise Unprocessable(errors=[{"resource": "PullRequest", "code": "custom", "message": message}])


def _set_draft(hub: Hub, caller: Caller, pull: PullRequest, draft: bool) -> PullRequest:
    if caller.actor is not pull.author:
        require(caller, pull.repo, "write", SCOPE)
    if pull.draft != draft:
        pull.draft = draft
        note(hub, pull, "convert_to_draft" if draft else "ready_for_review", caller.actor)
        issues.tell(hub, caller, pull, "converted_to_draft" if draft else "ready_for_review")
    return pull


def _reviewer(hub: Hub, pull: PullRequest, login: str) -> Actor:
    actor = hub.actor(login)
    if actor is pull.author:
        raise Unprocessable("Review cannot be requested from pull request author.")
    if actor is None or not at_least(of(pull.repo, login), "read"):
        raise Unprocessable("Reviews may only be requested from collaborators.")
    return actor


def _open_pulls(repo: Repo) -> list[PullRequest]:
    return [each for each in repo.issues.values() if isinstance(each, PullRequest) and each.state == "open"]


async def _move_head(hub: Hub, caller: Caller, pull: PullRequest, before: str, after: str) -> None:
    if after == NO_SHA:
        pull.head_deleted = True
        note(hub, pull, "head_ref_deleted", caller.actor)
        issues.close(hub, acting(caller.actor), pull)
        return
    if not await gitstore.is_ancestor(pull.repo.git_dir, before, after):
        note(hub, pull, "head_ref_force_pushed", caller.actor, before=before, after=after)
    pull.head_sha = after
    unsettle(pull)
    await measure(pull)
    for thread in pull.threads:
        thread.outdated = True
    dismiss_stale(hub, caller, pull)
    issues.tell(hub, caller, pull, "synchronize", before=before, after=after)


async def _move_base(hub: Hub, caller: Caller, pull: PullRequest, after: str) -> None:
    """A base that now holds the head's commits has merged the pull request, whoever pushed it."""
    pull.base_sha = after
    unsettle(pull)
    if await gitstore.is_ancestor(pull.repo.git_dir, pull.head_sha, after) and pull.state == "open":
        mark_merged(hub, caller, pull, after)


async def _close_by_commits(hub: Hub, caller: Caller, repo: Repo, before: str, after: str) -> None:
    for commit in await gitstore.commits_between(repo.git_dir, before, after):
        for issue in links.closed_by(hub, repo, commit.message):
            if issue.state == "open" and at_least(of(issue.repo, caller.login), "write"):
                issues.close(hub, acting(caller.actor), issue, commit=commit.sha)
