"""Gate: GitHub's merge queue has not given this head back since a person last stood by it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.gates.approvals import opinions
from bot.core.gates.verdict import Verdict
from bot.core.item import Approval
from bot.core.pull import Pull

NAME = "queue"


def queue(pull: Pull, words: Iterable[Approval]) -> Verdict:
    """Enqueued again at once it would only fail again, or fight with whoever took it out."""
    stood_by = [review.at for review in opinions(pull) if review.state == "APPROVED" and review.head == pull.head]
    stood_by += [word.at for word in words if word.head == pull.head]
    if pull.left_queue and not any(at > pull.left_queue for at in stood_by):
        why = f" ({pull.left_because})" if pull.left_because else ""
        reason = f"GitHub's merge queue gave it back{why}; once this head is approved again, it is enqueued again"
        return Verdict(NAME, "unknown", reason, pull.head, waits_for="person")
    return Verdict(NAME, "passed", f"GitHub's merge queue may have it for {pull.base}", pull.head)
