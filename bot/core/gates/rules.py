"""Gate: GitHub's own rules for the base branch are satisfied, so that nothing would be bypassed by a merge."""

from __future__ import annotations

from bot.core.gates.verdict import Verdict
from bot.core.pull import Pull

NAME = "rules"


def rules(pull: Pull) -> Verdict:
    """The other gates say most of what can be missing; this one catches what only GitHub knows of."""
    if pull.merge_state == "BLOCKED" and not pull.queue:
        reason = f"GitHub's rules for {pull.base} are not satisfied yet"
        return Verdict(NAME, "unknown", reason, pull.head, waits_for="person")
    return Verdict(NAME, "passed", f"GitHub's rules for {pull.base} hold nothing back", pull.head)
