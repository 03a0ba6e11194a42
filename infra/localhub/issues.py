"""Issues: creating, editing, closing, labels and assignees. Pull requests are issues, so most of this is theirs too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localhub.comments import add_comment as add_comment
from localhub.comments import delete_comment as delete_comment
from localhub.comments import edit_comment as edit_comment
from localhub.comments import react as react
from localhub.comments import require_own, scope_of
from localhub.comments import unreact as unreact
from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.links import add_sub_issue as add_sub_issue
from localhub.links import block as block
from localhub.links import remove_sub_issue as remove_sub_issue
from localhub.links import unblock as unblock
from localhub.model import Actor, Issue, Label, PullRequest, Repo
from localhub.permissions import Caller, at_least, of, require
from localhub.timeline import note


def create(
    hub: Hub, caller: Caller, repo: Repo, title: str, body: str = "", *,
    labels: Iterable[str] = (), assignees: Iterable[str] = (),
) -> Issue:  # fmt: skip
    """A new issue. Labels and assignees from somebody without triage rights are dropped silently, as on GitHub."""
    require(caller, repo, "read", "issues")
    check_title("Issue", title)
    hub.meter.content(caller.counts_as)
    issue = Issue(hub.new_id(), "", repo, take_number(repo), title, body, caller.actor, hub.now(), hub.now())
    hub.register("I", issue)
    repo.issues[issue.number] = issue
    tell(hub, caller, issue, "opened")
    if at_least(of(repo, caller.login), "triage"):
        label(hub, caller, issue, labels)
        assign(hub, caller, issue, assignees)
    return issue


def edit(hub: Hub, caller: Caller, issue: Issue, *, title: str | None = None, body: str | None = None) -> Issue:
    require_own(caller, issue.repo, issue.author, "triage", scope_of(issue))
    changes: dict[str, dict[str, str]] = {}
    if title is not None and title != issue.title:
        check_title("Issue", title)
        changes["title"] = {"from": issue.title}
        note(hub, issue, "renamed", caller.actor, **{"from": issue.title, "to": title})
        issue.title = title
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body}
        issue.body = body
        issue.last_edited_at, issue.editor = hub.now(), caller.actor
    if changes:
        tell(hub, caller, issue, "edited", changes=changes)
    return issue


def close(hub: Hub, caller: Caller, issue: Issue, reason: str | None = "completed", **because: Any) -> Issue:
    """Close; closing what is closed only changes the reason. `because` is what closed it (`pull=`, `commit=`)."""
    require_own(caller, issue.repo, issue.author, "triage", scope_of(issue))
    is_pull = isinstance(issue, PullRequest)
    if issue.state == "closed":
        if not is_pull and reason != issue.state_reason:
            issue.state_reason = reason
            hub.record(caller.actor, f"issue closed as {reason}", f"{issue.repo.full_name}#{issue.number}")
        return issue
    issue.state, issue.state_reason = "closed", None if is_pull else reason or "completed"
    issue.closed_at, issue.closed_by = hub.now(), caller.actor
    note(hub, issue, "closed", caller.actor, state_reason=issue.state_reason, **because)
    tell(hub, caller, issue, "closed")
    return issue


def reopen(hub: Hub, caller: Caller, issue: Issue) -> Issue:
    require_own(caller, issue.repo, issue.author, "triage", scope_of(issue))
    if isinstance(issue, PullRequest) and (issue.merged_at or issue.head_deleted):
        raise Unprocessable(errors=[{"resource": "PullRequest", "field": "state", "code": "invalid"}])
    if issue.state == "closed":
        issue.state, issue.closed_at, issue.closed_by = "open", None, None
        issue.state_reason = None if isinstance(issue, PullRequest) else "reopened"
        note(hub, issue, "reopened", caller.actor)
        tell(hub, caller, issue, "reopened")
    return issue


def lock(hub: Hub, caller: Caller, issue: Issue, locked: bool = True) -> None:
    require(caller, issue.repo, "triage", scope_of(issue))
    issue.locked = locked
    tell(hub, caller, issue, "locked" if locked else "unlocked")


def label(hub: Hub, caller: Caller, issue: Issue, names: Iterable[str]) -> None:
    """Put labels on; one that the repository does not know yet is made."""
    require(caller, issue.repo, "triage", scope_of(issue))
    for wanted in [find_or_make_label(hub, issue.repo, name) for name in names]:
        if wanted not in issue.labels:
            issue.labels.append(wanted)
            note(hub, issue, "labeled", caller.actor, label=wanted)
            tell(hub, caller, issue, "labeled", label=wanted)


def unlabel(hub: Hub, caller: Caller, issue: Issue, name: str) -> None:
    require(caller, issue.repo, "triage", scope_of(issue))
    present = next((each for each in issue.labels if each.name.lower() == name.lower()), None)
    if present is None:
        raise NotFound("Label does not exist")
    issue.labels.remove(present)
    note(hub, issue, "unlabeled", caller.actor, label=present)
    tell(hub, caller, issue, "unlabeled", label=present)


def set_labels(hub: Hub, caller: Caller, issue: Issue, names: Iterable[str]) -> None:
    wanted = list(names)
    keep = {name.lower() for name in wanted}
    for present in [each for each in issue.labels if each.name.lower() not in keep]:
        unlabel(hub, caller, issue, present.name)
    label(hub, caller, issue, wanted)


def assign(hub: Hub, caller: Caller, issue: Issue, logins: Iterable[str]) -> None:
    """Assign people; those who cannot read the repository are ignored, as on GitHub."""
    require(caller, issue.repo, "triage", scope_of(issue))
    for actor in _readers(hub, issue.repo, logins):
        if actor not in issue.assignees:
            issue.assignees.append(actor)
            note(hub, issue, "assigned", caller.actor, assignee=actor)
            tell(hub, caller, issue, "assigned", assignee=actor)


def unassign(hub: Hub, caller: Caller, issue: Issue, logins: Iterable[str]) -> None:
    require(caller, issue.repo, "triage", scope_of(issue))
    gone = {login.lower() for login in logins}
    for actor in [each for each in issue.assignees if each.login.lower() in gone]:
        issue.assignees.remove(actor)
        note(hub, issue, "unassigned", caller.actor, assignee=actor)
        tell(hub, caller, issue, "unassigned", assignee=actor)


def set_assignees(hub: Hub, caller: Caller, issue: Issue, logins: Iterable[str]) -> None:
    wanted = list(logins)
    keep = {login.lower() for login in wanted}
    unassign(hub, caller, issue, [each.login for each in issue.assignees if each.login.lower() not in keep])
    assign(hub, caller, issue, wanted)


def find(repo: Repo, number: int) -> Issue:
    """The issue or pull request of that number."""
    issue = repo.issues.get(number)
    if issue is None:
        raise NotFound()
    return issue


def find_or_make_label(hub: Hub, repo: Repo, name: str, color: str = "ededed", description: str | None = None) -> Label:
    known = repo.labels.get(name.lower())
    if known is None:
        known = Label(hub.new_id(), "", name, color, description)
        hub.register("LA", known)
        repo.labels[name.lower()] = known
    return known


def take_number(repo: Repo) -> int:
    """The next number, shared by issues and pull requests."""
    number, repo.next_number = repo.next_number, repo.next_number + 1
    return number


def check_title(resource: str, title: str) -> None:
    if not title.strip():
        raise Unprocessable(errors=[{"resource": resource, "field": "title", "code": "missing_field"}])
    if len(title) > 256:
        message = "title is too long (maximum is 256 characters)"
        raise Unprocessable(errors=[{"resource": resource, "field": "title", "code": "custom", "message": message}])


def tell(hub: Hub, caller: Caller, issue: Issue, action: str, **objects: Any) -> None:
    """Log a change and tell the listeners, as `pull_request` or as `issues`."""
    issue.updated_at = hub.now()
    for card in issue.cards:
        hub.index.note(card, hub.now())
    is_pull = isinstance(issue, PullRequest)
    hub.record(caller.actor, f"{'pull' if is_pull else 'issue'} {action}", f"{issue.repo.full_name}#{issue.number}")
    objects["pull" if is_pull else "issue"] = issue
    hub.emit("pull_request" if is_pull else "issues", action, caller.actor, repo=issue.repo, app=caller.app, **objects)


def _readers(hub: Hub, repo: Repo, logins: Iterable[str]) -> list[Actor]:
    known = [hub.actor(login) for login in logins]
    return [actor for actor in known if actor is not None and at_least(of(repo, actor.login), "read")]
