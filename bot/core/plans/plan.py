"""A plan: phases of steps, with approvals and gates between them. Plain data; what came of it is in `execution`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from math import inf
from typing import Literal

Risk = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]
Tier = Literal["lean", "standard", "full"]
Intervention = Literal["low", "medium", "high"]
Join = Literal["concatenate", "merge_files", "agent"]  # how a team's results become one

FOLDER = ".sluice"  # in the repository: plans, artifacts and exports; git ignores it
STEP = re.compile(r"[1-9][0-9]{0,2}\.[1-9][0-9]{0,2}")  # "phase.step"
TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # a task's id: it names files, and is said to shells
MEMBER = re.compile(rf"{STEP.pattern}\.[a-z]")


@dataclass(frozen=True)
class Member:
    """One of those who work on a team step side by side."""

    id: str  # "1.1.a"
    agent: str
    task: str


@dataclass(frozen=True)
class Step:
    """A piece of work for one peer, or for a team."""

    id: str  # "1.2": it stays what it is, whatever is added to the plan
    agent: str  # who it is meant for, e.g. "backend-engineer--python"; a peer's name, or a speciality within a role
    task: str
    role: str = "builder"  # which peers may take it
    model: str = ""  # empty: the peer's own
    depends_on: tuple[str, ...] = ()  # steps of this phase or an earlier one
    deliverables: tuple[str, ...] = ()  # paths that must be there at its end; in FOLDER: handed on, not committed
    changes: bool = True  # it changes files of the repository: where it has not, it has failed
    allowed_paths: tuple[str, ...] = ()  # glob patterns; empty: all
    blocked_paths: tuple[str, ...] = ()
    context_files: tuple[str, ...] = ()  # what to read first
    knowledge: tuple[str, ...] = ()  # paths of documents
    team: tuple[Member, ...] = ()
    joins: Join = "concatenate"
    interactive: bool = False  # it takes turns with a person
    max_turns: int = 10
    minutes: float | None = None  # the longest it may take; None: as the peer's limits say


@dataclass(frozen=True)
class Gate:
    """What must pass behind a phase's steps before the next begins: all of it."""

    commands: tuple[str, ...] = ()  # shell commands of the repository
    workflow: str = ""  # a workflow file on GitHub Actions

    @property
    def told(self) -> str:
        """In one line."""
        parts = (" && ".join(self.commands), f"workflow {self.workflow}" if self.workflow else "")
        return " and ".join(part for part in parts if part)


@dataclass(frozen=True)
class Phase:
    number: int  # its name for ever; its place is its place in the plan
    name: str
    steps: tuple[Step, ...]
    approval: str = ""  # why a person approves before its gate and the next phase; empty: nobody must
    gate: Gate | None = None
    column: str = ""  # where the card stands meanwhile, if the board has such a column


@dataclass(frozen=True)
class Plan:
    task_id: str
    summary: str
    phases: tuple[Phase, ...]
    created_at: datetime
    playbook: str = "direct"
    risk: Risk = "LOW"
    risk_reasons: tuple[str, ...] = ()
    budget: Tier = "standard"
    mode: str = "phased"  # direct | phased | parallel
    task_type: str = ""
    stack: tuple[str, ...] = ()  # e.g. ("python", "fastapi")
    intervention: Intervention = "low"
    approval: str = ""  # why a person approves the plan before anything starts; empty: nobody must
    explanation: str = ""  # why these steps, these agents and this risk
    knowledge: tuple[str, ...] = ()  # documents every step is given
    planner: str = "rules"  # or the peer that proposed it

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    def phase_of(self, step: str) -> Phase:
        return next(phase for phase in self.phases if any(each.id == step for each in phase.steps))

    def step(self, step: str) -> Step | None:
        return next((each for each in self.steps if each.id == step), None)


MOST_PHASES, MOST_STEPS = 50, 500


def problems(plan: Plan) -> list[str]:
    """What is wrong with it, a sentence each; nothing that has one is ever saved or started."""
    return [*_shape(plan), *(said for phase in plan.phases for said in _phase(plan, phase)), *_order(plan)]


def _shape(plan: Plan) -> Iterator[str]:
    if not TASK.fullmatch(plan.task_id):
        yield f"`task_id` is of letters, digits, dots and hyphens, and is not {plan.task_id[:40]!r}"
    if plan.created_at.tzinfo is None:
        yield "`created_at` must say its time zone, e.g. 2026-01-31T12:00:00Z"
    if not plan.summary.strip():
        yield "the plan says nothing of what is to be done: `summary` is empty"
    if not plan.phases:
        yield "the plan has no phase"
    if len(plan.phases) > MOST_PHASES or len(plan.steps) > MOST_STEPS:
        yield f"the plan is too large: at most {MOST_PHASES} phases and {MOST_STEPS} steps"
    yield from (f"phase {number} is there twice" for number in _twice([str(phase.number) for phase in plan.phases]))
    yield from (f"step {step} is there twice" for step in _twice([step.id for step in plan.steps]))


def _phase(plan: Plan, phase: Phase) -> Iterator[str]:
    if phase.number < 1:
        yield f"phase {phase.number}: phases are numbered from 1"
    if not phase.steps:
        yield f"phase {phase.number} ({phase.name}) has no step"
    if len(phase.name.splitlines()) > 1:
        yield f"phase {phase.number}: its name is one line"
    if phase.gate and (not phase.gate.told or not all(command.strip() for command in phase.gate.commands)):
        yield f"phase {phase.number} has a gate without a command or a workflow"
    for step in phase.steps:
        yield from _step(step, phase)


def _step(step: Step, phase: Phase) -> Iterator[str]:
    if not STEP.fullmatch(step.id) or step.id.partition(".")[0] != str(phase.number):
        yield f"step {step.id!r} of phase {phase.number}: its id must be {phase.number}. and a number"
    if not step.agent.strip() or not step.task.strip():
        yield f"step {step.id} needs an agent and a task"
    if any(len(name.splitlines()) > 1 for name in (step.agent, step.role, step.model, *(m.agent for m in step.team))):
        yield f"step {step.id}: agents, roles and models are names of one line"
    for member in step.team:
        if not MEMBER.fullmatch(member.id) or not member.id.startswith(f"{step.id}."):
            yield f"member {member.id!r} of step {step.id}: its id must be {step.id}. and a letter"
    yield from (f"member {member} of step {step.id} is there twice" for member in _twice([m.id for m in step.team]))
    for path in (*step.deliverables, *step.context_files, *step.allowed_paths, *step.blocked_paths):
        if path.startswith(("/", "~")) or ".." in path.split("/") or not path.strip():
            yield f"step {step.id}: {path!r} is no path inside the repository"
    if step.max_turns < 1 or (step.minutes is not None and not 0 < step.minutes < inf):
        yield f"step {step.id}: turns and minutes must be more than 0"


def _order(plan: Plan) -> Iterator[str]:
    place = {step.id: at for at, phase in enumerate(plan.phases) for step in phase.steps}
    for step in plan.steps:
        for other in step.depends_on:
            if other not in place:
                yield f"step {step.id} depends on {other}, which is not in the plan"
            elif place[other] > place[step.id]:
                yield f"step {step.id} depends on {other}, which comes in a later phase"
    if circle := _circle(plan):
        yield f"steps wait for each other in a circle: {' -> '.join(circle)}"


def _circle(plan: Plan) -> list[str]:
    """Steps that wait for each other, the first of them at both ends."""
    try:
        TopologicalSorter({step.id: step.depends_on for step in plan.steps}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle[::-1]
    return []


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
