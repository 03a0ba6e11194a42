"""Where the steps of one task are done: each in a worktree of its own, folded into the task's branch, which is pushed
into its user's repository and is never the one they stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.context import Git
from bot.core.foreign import plain
from bot.core.gates.verdict import GateRun
from bot.core.plans.execution import StepState
from bot.core.plans.plan import Gate
from bot.core.plans.usage import estimate
from bot.core.policy import Work as WorkPolicy
from bot.core.run import Limits, Run
from bot.core.worktree import Work, WorkSpec, part_of
from bot.errors import SluiceError
from bot.headless.ledger import Ledger
from bot.runs import Agents, Runs, judged

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Workbench:
    ledger: Ledger
    git: Git
    runs: Runs
    agents: Agents
    spec: WorkSpec  # its base: the commit the task began from
    policy: WorkPolicy
    hide: Callable[[str], str]
    _at_work: dict[str, str] = field(default_factory=dict)  # by step, its run

    @property
    def task(self) -> str:
        return self.spec.item

    @property
    def base(self) -> str:
        return self.spec.base

    @property
    def rounds(self) -> int:
        return self.policy.rounds

    async def work(self, step: str, run: Run) -> Run:
        """The run as it ended; one that had ended before is not begun again."""
        self._at_work[step] = run.key
        try:
            await self.runs.run(run.job)
        finally:
            del self._at_work[step]
        (ended,) = await self.ledger.runs(run.key, limit=1)
        given = await self.ledger.plan_of(run.key)
        return replace(ended, estimate=ended.estimate or (estimate(given.brief) if given else None))

    def end(self, step: str) -> None:
        """Somebody has said that everything stops; its work is kept."""
        if run := self._at_work.get(step):
            self.agents.end(run, "cancelled")

    async def fold(self, unit: StepState, run: Run) -> Work | tuple[str, ...]:
        """Its work is on the task's branch, or these files conflict. Safe to repeat."""
        assert run.work
        part = part_of(self.spec, unit.step.id, run.head)
        return await self.git.fold(self.spec, part, run.work.head, f"Merge step {unit.step.id} ({run.peer})\n")

    async def publish(self) -> str:
        """The task's branch in its user's repository is what was folded; else why not, and the work is kept there
        under a ref of its own."""
        ref = f"refs/heads/{self.spec.branch}"
        there = (await self.git.remote_refs(self.spec.repo, ref)).get(ref)
        pushed = await self.git.push(self.spec, there)
        if pushed.outcome == "pushed":
            return ""
        await self.git.save(self.spec)
        why = _first(pushed.reason)
        return f"branch {self.spec.branch} was left as it is ({why}); the work is at {self.spec.saved_ref}"

    async def settle(self, unit: StepState, run: Run) -> None:
        """Its end is recorded: its tree goes if all that was in it is on the branch, and what was saved of it."""
        part = part_of(self.spec, unit.step.id, run.head)
        try:
            await self.git.remove_worktree(replace(part, base=self.spec.branch))
            if unit.step.changes or run.work is None or run.work.empty:
                await self.git.drop_saved(part)
        except SluiceError as error:
            log.debug("a worktree stays", step=unit.step.id, reason=str(error))

    async def unsettled(self, done: Iterable[StepState]) -> list[StepState]:
        """Those with a tree, or with something that was saved of it."""
        saved = await self.git.remote_refs(self.spec.repo, f"{self.spec.saved_ref}*")
        parts = [(unit, part_of(self.spec, unit.step.id, self.base)) for unit in done]
        return [unit for unit, part in parts if part.saved_ref in saved or self.git.has_worktree(part)]

    async def judge(self, gate: Gate, number: int, head: str, offline: bool) -> tuple[bool | None, str]:
        """The gate's commands in a clean checkout of the work, without secrets; None: they could not be run."""
        key, head = f"{self.task}.gate.{number}", head or self.base
        checkout = await self.git.checkout(self.spec.repo, head, key)
        minutes = min(self.policy.minutes_per_run, self.runs.ctx.caps.minutes_per_gate)
        try:
            for command in gate.commands:
                ended = await self.agents.gate(key, command, checkout, Limits(minutes * 60), offline)
                found = judged(GateRun(f"command:{command}", head, "running"), command, ended)
                if found.state != "passed":
                    said = self._told(f"{found.detail.strip()}\n{found.reason}".strip())
                    return (False if found.state == "failed" else None), said
        except SluiceError as error:
            return None, str(error)
        finally:
            await self.git.remove_checkout(checkout)
        return True, ""

    def _told(self, text: str) -> str:
        return self.hide(plain(text))


def _first(reason: str) -> str:
    lines: Sequence[str] = [line for line in reason.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "git did not say why"
