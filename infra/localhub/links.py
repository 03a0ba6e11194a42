"""How issues hang together: blocked by, parent and sub-issue, and the closing keywords of a text."""

from __future__ import annotations

import re
from typing import Any

from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Issue, PullRequest, Repo
from localhub.permissions import Caller, require
from localhub.timeline import note

MOST_BLOCKERS = 50
MOST_SUB_ISSUES = 100
CLOSES = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
    r"(?:(?P<repo>[\w.-]+/[\w.-]+)?#|https?://[^\s/]+/(?P<path>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d+)\b",
    re.IGNORECASE,
)


def block(hub: Hub, caller: Caller, issue: Issue, by: Issue) -> None:
    """`issue` waits for `by`."""
    require(caller, issue.repo, "triage", "issues")
    if by is issue or issue in by.blocked_by or by in issue.blocked_by:
        raise Unprocessable("This dependency cannot be created: it exists already or would be circular.")
    if len(issue.blocked_by) >= MOST_BLOCKERS:
        raise Unprocessable(f"An issue may be blocked by at most {MOST_BLOCKERS} issues.")
    issue.blocked_by.append(by)
    by.blocking.append(issue)
    note(hub, issue, "blocked_by_added", caller.actor, issue=by)
    _tell_dependency(hub, caller, issue, by, "added")


def unblock(hub: Hub, caller: Caller, issue: Issue, by: Issue) -> None:
    require(caller, issue.repo, "triage", "issues")
    if by not in issue.blocked_by:
        raise NotFound()
    issue.blocked_by.remove(by)
    by.blocking.remove(issue)
    note(hub, issue, "blocked_by_removed", caller.actor, issue=by)
    _tell_dependency(hub, caller, issue, by, "removed")


def blocking(hub: Hub, issue: Issue) -> list[Issue]:
    """The issues that wait for this one, in any repository."""
    return list(issue.blocking)


def add_sub_issue(hub: Hub, caller: Caller, parent: Issue, child: Issue, replace_parent: bool = False) -> None:
    require(caller, parent.repo, "triage", "issues")
    if child is parent or (child.parent is not None and not replace_parent):
        raise Unprocessable("Issue may not contain duplicate sub-issues and sub-issues may only have one parent.")
    if len(parent.sub_issues) >= MOST_SUB_ISSUES:
        raise Unprocessable(f"Parent cannot have more than {MOST_SUB_ISSUES} sub-issues.")
    if child.parent is not None:
        child.parent.sub_issues.remove(child)
    child.parent = parent
    parent.sub_issues.append(child)
    _tell_family(hub, caller, parent, child, "added")


def remove_sub_issue(hub: Hub, caller: Caller, parent: Issue, child: Issue) -> None:
    require(caller, parent.repo, "triage", "issues")
    if child.parent is not parent:
        raise NotFound()
    parent.sub_issues.remove(child)
    child.parent = None
    _tell_family(hub, caller, parent, child, "removed")


def closed_by(hub: Hub, repo: Repo, text: str) -> list[Issue]:
    """The issues that a pull request body or commit message says it closes, each once."""
    found: dict[Issue, None] = {}
    for match in CLOSES.finditer(text):
        name = match["repo"] or match["path"]
        where = hub.repo(name) if name else repo
        issue = where.issues.get(int(match["number"])) if where else None
        if issue is not None and not isinstance(issue, PullRequest):
            found[issue] = None
    return list(found)


def closing_pulls(hub: Hub, issue: Issue) -> list[PullRequest]:
    """The pull requests that say they close this issue, in any repository."""
    every = [each for repo in hub.repos.values() for each in repo.issues.values() if isinstance(each, PullRequest)]
    return [each for each in every if issue in closed_by(hub, each.repo, each.body)]


def _tell_dependency(hub: Hub, caller: Caller, issue: Issue, by: Issue, change: str) -> None:
    hub.record(caller.actor, f"blocked by {change}", f"{issue.repo.full_name}#{issue.number}")
    both: dict[str, Any] = {"blocked_issue": issue, "blocking_issue": by}
    for action, repo in ((f"blocked_by_{change}", issue.repo), (f"blocking_{change}", by.repo)):
        hub.emit("issue_dependencies", action, caller.actor, repo=repo, app=caller.app, **both)


def _tell_family(hub: Hub, caller: Caller, parent: Issue, child: Issue, change: str) -> None:
    hub.record(caller.actor, f"sub-issue {change}", f"{parent.repo.full_name}#{parent.number}")
    for action, repo in ((f"sub_issue_{change}", parent.repo), (f"parent_issue_{change}", child.repo)):
        hub.emit("sub_issues", action, caller.actor, repo=repo, app=caller.app, parent_issue=parent, sub_issue=child)
