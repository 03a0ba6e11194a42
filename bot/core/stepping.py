"""Giving out the steps of an item's plan: who takes each, what it is told, and whether there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.core.actions import Action, Decision, NotePlan, RunPlan, SendBack
from bot.core.budget import Refusal, Usage, admit
from bot.core.item import Claim
from bot.core.parking import park
from bot.core.planned import peers_for, shown
from bot.core.plans.delegation import news, prompt
from bot.core.plans.execution import Execution, StepState, after
from bot.core.plans.happened import Dispatched
from bot.core.plans.knowledge import referred
from bot.core.plans.overlap import held_by
from bot.core.plans.plan import FOLDER
from bot.core.prompts import step_brief
from bot.core.run import Peer, evidence_of, run_key
from bot.core.snapshot import Snapshot
from bot.core.working import task

NAME = "Executing"


def dispatch(s: Snapshot, claim: Claim, e: Execution, units: Sequence[StepState], busy: bool) -> Decision | None:
    """As many as there is room for, in the plan's order. None: none now, and others are at work meanwhile."""
    base = e.work.head if e.work else s.base_head
    if base is None:
        return Decision(NAME, f"the branch {s.default_branch} cannot be read", waits_for="machine")
    if noted := [NotePlan(e.plan.task_id, given) for unit in units if (given := _begun(s, claim, e, unit, base))]:
        return Decision(NAME, "notes which of its steps are given out already", tuple(noted), s.now, "machine")
    usage, actions, names = s.usage, list[Action](), list[str]()
    refusal: Refusal | None = None
    for unit in units:
        if waits := held_by(unit.step, s.busy):
            refusal = refusal or Refusal(f"step {unit.step.id} waits: {waits}")
            continue
        able = peers_for(s, unit)
        if not able:
            return None if actions or busy else park(s, NAME, _nobody(s, unit))
        found = _free(s, usage, able)
        if isinstance(found, Refusal):
            refusal = refusal or found
            continue
        run = step_run(s, claim, e, unit, found, base)
        given = _given(s, e, unit, found.name, run.key)
        actions += [SendBack(run), NotePlan(e.plan.task_id, given)]
        usage, e = _with_one_more(usage, found), after(e, given)
        names.append(f"step {unit.step.id} to agent {found.name}")
    if actions:
        waits_for = refusal.what if refusal else "machine"
        return Decision(NAME, f"gives {', '.join(names)}", (*actions, *shown(s, e)), waits_for=waits_for)
    if refusal is None or busy:
        return None
    if not refusal.full:
        return park(s, NAME, refusal.reason)
    return Decision(NAME, refusal.reason, shown(s, e), refusal.until, refusal.what)


def _given(s: Snapshot, e: Execution, unit: StepState, peer: str, run: str) -> Dispatched:
    delivered = tuple(each.path for each in referred(e, unit.step))
    return Dispatched(s.now, unit.step.id, peer, run, own_tree=True, delivered=delivered)


def _begun(s: Snapshot, claim: Claim, e: Execution, unit: StepState, base: str) -> Dispatched | None:
    """A crash came between its run's admission and its note: it is neither given out again nor to somebody else."""
    key = run_key(s.item.id, unit.step.id, base, evidence_of(_causes(claim, unit)))
    mine = [run for run in s.runs if run.step == unit.step.id and run.go_ahead == claim.go_ahead.key]
    run = next((run for run in mine if run.key == key or run.state != "ended"), None)
    return _given(s, e, unit, run.peer, run.key) if run else None


def _causes(claim: Claim, unit: StepState) -> tuple[str, ...]:
    """New evidence is the go-ahead, and whatever it was sent back for."""
    back = [cause for each in unit.sent_back for cause in each.causes]
    return tuple(dict.fromkeys((f"go:{claim.go_ahead.key}", *back)))


def step_run(s: Snapshot, claim: Claim, e: Execution, unit: StepState, peer: Peer, head: str) -> RunPlan:
    step, go, causes = unit.step, claim.go_ahead, _causes(claim, unit)
    evidence = evidence_of(causes)
    handed = sorted({path for path, _ in s.artifacts})
    brief = step_brief(task(s, claim), prompt(e, unit, referred(e, step), handed), news(e, unit))
    run = RunPlan(
        run_key(s.item.id, step.id, head, evidence), step.id, peer.name, unit.attempts + 1, go.key, evidence, head,
        brief.whole, causes, first=False, dossier=brief.news,
    )  # fmt: skip
    hands_on = tuple(path for path in step.deliverables if path.startswith(f"{FOLDER}/"))
    model = step.model if peer.runtime == "claude" and not peer.model else ""  # plans name models as Claude's program
    return replace(
        run, own_tree=step.id, task=e.plan.task_id, hands_on=hands_on, minutes=step.minutes, model=model
    )  # fmt: skip


def _nobody(s: Snapshot, unit: StepState) -> str:
    return f"no agent takes step {unit.step.id}, which has the role {unit.step.role}; see [peers] in sluice.toml"


def _free(s: Snapshot, usage: Usage, able: Sequence[Peer]) -> Peer | Refusal:
    """The first that has room, those with the most of it before the others, so that steps spread."""
    order = sorted(able, key=lambda peer: usage.running_by_peer.get(peer.name, 0))
    refusals = [admit(usage, s.caps, s.policy.work, peer, first=False) for peer in order]
    free = next((peer for peer, refusal in zip(order, refusals, strict=True) if refusal is None), None)
    return free or next(refusal for refusal in refusals if refusal)


def _with_one_more(usage: Usage, peer: Peer) -> Usage:
    by_peer = {**usage.running_by_peer, peer.name: usage.running_by_peer.get(peer.name, 0) + 1}
    return replace(usage, running=usage.running + 1, running_here=usage.running_here + 1, running_by_peer=by_peer)
