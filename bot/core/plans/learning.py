"""What earlier tasks teach the next: how agents, playbooks and gates did, and what such work took. Computed from what
happened, so it can be computed again at any time, and never kept.

Every figure says how many it rests on. Of fewer than `ENOUGH` nothing is concluded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bot.core.plans.execution import Execution
from bot.core.plans.happened import Dispatched, GateJudged, Happened, Recorded, SentBack
from bot.core.plans.labels import Standing, standing
from bot.core.plans.plan import Tier
from bot.core.plans.retrospective import elapsed
from bot.core.plans.sizing import TOKENS
from bot.core.spend import Price, cost_of, counted

ENOUGH = 3  # tasks, or attempts, from which something is concluded
LAST = 50  # similar tasks that are looked at, the newest
OVER: tuple[Standing, ...] = ("complete", "failed", "gate_failed", "cancelled")


@dataclass(frozen=True)
class Try:
    """An attempt at a step that is over."""

    agent: str
    step: str
    complete: bool
    again: bool  # the step had been tried before
    seconds: float | None
    tokens: int | None  # as billed; None: unknown
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class Past:
    """A task that was carried out, or is being."""

    task_id: str
    summary: str
    playbook: str
    task_type: str
    risk: str
    budget: str
    mode: str
    outcome: Standing
    steps: int
    tries: tuple[Try, ...] = ()
    gates: tuple[bool, ...] = ()  # the first verdict on each phase's work, then each later one
    first_gates: tuple[bool, ...] = ()  # of each phase the first
    sent_back: int = 0
    tokens: int | None = None  # None: of no step it is known
    whole: bool = True  # it is known of all its attempts
    cost_usd: float | None = None
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        return self.outcome in OVER


def past(e: Execution, happened: Sequence[Happened], price: Price) -> Past:
    records = [(at, each) for at, each in enumerate(happened) if isinstance(each, Recorded)]
    billed = [tokens for _, each in records for tokens in each.used]
    gates = [each for each in happened if isinstance(each, GateJudged)]
    first = {each.phase: each.passed for each in reversed(gates)}
    return Past(
        e.plan.task_id,
        e.plan.summary,
        e.plan.playbook,
        e.plan.task_type,
        e.plan.risk,
        e.plan.budget,
        e.plan.mode,
        standing(e),
        len(e.steps),
        tuple(_try(each, happened[:at]) for at, each in records),
        tuple(each.passed for each in gates),
        tuple(first.values()),
        sum(isinstance(each, SentBack) and not each.lost for each in happened),
        sum(each.total for each in billed) if billed else None,
        _all_told([each for _, each in records]),
        cost_of(billed, price),
        elapsed(e).total_seconds(),
    )


def _all_told(records: Sequence[Recorded]) -> bool:
    """Each was billed by itself, or with another of its session."""
    sessions = {each.session for each in records if each.used and each.session}
    return all(each.used or each.session in sessions for each in records)


def _try(what: Recorded, before: Sequence[Happened]) -> Try:
    given = [each for each in before if isinstance(each, Dispatched) and each.step == what.step]
    tried = any(isinstance(each, Recorded) and each.step == what.step for each in before)
    seconds = what.seconds
    if seconds is None and given:
        seconds = (what.at - given[-1].at).total_seconds()
    tokens = sum(each.total for each in what.used) if what.used else None
    models = tuple(each.model for each in what.used if each.model)
    return Try(what.agent, what.step, what.status == "complete", tried, seconds, tokens, models)


# --- how they did -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """Of an agent over its attempts, or of a playbook over its tasks."""

    name: str
    of: int
    complete: int
    first_time: int  # complete, and not tried before; of a playbook: with nothing sent back
    tokens: int | None  # in the middle, as billed
    seconds: float | None

    @property
    def rate(self) -> float:
        return self.complete / self.of if self.of else 0.0


def agent_scores(history: Iterable[Past]) -> list[Score]:
    """Who did most first."""
    tries: defaultdict[str, list[Try]] = defaultdict(list)
    for each in history:
        for one in each.tries:
            tries[one.agent].append(one)
    return _most_first(_agent(name, found) for name, found in tries.items())


def _agent(name: str, tries: Sequence[Try]) -> Score:
    done = [each for each in tries if each.complete]
    first = sum(not each.again for each in done)
    return Score(name, len(tries), len(done), first, _middle_tokens(tries), _middle([each.seconds for each in tries]))


def playbook_scores(history: Iterable[Past]) -> list[Score]:
    """Of tasks that are over."""
    found: defaultdict[str, list[Past]] = defaultdict(list)
    for each in history:
        if each.over:
            found[each.playbook].append(each)
    return _most_first(_playbook(name, tasks) for name, tasks in found.items())


def _playbook(name: str, tasks: Sequence[Past]) -> Score:
    done = [each for each in tasks if each.outcome == "complete"]
    smooth = sum(not each.sent_back for each in done)
    seconds = _middle([each.seconds for each in tasks])
    return Score(name, len(tasks), len(done), smooth, _middle_tokens([each for each in tasks if each.whole]), seconds)


def _most_first(scores: Iterable[Score]) -> list[Score]:
    return sorted(scores, key=lambda score: (-score.of, score.name))


@dataclass(frozen=True)
class Rate:
    passed: int
    of: int

    def __str__(self) -> str:
        return f"{self.passed}/{self.of} ({100 * self.passed / self.of:.0f} %)" if self.of else "none yet"


def gate_rate(history: Iterable[Past]) -> Rate:
    """Every verdict counts."""
    verdicts = [passed for each in history for passed in each.gates]
    return Rate(verdicts.count(True), len(verdicts))


def first_gate_rate(history: Iterable[Past]) -> Rate:
    """Of each phase's work the first verdict."""
    verdicts = [passed for each in history for passed in each.first_gates]
    return Rate(verdicts.count(True), len(verdicts))


# --- what the next plan is told ---------------------------------------------------------------------------------------


def similar(history: Sequence[Past], playbook: str, task_type: str) -> list[Past]:
    """Tasks that are over, the newest: of the same kind by the same playbook where there are enough, else of the same
    kind, else by the same playbook. `history`: the newest first."""
    over = [each for each in history if each.over and each.outcome != "cancelled"]
    kind = [each for each in over if each.task_type == task_type]
    by = [each for each in over if each.playbook == playbook]
    both = [each for each in kind if each.playbook == playbook]
    return next((found[:LAST] for found in (both, kind, by) if len(found) >= ENOUGH), [])


@dataclass(frozen=True)
class Advice:
    """What earlier tasks say of the next; empty where there are too few."""

    budget: Tier | None = None  # None: nothing is known
    words: tuple[str, ...] = ()
    rests_on: int = 0
    shaky: tuple[str, ...] = field(default=())  # agents that failed at least every second attempt


def advice(history: Sequence[Past], playbook: str, task_type: str) -> Advice:
    found = similar(history, playbook, task_type)
    if not found:
        return Advice()
    budget = budget_for(found)
    shaky = tuple(each.name for each in agent_scores(found) if each.of >= ENOUGH and each.rate <= 0.5)
    words = (
        _ended(found),
        *([f"the first gate passed in {rate}"] if (rate := first_gate_rate(found)).of else []),
        *_took(found),
        *([f"so the budget is {budget}"] if budget else []),
        *([f"{', '.join(shaky)} failed at least every second attempt: consider another agent"] if shaky else []),
    )
    return Advice(budget, words, len(found), shaky)


def cited(found: Advice) -> str:
    """In a plan's explanation; empty: there is nothing to go by."""
    return f"Last {found.rests_on} similar tasks: {'; '.join(found.words)}." if found.rests_on else ""


def budget_for(found: Sequence[Past]) -> Tier | None:
    """The smallest that would have held the dearest of them; None: of too few it is known what they took."""
    known = _known(found)
    if len(known) < ENOUGH:
        return None
    fitting: list[Tier] = [tier for tier, most in TOKENS.items() if max(known) <= most]
    return fitting[0] if fitting else "full"


def _ended(found: Sequence[Past]) -> str:
    counts = Counter(each.outcome for each in found)
    return ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.most_common())


def _known(found: Sequence[Past]) -> list[int]:
    """What they took in all: a part of it is not that."""
    return [each.tokens for each in found if each.tokens is not None and each.whole]


def _took(found: Sequence[Past]) -> list[str]:
    known = _known(found)
    if len(known) < ENOUGH:
        return []
    of = "" if len(known) == len(found) else f", known of {len(known)}"
    return [f"{counted(round(median(known)))} in the middle, {counted(min(known))} to {counted(max(known))}{of}"]


def _middle_tokens(each: Sequence[Try] | Sequence[Past]) -> int | None:
    found = _middle([one.tokens for one in each])
    return None if found is None else round(found)


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


# --- all of it at a glance --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Glance:
    """Across executions."""

    tasks: int
    uses: int  # of agents: attempts
    agents_per_task: float
    retries: int
    tokens: int | None
    cost_usd: float | None
    outcomes: dict[str, int]
    risks: dict[str, int]
    modes: dict[str, int]
    models: dict[str, int]  # attempts that were billed for each
    gates: Rate
    first_gates: Rate


def glance(history: Sequence[Past]) -> Glance:
    tries = [one for each in history for one in each.tries]
    known = [each.tokens for each in history if each.tokens is not None]
    costs = [each.cost_usd for each in history if each.cost_usd is not None]
    agents = [len({one.agent for one in each.tries}) for each in history if each.tries]
    return Glance(
        len(history),
        len(tries),
        sum(agents) / len(agents) if agents else 0.0,
        sum(one.again for one in tries),
        sum(known) if known else None,
        sum(costs) if costs else None,
        _counts(history, lambda each: each.outcome),
        _counts(history, lambda each: each.risk),
        _counts(history, lambda each: each.mode),
        dict(Counter(model for one in tries for model in dict.fromkeys(one.models)).most_common()),
        gate_rate(history),
        first_gate_rate(history),
    )


def _counts(history: Iterable[Past], what: Callable[[Past], str]) -> dict[str, int]:
    return dict(Counter(map(what, history)).most_common())
