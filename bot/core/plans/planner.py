"""From what is wanted to a plan: rules over the repository and the text, the same for the same, and without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from bot.core.foreign import clean
from bot.core.plans.casting import Cast, areas_for
from bot.core.plans.checks import Scope, checks_of, gate_of
from bot.core.plans.explaining import NO_GATE, NOT_NAMED, explained
from bot.core.plans.learning import Past, advice, cited
from bot.core.plans.library import Tagged, matching
from bot.core.plans.mentioned import Mentioned, mentioned, unblocked
from bot.core.plans.naming import task_id
from bot.core.plans.plan import Gate, Intervention, Member, Phase, Plan, Step
from bot.core.plans.playbook import TASK, Part, Playbook, Stretch, chosen
from bot.core.plans.risk import asking, risk_of
from bot.core.plans.sizing import AGENTS, TIERS, Complexity, Size, TaskType, checklist, size_of
from bot.core.plans.stack import IN_BROWSERS, Facts, stack_of
from bot.core.policy import PROTECTED
from bot.core.run import Peer

MOST_PARTS, MOST_WORDS = 20, 300  # steps of a checklist, and characters each of them takes from it
UNTITLED = "Work without a title"
MODEL = "sonnet"  # for who is no peer of Sluice's, but started by whoever drives the plan
MEMBERS = "abcdefghijklmnopqrstuvwxyz"  # of a team


@dataclass(frozen=True)
class Request:
    """What is wanted, and all that a plan is made from."""

    summary: str  # one line
    now: datetime
    body: str = ""  # an issue's text: read, and never told to anybody from here
    details: str = ""  # what whoever asks has to say besides, told to those who build
    facts: Facts = field(default_factory=Facts)
    playbooks: tuple[Playbook, ...] = ()
    playbook: str = ""  # by name; empty: the one that fits
    peers: tuple[Peer, ...] = ()
    gates: tuple[str, ...] = ()  # the policy's commands; empty: those found in the repository
    find_gates: bool = True
    protected: tuple[str, ...] = PROTECTED
    intervention: Intervention = "low"
    knowledge: tuple[str, ...] = ()  # paths: those asked for, then those of packs
    library: tuple[Tagged, ...] = ()  # given to steps whose words they match
    task_id: str = ""  # empty: made from the summary and the time
    taken: frozenset[str] = frozenset()  # ids of other tasks
    steps_from_checklist: bool = False
    sub_issues: tuple[str, ...] = ()  # their titles: each becomes a step, side by side
    task_type: TaskType | None = None
    complexity: Complexity | None = None
    agents: tuple[str, ...] = ()
    model: str = ""
    scope: Scope = "focused"
    history: tuple[Past, ...] = ()  # earlier tasks, the newest first: what they took sets the budget


def make_plan(request: Request) -> Plan:
    return _Making(replace(request, summary=clean(request.summary) or UNTITLED)).plan()


class _Making:
    """Everything that is known before the first step is written."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.text = "\n".join((request.summary, request.details, request.body))
        self.items = tuple(map(_part, checklist(self.text))) if request.steps_from_checklist else ()
        self.subs = tuple(map(_part, request.sub_issues))
        self.stack = stack_of(request.facts)
        self.size = _size(request, len(self.items) + len(self.subs))
        self.choice = chosen(request.playbooks, self.size, request.playbook)
        self.areas = areas_for(self.size, self.stack)[: self._builders()]
        self.learnt = advice(request.history, self.choice.playbook.name, self.size.task_type)
        steady = tuple(sorted(request.peers, key=lambda peer: peer.name in self.learnt.shaky))
        self.cast = Cast(self.stack, request.agents, steady)
        self.paths = _paths(f"{request.summary}\n{request.details}", self.text, request.facts)
        self.gate = request.gates or (self._found_gate() if request.find_gates else ())

    def plan(self) -> Plan:
        request, playbook = self.request, self.choice.playbook
        phases = tuple(self._phase(number, each) for number, each in enumerate(playbook.phases, 1))
        building = {step.agent for phase in phases for step in phase.steps if step.changes}
        risk, reasons = risk_of(request.summary, f"{request.details}\n{request.body}", len(building))
        plan = Plan(
            request.task_id or task_id(request.summary, request.now, request.taken),
            request.summary,
            phases,
            request.now,
            playbook.name,
            risk,
            reasons,
            self.learnt.budget or TIERS[self.size.complexity],
            _mode(phases),
            self.size.task_type,
            self.stack.named,
            request.intervention,
            knowledge=request.knowledge,
        )
        plan = asking(plan)
        able = {step.role: self.cast.able(step.role) for step in plan.steps} if request.peers else {}
        why = f"{self.choice.why} ({self.size.why})"
        told = explained(plan, why, able, NO_GATE if request.find_gates else NOT_NAMED)
        return replace(plan, explanation=f"{told} {said}" if (said := cited(self.learnt)) else told)

    def _builders(self) -> int:
        """How many specialists work of that size may have, beside the playbook's other agents."""
        others = sum(not part.changes for phase in self.choice.playbook.phases for part in phase.steps)
        return max(1, AGENTS[self.size.complexity] - others)

    def _found_gate(self) -> tuple[str, ...]:
        browser = self.areas == ("frontend",) or self.stack.behind in IN_BROWSERS
        languages = ("javascript",) if browser else (self.stack.behind,) if self.areas == ("backend",) else ()
        tests = self.size.task_type == "test"
        return gate_of(checks_of(self.request.facts), languages, self.request.scope, tests)

    def _phase(self, number: int, stretch: Stretch) -> Phase:
        commands = (*(self.gate if stretch.gate else ()), *stretch.commands)
        gate = Gate(commands, stretch.workflow) if commands or stretch.workflow else None
        return Phase(number, stretch.name, self._steps(number, stretch), stretch.approval, gate, stretch.column)

    def _steps(self, number: int, stretch: Stretch) -> tuple[Step, ...]:
        """Where a part becomes several steps, who waits for it waits for all of them."""
        ids = (f"{number}.{at}" for at in count(1))
        made: list[tuple[Step, ...]] = []
        for part in stretch.steps:
            before = tuple(step.id for at in part.after for step in made[at - 1])
            names = self._pieces(part)
            steps: list[Step] = []
            for agent, task, waits in names:
                mine = (*before, *(steps[-1].id for _ in range(waits)))
                steps.append(self._step(next(ids), part, agent, task, mine))
            made.append(tuple(steps))
        return tuple(step for steps in made for step in steps)

    def _pieces(self, part: Part) -> list[tuple[str, str, bool]]:
        """Agent, task, and whether it waits for the piece before."""
        parts = [(sub, False) for sub in self.subs] + [(item, at > 0) for at, item in enumerate(self.items)]
        if part.split and parts:
            return [self._piece(part, told, waits) for told, waits in _bounded(parts)]
        agents = self.cast.agents(part, self.areas if part.split else ())
        whole = self._told(part, self.request.summary)
        if len(agents) == 1:
            return [(agents[0], whole, False)]
        return [(agent, f"{whole}\n\nYour part is that of {agent}.", at > 0) for at, agent in enumerate(agents)]

    def _piece(self, part: Part, told: str, waits: bool) -> tuple[str, str, bool]:
        size = size_of(told)
        agent = self.cast.agents(part, areas_for(size, self.stack) or self.areas)[0]
        return agent, self._told(part, f"{told}\n\nIt is a part of: {self.request.summary}"), waits

    def _told(self, part: Part, task: str) -> str:
        details = f"\n\n{self.request.details.strip()}" if part.changes and self.request.details.strip() else ""
        return clean(part.task.replace(TASK, task) + details)

    def _step(self, name: str, part: Part, agent: str, task: str, waits: Sequence[str]) -> Step:
        paths = self.paths if part.changes else Mentioned()
        protected = unblocked(self.request.protected, self.text) if part.changes else ()
        alone = not (self.items or self.subs)
        team = self._team(name, part, task)
        return Step(
            name,
            agent,
            task,
            part.role,
            part.model or self.request.model or ("" if self.request.peers else MODEL),
            tuple(dict.fromkeys(waits)),
            (*part.deliverables, *(paths.to_make if alone else ())),
            part.changes,
            part.allowed_paths or paths.only,
            tuple(dict.fromkeys((*part.blocked_paths, *paths.never, *protected))),
            tuple(dict.fromkeys((*part.reads, *paths.there))),
            matching(self.request.library, agent, task, *self.stack.named),
            team=team,
            joins=part.joins,
            interactive=part.interactive,
            minutes=part.minutes,
        )

    def _team(self, step: str, part: Part, task: str) -> tuple[Member, ...]:
        agents = self.cast.team(part) if part.focus else ()
        pairs = zip(MEMBERS, agents, _spread(part.focus, len(agents)), strict=False)
        return tuple(Member(f"{step}.{a}", agent, f"{task}\n\nLook above all at {focus}.") for a, agent, focus in pairs)


def _paths(own: str, text: str, facts: Facts) -> Mentioned:
    """What must be made, and where work must stay, is told only by whoever asks; an issue tells of many things."""
    return replace(mentioned(own, facts), there=(whole := mentioned(text, facts)).there, never=whole.never)


def _size(request: Request, parts: int) -> Size:
    size = size_of(request.summary, f"{request.details}\n{request.body}", parts)
    kind = request.task_type or size.task_type
    if request.complexity:
        return replace(size, task_type=kind, complexity=request.complexity, why="as it was said")
    return replace(size, task_type=kind)


def _part(text: str) -> str:
    return clean(text)[:MOST_WORDS] or "..."


def _bounded(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """A very long list: its end is one step."""
    if len(parts) <= MOST_PARTS:
        return parts
    rest = "\n".join(f"- {told}" for told, _ in parts[MOST_PARTS - 1 :])
    return [*parts[: MOST_PARTS - 1], (f"All that is left of the list:\n{rest}", True)]


def _spread(focus: Sequence[str], eyes: int) -> list[str]:
    """Fewer eyes look at more each."""
    return [" and at ".join(focus[at::eyes]) for at in range(eyes)]


def _mode(phases: Sequence[Phase]) -> str:
    if len(phases) == 1 and len(phases[0].steps) == 1:
        return "direct"
    side_by_side = any(sum(not step.depends_on for step in phase.steps) > 1 for phase in phases)
    return "parallel" if side_by_side or any(step.team for phase in phases for step in phase.steps) else "phased"
