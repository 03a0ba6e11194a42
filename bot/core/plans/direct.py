"""An item without a plan as the plan of one step that it amounts to: what came of its runs and gates, told as what
happens to any plan. So it has the same record, and is learnt from, like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.plans.happened import Cancelled, Completed, Dispatched, GateJudged, Happened, Recorded, SentBack, Started
from bot.core.plans.plan import Gate, Phase, Plan, Step
from bot.core.plans.risk import risk_of
from bot.core.plans.sizing import TIERS, size_of
from bot.core.run import EXCUSED, Run

STEP, DIRECT = "1.1", "direct"
NOT_ITS_OWN = (*EXCUSED, "lost", "asked")  # ends that say nothing of how well it did
SOMEBODY = "a person"


@dataclass(frozen=True)
class Judged:
    """A gate that Sluice ran."""

    at: datetime
    head: str
    command: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class End:
    at: datetime
    how: str  # merged | closed | removed


def as_plan(repo: str, number: int | None, title: str, runs: Sequence[Run], gates: Sequence[Judged]) -> Plan:
    """`runs`: oldest first, one at least."""
    size, (risk, reasons) = size_of(title), risk_of(title)
    commands = tuple(dict.fromkeys(each.command for each in gates))
    step = Step(STEP, runs[0].peer, title or "Work without a title")
    phase = Phase(1, "Work", (step,), gate=Gate(commands) if commands else None)
    name = f"item-{repo.replace('/', '-')}-{number}"
    budget, begun = TIERS[size.complexity], runs[0].admitted_at
    return Plan(name, step.task, (phase,), begun, DIRECT, risk, reasons, budget, "direct", size.task_type)


def as_happened(runs: Sequence[Run], gates: Sequence[Judged], end: End | None) -> tuple[Happened, ...]:
    """In the order of time; its end is the last, whatever the clocks say."""
    found = sorted((*_of_runs(runs), *_of_gates(gates)), key=lambda each: each.at)
    happened = (Started(runs[0].admitted_at, SOMEBODY), *found)
    if end is None:
        return happened
    return (*happened, ended(end, happened[-1].at))


def ended(end: End, last: datetime) -> Happened:
    at = max(end.at, last)
    return Completed(at) if end.how == "merged" else Cancelled(at, SOMEBODY, f"the item was {end.how}")


def _of_runs(runs: Sequence[Run]) -> Iterator[Happened]:
    before: Run | None = None
    for run in runs:
        if before:
            yield SentBack(run.admitted_at, STEP, _why(run, before), run.causes, lost=_lost(before))
        yield Dispatched(run.admitted_at, STEP, run.peer, run.key)
        if run.outcome and not _lost(run):
            yield _recorded(run)
        before = run


def _recorded(run: Run) -> Recorded:
    outcome = run.outcome
    assert outcome
    files = tuple(file.path for file in run.work.files) if run.work else ()
    done = outcome.ended == "finished" and bool(files)
    wrong = "" if done else outcome.failure or ("it changed nothing" if outcome.ended == "finished" else outcome.ended)
    return Recorded(
        run.ended_at or run.admitted_at,
        STEP,
        "complete" if done else "failed",
        run.peer,
        outcome.summary,
        files,
        run.work.head if run.work else "",
        run.key,
        used=outcome.used,
        estimated=run.estimate,
        error=wrong.replace("_", " "),
        seconds=outcome.seconds,
    )


def _of_gates(gates: Sequence[Judged]) -> Iterator[GateJudged]:
    """Of each head one verdict, when the last of its gates was over."""
    for head in dict.fromkeys(each.head for each in gates):
        mine = [each for each in gates if each.head == head]
        red = [f"{each.command}: {each.reason}" for each in mine if not each.passed]
        yield GateJudged(max(each.at for each in mine), 1, not red, head=head, output="; ".join(red))


def _lost(run: Run) -> bool:
    return run.outcome is not None and run.outcome.ended in NOT_ITS_OWN


def _why(run: Run, before: Run) -> str:
    if _lost(before) and before.outcome:
        return f"its attempt before that ended as {before.outcome.ended}"
    return f"round {run.round}, for {', '.join(run.causes)}" if run.causes else f"round {run.round}"
