"""What a plan will probably take: tokens, money and time, by what steps like its own took before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bot.core.plans.execution import as_step
from bot.core.plans.plan import Phase, Plan, Step
from bot.core.plans.sizing import TOKENS

ENOUGH = 3  # runs from which one looks no further


@dataclass(frozen=True)
class Sample:
    """A step that was done once."""

    role: str
    playbook: str
    agent: str  # the peer, or who it was meant for
    tokens: int | None
    cost_usd: float | None
    seconds: float | None
    real: bool = True  # its tokens were counted, and not guessed by the length of texts


@dataclass(frozen=True)
class Range:
    low: float
    middle: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.middle + other.middle, self.high + other.high)


@dataclass(frozen=True)
class Forecast:
    tokens: Range | None  # None: nothing like it was done before
    cost_usd: Range | None
    seconds: Range | None  # steps side by side count once
    rests_on: int  # runs
    guess: int  # tokens, as the budget says; what stands where there is no history
    unknown: tuple[str, ...] = ()  # steps that nothing like was done of
    guessed: int = 0  # of the runs: those whose tokens were guessed, and counted for want of better


def forecast(plan: Plan, samples: Sequence[Sample]) -> Forecast:
    likes = {unit.id: alike(unit, plan.playbook, samples) for step in plan.steps for unit in _units(step)}
    used = {id(sample) for found in likes.values() for sample in found}
    units = [unit for step in plan.steps for unit in _units(step)]
    tokens = _sum([_range(_counted(likes[unit.id]), lambda sample: sample.tokens) for unit in units])
    cost = _sum([_range(likes[unit.id], lambda sample: sample.cost_usd) for unit in units])
    seconds = _sum([_longest(phase, likes) for phase in plan.phases])
    unknown = tuple(unit.id for unit in units if not likes[unit.id])
    guessed = {id(sample) for found in likes.values() for sample in _counted(found) if not sample.real}
    return Forecast(tokens, cost, seconds, len(used), TOKENS[plan.budget], unknown, len(guessed))


def alike(step: Step, playbook: str, samples: Sequence[Sample]) -> list[Sample]:
    """Of the same role, playbook and agent where there are enough of those, else of fewer of these."""
    same_role = [sample for sample in samples if sample.role == step.role]
    of_agent = [sample for sample in same_role if sample.agent == step.agent]
    of_playbook = [sample for sample in same_role if sample.playbook == playbook]
    both = [sample for sample in of_agent if sample.playbook == playbook]
    return next((found for found in (both, of_agent, of_playbook) if len(found) >= ENOUGH), same_role)


def _counted(samples: Sequence[Sample]) -> list[Sample]:
    """Whose tokens are known; where nobody's are counted, those that are guessed."""
    known = [sample for sample in samples if sample.tokens is not None]
    return [sample for sample in known if sample.real] or known


def _units(step: Step) -> Sequence[Step]:
    return [as_step(step, member) for member in step.team] or [step]


def _range(samples: Sequence[Sample], what: Callable[[Sample], float | None]) -> Range | None:
    known = [value for sample in samples if (value := what(sample)) is not None]
    return Range(min(known), median(known), max(known)) if known else None


def _sum(ranges: Sequence[Range | None]) -> Range | None:
    """Of what is known; None: nothing is."""
    known = [each for each in ranges if each is not None]
    return sum(known[1:], known[0]) if known else None


def _longest(phase: Phase, likes: dict[str, list[Sample]]) -> Range | None:
    """The longest chain of steps that wait for each other, by what they usually take."""
    ends: dict[str, Range | None] = {}
    for step in _in_order(phase):
        own = [_range(likes[unit.id], lambda sample: sample.seconds) for unit in _units(step)]
        ends[step.id] = _sum([_slowest(own), _slowest([ends.get(other) for other in step.depends_on])])
    return _slowest(list(ends.values()))


def _in_order(phase: Phase) -> list[Step]:
    """Each behind those of its phase that it waits for."""
    left, placed = list(phase.steps), list[Step]()
    names = {step.id for step in left}
    while left:
        there = {step.id for step in placed}
        free = [
            step for step in left if names.isdisjoint(step.depends_on) or there.issuperset(names & {*step.depends_on})
        ]
        placed += free or left
        left = [step for step in left if step not in placed]
    return placed


def _slowest(ranges: Sequence[Range | None]) -> Range | None:
    known = [each for each in ranges if each is not None]
    return max(known, key=lambda each: each.middle) if known else None
