"""The review queue: the pull requests that wait for somebody, and what is owed to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.actions import AskReview, Decision, NoteOrder
from bot.core.pull import Pull, Review
from bot.core.reviewing import whom_to_ask
from bot.core.snapshot import Snapshot

Owed = Literal["review", "re-review", "none", "merged-since-review", "closed-since-review"]
State = Literal["open", "merged", "closed"]
STATES: dict[str, State] = {"OPEN": "open", "MERGED": "merged", "CLOSED": "closed"}


@dataclass(frozen=True)
class ReviewRow:
    """A pull request in the queue."""

    url: str
    repo: str
    number: int
    item: str | None
    head: str
    state: State
    waits_for: str  # logins, or "machine", "nobody" ... as a decision says it
    since: datetime
    requested: tuple[str, ...] = ()
    reviewed_sha: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


def owed(state: State, head: str, reviewed_sha: str | None) -> Owed:
    """From the pull request's state and the head somebody last reviewed (None: nobody has)."""
    if state == "open":
        if reviewed_sha is None:
            return "review"
        return "none" if reviewed_sha == head else "re-review"
    if reviewed_sha is None or reviewed_sha == head:
        return "none"
    return "merged-since-review" if state == "merged" else "closed-since-review"


def queued(s: Snapshot, decision: Decision) -> ReviewRow | None:
    """What the queue is to know after a pass; None: there is no pull request, or it was left to people just now."""
    pull = s.pull
    if pull is None or any(isinstance(each, NoteOrder) and each.fresh for each in decision.actions):
        return None
    stood = s.item.stages[-1] if s.item.stages else ("", s.now)
    last = last_review(pull)
    return ReviewRow(
        url=pull.url,
        repo=s.item.repo,
        number=pull.number,
        item=s.item.id,
        head=pull.head,
        state=STATES[pull.state],
        waits_for=_whom(s, pull, decision),
        since=stood[1] if stood[0] == decision.stage else s.now,
        requested=pull.requested,
        reviewed_sha=last.head if last else None,
        reviewed_by=last.author if last else None,
        reviewed_at=last.at if last else None,
    )


def last_review(pull: Pull) -> Review | None:
    """The newest by a person with write access, who did not open it themselves."""
    others = (r for r in pull.reviews if r.author != pull.author and r.state != "PENDING")
    by_people = (r for r in others if r.by_writer and not r.by_bot)
    return max(by_people, key=lambda review: review.at, default=None)


def _whom(s: Snapshot, pull: Pull, decision: Decision) -> str:
    if not pull.open:
        return "nobody"
    if decision.waits_for != "person":
        return decision.waits_for
    asked = [login for action in decision.actions if isinstance(action, AskReview) for login in action.logins]
    named = (*pull.requested, *asked) or whom_to_ask(s)
    return ", ".join(named) or "person"
