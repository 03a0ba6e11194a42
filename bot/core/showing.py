"""What is shown as check runs: how each workflow gate stands, and what is wrong with the policy.

Only an App may make them. A gate's check appears with its first result, so it costs one write unless somebody asks for
it again. "Re-run" on it is a person's wish and new evidence: the gate runs once more on the same head, and no round is
used up.
"""

from __future__ import annotations

from bot.core.actions import Action, Decision, DispatchWorkflow, ShowCheck, ShowPolicy
from bot.core.comments import (
    ASK_RETRY,
    ASK_RETRY_WHY,
    POLICY_BROKEN,
    POLICY_CHECK,
    POLICY_MENDED,
    check_summary,
    check_title,
    logged,
    policy_summary,
)
from bot.core.gates.verdict import GateRun, Verdict
from bot.core.gates.workflow import name_of
from bot.core.pull import Pull, Shown
from bot.core.snapshot import Snapshot

CONCLUSIONS = {"passed": "success", "failed": "failure", "unknown": "action_required"}  # `neutral` would pass


def show(s: Snapshot, pull: Pull, verdicts: list[Verdict]) -> tuple[Action, ...]:
    """The check runs that do not say yet what is known."""
    if not s.as_app:
        return ()
    files = {name_of(file): file for file in s.policy.gates.workflows}
    wanted = [_wanted(s, pull, files[v.gate], v) for v in verdicts if v.gate in files]
    return tuple(check for check in wanted if check)


def run_again(s: Snapshot, pull: Pull) -> Decision | None:
    """Somebody pressed "Re-run" below a result. GitHub resets the suite, so all gates with a result there are meant."""
    if pull.fork or not s.as_app:
        return None
    files = s.policy.gates.workflows
    asked = {file: again for file in files if (again := _asked_again(s, pull, file))}
    if not asked:
        return None
    actions: list[Action] = []
    for file, (run, known) in asked.items():
        actions.append(DispatchWorkflow(name_of(file), file, pull.head, again=run.key))
        actions.append(_check(file, pull, known, f"again:{run.key}", "", "somebody asked for it again", ""))
    reason = f"runs {', '.join(asked)} once more on this head, because somebody asked for it"
    return Decision("InReview", reason, tuple(actions), waits_for="machine")


def answer_rerun(s: Snapshot) -> tuple[Action, ...]:
    """Whoever presses "Re-run" while only a person's word can free the item is told which."""
    if s.pull is None or not s.pull.open or not s.as_app:
        return ()
    found = (_known(s.pull, file) for file in s.policy.gates.workflows)
    return tuple(_told_to_retry(s.pull, known) for known in found if known and known.rerequested)


def _told_to_retry(pull: Pull, known: Shown) -> ShowCheck:
    title = check_title("action_required", ASK_RETRY)
    return ShowCheck(known.name, pull.head, known.key, "action_required", title, ASK_RETRY_WHY, known=known.id)


def say_policy(s: Snapshot) -> tuple[Action, ...]:
    """Once for each head and text, where Sluice may write; and once that it is mended."""
    if not s.as_app or s.policy.mode != "live":
        return ()
    said = s.policy_word
    if s.policy_problem and s.default_head:
        known = said and (said.head, said.problem) == (s.default_head, s.policy_problem)
        return () if known else (ShowPolicy(s.default_head, s.policy_problem),)
    return (ShowPolicy(said.head, ""),) if said and not s.policy_problem else ()


def policy_check(action: ShowPolicy) -> ShowCheck:
    """The check run that says it."""
    conclusion = "failure" if action.problem else "success"
    title = POLICY_BROKEN if action.problem else POLICY_MENDED
    return ShowCheck(POLICY_CHECK, action.head, "", conclusion, title, policy_summary(action.problem))


def _wanted(s: Snapshot, pull: Pull, file: str, verdict: Verdict) -> ShowCheck | None:
    run, known = _last(s, pull, file), _known(pull, file)
    over = verdict.waits_for != "machine"
    if not over and (known is None or not known.conclusion):
        return None  # nothing says anything else
    key = _key(run) if run else verdict.key
    conclusion = CONCLUSIONS[verdict.state] if over else ""
    check = _check(file, pull, known, key, conclusion, verdict.reason, verdict.url, logged(verdict.detail))
    same = known and (known.key, known.conclusion, known.title) == (check.key, check.conclusion, check.title)
    return None if same else check


def _asked_again(s: Snapshot, pull: Pull, file: str) -> tuple[GateRun, Shown] | None:
    """Pressed below an older result, or while the gate runs, it asks for nothing new."""
    run, known = _last(s, pull, file), _known(pull, file)
    if run is None or known is None or not known.rerequested or known.key != _key(run):
        return None
    return (run, known) if run.over or not run.run_id else None


def _check(
    file: str, pull: Pull, known: Shown | None, key: str, conclusion: str, reason: str, url: str, text: str = ""
) -> ShowCheck:
    title, summary = check_title(conclusion, reason), check_summary(file, reason, url)
    return ShowCheck(shown_as(file), pull.head, key, conclusion, title, summary, text, url, known.id if known else None)


def shown_as(file: str) -> str:
    return f"Sluice: {file}"


def _known(pull: Pull, file: str) -> Shown | None:
    return next((each for each in pull.shown if each.name == shown_as(file)), None)


def _last(s: Snapshot, pull: Pull, file: str) -> GateRun | None:
    mine = [run for run in s.gate_runs if run.gate == name_of(file) and run.head == pull.head]
    return mine[-1] if mine else None


def _key(run: GateRun) -> str:
    """A re-run on Actions is another result of the same row."""
    return f"{run.key}/{run.run_id}"
