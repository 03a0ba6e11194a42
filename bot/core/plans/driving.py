"""A plan driven headless: who takes a step, and what comes of its run. Facts in, what happens out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from bot.core.actions import RunPlan
from bot.core.budget import MORE, Refusal
from bot.core.foreign import plain
from bot.core.plans.delegation import conflicting, news
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Asked, Happened, Interacted, Recorded, SentBack
from bot.core.plans.plan import FOLDER, Step
from bot.core.plans.shortfall import shortfall
from bot.core.prompts import QUESTION, Brief
from bot.core.queue import plays
from bot.core.run import Peer, Run, evidence_of, run_key
from bot.core.tokens import by_model
from bot.core.worktree import Work

MADE_TO_WAIT = ("limited", "unreached", "lost", "cancelled")  # no fault of its agent's


def about_place(step: Step) -> tuple[str, ...]:
    """What is true where headless work is done."""
    asking = (
        f"Where only a person can decide, write one question to the file {QUESTION} and end your turn: you go on with "
        "the answer."
    )
    return (
        "You work in a git worktree of your own. Your work is taken from its files, committed or not: leave other "
        "branches and git's configuration alone. Do this step and nothing else; others carry out the other steps.",
        "End with a few sentences that say what you changed, how you checked it, and what is left undone.",
        *((asking,) if step.interactive else ()),
    )


def peer_for(step: Step, peers: Sequence[Peer]) -> Peer | None:
    """The one the step names, else the first whose role fits, those with a role before those of any."""
    named = [peer for peer in peers if peer.name == step.agent]
    fitting = sorted((peer for peer in peers if plays(peer, step.role)), key=lambda peer: not peer.role)
    return next(iter((*named, *fitting)), None)


def nobody_for(e: Execution, peers: Sequence[Peer]) -> list[str]:
    """The steps that nobody in sluice.toml takes, and whom they need."""
    return [
        f"step {unit.step.id} needs an agent named {unit.step.agent}, or one with the role {unit.step.role}"
        for unit in e.units
        if unit.state != "complete" and peer_for(unit.step, peers) is None
    ]


def asking(e: Execution, peers: Sequence[Peer]) -> list[str]:
    """The agents with steps to do that would ask a person before each command: headless nobody could answer."""
    meant = [peer_for(unit.step, peers) for unit in e.units if unit.state != "complete"]
    return sorted({peer.name for peer in meant if peer and peer.permissions == "ask"})


def round_of(unit: StepState) -> int:
    """One more for each time it was sent back, and for each turn of a person."""
    return 1 + sum(not each.lost for each in unit.sent_back) + unit.turns


def run_for(e: Execution, unit: StepState, peer: Peer, head: str, brief: Brief, go_ahead: str) -> RunPlan:
    """Its evidence is all that it was sent back for and told so far: without news it is the same run."""
    step, task, round = unit.step, e.plan.task_id, round_of(unit)
    cause = f"{task}:{step.id}:{round}"
    evidence = evidence_of([cause])
    return RunPlan(
        run_key(task, step.id, head, evidence),
        step.id,
        peer.name,
        round,
        go_ahead,
        evidence,
        head,
        brief.whole,
        (cause,),
        first=False,
        dossier=brief.news,
        own_tree=step.id,
        task=task,
        hands_on=tuple(path for path in step.deliverables if path.startswith(f"{FOLDER}/")),
        minutes=step.minutes,
        model=step.model if peer.runtime == "claude" else "",  # plans name models as Claude's program
    )


def brief_for(e: Execution, unit: StepState, whole: str, turn: Interacted | None) -> Brief:
    """`turn`: the person's, that it is to answer."""
    if turn is None:
        return Brief(whole, news(e, unit))
    return Brief(f"{whole}\n\n## Your user's turn\n\n{turn.text}\n" if turn.text else whole, turn.text)


def remedy_for(refusal: Refusal) -> str:
    """Why nothing begins, and how it goes on, where no end of another agent's frees it."""
    reason = refusal.reason.removesuffix(f"; {MORE}")
    if refusal.what != "quota":
        return reason
    if not refusal.full:
        return f"{reason}; `sluice execute run` goes on with larger [caps] in sluice.toml, or a larger --token-budget"
    return f"{reason}; `sluice execute run` goes on then, or with larger [caps] in sluice.toml"


def made_to_wait(run: Run) -> bool:
    return run.outcome is not None and run.outcome.ended in MADE_TO_WAIT


def verdict(e: Execution, unit: StepState, run: Run, handed: Collection[tuple[str, str]]) -> str:
    """Why its result is not taken, in a sentence; empty: it is. `handed`: path and step of what was handed on."""
    assert run.outcome
    if run.outcome.ended == "asked":
        return f"it asks: {run.outcome.question}"
    if run.outcome.ended == "overspent" and run.cap:
        return f"it has used the {run.cap} it might use"
    if run.outcome.ended != "finished":
        how, said = run.outcome.ended.replace("_", " "), run.outcome.summary
        return f"{how}: {said}" if said else how
    return shortfall(e, unit, run, handed)


def rejected(e: Execution, unit: StepState, run: Run, why: str, at: datetime, rounds: int) -> list[Happened]:
    """It goes back while there are rounds, told why, if it says it is done and is not; else a person looks at it."""
    assert run.outcome
    if made_to_wait(run):
        return [SentBack(at, unit.step.id, why, lost=True)]
    failed = recorded(unit, run, "failed", at, why)
    again = run.outcome.ended == "finished" and rounds_left(e, unit.step.id, rounds)
    return [failed, SentBack(at, unit.step.id, why)] if again else [failed]


def conflicted(
    e: Execution, unit: StepState, run: Run, files: Sequence[str], at: datetime, rounds: int
) -> list[Happened]:
    """Its result and what was done beside it do not fit: it goes back with the conflict laid before it."""
    why = conflicting(files)
    failed = recorded(unit, run, "failed", at, why)
    back = SentBack(at, unit.step.id, why, conflict=True)
    return [failed, back] if rounds_left(e, unit.step.id, rounds) else [failed]


def rounds_left(e: Execution, step: str, rounds: int) -> bool:
    """`rounds`: how often the policy lets a phase's work come back by itself."""
    phase = e.phase_of(step)
    return phase is not None and phase.rounds < rounds


def turn_over(unit: StepState, run: Run, happened: Sequence[Happened], at: datetime) -> Asked | None:
    """An interactive step's agent has ended a turn and waits for a person; None: the person has said all."""
    assert run.outcome
    if not unit.step.interactive or run.outcome.ended not in ("finished", "asked"):
        return None
    last = said_last(happened, unit.step.id)
    if last and last.done:
        return None
    return Asked(at, unit.step.id, plain(run.outcome.question or run.outcome.summary))


def with_turns(run: Run, turns: Iterable[Run]) -> Run:
    """What all turns of it used, and the time they took."""
    assert run.outcome
    ends = [each.outcome for each in turns if each.outcome]
    used = by_model(tokens for end in ends for tokens in end.used)
    return replace(run, outcome=replace(run.outcome, used=used, seconds=sum(end.seconds for end in ends)))


def said_last(happened: Sequence[Happened], step: str) -> Interacted | None:
    """The person's turn that its agent is to answer; None: it is at its first turn, or the person has not spoken."""
    mine = [each for each in happened if getattr(each, "step", "") == step]
    return mine[-1] if mine and isinstance(mine[-1], Interacted) else None


def others_first(e: Execution, step: str, at_work: Collection[str]) -> bool:
    """Work comes together in the plan's order: of those at work side by side, the earlier goes first."""
    order = [unit.step.id for unit in e.units]
    earlier = order[: order.index(step)] if step in order else []
    return any(unit.step.changes for unit in e.units if unit.step.id in earlier and unit.step.id in at_work)


def recorded(
    unit: StepState,
    run: Run,
    status: Literal["complete", "failed"],
    at: datetime,
    error: str = "",
    work: Work | None = None,
) -> Recorded:
    """`work`: what lies on the task's branch with it."""
    assert run.outcome
    own = run.work
    return Recorded(
        at,
        unit.step.id,
        status,
        run.peer,
        plain(run.outcome.summary),
        tuple(file.path for file in own.files) if own else (),
        own.head if own else "",
        run.key,
        work,
        run.outcome.used,
        run.estimate,
        error=error,
        seconds=run.outcome.seconds,
    )
