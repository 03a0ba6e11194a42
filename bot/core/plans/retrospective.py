"""What is filed when a task is over: the trace for programs, the retrospective for people. Both are computed from what
happened, so they can be written again at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bot.core.foreign import clean, unfenced
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.gaps import gaps, settled
from bot.core.plans.happened import Amended, Answered, Cancelled, Dispatched, GateJudged, Happened, Recorded, SentBack
from bot.core.plans.labels import gates, standing, steps_done
from bot.core.plans.usage import told_apart

SAID = 300  # characters of somebody's words
SLOW = 2.0  # times the median step


def trace(e: Execution, happened: Sequence[Happened]) -> dict[str, Any]:
    """The plan, and each event with its time, step, agent, details, and the seconds what it ends has taken."""
    over = e.completed or e.cancelled
    return {
        "task_id": e.plan.task_id,
        "plan": asdict(e.plan),
        "events": [_event(e, each, happened[:at]) for at, each in enumerate(happened)],
        "start": e.started.at if e.started else None,
        "end": over.at if over else e.last_at,
        "outcome": standing(e),
    }


def _event(e: Execution, what: Happened, before: Sequence[Happened]) -> dict[str, Any]:
    details = {key: value for key, value in asdict(what).items() if value not in ("", None, (), [])}
    step = str(details.pop("step", ""))
    phase = e.phase_of(step)
    return {
        "timestamp": details.pop("at"),
        "type": details.pop("kind"),
        "agent": details.pop("agent", details.get("by")),
        "phase": details.pop("phase", phase.phase.number if phase else None),
        "step": step or None,
        "duration": _seconds(what, before) if isinstance(what, Recorded) else None,
        "details": details,
    }


def elapsed(e: Execution, now: datetime | None = None) -> timedelta:
    """Since it was started, until it was over."""
    end = e.completed or e.cancelled
    last = end.at if end else now or e.last_at
    return max(last - e.started.at, timedelta()) if e.started and last else timedelta()


def retrospective(e: Execution, happened: Sequence[Happened]) -> str:
    sections = (
        ("Metrics", _metrics(e, happened)),
        ("What worked", _worked(e)),
        ("What did not", _failed(e, happened)),
        ("Knowledge gaps", _gaps(e)),
        ("Roster", _roster(happened)),
        ("Sequencing", _sequencing(e, happened)),
        ("Teams", _teams(e)),
        ("Conflicts", [f"- step {each.step}: {_line(each.why)}" for each in _back(happened) if each.conflict]),
    )
    lines = [f"# Retrospective: {e.plan.summary}", "", f"Task {e.plan.task_id}, {standing(e)}."]
    for heading, found in sections:
        lines += ["", f"## {heading}", "", *(found or ["- none"])]
    return "\n".join(lines) + "\n"


def _metrics(e: Execution, happened: Sequence[Happened]) -> list[str]:
    passed, failed = gates(e)
    used = told_apart(happened)
    back = [each for each in _back(happened) if not each.lost]
    return [
        f"- Steps: {steps_done(e)}",
        f"- Gates: {passed} passed, {failed} failed at the end; judged {_many(len(_judged(happened)), 'time')}",
        f"- Attempts: {sum(isinstance(each, Dispatched) for each in happened)}, of which {len(back)} sent back",
        f"- Elapsed: {elapsed(e).total_seconds():.0f}s",
        f"- Tokens: {used}",
        f"- Risk: {e.plan.risk}; budget: {e.plan.budget}; playbook: {e.plan.playbook}",
    ]


def _worked(e: Execution) -> list[str]:
    complete = [state for state in _units(e) if state.state == "complete"]
    done = [f"- {each.step.id} ({_whose(each)}), at {_which(each)}: {_said(each)}" for each in complete]
    red = {phase.phase.number for phase in e.phases if phase.rounds}
    green = [phase for phase in e.phases if phase.gate and phase.gate.passed and phase.phase.number not in red]
    return [*done, *(f"- the gate of phase {each.phase.number} passed without a round of mending" for each in green)]


def _failed(e: Execution, happened: Sequence[Happened]) -> list[str]:
    """Each with its cause: what was recorded, what the gate printed, what sent the step back."""
    lines = []
    for each in happened:
        match each:
            case Recorded(status="failed"):
                lines.append(f"- step {each.step} ({each.agent}) failed: {_line(each.error or each.outcome)}")
            case GateJudged(passed=False):
                command = f" (`{gate.told}`)" if (p := e.phase(each.phase)) and (gate := p.phase.gate) else ""
                lines.append(f"- the gate of phase {each.phase}{command} failed: {_line(each.output[-SAID:])}")
            case SentBack(lost=True):
                why = (
                    f"begun again: {_line(each.why)}"
                    if each.why
                    else "lost with its machine or process, and done again"
                )
                lines.append(f"- step {each.step} was {why}")
            case SentBack(conflict=False) if each.why:
                lines.append(f"- step {each.step} was sent back: {_line(each.why)}")
            case Answered(answer="reject"):
                lines.append(f"- {each.by} rejected {f'phase {each.phase}' if each.phase else 'the plan'}")
            case Answered(answer="approve-with-feedback"):
                lines.append(f"- {each.by} wanted more of phase {each.phase}: {_line(each.feedback)}")
            case Cancelled():
                lines.append(f"- {each.by} gave the task up{f': {_line(each.reason)}' if each.reason else ''}")
            case _:
                pass
    return lines


def _gaps(e: Execution) -> list[str]:
    """What had to be asked, and steps that came back though they had no knowledge to go by."""
    asked = [f"- step {s.step.id} took {_many(s.turns, 'turn')} with a person" for s in _units(e) if s.turns]
    blind = [
        f"- step {state.step.id} ({state.step.agent}) came back and had no knowledge to go by: attach a document"
        for state in _units(e)
        if any(not each.lost for each in state.sent_back) and not (state.step.knowledge or e.plan.knowledge)
    ]
    return asked + blind + [line for state in _units(e) if state.recorded for line in _unknown(e, state.recorded)]


def _unknown(e: Execution, what: Recorded) -> list[str]:
    """What an agent said that it did not know, and how that was settled."""
    how = {"look-up": "a document could tell", "go-on": "decided by itself", "ask": "for a person to say"}
    return [
        f"- step {what.step} ({what.agent}) did not know: {gap.about} "
        f"({how[settled(gap, e.plan.risk, e.plan.intervention)]}, {gap.sure} confidence)"
        for gap in gaps(what.outcome)
    ]


def _roster(happened: Sequence[Happened]) -> list[str]:
    """Each agent's record, with advice where there is reason for it."""
    did: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for each in happened:
        if isinstance(each, Recorded):
            did[each.agent] += 1
            failed[each.agent] += each.status == "failed"
    owner = {each.step: each.agent for each in happened if isinstance(each, Recorded)}
    back = Counter(owner[each.step] for each in _back(happened) if each.step in owner and not each.lost)
    lines = []
    for agent, count in sorted(did.items()):
        advice = "; consider another agent or model" if 2 * failed[agent] >= count and failed[agent] else ""
        lines.append(f"- {agent}: {_many(count, 'attempt')}, {failed[agent]} failed, {back[agent]} sent back{advice}")
    return lines


def _sequencing(e: Execution, happened: Sequence[Happened]) -> list[str]:
    seconds = dict(_durations(happened))
    middle = _median(seconds)
    slow = {step: took for step, took in seconds.items() if took > SLOW * middle}
    lines = [f"- step {step} took {took:.0f}s, the one in the middle {middle:.0f}s" for step, took in slow.items()]
    for phase in e.phases:
        mine = {each.step.id for each in phase.steps}
        if len(mine) > 1 and not any(mine.intersection(each.step.depends_on) for each in phase.steps):
            lines.append(f"- phase {phase.phase.number}: its {len(mine)} steps need not wait for each other")
    added = [each for each in happened if isinstance(each, Amended)]
    return [*lines, *(f"- {each.id}, by {each.by} ({each.trigger}): {_line(each.description)}" for each in added)]


def _teams(e: Execution) -> list[str]:
    teams = [state for state in e.steps if state.team]
    return [
        f"- step {state.step.id}: {', '.join(member.step.agent for member in state.team)}; joined by {state.step.joins}"
        for state in teams
    ]


def _durations(happened: Sequence[Happened]) -> Iterator[tuple[str, float]]:
    for at, each in enumerate(happened):
        if isinstance(each, Recorded) and (took := _seconds(each, happened[:at])) is not None:
            yield each.step, took


def _seconds(what: Recorded, before: Sequence[Happened]) -> float | None:
    """As told, else since it was last dispatched; of a member of a team since its step was."""
    if what.seconds is not None:
        return what.seconds
    given = [each for each in before if isinstance(each, Dispatched) and _of(each.step, what.step)]
    return (what.at - given[-1].at).total_seconds() if given else None


def _of(step: str, part: str) -> bool:
    return part == step or part.startswith(f"{step}.")


def _median(seconds: dict[str, float]) -> float:
    ordered = sorted(seconds.values())
    return ordered[len(ordered) // 2] if ordered else 0.0


def _units(e: Execution) -> list[StepState]:
    return [*e.units, *(step for step in e.steps if step.team and step.recorded)]


def _back(happened: Sequence[Happened]) -> list[SentBack]:
    return [each for each in happened if isinstance(each, SentBack)]


def _judged(happened: Sequence[Happened]) -> list[GateJudged]:
    return [each for each in happened if isinstance(each, GateJudged)]


def _whose(state: StepState) -> str:
    return state.recorded.agent if state.recorded and state.recorded.agent else state.step.agent


def _which(state: StepState) -> str:
    """Of its attempts, those that were lost among them."""
    return f"attempt {state.attempts}" if state.attempts > 1 else "the first attempt"


def _said(state: StepState) -> str:
    return _line(state.recorded.outcome) if state.recorded else "done"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _line(text: str) -> str:
    """Somebody's words in one line."""
    return " ".join(clean(unfenced(text)).split())[:SAID] or "nothing was said of it"
