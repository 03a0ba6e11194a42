"""`plan.md`, read back: the plan as somebody edited it, or what is wrong and in which line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.core.plans.gaps import RISKS
from bot.core.plans.plan import Gate, Member, Phase, Plan, Step, problems
from bot.core.plans.risk import asking
from bot.plan_files.fields import OF_PHASE, OF_PLAN, OF_STEP, Field, codes_back, line_back
from bot.policy_file import nearest

ITEM = re.compile(r"[-*] ([A-Z][A-Za-z ]*?): *(.*)")
PHASE = re.compile(r"## Phase (\d{1,4})(?:: *(.*))?")
STEP = re.compile(r"### (\S+)(?: +(.*))?")
MEMBER = re.compile(r"#### (\S+)(?: +(.*))?")
PLACE = re.compile(r"\b(?:step|member|phase) '?([0-9.]+[a-z]?)")
GATE, WORKFLOW = "Gate", "Gate workflow"
MARK = "\ufeff"  # some editors begin a file with it


class NotUnderstood(Exception):
    """Says which line, and what it should be."""


@dataclass
class _Draft:
    """A heading, and what was said below it so far."""

    line: int
    told: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Member(_Draft):
    id: str = ""
    agent: str = ""


@dataclass
class _Step(_Member):
    team: list[_Member] = field(default_factory=list)


@dataclass
class _Phase(_Draft):
    number: int = 0
    name: str = ""
    commands: list[str] = field(default_factory=list)
    workflow: str = ""
    steps: list[_Step] = field(default_factory=list)


def read_page(text: str, plan: Plan) -> Plan:
    """`plan`: as it was before somebody edited it; what is not on the page stays as it is."""
    reader = _Reader(plan)
    for number, line in enumerate(text.removeprefix(MARK).split("\n"), 1):
        try:
            reader.take(number, line.removesuffix("\r"))
        except ValueError as wrong:
            raise NotUnderstood(f"line {number}: {wrong}") from None
    return reader.plan()


class _Reader:
    def __init__(self, plan: Plan) -> None:
        self.before = plan
        self.summary = ""
        self.head = _Draft(1)
        self.explanation: _Draft | None = None
        self.phases: list[_Phase] = []
        self.here: _Draft = self.head
        self.comment = 0  # the line where one began that has not ended
        self.last = 1

    def take(self, number: int, line: str) -> None:
        """One line more."""
        self.last = number
        if self._is_comment(number, line) or not line.strip():
            return
        if line.startswith(">"):
            self._quoted(line)
        elif line.startswith("#"):
            self._heading(number, line.rstrip())
        elif found := ITEM.fullmatch(line.rstrip()):
            self._item(found[1], found[2])
        else:
            raise ValueError(f"not understood: {line.strip()[:60]!r}; what an agent is told begins with >")

    def _is_comment(self, number: int, line: str) -> bool:
        begun = self.comment or (number if line.startswith("<!--") else 0)
        self.comment = 0 if "-->" in line else begun
        return bool(begun)

    def _quoted(self, line: str) -> None:
        if self.here is self.head or isinstance(self.here, _Phase):
            raise ValueError("a text that is told belongs below a step, as in ### 1.1 agent")
        self.here.told.append(line[1:].removeprefix(" "))

    def _heading(self, number: int, line: str) -> None:
        if line == "## Explanation":
            if self.explanation:
                raise ValueError("the explanation is there twice")
            self.explanation = self.here = _Draft(number)
        elif found := PHASE.fullmatch(line):
            self.here = _Phase(number, number=int(found[1]), name=line_back(found[2] or f"Phase {found[1]}"))
            self.phases.append(self.here)
        elif found := STEP.fullmatch(line):
            if not self.phases:
                raise ValueError("a step belongs below a phase, as in ## Phase 1: Name")
            self.here = _Step(number, id=found[1], agent=line_back(found[2] or ""))
            self.phases[-1].steps.append(self.here)
        elif found := MEMBER.fullmatch(line):
            if not self.phases or not self.phases[-1].steps:
                raise ValueError("a member belongs below a step, as in ### 1.1 agent")
            self.here = _Member(number, id=found[1], agent=line_back(found[2] or ""))
            self.phases[-1].steps[-1].team.append(self.here)
        elif line.startswith("# ") and not self.summary:
            self.summary = line_back(line[2:].strip())
        else:
            raise ValueError(f"not understood: {line[:60]!r}; headings are ## Phase 1: Name and ### 1.1 agent")

    def _item(self, key: str, said: str) -> None:
        if self.here is self.head:
            if key == "Task ID":
                if line_back(said) != self.before.task_id:
                    raise ValueError(f"this is the plan of {self.before.task_id}, and stays so")
                return
            _put(self.here, key, said, OF_PLAN)
        elif isinstance(self.here, _Phase):
            if key == GATE:
                self.here.commands += codes_back(said)
            elif key == WORKFLOW:
                self.here.workflow = line_back(said)
            else:
                _put(self.here, key, said, OF_PHASE, GATE, WORKFLOW)
        elif isinstance(self.here, _Step):
            _put(self.here, key, said, OF_STEP)
        else:
            raise ValueError(f"{key} has no place here")

    def plan(self) -> Plan:
        if self.comment:
            raise NotUnderstood(f"line {self.comment}: a comment begins here that no --> ends")
        usual = {"approval": "", "knowledge": ()}  # these are left out where there is nothing to say
        phases = tuple(map(_phase, self.phases))
        explanation = _text(self.explanation) if self.explanation else ""
        changed = {**usual, **self.head.values, "summary": self.summary, "phases": phases, "explanation": explanation}
        plan = replace(self.before, **changed)
        if not self.summary:
            raise NotUnderstood("line 1: the heading is missing that says what is to be done, as in # Add logging")
        if not self.phases:
            raise NotUnderstood(f"line {self.last}: a phase is missing, as in ## Phase 1: Build")
        if RISKS.index(plan.risk) > RISKS.index(self.before.risk):
            plan = asking(plan)
        if wrong := problems(plan):
            raise NotUnderstood("; ".join(f"{self._where(each)}{each}" for each in wrong[:3]))
        return plan

    def _where(self, problem: str) -> str:
        """The line of the heading that a sentence of `problems` speaks of; the first, where it is all of the plan."""
        headings = {str(phase.number): phase.line for phase in reversed(self.phases)}
        for step in (step for phase in self.phases for step in phase.steps):
            headings |= {each.id: each.line for each in (step, *step.team)}
        named = [headings[name] for name in PLACE.findall(problem) if name in headings]
        return f"line {named[0] if named else 1}: "


def _put(draft: _Draft, key: str, said: str, known: Mapping[str, Field], *more: str) -> None:
    if key not in known:
        raise ValueError(f"unknown: {key}{nearest(key, [*known, *more])}")
    if known[key].name in draft.values:
        raise ValueError(f"{key} is there twice")
    try:
        draft.values[known[key].name] = known[key].read(said)
    except ValueError as wrong:
        raise ValueError(f"{key}: {wrong}") from None


def _phase(draft: _Phase) -> Phase:
    gate = Gate(tuple(draft.commands), draft.workflow) if draft.commands or draft.workflow else None
    return Phase(draft.number, draft.name, tuple(map(_step, draft.steps)), gate=gate, **draft.values)


def _step(draft: _Step) -> Step:
    team = tuple(Member(each.id, each.agent, _text(each)) for each in draft.team)
    return Step(draft.id, draft.agent, _text(draft), team=team, **draft.values)


def _text(draft: _Draft) -> str:
    if len(draft.told) == 1 and draft.told[0].startswith('"'):
        try:
            return str(json.loads(draft.told[0]))
        except ValueError:
            return draft.told[0]
    return "\n".join(draft.told)
