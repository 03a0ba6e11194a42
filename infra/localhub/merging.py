"""Merging: whether a pull request may be merged and why not, and the merge itself."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from localhub import checks, gitstore, issues, links, reviews
from localhub.errors import Conflict, NotMergeable, Unprocessable
from localhub.hub import Hub
from localhub.model import Issue, Protection, PullRequest
from localhub.permissions import Caller, acting, at_least, of, require
from localhub.timeline import note

Method = Literal["merge", "squash", "rebase"]
MergeState = Literal["BEHIND", "BLOCKED", "CLEAN", "DIRTY", "DRAFT", "UNKNOWN", "UNSTABLE"]
NAMED = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
HEAD_MODIFIED = "Head branch was modified. Review and try the merge again."
BASE_MODIFIED = "Base branch was modified. Review and try the merge again."


async def merge(
    hub: Hub, caller: Caller, pull: PullRequest, method: Method = "merge", *,
    expected_head: str | None = None, title: str | None = None, message: str | None = None,
) -> str:  # fmt: skip
    """Merge if nothing forbids it, and give the commit that the base branch now points at."""
    require(caller, pull.repo, "write", "contents")
    if expected_head is not None and expected_head != pull.head_sha:
        raise Conflict(HEAD_MODIFIED)
    why_not = await blocker(pull)
    if why_not is not None:
        raise NotMergeable(why_not)
    if method in NAMED and method not in pull.repo.merge_methods:
        raise NotMergeable(f"{NAMED[method]} are not allowed on this repository.")
    head, base = pull.head_sha, pull.base_sha
    sha = await _commit(pull, method, caller, _message(pull, method, title, message))
    if pull.head_sha != head:
        raise Conflict(HEAD_MODIFIED)
    ref = f"refs/heads/{pull.base_ref}"
    if not await gitstore.update_ref(pull.repo.git_dir, ref, sha, base):
        pull.base_sha = await gitstore.resolve(pull.repo.git_dir, ref) or base  # trying again, as it says, may help
        raise NotMergeable(BASE_MODIFIED)
    mark_merged(hub, caller, pull, sha)
    await hub.moved(pull.repo, ref, base, sha, caller)
    return sha


def mark_merged(hub: Hub, caller: Caller, pull: PullRequest, sha: str) -> None:
    """Everything that is true once the base holds the head: also the end of a pull request merged by a push."""
    pull.state, pull.closed_at, pull.closed_by = "closed", hub.now(), caller.actor
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = hub.now(), caller.actor, sha
    pull.auto_merge = pull.queue_position = None
    hub.record(caller.actor, "pull merged", f"{pull.repo.full_name}#{pull.number}")
    note(hub, pull, "merged", caller.actor, commit=sha)
    note(hub, pull, "closed", caller.actor, state_reason=None)
    issues.tell(hub, caller, pull, "closed")
    # GitHub itself closes the issues, in the name of whoever merged: an App that may merge need not hold issues:write.
    for issue in closing_issues(hub, pull):
        if issue.state == "open" and at_least(of(issue.repo, caller.login), "triage"):
            issues.close(hub, acting(caller.actor), issue, pull=pull)


def closing_issues(hub: Hub, pull: PullRequest) -> list[Issue]:
    """The issues that merging this will close."""
    return links.closed_by(hub, pull.repo, pull.body) if pull.base_ref == pull.repo.default_branch else []


async def blocker(pull: PullRequest) -> str | None:
    """Why the pull request cannot be merged now, in GitHub's words; None when it can."""
    if pull.state != "open":
        return "Pull Request is not mergeable"
    if pull.draft:
        return "Pull Request is still a draft"
    await _settle(pull)
    if not pull.mergeable:
        return "Pull Request is not mergeable"
    return _rule_broken(pull)


def mergeable(hub: Hub, pull: PullRequest) -> bool | None:
    """None is GitHub's UNKNOWN: the first question only starts the computation."""
    if pull.state != "open":
        return None
    if settled(pull):
        return pull.mergeable
    if not pull.mergeable_asked:
        pull.mergeable_asked = True
        hub.spawn(_settle(pull))
    return None


def merge_state(hub: Hub, pull: PullRequest) -> MergeState:
    """The `mergeStateStatus` (REST: `mergeable_state`)."""
    if mergeable(hub, pull) is None:
        return "UNKNOWN"
    if not pull.mergeable:
        return "DIRTY"
    if pull.draft:
        return "DRAFT"
    if _rule_broken(pull) is not None:
        return "BEHIND" if _rule_broken(pull) == _behind(pull) else "BLOCKED"
    return "CLEAN" if checks.rollup(pull.repo, pull.head_sha) in (None, "SUCCESS") else "UNSTABLE"


def settled(pull: PullRequest) -> bool:
    return pull.mergeable_for == (pull.head_sha, pull.base_sha)


def unsettle(pull: PullRequest) -> None:
    """The head or the base moved: what is known about merging is out of date."""
    pull.mergeable_for = pull.mergeable = None
    pull.mergeable_asked = False


async def update_branch(hub: Hub, caller: Caller, pull: PullRequest, expected_head: str | None = None) -> str:
    """Merge the base into the head branch."""
    require(caller, pull.repo, "write", "contents")
    if pull.queue_position is not None:
        raise Unprocessable("Branches that are queued for merging cannot be updated")
    if expected_head is not None and expected_head != pull.head_sha:
        raise Unprocessable("expected head sha didn't match current head ref.")
    await _settle(pull)
    if not pull.mergeable:
        raise Unprocessable("merge conflict between base and head")
    if not pull.behind:
        raise Unprocessable("There are no new commits on the base branch.")
    head, ref = pull.head_sha, f"refs/heads/{pull.head_ref}"
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    sha = await gitstore.merge_commit(pull.repo.git_dir, ref, pull.base_sha, message, caller.actor)
    if not await gitstore.update_ref(pull.repo.git_dir, ref, sha, head):
        raise Unprocessable("expected head sha didn't match current head ref.")
    hub.record(caller.actor, "pull branch updated", f"{pull.repo.full_name}#{pull.number}")
    await hub.moved(pull.repo, ref, head, sha, caller)
    return sha


async def _settle(pull: PullRequest) -> None:
    """Find out whether head and base merge cleanly; if one of them moves meanwhile, once more."""
    while pull.state == "open" and not settled(pull):
        head, base = pull.head_sha, pull.base_sha
        clean = await _merges_cleanly(pull.repo.git_dir, base, head)
        _, behind = await gitstore.ahead_behind(pull.repo.git_dir, base, head)
        if (head, base) == (pull.head_sha, pull.base_sha):
            pull.mergeable_for, pull.mergeable, pull.behind = (head, base), clean, behind > 0


async def _merges_cleanly(git_dir: Path, base: str, head: str) -> bool:
    try:
        return (await gitstore.merge_tree(git_dir, base, head)).clean
    except gitstore.GitError:  # histories that have nothing in common
        return False


def _rule_broken(pull: PullRequest) -> str | None:
    """The first rule of the base branch's protection that is not kept."""
    rules = pull.repo.protection.get(pull.base_ref)
    if rules is None:
        return None
    return _behind(pull) or _unchecked(pull, rules) or _unapproved(pull, rules) or _unresolved(pull, rules)


def _behind(pull: PullRequest) -> str | None:
    rules = pull.repo.protection.get(pull.base_ref)
    strict = rules is not None and rules.strict and not rules.merge_queue
    return "The head branch is not up to date with the base branch." if strict and pull.behind else None


def _unchecked(pull: PullRequest, rules: Protection) -> str | None:
    for name in rules.required_checks:
        state = checks.outcome(pull.repo, pull.head_sha, name)
        if state != "SUCCESS":
            words = {"EXPECTED": "expected", "PENDING": "in progress"}.get(state, "failing")
            return f'Required status check "{name}" is {words}.'
    return None


def _unapproved(pull: PullRequest, rules: Protection) -> str | None:
    if not rules.required_approvals or reviews.decision(pull) == "APPROVED":
        return None
    if reviews.decision(pull) == "CHANGES_REQUESTED":
        return "Changes have been requested by a reviewer with write access."
    return f"At least {rules.required_approvals} approving review is required by reviewers with write access."


def _unresolved(pull: PullRequest, rules: Protection) -> str | None:
    is_open = rules.resolve_threads and any(thread.resolved_by is None for thread in pull.threads)
    return "A conversation must be resolved before this pull request can be merged." if is_open else None


async def _commit(pull: PullRequest, method: Method, caller: Caller, message: str) -> str:
    make = {"merge": gitstore.merge_commit, "squash": gitstore.squash_commit, "rebase": gitstore.rebase}
    if method not in make:
        raise Unprocessable("Merge method is not allowed")
    try:
        return await make[method](pull.repo.git_dir, pull.base_sha, pull.head_sha, message, caller.actor)
    except gitstore.GitError as error:  # a head with merge commits, or one that conflicts only commit by commit
        raise NotMergeable("This branch can't be rebased") from error


def _message(pull: PullRequest, method: Method, title: str | None, message: str | None) -> str:
    if method == "squash":
        headline, text = f"{pull.title} (#{pull.number})", pull.body
    else:
        owner = pull.repo.owner.login
        headline, text = f"Merge pull request #{pull.number} from {owner}/{pull.head_ref}", pull.title
    return f"{title or headline}\n\n{text if message is None else message}".rstrip() + "\n"
