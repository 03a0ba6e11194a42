"""Reviews of pull requests: submitting, dismissing, comments on lines and their threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from localhub.comments import check_body, require_own
from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, PullRequest, Review, ReviewComment, ReviewThread
from localhub.permissions import Caller, at_least, of, require

SCOPE = "pull_requests"
Decision = Literal["APPROVED", "CHANGES_REQUESTED", "REVIEW_REQUIRED"]
State = Literal["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]
STATES: dict[str, State] = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def review(
    hub: Hub, caller: Caller, pull: PullRequest, event: str | None = None, body: str = "",
    comments: Iterable[Mapping[str, Any]] = (), commit_id: str | None = None,
) -> Review:  # fmt: skip
    """A review: `event` is APPROVE, REQUEST_CHANGES or COMMENT; without one it stays pending until submitted."""
    require(caller, pull.repo, "read", SCOPE)
    lines = list(comments)
    for line in lines:
        check_body("PullRequestReviewComment", line.get("body") or "")
    if event is not None:
        _check_event(caller, pull, event, body, bool(lines))
    hub.meter.content(caller.counts_as)
    made = Review(hub.new_id(), "", pull, caller.actor, "PENDING", body, commit_id or pull.head_sha, hub.now())
    hub.register("PRR", made)
    pull.reviews.append(made)
    for line in lines:
        _add_line(hub, caller, made, line)
    if event is not None:
        return _submitted(hub, caller, made, STATES[event])
    hub.record(caller.actor, "review started", f"{pull.repo.full_name}#{pull.number}")
    return made


def submit_review(hub: Hub, caller: Caller, pending: Review, event: str, body: str | None = None) -> Review:
    require_own(caller, pending.pull.repo, pending.author, "admin", SCOPE)
    if pending.state != "PENDING":
        raise Unprocessable("Can not submit a review that is not pending")
    pending.body = pending.body if body is None else body
    _check_event(caller, pending.pull, event, pending.body, bool(pending.comments))
    return _submitted(hub, caller, pending, STATES[event])


def dismiss_review(hub: Hub, caller: Caller, done: Review, message: str = "") -> Review:
    require(caller, done.pull.repo, "write", SCOPE)
    if done.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise Unprocessable("Can not dismiss a review that is neither an approval nor a request for changes")
    done.state = "DISMISSED"
    _tell_review(hub, caller, done, "dismissed")
    return done


def dismiss_stale(hub: Hub, caller: Caller, pull: PullRequest) -> None:
    """The head moved: approvals of what it was are gone, where the base branch's protection says so."""
    protection = pull.repo.protection.get(pull.base_ref)
    if protection is None or not protection.dismiss_stale:
        return
    for done in pull.reviews:
        if done.state == "APPROVED" and done.commit_id != pull.head_sha:
            done.state = "DISMISSED"
            _tell_review(hub, caller, done, "dismissed")


def opinions(pull: PullRequest, writers_only: bool = False) -> list[Review]:
    """Everybody's latest approval or request for changes; a dismissed one is no opinion any more."""
    latest: dict[Actor, Review] = {}
    for done in pull.reviews:
        if done.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            latest[done.author] = done
    counted = [done for done in latest.values() if done.state != "DISMISSED"]
    return [done for done in counted if not writers_only or at_least(of(pull.repo, done.author.login), "write")]


def decision(pull: PullRequest) -> Decision | None:
    """What the reviews of those with write access add up to."""
    states = [done.state for done in opinions(pull, writers_only=True)]
    protection = pull.repo.protection.get(pull.base_ref)
    needed = protection.required_approvals if protection else 0
    if "CHANGES_REQUESTED" in states:
        return "CHANGES_REQUESTED"
    if states and len(states) >= needed:
        return "APPROVED"
    return "REVIEW_REQUIRED" if needed else None


def comment_on_line(
    hub: Hub, caller: Caller, pull: PullRequest, body: str, path: str, line: int | None = None,
    commit_id: str | None = None,
) -> ReviewComment:  # fmt: skip
    """One comment on a line, in a review of its own."""
    made = review(hub, caller, pull, "COMMENT", "", [{"body": body, "path": path, "line": line}], commit_id)
    return made.comments[0]


def reply(hub: Hub, caller: Caller, parent: ReviewComment, body: str) -> ReviewComment:
    """One more comment in the thread of `parent`."""
    pull = parent.review.pull
    require(caller, pull.repo, "read", SCOPE)
    check_body("PullRequestReviewComment", body)
    hub.meter.content(caller.counts_as)
    made = Review(hub.new_id(), "", pull, caller.actor, "PENDING", "", pull.head_sha, hub.now())
    hub.register("PRR", made)
    pull.reviews.append(made)
    _add_line(hub, caller, made, {"body": body, "path": parent.path, "line": parent.line}, parent)
    return _submitted(hub, caller, made, "COMMENTED").comments[0]


def edit_review_comment(hub: Hub, caller: Caller, comment: ReviewComment, body: str) -> ReviewComment:
    require_own(caller, comment.review.pull.repo, comment.author, "write", SCOPE)
    check_body("PullRequestReviewComment", body)
    before, comment.body, comment.updated_at = comment.body, body, hub.now()
    _tell_line(hub, caller, comment, "edited", changes={"body": {"from": before}})
    return comment


def delete_review_comment(hub: Hub, caller: Caller, comment: ReviewComment) -> None:
    pull = comment.review.pull
    require_own(caller, pull.repo, comment.author, "write", SCOPE)
    comment.review.comments.remove(comment)
    thread = thread_of(comment)
    thread.comments.remove(comment)
    if not thread.comments:
        pull.threads.remove(thread)
        hub.forget(thread)
    hub.forget(comment)
    _tell_line(hub, caller, comment, "deleted")


def resolve_thread(hub: Hub, caller: Caller, pull: PullRequest, thread: ReviewThread) -> ReviewThread:
    return _settle_thread(hub, caller, pull, thread, caller.actor)


def unresolve_thread(hub: Hub, caller: Caller, pull: PullRequest, thread: ReviewThread) -> ReviewThread:
    return _settle_thread(hub, caller, pull, thread, None)


def thread_of(comment: ReviewComment) -> ReviewThread:
    found = next((thread for thread in comment.review.pull.threads if comment in thread.comments), None)
    if found is None:
        raise NotFound()
    return found


def _check_event(caller: Caller, pull: PullRequest, event: str, body: str, has_lines: bool) -> None:
    if event not in STATES:
        raise Unprocessable(f"Variable $event of type PullRequestReviewEvent was provided invalid value: {event}")
    own = caller.actor is pull.author
    if own and event != "COMMENT":
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Unprocessable(f"Can not {verb} your own pull request")
    if event != "APPROVE" and not body.strip() and not has_lines:
        raise Unprocessable("Body is required for a review that comments or requests changes")


def _submitted(hub: Hub, caller: Caller, made: Review, state: State) -> Review:
    made.state, made.submitted_at, made.pull.updated_at = state, hub.now(), hub.now()
    if made.author in made.pull.requested_reviewers:
        made.pull.requested_reviewers.remove(made.author)
    _tell_review(hub, caller, made, "submitted")
    for comment in made.comments:
        _tell_line(hub, caller, comment, "created")
    return made


def _add_line(
    hub: Hub, caller: Caller, made: Review, line: Mapping[str, Any], parent: ReviewComment | None = None
) -> None:
    where, number = line.get("path") or "", line.get("line") or line.get("position")
    now, head = hub.now(), made.pull.head_sha
    comment = ReviewComment(
        hub.new_id(), "", made, caller.actor, line["body"], where, number, now, now, head, in_reply_to=parent
    )
    hub.register("PRRC", comment)
    made.comments.append(comment)
    if parent is not None:
        thread_of(parent).comments.append(comment)
        return
    thread = ReviewThread("", where, number, [comment])
    hub.register("PRRT", thread)
    made.pull.threads.append(thread)


def _settle_thread(
    hub: Hub, caller: Caller, pull: PullRequest, thread: ReviewThread, resolver: Actor | None
) -> ReviewThread:
    require_own(caller, pull.repo, pull.author, "write", SCOPE)
    action = "resolved" if resolver else "unresolved"
    if bool(thread.resolved_by) != bool(resolver):
        thread.resolved_by = resolver
        hub.record(caller.actor, f"thread {action}", f"{pull.repo.full_name}#{pull.number}")
        repo, app = pull.repo, caller.app
        hub.emit("pull_request_review_thread", action, caller.actor, repo=repo, app=app, pull=pull, thread=thread)
    return thread


def _tell_review(hub: Hub, caller: Caller, done: Review, action: str) -> None:
    pull = done.pull
    hub.record(caller.actor, f"review {action} {done.state}", f"{pull.repo.full_name}#{pull.number}")
    hub.emit("pull_request_review", action, caller.actor, repo=pull.repo, app=caller.app, pull=pull, review=done)


def _tell_line(hub: Hub, caller: Caller, comment: ReviewComment, action: str, **objects: Any) -> None:
    pull = comment.review.pull
    hub.record(caller.actor, f"review comment {action}", f"{pull.repo.full_name}#{pull.number}")
    objects |= {"pull": pull, "comment": comment}
    hub.emit("pull_request_review_comment", action, caller.actor, repo=pull.repo, app=caller.app, **objects)
