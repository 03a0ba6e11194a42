"""The loop: what is due is done, side by side where it may be, until everything is done or somebody is waited for.

The ledger is the only truth: whatever ends this process, the next one goes on from there. An agent that was at work
then goes on with the same run; one that had ended is not started again, and its result is taken up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.budget import Refusal
from bot.core.plans import due as dues
from bot.core.plans.driving import (
    brief_for,
    conflicted,
    made_to_wait,
    others_first,
    peer_for,
    recorded,
    rejected,
    remedy_for,
    run_for,
    said_last,
    turn_over,
    verdict,
    with_turns,
)
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Dispatched, Happened, Recorded, SentBack, Started
from bot.core.run import Peer, Run
from bot.core.worktree import Work
from bot.errors import UserError
from bot.headless.admission import Admission
from bot.headless.ledger import Ledger
from bot.headless.resting import Ask, Stop, at_rest
from bot.headless.workbench import Workbench

LOOK_SECONDS = 2.0  # between two looks at what people did meanwhile (local), and for a slot
Prompt = Callable[[Execution, StepState], Awaitable[tuple[str, tuple[str, ...]]]]  # and the knowledge given whole


@dataclass
class Driver:
    ledger: Ledger
    admission: Admission
    bench: Workbench
    peers: Sequence[Peer]
    prompt: Prompt
    e: Execution
    happened: tuple[Happened, ...]
    say: Callable[[str], None]
    now: Callable[[], datetime]
    by: str
    ask: Ask | None = None
    export: Callable[[Mapping[str, str]], None] = lambda texts: None
    max_steps: int | None = None
    _working: dict[str, asyncio.Task[Run]] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _done_now: list[tuple[StepState, Run]] = field(default_factory=list)  # and not on the branch yet
    _dispatched: int = 0
    _waits: str = ""  # why nothing more is let in at the moment
    _told: str = ""
    stopped: Stop | None = None  # why no more is dispatched, though more is due

    @property
    def task(self) -> str:
        return self.bench.task

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
                elif self._waits and not self.stopped:
                    await self._wait()
                elif stop := await at_rest(self):
                    return stop
        finally:
            for task in self._working.values():
                task.cancel()
            if self._working:
                await asyncio.wait(self._working.values())
            await self.admission.close()  # no slot is kept for who may never come back

    async def _begin(self) -> None:
        if self.e.started is None:
            await self.let(Started(self.now(), self.by, self.bench.base))
        await self.admission.open()
        if self.e.work:  # it may be that the process before this one could not any more
            await self.bench.publish()
            await self._settle_what_is_left()

    async def _settle_what_is_left(self) -> None:
        done = [unit for unit in self.e.units if unit.state == "complete" and unit.dispatched and unit.dispatched.run]
        for unit in await self.bench.unsettled(done):
            if run := await self.admission.run_of(unit):
                await self.bench.settle(unit, run)

    async def _look(self) -> None:
        """What people did meanwhile in other shells counts: an amendment is carried out, a cancelled task is over."""
        if task := await self.ledger.task(self.task):
            self.e, self.happened = task.execution, task.happened
        if self.stopped and self.stopped.kind == "paused":
            for unit in self._mine():
                self.bench.end(unit.step.id)

    async def _wait(self) -> None:
        """Others have what it needs."""
        self._tell_why()
        await asyncio.sleep(LOOK_SECONDS)
        await self._look()

    def _tell_why(self) -> None:
        """Once."""
        if self._waits != self._told:
            self._told = self._waits
            self.say(f"Waits: {self._waits}")

    # --- dispatching --------------------------------------------------------------------------------------------------

    async def _dispatch_what_is_due(self) -> None:
        self._waits = ""
        if by := await self.ledger.paused_all_by():
            self.stopped = Stop("paused", f"everything is paused by {by}; `sluice resume --all` lets it go on")
        for unit in self._mine():
            if unit.step.id not in self._working:
                await self._go_on(unit)
        for each in dues.due(self.e):
            if isinstance(each, dues.Dispatch) and self._may_begin(each.step):
                await self._let_in(each.step)

    def _mine(self) -> list[StepState]:
        """What is dispatched and not by hand."""
        return [unit for unit in dues.in_hand(self.e) if unit.dispatched and unit.dispatched.run]

    def _may_begin(self, unit: StepState) -> bool:
        if self.max_steps is not None and self._dispatched >= self.max_steps and not self.stopped:
            self.stopped = Stop("steps", f"{self._dispatched} steps were dispatched, as many as --max-steps allows")
        return not self.stopped and unit.step.id not in self._working

    async def _go_on(self, unit: StepState) -> None:
        """An earlier process had it, or a person has had a turn."""
        run = await self.admission.run_of(unit)
        if run and run.state == "ended" and not made_to_wait(run):
            self._start(unit, run)
        elif self.stopped:
            return
        elif run and run.state != "ended":
            self._start(unit, run)
        elif run or said_last(self.happened, unit.step.id):
            await self._let_in(unit)
        else:
            await self.let(SentBack(self.now(), unit.step.id, "", lost=True))

    async def _let_in(self, unit: StepState) -> None:
        """What is running already is not dispatched once more: it is another turn of it, or another attempt."""
        peer, turn = self._peer(unit), said_last(self.happened, unit.step.id)
        whole, delivered = await self.prompt(self.e, unit)
        head = self.e.work.head if self.e.work else self.bench.base
        plan = run_for(self.e, unit, peer, head, brief_for(self.e, unit, whole, turn), self.admission.go_ahead)
        run = await self.admission.admit(unit, plan, peer)
        if isinstance(run, Refusal):
            self._refused(unit, run)
            return
        if unit.state != "running":
            given = Dispatched(self.now(), unit.step.id, run.peer, run.key, own_tree=True, delivered=delivered)
            await self.let(given)
            self._dispatched += 1
            self.say(f"Dispatched: step {unit.step.id} ({run.peer})")
        self._start(unit, run)

    def _refused(self, unit: StepState, refusal: Refusal) -> None:
        if refusal.soon:
            self._waits = self._waits or f"step {unit.step.id} — {refusal.reason}"
            if refusal.what == "quota":  # the task's own steps may hold the money: nobody else is seen to have it
                self._tell_why()
            return
        said = f"step {unit.step.id}: {remedy_for(refusal)}"
        self.stopped = Stop("limited" if refusal.what == "agent" else "spent", said)

    def _peer(self, unit: StepState) -> Peer:
        found = peer_for(unit.step, self.peers)
        if found is None:
            raise UserError(f"no agent in sluice.toml takes step {unit.step.id} ({unit.step.agent})")
        return found

    def _start(self, unit: StepState, run: Run) -> None:
        self._told = ""
        self._working[unit.step.id] = asyncio.create_task(self.bench.work(unit.step.id, run))

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
            await self._ended(step, self._working.pop(step).result())
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

    async def _ended(self, step: str, run: Run) -> None:
        unit, now = self._unit(step), self.now()
        assert run.outcome and unit.dispatched
        run = replace(run, key=unit.dispatched.run)  # each turn of an interactive step was a run of its own
        if asked := turn_over(unit, run, self.happened, now):
            await self.let(asked)
        else:
            await self._judged(unit, with_turns(run, await self.admission.turns_of(unit)), now)

    async def _judged(self, unit: StepState, run: Run, now: datetime) -> None:
        if why := verdict(self.e, unit, run, await self.ledger.left_by_steps(self.task)):
            if made_to_wait(run) and not run.limited and not self.stopped:  # until when it is limited, its refusal says
                self.stopped = Stop("limited", f"step {unit.step.id} ({run.peer}): {why}")
            await self._note(unit, run, rejected(self.e, unit, run, why, now, self.bench.rounds))
            return
        folded = await self.bench.fold(unit, run) if unit.step.changes else None
        if isinstance(folded, tuple):
            await self._note(unit, run, conflicted(self.e, unit, run, folded, now, self.bench.rounds))
            return
        await self._done(unit, run, folded)

    async def _done(self, unit: StepState, run: Run, work: Work | None) -> None:
        await self._note(unit, run, [recorded(unit, run, "complete", self.now(), work=work)])
        self.export(await self.ledger.artifacts(self.task))

    async def _note(self, unit: StepState, run: Run, what: list[Happened]) -> None:
        await self.let(*what)
        for each in what:
            if isinstance(each, Recorded):
                reason = f": {each.error}" if each.error else ""
                self.say(f"Recorded: step {each.step} ({each.agent}) — {each.status}{reason}")
            elif isinstance(each, SentBack):
                self.say(f"Sent back: step {each.step}{f': {each.why}' if each.lost and each.why else ''}")
        if isinstance(what[-1], Recorded) and what[-1].status == "complete":
            self._done_now.append((unit, run))

    async def let(self, *what: Happened) -> None:
        self.e, refused = await self.ledger.happen(self.task, *what)
        if refused:
            raise UserError(f"somebody else has changed the plan meanwhile: {refused}")
        self.happened = (*self.happened, *what)

    def _unit(self, step: str) -> StepState:
        found = self.e.find(step)
        assert found
        return found
