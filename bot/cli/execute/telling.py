"""What is due, printed: the prompt of a dispatch with it, or in a file to which only a pointer is printed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.execute.looking import record_filed
from bot.cli.execute.options import Form
from bot.cli.output import console, print_json
from bot.core.plans.delegation import CONTEXT, Document, delivered, prompt
from bot.core.plans.due import Dispatch, Due, Failed, due
from bot.core.plans.knowledge import given
from bot.core.plans.labels import Told, text, told

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.core.plans.execution import StepState

CURRENT = "current-dispatch.prompt.md"


async def present(sit: Sitting, terse: bool = False, all_of_it: bool = False) -> list[Told]:
    """What is due now, first things first; with `all_of_it`, everything that may be done side by side."""
    found = due(sit.e)
    several = len(found) > 1 and all_of_it
    whole: set[str] = set()  # documents: side by side, too, each is given whole once
    return [await action(sit, each, terse, several, whole) for each in (found if all_of_it else found[:1])]


async def action(
    sit: Sitting, what: Due, terse: bool = False, several: bool = False, whole: set[str] | None = None
) -> Told:
    said = told(sit.e, what)
    if isinstance(what, Failed):
        return {**said, **await record_filed(sit)}
    if not isinstance(what, Dispatch):
        return said
    known = knowledge_of(sit, what.step, whole or ())
    if whole is not None:
        whole.update(delivered(known))
    brief = await prompt_of(sit, what.step, known)
    if not terse:
        return {**said, "prompt": brief}
    file = await _prompt_file(sit, what.step, several)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(brief)
    return {**said, "prompt_file": file.relative_to(sit.place.top).as_posix()}


async def prompt_of(sit: Sitting, unit: StepState, known: Sequence[Document]) -> str:
    handed_on = await sit.ledger.artifacts(sit.task)
    return prompt(sit.e, unit, known, handed_on, context=context_of(sit))


def context_of(sit: Sitting) -> str:
    """The path of what its steps share. In the usual place it may be another task's, planned since."""
    record = sit.place.folder / "plan.json"
    if not record.is_file() or f'"{sit.task}"' in record.read_text(errors="replace"):
        return CONTEXT
    file = sit.place.folder / "executions" / sit.task / "context.md"
    if not file.exists():
        from bot.core.plans.explaining import context

        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(context(sit.e.plan))
    return file.relative_to(sit.place.top).as_posix()


def knowledge_of(sit: Sitting, unit: StepState, told: Collection[str] = ()) -> list[Document]:
    """Whole, the first time in this task and within bounds; else by its path."""
    files = {path: sit.place.top / path for path in (*sit.e.plan.knowledge, *unit.step.knowledge)}
    texts = {path: file.read_text(errors="replace") for path, file in files.items() if file.is_file()}
    return given(sit.e.plan, unit.step, {*sit.e.delivered, *told}, texts)


async def _prompt_file(sit: Sitting, unit: StepState, several: bool) -> Path:
    """One of a fixed name where one task is at work, and one step of it; else each has its own: whoever was pointed to
    one may still be about to read it."""
    if several or any(other.step.id != unit.step.id for other in sit.running):
        return sit.place.folder / "executions" / sit.task / f"{unit.step.id}.prompt.md"
    tasks = await sit.ledger.tasks(sit.place.repo, under_way=True)
    if sum(bool(task.happened) for task in tasks) > 1:
        return sit.place.folder / "executions" / sit.task / CURRENT
    return sit.place.folder / CURRENT


def show(said: Sequence[Told], output: Form, all_of_it: bool = False) -> None:
    """Several are always told as JSON: that is what programs ask for."""
    if all_of_it:
        print_json(said)
    elif output is Form.json:
        print_json(said[0])
    else:
        console.print(text(said[0]))


def code_of(what: Sequence[Told]) -> int:
    """Nothing more happens without a person: that is trouble, and not this command's mistake."""
    return 1 if what[0]["action"] == "FAILED" else 0
