"""A playbook: a shape of plan, as data. Which one fits a piece of work, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from bot.core.plans.plan import Join
from bot.core.plans.sizing import Complexity, Size, TaskType

ENGINEER = "engineer"  # stands for whoever knows that part of the repository, e.g. "backend-engineer--python"
TASK = "{task}"  # stands for what is to be done, in the texts of steps


def _doc(text: str) -> dict[str, str]:
    return {"doc": text}


@dataclass(frozen=True)
class When:
    """It is chosen by itself where all that is said here fits; where nothing is said, only by name."""

    complexity: tuple[Complexity, ...] = field(default=(), metadata=_doc("light, medium, heavy"))
    task_types: tuple[TaskType, ...] = field(default=(), metadata=_doc("e.g. bug-fix, migration"))
    areas: tuple[str, ...] = field(default=(), metadata=_doc("one of these at least, e.g. frontend, backend, database"))

    @property
    def conditions(self) -> int:
        return sum(map(bool, (self.complexity, self.task_types, self.areas)))

    def fits(self, size: Size) -> bool:
        areas = not self.areas or bool(set(self.areas) & set(size.areas))
        fits = size.complexity in (self.complexity or (size.complexity,)) and areas
        return bool(self.conditions) and fits and size.task_type in (self.task_types or (size.task_type,))

    def said(self, size: Size) -> str:
        """Which of it fits, for people."""
        parts = (
            size.complexity if self.complexity else "",
            size.task_type if self.task_types else "",
            " and ".join(area for area in size.areas if area in self.areas),
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Part:
    """A step, before it is known of what."""

    task: str = field(metadata=_doc(f"what it is told; {TASK} stands for the task"))
    role: str = field(default="builder", metadata=_doc("which agents may take it"))
    agent: str = field(default="", metadata=_doc(f'its name; absent: its role; "{ENGINEER}": whoever knows that part'))
    reads: tuple[str, ...] = field(default=(), metadata=_doc("files to read first, e.g. what earlier phases hand on"))
    deliverables: tuple[str, ...] = field(default=(), metadata=_doc("paths that must be there at its end"))
    changes: bool = field(default=True, metadata=_doc("it changes files of the repository, or it has failed"))
    after: tuple[int, ...] = field(
        default=(), metadata=_doc("steps of this phase it waits for, by number; absent: none")
    )
    split: bool = field(default=False, metadata=_doc("a checklist's or sub-issues' parts become steps in its place"))
    focus: tuple[str, ...] = field(default=(), metadata=_doc("one agent for each, side by side, as a team"))
    joins: Join = field(
        default="concatenate",
        metadata=_doc(
            "how what a team hands on becomes one: parts behind each other under their names (concatenate), one text "
            "with what is alike once (merge_files), or by the step's own agent (agent)"
        ),
    )
    model: str = field(default="", metadata=_doc("for agents of the claude runtime that have none of their own"))
    allowed_paths: tuple[str, ...] = field(default=(), metadata=_doc("patterns; absent: all"))
    blocked_paths: tuple[str, ...] = field(default=(), metadata=_doc("patterns it must not change"))
    interactive: bool = field(default=False, metadata=_doc("it takes turns with a person"))
    minutes: float | None = field(default=None, metadata=_doc("the longest it may take"))


@dataclass(frozen=True)
class Stretch:
    """A phase, before it is known of what."""

    name: str = field(metadata=_doc("as people read it"))
    steps: tuple[Part, ...]
    gate: Literal["", "tests"] = field(default="", metadata=_doc("tests: the repository's own commands; absent: none"))
    commands: tuple[str, ...] = field(default=(), metadata=_doc("more commands that must pass behind it"))
    workflow: str = field(default="", metadata=_doc("a workflow file that must pass behind it"))
    approval: str = field(
        default="", metadata=_doc("why a person approves it; absent: only where the risk asks for it")
    )
    column: str = field(default="", metadata=_doc("where the card stands meanwhile, if the board has that column"))


@dataclass(frozen=True)
class Playbook:
    name: str
    about: str = field(metadata=_doc("one sentence on what it is for"))
    phases: tuple[Stretch, ...]
    when: When = When()
    own: bool = False  # the team's, not shipped


@dataclass(frozen=True)
class Choice:
    playbook: Playbook
    why: str


def chosen(playbooks: Iterable[Playbook], size: Size, named: str = "") -> Choice:
    """The one that is named, else the one that says most of when it fits; of equals the team's own."""
    known = {playbook.name: playbook for playbook in playbooks} or {DIRECT.name: DIRECT}
    if named in known:
        return Choice(known[named], "it was asked for")
    unknown = f"there is no playbook {named}; " if named else ""
    fitting = [playbook for playbook in known.values() if playbook.when.fits(size)]
    if not fitting:
        last = known.get(DIRECT.name, next(iter(known.values())))
        return Choice(last, f"{unknown}no other says that it fits")
    best = max(fitting, key=lambda playbook: (playbook.when.conditions, playbook.own))
    return Choice(best, f"{unknown}the work is {best.when.said(size)}")


DIRECT = Playbook("direct", "One agent does it all.", (Stretch("Work", (Part(TASK, agent=ENGINEER),), gate="tests"),))
