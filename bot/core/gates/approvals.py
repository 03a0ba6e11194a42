"""Gate: a person with write access approved this very head, and nobody's request for changes stands."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.gates.verdict import Verdict
from bot.core.item import Approval
from bot.core.pull import Pull, Review

NAME = "approvals"


def approvals(pull: Pull, words: Iterable[Approval]) -> Verdict:
    """A submitted approval bound to the head, or a `/sluice approve` bound to it; never the review of who opened it."""
    standing = opinions(pull)
    asking = [review for review in standing if review.state == "CHANGES_REQUESTED"]
    if asking:
        who = ", ".join(review.author for review in asking)
        return Verdict(NAME, "failed", f"changes requested by {who}", pull.head, key="|".join(r.id for r in asking))
    others = [r for r in standing if r.author != pull.author]
    by_review = [r.author for r in others if r.state == "APPROVED" and r.head == pull.head]
    by_word = [word.by for word in words if word.head == pull.head]
    approvers = list(dict.fromkeys(by_review + by_word))
    if not approvers:
        return Verdict(NAME, "unknown", _missing(standing, pull.head), pull.head, waits_for="person")
    if pull.review_decision == "REVIEW_REQUIRED":
        reason = f"approved by {', '.join(approvers)}; GitHub requires further approvals"
        return Verdict(NAME, "unknown", reason, pull.head, waits_for="person")
    return Verdict(NAME, "passed", f"approved by {', '.join(approvers)}", pull.head)


def opinions(pull: Pull) -> list[Review]:
    """The last opinion of each person with write access; a bot has none, whatever it may write."""
    last: dict[str, Review] = {}
    for review in sorted(pull.reviews, key=lambda r: r.at):
        if review.by_writer and not review.by_bot and review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[review.author] = review
    return list(last.values())


def _missing(standing: list[Review], head: str) -> str:
    stale = [review.author for review in standing if review.state == "APPROVED" and review.head != head]
    if stale:
        return f"{', '.join(stale)} approved an earlier head; this one is not approved"
    return "nobody with write access has approved this head"
