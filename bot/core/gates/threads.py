"""Gate: no review thread is left unresolved."""

from __future__ import annotations

from bot.core.gates.verdict import Verdict
from bot.core.policy import Policy
from bot.core.pull import Pull

NAME = "threads"


def threads(pull: Pull, policy: Policy) -> Verdict:
    left = sum(not thread.resolved for thread in pull.threads)
    if left and policy.gates.threads:
        plural = "threads are" if left > 1 else "thread is"
        return Verdict(NAME, "unknown", f"{left} review {plural} unresolved", pull.head, waits_for="person")
    return Verdict(NAME, "passed", "no review thread is open", pull.head)
