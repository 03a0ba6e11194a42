"""The loop: what is due is done, side by side where it may be, until everything is done or somebody is waited for.

The ledger is the only truth: whatever ends this process, the next one goes on from there. What a process that is gone
had dispatched is done again, unless its agent had ended: then its result is taken up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.core.plans import due as dues
from bot.core.plans.delegation import news
from bot.core.plans.driving import (
    conflicted,
    others_first,
    peer_for,
    recorded,
    rejected,
    said_last,
    turn_over,
    verdict,
)
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Dispatched, Happened, Recorded, SentBack, Started
from bot.core.plans.joining import joined
from bot.core.plans.usage import estimate
from bot.core.plans.verifying import team_of
from bot.core.run import Peer, Run
from bot.core.worktree import Work
from bot.errors import UserError
from bot.headless.counting import Counting
from bot.headless.resting import Ask, Stop, at_rest
from bot.headless.workbench import Brief, Workbench

LOOK_SECONDS = 2.0  # between two looks at what people did meanwhile (local)
Prompt = Callable[[Execution, StepState], Awaitable[tuple[str, tuple[str, ...]]]]  # and the knowledge given whole


class Known(Protocol):
    @property
    def execution(self) -> Execution: ...
    @property
    def happened(self) -> tuple[Happened, ...]: ...


class Ledger(Protocol):
    async def task(self, task: str) -> Known | None: ...
    async def happen(self, task: str, *what: Happened) -> tuple[Execution, str]: ...
    async def keep_artifacts(self, task: str, step: str, texts: dict[str, str], now: datetime) -> None: ...
    async def artifacts(self, task: str) -> dict[str, str]: ...


@dataclass
class Driver:
    ledger: Ledger
    bench: Workbench
    counting: Counting
    peers: Sequence[Peer]
    at_once: int
    prompt: Prompt
    e: Execution
    happened: tuple[Happened, ...]
    say: Callable[[str], None]
    by: str
    ask: Ask | None = None
    export: Callable[[dict[str, str]], None] = lambda texts: None
    max_steps: int | None = None
    model: str = ""  # in place of what its agents would use
    _working: dict[str, asyncio.Task[tuple[Run, dict[str, str]]]] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _done_now: list[tuple[StepState, Run]] = field(default_factory=list)  # and not on the branch yet
    _dispatched: int = 0
    stopped: Stop | None = None  # why no more is dispatched, though more is due

    async def drive(self) -> Stop:
        try:
            await self._begin()
            while True:
                if self.e.cancelled:
                    return Stop("failed", "the task was cancelled", dues.due(self.e)[0])
                await self._dispatch_what_is_due()
                if self._working:
                    if not await self._take_up():
                        at_work = [task for task in self._working.values() if not task.done()]
                        await asyncio.wait(at_work, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                        await self._look()
                elif stop := await at_rest(self):
                    return stop
        finally:
            for task in self._working.values():
                task.cancel()
            if self._working:
                await asyncio.wait(self._working.values())

    async def _look(self) -> None:
        """What people did meanwhile in other shells counts: an amendment is carried out, a cancelled task is over."""
        if task := await self.ledger.task(self.bench.task):
            self.e, self.happened = task.execution, task.happened

    # --- the beginning ------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        if self.e.started is None:
            await self.let(Started(self.bench.now(), self.by, self.bench.base))
        for each in self.happened:
            if isinstance(each, Recorded):
                self.counting.begin(each.used)
        if self.e.work:
            await self.bench.publish()  # it may be that the process before this one could not any more
        for unit in self._mine():
            assert unit.dispatched
            if self.bench.has_ended(unit.dispatched.run) or said_last(self.happened, unit.step.id):
                self._start(unit, unit.dispatched)
            else:
                await self.let(SentBack(self.bench.now(), unit.step.id, "", lost=True))
                self.say(f"Lost: step {unit.step.id} — its process is gone; it is done again")

    def _mine(self) -> list[StepState]:
        """What is dispatched and not by hand."""
        return [unit for unit in dues.in_hand(self.e) if unit.dispatched and unit.dispatched.run]

    # --- dispatching --------------------------------------------------------------------------------------------------

    async def _dispatch_what_is_due(self) -> None:
        for each in dues.due(self.e):
            if isinstance(each, dues.Dispatch) and self._room(each.step):
                await self._dispatch(each.step)
        for unit in self._mine():  # a person has had a turn
            if unit.step.id not in self._working and unit.dispatched:
                self._start(unit, unit.dispatched)

    async def _dispatch(self, unit: StepState) -> None:
        step, peer = unit.step.id, self._peer(unit)
        _, delivered = await self.prompt(self.e, unit)
        key = f"{self.bench.task}.{step}.{unit.attempts + 1}"
        given = Dispatched(self.bench.now(), step, peer.name, key, own_tree=True, delivered=delivered)
        self._dispatched += 1
        before = self.e  # by which it is told what it needs: to itself nothing was delivered yet
        await self.let(given)
        self.say(f"Dispatched: step {step} ({peer.name})")
        self._start(unit, given, before)

    def _room(self, unit: StepState) -> bool:
        if unit.step.id in self._working or len(self._working) >= self.at_once:
            return False
        if self.max_steps is not None and self._dispatched >= self.max_steps:
            self.stopped = Stop("steps", f"{self._dispatched} steps were dispatched, as many as --max-steps allows")
        if over := self.counting.reached:
            self.stopped = Stop("spent", over)
        peer = self._peer(unit)
        theirs = [step for step in self._working if self._peer(self._unit(step)).name == peer.name]
        return not self.stopped and len(theirs) < peer.capacity

    def _peer(self, unit: StepState) -> Peer:
        """With the model that is asked for; one that the plan names is Claude's."""
        found = peer_for(unit.step, self.peers)
        if found is None:
            raise UserError(f"no agent in sluice.toml takes step {unit.step.id} ({unit.step.agent})")
        planned = unit.step.model if found.runtime == "claude" else ""
        return replace(found, model=self.model or found.model or planned)

    def _start(self, unit: StepState, given: Dispatched, before: Execution | None = None) -> None:
        self._working[unit.step.id] = asyncio.create_task(self._work(unit, given, before or self.e))

    async def _work(self, unit: StepState, given: Dispatched, e: Execution) -> tuple[Run, dict[str, str]]:
        peer, step = self._peer(unit), unit.step.id
        whole, _ = await self.prompt(e, unit)
        turn = said_last(self.happened, step)
        brief = Brief(_with_turn(whole, turn.text), turn.text) if turn else Brief(whole, news(e, unit))
        head = self.e.work.head if self.e.work else self.bench.base
        rounds = 1 + sum(not each.lost for each in unit.sent_back) + unit.turns
        key = f"{given.run}.{unit.turns}" if unit.turns else given.run
        run = Run(key, self.bench.task, step, peer.name, rounds, "", "", head, "running", given.at)
        run = replace(run, estimate=estimate(whole))
        return await self.bench.work(unit, run, peer, brief, await self.ledger.artifacts(self.bench.task))

    # --- what comes of it ---------------------------------------------------------------------------------------------

    async def _take_up(self) -> bool:
        """Those that ended, in the plan's order; one whose turn it is not yet waits for those before it."""
        order = [unit.step.id for unit in self.e.units]
        ended = [step for step, task in self._working.items() if task.done()]
        at_work = [step for step in self._working if step not in ended]
        now = [step for step in ended if not others_first(self.e, step, at_work)]
        for step in set(ended) - {*now, *self._held}:
            self._held.add(step)
            self.say(f"Ended: step {step} — its work waits for that of the steps before it")
        for step in sorted(now, key=lambda each: order.index(each) if each in order else len(order)):
            self._held.discard(step)
            run, texts = self._working.pop(step).result()
            await self._ended(step, run, texts)
        if self._done_now:
            await self._publish()
        return bool(now)

    async def _publish(self) -> None:
        """What came together is on the branch; then the trees it came from may go."""
        if any(unit.step.changes for unit, _ in self._done_now) and (problem := await self.bench.publish()):
            self.say(problem)
        for unit, run in self._done_now:
            await self.bench.settle(unit, run)
        self._done_now.clear()

    async def _ended(self, step: str, run: Run, texts: dict[str, str]) -> None:
        unit, now, kept = self._unit(step), self.bench.now(), run.key
        assert run.outcome and unit.dispatched
        run = replace(run, key=unit.dispatched.run)  # each turn of an interactive step was a run of its own
        if asked := turn_over(unit, run, self.happened, now):
            await self.let(asked)
        else:
            await self._judged(unit, run, texts, now)
        self.bench.forget(kept)

    async def _judged(self, unit: StepState, run: Run, texts: dict[str, str], now: datetime) -> None:
        assert run.outcome
        if why := verdict(self.e, unit, run, texts):
            why = self.counting.reached if run.outcome.ended == "overspent" and self.counting.reached else why
            if run.outcome.ended in ("limited", "unreached"):
                self.stopped = Stop("limited", f"step {unit.step.id} ({run.peer}): {why}")
            await self._note(unit, run, rejected(self.e, unit, run, why, now))
            return
        if not unit.step.changes:
            await self._done(unit, run, texts, None)
            return
        folded = await self.bench.fold(unit, run)
        if isinstance(folded, tuple):
            await self._note(unit, run, conflicted(self.e, unit, run, folded, now))
            return
        await self._done(unit, run, texts, folded)

    async def _done(self, unit: StepState, run: Run, texts: dict[str, str], work: Work | None) -> None:
        await self._hand_on(unit.step.id, texts)
        await self._note(unit, run, [recorded(unit, run, "complete", self.bench.now(), work=work)])
        whole = team_of(self.e, unit)
        if whole and (now_whole := self.e.find(whole.step.id)) and now_whole.state == "complete":
            await self._hand_on(whole.step.id, joined(whole.step, await self.ledger.artifacts(self.bench.task)))

    async def _hand_on(self, step: str, texts: dict[str, str]) -> None:
        if texts:
            await self.ledger.keep_artifacts(self.bench.task, step, texts, self.bench.now())
            self.export(texts)

    async def _note(self, unit: StepState, run: Run, what: list[Happened]) -> None:
        await self.let(*what)
        if run.outcome:
            self.counting.begin(run.outcome.used)
        for each in what:
            if isinstance(each, Recorded):
                reason = f": {each.error}" if each.error else ""
                self.say(f"Recorded: step {each.step} ({each.agent}) — {each.status}{reason}")
            elif isinstance(each, SentBack):
                self.say(f"Sent back: step {each.step}{f': {each.why}' if each.lost and each.why else ''}")
        if isinstance(what[-1], Recorded) and what[-1].status == "complete":
            self._done_now.append((unit, run))

    async def let(self, *what: Happened) -> None:
        self.e, refused = await self.ledger.happen(self.bench.task, *what)
        if refused:
            raise UserError(f"somebody else has changed the plan meanwhile: {refused}")
        self.happened = (*self.happened, *what)

    def _unit(self, step: str) -> StepState:
        found = self.e.find(step)
        assert found
        return found


def _with_turn(whole: str, text: str) -> str:
    return f"{whole}\n\n## Your user's turn\n\n{text}\n" if text else whole
