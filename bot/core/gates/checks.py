"""Gate: the checks on the head have passed."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.gates.verdict import GateRun, Verdict
from bot.core.policy import Policy
from bot.core.pull import Check, Pull

NAME = "checks"


def checks(pull: Pull, policy: Policy, gates: Iterable[GateRun] = ()) -> Verdict:
    """Required checks, those the policy names, and whatever else is reported on the head.

    What was cancelled, never started or whose provider is down is not known to have failed. Jobs of the workflows
    Sluice dispatched are judged by their gates.
    """
    dispatched = {gate.run_id.partition(":")[0] for gate in gates} - {""}
    counted = tuple(check for check in pull.checks if check.key.rpartition(":")[0] not in dispatched)
    failed = [check for check in counted if check.state == "failed"]
    if failed:
        names = ", ".join(check.name for check in failed)
        return Verdict(
            NAME,
            "failed",
            f"failed on this head: {names}",
            pull.head,
            url=failed[0].url,
            detail="\n".join(f"{check.name}: {check.summary}".strip() for check in failed),
            key="|".join(sorted(check.key or check.name for check in failed)),
        )
    own = {each.name for each in pull.shown}  # judged by their gates
    reported = own | {check.name for check in pull.checks}
    absent = [name for name in policy.gates.checks if name not in reported]
    if absent:
        return _waits(pull, f"not reported yet: {', '.join(absent)}")
    pending = [check.name for check in counted if check.state == "pending"]
    if pending:
        return _waits(pull, f"still running: {', '.join(pending)}")
    verdictless = [check for check in counted if check.state == "unknown"]
    if verdictless:  # nothing an agent could mend: no round is used up, and whoever runs it again is heard
        names = ", ".join(check.name for check in verdictless)
        reason = f"ended without a result, run it again: {names}"
        return Verdict(NAME, "unknown", reason, pull.head, waits_for="person", url=verdictless[0].url)
    if not pull.checks_known:
        return _waits(pull, "GitHub reports no checks on this head yet")
    if pull.checks_left:
        reason = f"there are more checks on this head than the {len(pull.checks)} that are read; a person merges it"
        return Verdict(NAME, "unknown", reason, pull.head, waits_for="person")
    return Verdict(NAME, "passed", _summary(counted), pull.head, url=counted[0].url if counted else "")


def _summary(found: tuple[Check, ...]) -> str:
    return f"passed: {', '.join(check.name for check in found)}" if found else "no checks are configured"


def _waits(pull: Pull, reason: str) -> Verdict:
    return Verdict(NAME, "unknown", reason, pull.head, waits_for="machine")
