"""Claimed, Working, Gating and Built: from the claim to the pull request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from bot.core.actions import (
    Action,
    Decision,
    Dispatch,
    EditPull,
    LeaveLane,
    LoseRun,
    MoveCard,
    OpenPull,
    PushBranch,
    RunGate,
    RunPlan,
    SayStatus,
    SendBack,
)
from bot.core.asking import reason_of
from bot.core.budget import Refusal, admit
from bot.core.comments import APPROVE_RESULT, BUDGET, opened, quoted
from bot.core.comments import working as working_text
from bot.core.gates.command import command, name_of
from bot.core.gates.verdict import Verdict
from bot.core.impact import pull_body, pull_title
from bot.core.item import Claim
from bot.core.parking import park
from bot.core.prompts import Brief, again_brief, first_brief, rework_brief
from bot.core.pull import Pull
from bot.core.queue import BUILDER, fall_backs
from bot.core.run import ATTEMPTS, Peer, Run, evidence_of, is_step, run_key
from bot.core.snapshot import Snapshot
from bot.core.spend import NOTHING, Budget
from bot.core.staffing import limited
from bot.core.stage import Built, Claimed, Gating, Working
from bot.core.starting import STEP
from bot.core.worktree import Work

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=15)  # before git or GitHub is asked again
GATE_TRIES = 2  # attempts of one gate command on one head, when the machine failed
GRACE = timedelta(minutes=2)


def claimed(s: Snapshot, stage: Claimed) -> Decision:
    """The last run brought nothing to push: once more if the machine failed, else a person looks."""
    run = stage.run
    if run is None:
        return _start_over(s, stage.claim)
    outcome = run.outcome
    if outcome is None or outcome.ended in ("lost", "cancelled", "unreached"):
        return once_more(s, run)
    if outcome.ended == "asked":
        return park(s, "Claimed", reason_of(run))
    if outcome.ended == "limited":
        return _limited(s, stage.claim, run)
    if outcome.ended == "overspent":
        return park(s, "Claimed", overspent(run), BUDGET)
    return park(s, "Claimed", what_became(run))


def what_became(run: Run) -> str:
    """Of a run that brought nothing to push, in its own words too."""
    outcome, work = run.outcome, run.work
    words = quoted(outcome.summary) if outcome else ""
    said = f" It said: {words}" if words else ""
    if outcome and outcome.ended != "finished":
        return f"agent {run.peer} {_ended(outcome.ended)}.{said}"
    if work and work.unresolved:
        return f"agent {run.peer} left conflict markers in {', '.join(work.unresolved)}"
    return f"agent {run.peer} made no change.{said}"


def working(s: Snapshot, stage: Working) -> Decision:
    run = stage.run
    heal: tuple[Action, ...] = () if s.meaning == "in_progress" else (MoveCard(s.columns.in_progress),)
    if run.state == "admitted":  # its dispatch failed, or the writes before it: nobody may look again until it ends
        reason = f"agent {run.peer} is about to start"
        return Decision("Working", reason, (Dispatch(run.key), *heal), waits_for="machine")
    if run.key in s.lost:
        return Decision("Working", f"agent {run.peer} is gone without a result", (LoseRun(run.key),), s.now, "machine")
    return Decision("Working", f"agent {run.peer} works on it, round {run.round}", heal, until_over(s, run), "machine")


def until_over(s: Snapshot, run: Run) -> datetime:
    """When it has ended in any case."""
    until = (run.started_at or run.admitted_at) + timedelta(minutes=s.policy.work.minutes_per_run) + GRACE
    return until if until > s.now else s.now + GRACE


def gating(s: Snapshot, stage: Gating) -> Decision:
    """The result's own gate commands, before anything is pushed."""
    verdicts = [command(line, stage.work.head, s.gate_runs) for line in s.policy.gates.commands]
    failed = [v for v in verdicts if v.failed]
    if failed:
        return send_back(s, "Gating", failed, stage.work.head)
    stuck = [v for v in verdicts if v.waits_for == "person"]
    if started := run_gates(s, "Gating", verdicts, s.policy.gates.commands):
        return started
    if stuck:
        return park(s, "Gating", f"the result cannot be judged: {waiting(stuck)}")
    return Decision("Gating", waiting(verdicts), waits_for="machine")


def built(s: Snapshot, stage: Built) -> Decision:
    work, run, claim = stage.work, stage.run, stage.claim
    touched = protected(work, s.policy.work.protected)
    allowed = {claim.go_ahead.takes_up, *(word.head for word in s.item.approvals)}
    if touched and work.head not in allowed:
        reason = f"the result changes protected files: {', '.join(touched[:5])}"
        return park(s, "Built", reason, APPROVE_RESULT)
    if s.branch_head not in (None, s.item.pushed_head, work.head, run.head) and s.item.pushed_head:
        return park(
            s, "Built", f"somebody pushed to {claim.branch} while the agent worked; its result is kept beside it"
        )
    pushed = s.branch_head == work.head == s.item.pushed_head  # else once more: a push that is there already is noted
    push: tuple[Action, ...] = () if pushed else (PushBranch(work.head, s.branch_head),)
    verdicts = [command(line, work.head, s.gate_runs) for line in s.policy.gates.commands]
    if s.pull and s.pull.open:
        follow: tuple[Action, ...] = (*describe(s, run, s.pull), MoveCard(s.columns.in_review), SayStatus(opened()))
        return Decision("Built", f"pushes round {run.round} to #{s.pull.number}", (*push, *follow), waits_for="machine")
    text = pull_body(s.item, claim.go_ahead, run, verdicts)
    pull = OpenPull(claim.branch, claim.base, pull_title(s.item.title), text)
    actions = (*push, pull, MoveCard(s.columns.in_review), SayStatus(opened()))
    return Decision("Built", "the result is pushed and becomes a pull request", actions, waits_for="machine")


def describe(s: Snapshot, run: Run, pull: Pull) -> tuple[Action, ...]:
    """Sluice's part of the pull request's text, when it does not say what this run made of it."""
    if s.item.claim is None or run.work is None or pull.text is None:
        return ()
    verdicts = [command(line, run.work.head, s.gate_runs) for line in s.policy.gates.commands]
    text = pull_body(s.item, s.item.claim.go_ahead, run, verdicts)
    return () if pull.text.split() == text.split() else (EditPull(text),)


def run_gates(s: Snapshot, stage: str, verdicts: list[Verdict], lines: Sequence[str]) -> Decision | None:
    """Start what has not run on this head, and once more what the machine and not the command has failed."""
    broken = {v.gate for v in verdicts if v.waits_for == "person" and _tries(s, v) < GATE_TRIES}
    absent = [v for v in verdicts if v.key == "absent" or v.gate in broken]
    if not absent:
        return None
    actions = tuple(RunGate(v.gate, line, v.head) for v in absent for line in lines if name_of(line) == v.gate)
    return Decision(stage, f"runs {', '.join(a.command for a in actions)} on the result", actions, waits_for="machine")


def _tries(s: Snapshot, verdict: Verdict) -> int:
    return sum(gate.gate == verdict.gate and gate.head == verdict.head for gate in s.gate_runs)


def send_back(
    s: Snapshot,
    stage: str,
    failures: list[Verdict],
    head: str,
    causes: tuple[str, ...] = (),
    brief: Brief | None = None,
    merge_base: bool = False,
    asked: bool = False,
) -> Decision:
    """One more round for the same peer in the same worktree, for new evidence; when rounds are used up, a person.

    `asked`: a person wants this very round, however many there were.
    """
    claim = s.item.claim
    assert claim is not None  # only claimed stages send back
    what = "; ".join(v.reason for v in failures) or "somebody asked for changes"
    mine = [run for run in s.runs if run.go_ahead == claim.go_ahead.key and not is_step(run.step)]
    questions = sum(bool(reason_of(run)) for run in mine)  # all steps of a plan are one round, whatever they asked
    if s.rounds - questions > s.policy.work.rounds and not asked:
        return park(s, stage, f"after {s.rounds} rounds still: {what}")
    if (never := no_run(s)) and not never.full:
        return park(s, stage, f"still: {what}; {never.reason}")
    why = causes + tuple(f"{v.gate}:{v.key or v.reason}" for v in failures)
    plan = rework_plan(s, claim, head, why, brief or _rework(s, claim, failures), merge_base)
    if any(run.key == plan.key for run in s.runs):
        return park(s, stage, f"an agent has tried to mend this already and it is unchanged: {what}")
    leave: tuple[Action, ...] = (LeaveLane(),) if s.item.lane_since else ()  # others need not wait for the mending
    actions = (
        *leave,
        SendBack(plan),
        MoveCard(s.columns.in_progress),
        SayStatus(working_text(plan.peer, claim.go_ahead, plan.round)),
    )
    return Decision(stage, f"goes back to agent {plan.peer}: {what}", actions, waits_for="slot")


def no_run(s: Snapshot) -> Refusal | None:
    """Why the item's agent may not be given another run now; not `full` when waiting would not help."""
    name = maker(s)
    peer = next((peer for peer in s.peers if peer.name == name), None)
    if name and peer is None:
        return Refusal(f"agent {name} is no longer set up", full=False)
    return admit(s.usage, s.caps, s.policy.work, peer, first=False) if peer else None


def maker(s: Snapshot) -> str:
    """The agent that mends the item's result: of a plan's the one that changed something last."""
    claim, last = s.item.claim, s.last_run if s.execution else None
    return last.peer if last else claim.peer if claim else ""


def rework_plan(
    s: Snapshot, claim: Claim, head: str, causes: tuple[str, ...], brief: Brief, merge_base: bool
) -> RunPlan:
    """Under a new go-ahead the same trouble is new evidence: a person asked to try again."""
    causes = tuple(dict.fromkeys((f"go:{claim.go_ahead.key}", *causes)))
    evidence = evidence_of(causes)
    key = run_key(s.item.id, STEP, head, evidence)
    other = fall_back(s, maker(s))
    peer = other.name if other else maker(s)
    plan = RunPlan(
        key, STEP, peer, s.rounds + 1, claim.go_ahead.key, evidence, head, brief.whole, causes, dossier=brief.news
    )
    return replace(plan, merge_base=merge_base, first=False)


def task(s: Snapshot, claim: Claim) -> str:
    return first_brief(s.item.repo, s.item.number or 0, claim.go_ahead, claim.branch, s.policy)


def _rework(s: Snapshot, claim: Claim, failures: list[Verdict]) -> Brief:
    return rework_brief(task(s, claim), failures, (), (), s.runs)


def _start_over(s: Snapshot, claim: Claim) -> Decision:
    """Claimed without a run and without a pull request: the pull request went away; begin from what is saved."""
    if (never := no_run(s)) and not never.full:
        return park(s, "Claimed", never.reason)
    brief = again_brief(task(s, claim), claim.go_ahead.by, s.runs)
    plan = rework_plan(s, claim, s.base_head or "", ("again",), brief, merge_base=False)
    return Decision("Claimed", f"agent {claim.peer} takes it", (SendBack(plan),), waits_for="slot")


def once_more(s: Snapshot, run: Run) -> Decision:
    outcome = run.outcome
    unreached = outcome.summary if outcome and outcome.ended == "unreached" else ""
    if run.exhausted:
        why = unreached or f"it was interrupted {ATTEMPTS} times on this machine"
        return park(s, "Claimed", f"agent {run.peer} could not work: {why}")
    again = (run.ended_at or s.now) + min(FIRST_PAUSE * 2 ** min(run.attempts, 10), LONGEST_PAUSE)
    if unreached and again > s.now:
        return Decision("Claimed", f"{unreached}; tried again at {again:%H:%M} UTC", (), again, "machine")
    plan = RunPlan(
        run.key, run.step, run.peer, run.round, run.go_ahead, run.evidence, run.head, "", run.causes, restart=True
    )
    return Decision("Claimed", "the run was interrupted and goes on", (SendBack(plan),), waits_for="slot")


def _limited(s: Snapshot, claim: Claim, run: Run) -> Decision:
    """Its provider says to wait: another agent goes on in the same worktree, or it waits, and uses no attempt."""
    hold = s.usage.holds.get(run.peer)
    if other := fall_back(s, run.peer):
        causes = (*run.causes, f"instead:{run.key}")
        evidence = evidence_of(causes)
        key = run_key(s.item.id, run.step, run.head, evidence)
        plan = RunPlan(
            key, run.step, other.name, run.round, run.go_ahead, evidence, run.head, "", causes, first=False,
            takes_over=run.key,
        )  # fmt: skip
        if not any(each.key == key for each in s.runs):
            told = SayStatus(working_text(other.name, claim.go_ahead, run.round))
            why = f"agent {run.peer} waits for its provider; agent {other.name} takes over"
            return Decision("Claimed", why, (SendBack(plan), told), waits_for="slot")
    if hold:
        return Decision("Claimed", f"agent {run.peer} {hold.reason}", (), hold.until, "agent")
    return once_more(s, run)


def fall_back(s: Snapshot, name: str, role: str = BUILDER) -> Peer | None:
    """Who may take that one's work at once, while its provider says to wait."""
    if name not in limited(s) or s.issue is None:
        return None
    others = fall_backs(s.peers, name, s.issue.repo, s.issue.labels, s.face.fields if s.face else {}, role)
    free = (other for other in others if admit(s.usage, s.caps, s.policy.work, other, first=False) is None)
    return next(free, None)


def overspent(run: Run) -> str:
    used = Budget(run.outcome.tokens or 0, run.outcome.cost_usd) if run.outcome else NOTHING
    cap = f" of the {run.cap} it may use" if run.cap else ""
    return f"agent {run.peer} was stopped in round {run.round}: it used {used}{cap}"


def _ended(how: str) -> str:
    return {"failed": "failed", "timed_out": "ran out of time", "stalled": "stood still"}.get(how, how)


def waiting(verdicts: list[Verdict]) -> str:
    open_ones = [v for v in verdicts if not v.passed]
    return "; ".join(f"{v.gate}: {v.reason}" for v in open_ones) or "every command passed"


def protected(work: Work, patterns: tuple[str, ...]) -> list[str]:
    """The changed files that a pattern protects; `dir/**` covers the whole folder, without regard to case."""
    return [
        f.path
        for f in work.files
        if any(fnmatchcase(f.path.casefold(), p.casefold().replace("**", "*")) for p in patterns)
    ]
