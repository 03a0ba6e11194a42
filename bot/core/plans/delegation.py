"""What whoever takes a step is told: the delegation prompt. Names of files rather than what is in them, and knowledge
whole only once for each task."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.core.foreign import clean, fence, last_lines
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.plan import FOLDER, Step
from bot.core.plans.verifying import team_of

CONTEXT = f"{FOLDER}/context.md"  # what every step of the task shares
TITLE_LENGTH, SAID_LENGTH = 100, 300  # characters


@dataclass(frozen=True)
class Document:
    """Knowledge for a step."""

    path: str
    text: str = ""  # empty: it is referred to by its path
    why: str = ""  # e.g. "step 1.1 was given it whole"


def prompt(
    e: Execution,
    unit: StepState,
    knowledge: Sequence[Document] = (),
    artifacts: Collection[str] = (),
    more: Sequence[str] = (),
    context: str = CONTEXT,
) -> str:
    """For a step, or for a member of its team. `artifacts`: the paths that were handed on so far; `more`: what is true
    of the place where it is done, line by line; `context`: the path of what all steps share."""
    step = unit.step
    title, described = _title(step.task)
    sections = (
        (f"# Agent Task: {step.id} — {title}",),
        (f"Read {context} for shared project context.",),
        described.splitlines(),
        _came_back(unit),
        _together(e, unit),
        _approver(e),
        _before(e, unit),
        _files(step),
        _handed_on(step, artifacts),
        _knowledge(knowledge),
        more,
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def news(e: Execution, unit: StepState) -> str:
    """For an agent that remembers the step: only why it came back. Empty: it did not."""
    lines = _came_back(unit)
    return "\n".join((f"# Agent Task: {unit.step.id} — {_title(unit.step.task)[0]}", "", *lines)) if lines else ""


def delivered(knowledge: Iterable[Document]) -> tuple[str, ...]:
    """The paths of what is given whole: the next step gets a reference."""
    return tuple(each.path for each in knowledge if each.text)


def _title(task: str) -> tuple[str, str]:
    """The first line, and what is said beyond it."""
    first, _, rest = task.strip().partition("\n")
    if len(first) <= TITLE_LENGTH:
        return first.strip(), rest.strip()
    return f"{first[:TITLE_LENGTH].rsplit(' ', 1)[0]} …", task.strip()


def _came_back(unit: StepState) -> list[str]:
    """The newest reason first; what only a machine's failure sent back is no news."""
    reasons = [each for each in reversed(unit.sent_back) if not each.lost]
    if not reasons:
        return []
    newest, *older = reasons
    lines = ["## It came back: mend this", "", newest.why.strip()]
    if newest.conflict:
        lines += [
            "",
            "Keep the meaning of both, and leave no conflict marker.",
        ]
    if older:
        lines += [
            "",
            f"It came back {len(older)} times before that." if len(older) > 1 else "It came back once before.",
        ]
    return lines


def _together(e: Execution, unit: StepState) -> list[str]:
    """Of a team: what the others do; for whoever joins their results, what each came to."""
    if whole := team_of(e, unit):
        others = [other for other in whole.team if other.step.id != unit.step.id]
        return [
            f"This is your part of step {whole.step.id}: {_title(whole.step.task)[0]}",
            *(f"- {other.step.id} ({other.step.agent}) does: {_title(other.step.task)[0]}" for other in others),
        ]
    if not unit.joined:
        return []
    return ["## Join what the team did", "", *(line for member in unit.team for line in _result(member, whole=True))]


def _approver(e: Execution) -> list[str]:
    """What a person said when the plan was approved holds for every step."""
    if e.answer is None or not e.answer.feedback:
        return []
    return [f"{e.answer.by} approved the plan and said:", *fence("whoever approved the plan", e.answer.feedback)]


def _before(e: Execution, unit: StepState) -> list[str]:
    """What this step builds on: the steps it names, else those of the phase before."""
    named = [state for other in unit.step.depends_on if (state := e.find(other))]
    results = [line for state in named or _phase_before(e, unit) for line in _result(state)]
    return ["## Done before", "", *results] if results else []


def _phase_before(e: Execution, unit: StepState) -> Sequence[StepState]:
    mine = e.phase_of(unit.step.id)
    earlier = e.phases[: e.phases.index(mine)] if mine else ()
    return earlier[-1].steps if earlier else ()


def _result(state: StepState, whole: bool = False) -> list[str]:
    """Recorded already: nobody has to look it up again. What a team did is what each of it did."""
    if state.recorded is None:
        return [line for member in state.team for line in _result(member)]
    said = clean(state.recorded.outcome)
    said = said if whole else " ".join(said.split())[:SAID_LENGTH]
    changed = f" Changed: {_names(state.recorded.files)}." if state.recorded.files else ""
    return [f"- {state.step.id} ({state.recorded.agent}): {said or 'done'}{changed}"]


def _files(step: Step) -> list[str]:
    own = [path for path in step.deliverables if not path.startswith(f"{FOLDER}/")]
    told = (
        ("Read first", step.context_files),
        ("Must be there at the end", own),
        ("Change nothing but", step.allowed_paths),
        ("Do not touch", step.blocked_paths),
    )
    lines = [f"- {what}: {_names(paths)}" for what, paths in told if paths]
    if not step.changes:
        lines.append("- Change no file of the repository.")
    return ["## Files", "", *lines] if lines else []


def _handed_on(step: Step, artifacts: Collection[str]) -> list[str]:
    mine = [path for path in step.deliverables if path.startswith(f"{FOLDER}/")]
    there = [path for path in sorted(artifacts) if path not in mine]
    lines = [f"- Read {_names(there)}: written by earlier steps."] if there else []
    lines += [f"- Write {_names(mine)}: later steps read it, and nothing else of what you found."] if mine else []
    return ["## Handed on", "", *lines] if lines else []


def _knowledge(knowledge: Sequence[Document]) -> list[str]:
    named = [f"- `{each.path}`{f': {each.why}' if each.why else ''}" for each in knowledge if not each.text]
    whole = [line for each in knowledge if each.text for line in ("", *fence(f"from {each.path}", each.text))]
    return ["## Knowledge", *([""] if named else []), *named, *whole] if named or whole else []


def gate_failed(command: str, output: str) -> str:
    """Why a step comes back whose phase's gate failed."""
    return "\n".join((f"The gate `{command}` failed.", "", *fence("its output, last lines", last_lines(output))))


def conflicting(files: Sequence[str]) -> str:
    """Why a step comes back whose result could not be folded in."""
    return f"Your result conflicts with what was done beside you, in {_names(files)}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
