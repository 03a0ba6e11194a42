"""Comments of a conversation, and reactions to anything."""

from __future__ import annotations

from typing import Any

from localhub.errors import Forbidden, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, Comment, Issue, Permission, PullRequest, Reaction, Repo, Review, ReviewComment
from localhub.permissions import Caller, at_least, of, require

LONGEST_BODY = 65536
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
Reactable = Issue | Comment | Review | ReviewComment


def add_comment(hub: Hub, caller: Caller, issue: Issue, body: str) -> Comment:
    require(caller, issue.repo, "read", scope_of(issue))
    if issue.locked and not at_least(of(issue.repo, caller.login), "write"):
        raise Forbidden("Unable to create comment because issue is locked.")
    check_body("IssueComment", body)
    hub.meter.content(caller.counts_as)
    now = hub.now()
    comment = Comment(hub.new_id(), "", issue, caller.actor, body, now, now, via_app=caller.app)
    hub.register("IC", comment)
    issue.comments.append(comment)
    issue.updated_at = now
    _tell(hub, caller, comment, "created")
    return comment


def edit_comment(hub: Hub, caller: Caller, comment: Comment, body: str) -> Comment:
    require_own(caller, comment.issue.repo, comment.author, "write", scope_of(comment.issue))
    check_body("IssueComment", body)
    before, comment.body = comment.body, body
    comment.updated_at = comment.last_edited_at = comment.issue.updated_at = hub.now()
    _tell(hub, caller, comment, "edited", changes={"body": {"from": before}})
    return comment


def delete_comment(hub: Hub, caller: Caller, comment: Comment) -> None:
    require_own(caller, comment.issue.repo, comment.author, "write", scope_of(comment.issue))
    comment.issue.comments.remove(comment)
    hub.forget(comment)
    _tell(hub, caller, comment, "deleted")


def react(hub: Hub, caller: Caller, subject: Reactable, content: str) -> tuple[Reaction, bool]:
    """The caller's reaction, and whether it is new: reacting twice changes nothing."""
    require(caller, repo_of(subject), "read", scope_of(subject))
    if content not in REACTIONS:
        raise Unprocessable(errors=[{"resource": "Reaction", "field": "content", "code": "invalid"}])
    for reaction in subject.reactions:
        if reaction.user is caller.actor and reaction.content == content:
            return reaction, False
    reaction = Reaction(hub.new_id(), "", content, caller.actor, hub.now())
    hub.register("REA", reaction)
    subject.reactions.append(reaction)
    hub.record(caller.actor, f"react {content}", subject.node_id)
    return reaction, True


def unreact(hub: Hub, caller: Caller, subject: Reactable, reaction: Reaction) -> None:
    require_own(caller, repo_of(subject), reaction.user, "admin", scope_of(subject))
    subject.reactions.remove(reaction)
    hub.forget(reaction)
    hub.record(caller.actor, f"unreact {reaction.content}", subject.node_id)


def check_body(resource: str, body: str) -> None:
    """A body must be there and fit."""
    if not body.strip():
        raise Unprocessable(errors=[{"resource": resource, "field": "body", "code": "missing_field"}])
    if len(body) > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise Unprocessable(errors=[{"resource": resource, "field": "body", "code": "custom", "message": message}])


def require_own(caller: Caller, repo: Repo, author: Actor, otherwise: Permission, scope: str) -> None:
    """Authors may change what is theirs; others need the role `otherwise`."""
    mine = caller.actor is author
    require(caller, repo, "read" if mine else otherwise, scope)


def repo_of(subject: Reactable) -> Repo:
    if isinstance(subject, Issue):
        return subject.repo
    if isinstance(subject, Comment):
        return subject.issue.repo
    return (subject if isinstance(subject, Review) else subject.review).pull.repo


def scope_of(subject: Reactable) -> str:
    """The App permission for writing here."""
    conversation = subject.issue if isinstance(subject, Comment) else subject
    return "pull_requests" if isinstance(conversation, PullRequest | Review | ReviewComment) else "issues"


def _tell(hub: Hub, caller: Caller, comment: Comment, action: str, **objects: Any) -> None:
    issue = comment.issue
    hub.record(caller.actor, f"comment {action}", f"{issue.repo.full_name}#{issue.number}")
    objects |= {"issue": issue, "comment": comment}
    hub.emit("issue_comment", action, caller.actor, repo=issue.repo, app=caller.app, **objects)
