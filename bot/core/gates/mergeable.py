"""Gate: the branch merges cleanly and is as up to date as it must be."""

from __future__ import annotations

from bot.core.gates.verdict import Verdict
from bot.core.policy import Policy
from bot.core.pull import Pull

NAME = "mergeable"


def mergeable(pull: Pull, policy: Policy, base_head: str | None, contains_base: bool | None) -> Verdict:
    """`contains_base`: the head has the base's newest commit; None when that is not known."""
    if pull.draft:
        return Verdict(NAME, "unknown", "the pull request is a draft", pull.head, waits_for="person")
    if pull.mergeable == "CONFLICTING":
        reason = f"conflicts with {pull.base}"
        return Verdict(NAME, "failed", reason, pull.head, key=f"conflict:{base_head or pull.base_sha}")
    if pull.mergeable == "UNKNOWN":
        return Verdict(NAME, "unknown", "GitHub is still working out whether it merges", pull.head, waits_for="machine")
    if behind(pull, policy, contains_base):
        return Verdict(NAME, "unknown", f"behind {pull.base}", pull.head, waits_for="machine", key="behind")
    return Verdict(NAME, "passed", f"merges cleanly into {pull.base}", pull.head)


def behind(pull: Pull, policy: Policy, contains_base: bool | None) -> bool:
    """It must be brought up to date: GitHub demands it, or the policy does and the base's head is missing."""
    return pull.merge_state == "BEHIND" or (policy.merge.up_to_date and contains_base is False)
