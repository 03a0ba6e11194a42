"""Executing and AwaitingApproval: the steps of an item's plan, from the first to the last gate.

What is due next is `plans.due`'s to say, as it is for tasks of the command line; here it becomes runs and gates.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.actions import (
    Action,
    AskPerson,
    Decision,
    Dispatch,
    DispatchWorkflow,
    Fold,
    LoseRun,
    NotePlan,
    Park,
    RunGate,
)
from bot.core.asking import reason_of
from bot.core.comments import BUDGET
from bot.core.late import as_plan
from bot.core.parking import ask_mark, park
from bot.core.phase_gates import judge, why_red
from bot.core.planned import card, peers_for, shown
from bot.core.plans import due as dues
from bot.core.plans.amending import last_changing
from bot.core.plans.delegation import conflicting
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Completed, Happened, Recorded, SentBack, Started
from bot.core.plans.plan import Phase
from bot.core.plans.shortfall import shortfall
from bot.core.plans.words import approval_wanted
from bot.core.prompts import MORE_TO_USE, another_attempt
from bot.core.run import Run
from bot.core.snapshot import Snapshot
from bot.core.stage import AwaitingApproval, Executing
from bot.core.stepping import dispatch
from bot.core.working import fall_back, once_more, overspent, until_over, what_became

NAME = "Executing"


def executing(s: Snapshot, stage: Executing) -> Decision:
    """What ended is seen to first, one step a pass; then whatever can begin, and last what all wait for."""
    if stage.execution.started is None:
        return _note(s, stage, "its plan begins", Started(s.now, stage.claim.go_ahead.by))
    in_hand = [(unit, _run_of(s, unit)) for unit in dues.in_hand(stage.execution)]
    waits: list[Decision] = []
    parks: list[Decision] = []
    for unit, run in in_hand:
        if run is None:
            return _note(s, stage, "it never began", SentBack(s.now, unit.step.id, "", lost=True))
        if run.state == "ended":
            decision = _ended(s, stage, unit, run)
            if decision.actions and not _parks(decision):
                return decision
            (parks if decision.actions else waits).append(decision)
    if parks:  # the results of the others are in
        return parks[0]
    runs = [run for _, run in in_hand if run and run.state != "ended"]
    lost: tuple[Action, ...] = tuple(LoseRun(run.key) for run in runs if run.key in s.lost)
    if lost:
        return Decision(NAME, "an agent is gone without a result", lost, s.now, "machine")
    begun = tuple(Dispatch(run.key) for run in runs if run.state == "admitted")
    decision = _next(s, stage, runs, waits)
    return replace(decision, actions=(*begun, *decision.actions))


def _next(s: Snapshot, stage: Executing, runs: list[Run], waits: list[Decision]) -> Decision:
    """`runs`: those at work; `waits`: what ended, and what is to come before it is seen to."""
    e = stage.execution
    found = dues.due(e)
    begin = [each.step for each in found if isinstance(each, dues.Dispatch)]
    if begin and (decision := dispatch(s, stage.claim, e, begin, busy=bool(runs or waits))):
        return decision
    match found[0]:
        case dues.JudgeGate(phase):
            return _judged(s, stage, phase)
        case dues.Failed(reason):
            return _failed(s, stage, reason)
        case dues.Complete():
            return _note(s, stage, "every phase of the plan is over", Completed(s.now))
        case dues.Wait(_, held):
            return _wait(s, e, runs, waits, held)
        case _:
            return _wait(s, e, runs, waits, ())


def _judged(s: Snapshot, stage: Executing, phase: Phase) -> Decision:
    """While a gate runs the card and the status say where the plan stands: whoever asked for another attempt meanwhile
    has the card in Ready."""
    decision, e = judge(s, stage, phase), stage.execution
    if not decision.actions:
        return replace(decision, actions=shown(s, e))
    begins = any(isinstance(action, RunGate | DispatchWorkflow) for action in decision.actions)
    return replace(decision, actions=(*decision.actions, *card(s, e))) if begins else decision


def _wait(
    s: Snapshot, e: Execution, runs: list[Run], waits: list[Decision], held: tuple[tuple[str, str], ...]
) -> Decision:
    """The card and the status say it; a run's time is the longest until the next look."""
    at_work = ", ".join(f"step {run.step} by agent {run.peer}" for run in runs)
    reasons = [at_work, *(each.reason for each in waits), *(f"step {step} waits: {why}" for step, why in held)]
    looks = [*(until_over(s, run) for run in runs), *(each.look_again_at for each in waits if each.look_again_at)]
    waits_for = waits[0].waits_for if waits and not runs else "machine"
    reason = "; ".join(filter(None, reasons)) or "nothing is due"
    return Decision(NAME, reason, shown(s, e), min(looks, default=None), waits_for)


def _ended(s: Snapshot, stage: Executing, unit: StepState, run: Run) -> Decision:
    """What comes of a run that is over; without an action something else comes first."""
    outcome, wrong = run.outcome, ""
    if outcome and outcome.ended == "finished":
        wrong = shortfall(stage.execution, unit, run, s.artifacts)
        if not wrong:
            return _done(s, stage, unit, run)
    if run.go_ahead != stage.claim.go_ahead.key:
        return _again(s, stage, unit)
    if outcome is None or outcome.ended in ("lost", "cancelled", "unreached"):
        return _when_alone(s, run, once_more(s, run))
    if outcome.ended == "limited":
        return _limited(s, stage, unit, run)
    if outcome.ended == "overspent" and s.item.more_at and s.item.more_at > run.admitted_at:
        more = SentBack(s.now, unit.step.id, MORE_TO_USE, (f"more:{run.key}",), asked=True)
        return _note(s, stage, f"step {run.step} goes on: the item was given more to use", more)
    if outcome.ended in ("asked", "overspent"):
        return _when_alone(s, run, park(s, NAME, reason_of(run) or overspent(run), BUDGET))
    return _record(s, stage, unit, run, wrong or what_became(run))


def _when_alone(s: Snapshot, run: Run, decision: Decision) -> Decision:
    """A person is asked when the others have ended: nobody's work is cut short for another's trouble."""
    if s.active_runs and _parks(decision):
        waits = f"step {run.step} waits until the others have ended: {decision.reason}"
        return Decision(NAME, waits, waits_for="machine")
    return replace(decision, stage=NAME)


def _parks(decision: Decision) -> bool:
    return any(isinstance(action, Park) for action in decision.actions)


def _done(s: Snapshot, stage: Executing, unit: StepState, run: Run) -> Decision:
    if not unit.step.changes or run.work is None:
        return _record(s, stage, unit, run)
    if before := _others_first(s, stage.execution, unit):
        waits = f"step {unit.step.id} is done, and its work joins that of step {before}"
        return Decision(NAME, waits, waits_for="machine")
    return _fold(s, stage, unit, run)


def _limited(s: Snapshot, stage: Executing, unit: StepState, run: Run) -> Decision:
    """Its provider says to wait: another agent takes the step, or it waits and uses no attempt."""
    others = {peer.name for peer in peers_for(s, unit)}
    if (other := fall_back(s, run.peer, unit.step.role)) and other.name in others:
        why = SentBack(s.now, unit.step.id, "", (f"instead:{run.key}",), lost=True)
        return _note(s, stage, f"agent {run.peer} waits for its provider; agent {other.name} takes over", why)
    hold = s.usage.holds.get(run.peer)
    if hold is None:
        return _when_alone(s, run, once_more(s, run))
    return Decision(NAME, f"step {run.step}: agent {run.peer} {hold.reason}", (), hold.until, "agent")


def _others_first(s: Snapshot, e: Execution, unit: StepState) -> str:
    """Work comes together in the plan's order: a step that began before it in the plan and still works goes first."""
    order = [each.step.id for each in e.units]
    earlier = order[: order.index(unit.step.id)] if unit.step.id in order else []
    at_work = {run.step for run in s.active_runs}
    first = (each.step for each in dues.in_hand(e) if each.step.changes and each.step.id in at_work)
    return next((step.id for step in first if step.id in earlier), "")


def _fold(s: Snapshot, stage: Executing, unit: StepState, run: Run) -> Decision:
    assert run.work is not None  # it has a result: `shortfall` saw to it
    recorded = _recorded(s, unit, run, "complete")
    fold = Fold(stage.execution.plan.task_id, unit.step.id, run.head, run.work.head, recorded)
    return Decision(NAME, f"step {unit.step.id} is done; its work joins the others'", (fold,), s.now, "machine")


def conflicts(fold: Fold, files: tuple[str, ...]) -> SentBack:
    """The step is done once more, in its own worktree, where the others' work is laid beside its own."""
    causes = (f"conflict:{fold.head}",)
    return SentBack(fold.recorded.at, fold.step, conflicting(files), causes, conflict=True)


def _record(s: Snapshot, stage: Executing, unit: StepState, run: Run, wrong: str = "") -> Decision:
    recorded = _recorded(s, unit, run, "failed" if wrong else "complete", wrong)
    return _note(s, stage, f"step {unit.step.id} {f'failed: {wrong}' if wrong else 'is done'}", recorded)


def _recorded(s: Snapshot, unit: StepState, run: Run, status: str, wrong: str = "") -> Recorded:
    outcome, work = run.outcome, run.work
    return Recorded(
        s.now,
        unit.step.id,
        "complete" if status == "complete" else "failed",
        run.peer,
        outcome.summary if outcome else "",
        tuple(file.path for file in work.files) if work else (),
        work.head if work else "",
        run.key,
        used=outcome.used if outcome else (),
        estimated=run.estimate,
        error=wrong,
    )


def _failed(s: Snapshot, stage: Executing, reason: str) -> Decision:
    """A person is asked; whoever asks for another attempt gives one to every failed step, or to the red gate's."""
    e, phase = stage.execution, stage.execution.current
    broken = [each for each in e.units if each.state == "failed"] or ([last_changing(phase)] if phase else [])
    given = {run.key: run.go_ahead for run in s.runs}
    tried = {given.get(each.recorded.run) for each in broken if each.recorded}
    if broken and not e.cancelled and stage.claim.go_ahead.key not in tried:
        return _again(s, stage, *broken)
    red = why_red(s, phase) if phase else ""
    return park(s, NAME, f"{reason}: {red}" if red else reason)


def _again(s: Snapshot, stage: Executing, *units: StepState) -> Decision:
    """A person asked for another attempt since."""
    go = stage.claim.go_ahead
    why, causes = another_attempt(go.by), (f"go:{go.key}",)
    back = tuple(SentBack(s.now, unit.step.id, why, causes, asked=True) for unit in units)
    names = ", ".join(unit.step.id for unit in units)
    return _note(s, stage, f"step {names} is done again: {go.by} asked for it", *back)


def awaiting(s: Snapshot, stage: AwaitingApproval) -> Decision:
    """A person's word on a phase: asked for once, and nothing is held meanwhile."""
    e, asks = stage.execution, stage.asks
    sign = ask_mark(as_plan(e))  # whatever happens to it since is worth another look
    body = approval_wanted(e, asks, s.person_behind(stage.claim.go_ahead), s.to_approve)
    ask: tuple[Action, ...] = () if sign in s.asked else (AskPerson(body, sign),)
    reason = f"{asks.name} waits for approval: {asks.why}"
    return Decision("AwaitingApproval", reason, (*ask, *shown(s, e)), waits_for="person")


def _note(s: Snapshot, stage: Executing, reason: str, *what: Happened) -> Decision:
    """Let it happen, then look again."""
    notes = tuple(NotePlan(stage.execution.plan.task_id, each) for each in what)
    return Decision(NAME, reason, notes, s.now, "machine")


def _run_of(s: Snapshot, unit: StepState) -> Run | None:
    key = unit.dispatched.run if unit.dispatched else ""
    return next((run for run in s.runs if run.key == key), None)
