"""Where the steps of one task are done: each in a worktree of its own, folded into the task's branch, which is pushed
into its user's repository and is never the one they stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from bot.context import Git
from bot.core.foreign import plain
from bot.core.plans.execution import StepState
from bot.core.plans.plan import FOLDER, Gate
from bot.core.policy import Policy
from bot.core.prompts import may_do
from bot.core.run import Assignment, Limits, Outcome, Peer, Run
from bot.core.worktree import Work, WorkSpec, part_of, ref_part
from bot.errors import SluiceError, Unavailable
from bot.headless.counting import Counting
from bot.headless.outcomes import ended_before, outcome_file
from bot.runs import OUTCOME, Agents

log = structlog.get_logger(__name__)
REPO = "local/repository"  # as bot/git calls it: there is one for each ledger's folder
AGAIN = "You were interrupted; it was not your doing. Look at what lies in the worktree, and go on."


@dataclass(frozen=True)
class Brief:
    whole: str
    news: str = ""  # for a session that knows the task


@dataclass(frozen=True)
class Workbench:
    git: Git
    agents: Agents
    counting: Counting
    root: Path  # of outcomes
    task: str
    title: str
    base: str  # the commit the task began from
    policy: Policy
    shared: Mapping[str, str]  # files every step finds: path and text
    now: Callable[[], datetime]
    hide: Callable[[str], str]

    @property
    def spec(self) -> WorkSpec:
        return WorkSpec(REPO, self.task, f"sluice/{ref_part(self.task)}", self.base)

    def has_ended(self, run: str) -> bool:
        return ended_before(self.root, run)

    async def work(
        self, unit: StepState, run: Run, peer: Peer, brief: Brief, handed: Mapping[str, str]
    ) -> tuple[Run, dict[str, str]]:
        """The run with its outcome and what lies in its tree, and what it left beside that for others."""
        part = part_of(self.spec, unit.step.id, run.head)
        names = [path for path in unit.step.deliverables if path.startswith(f"{FOLDER}/")]
        try:
            tree = await self.git.worktree(part, merge_head=run.head, trailers=_trailers(run, peer))
            more = f"\n\nFiles with conflict markers: {', '.join(tree.conflicts)}\n" if tree.conflicts else ""
            given = {**self.shared, **handed}
            brief = Brief(brief.whole + may_do(peer.permissions) + more, brief.news and brief.news + more)
            outcome = await self._outcome(unit, run, peer, brief, tree.path, given)
            texts = await self.agents.handed_on(tree.path, names)
            message = f"step {unit.step.id}: {run.peer} complete\n\n{outcome.summary.strip()[:500]}"
            work: Work | None = await self.git.collect(part, message, _trailers(run, peer))
        except (Unavailable, OSError) as error:
            return replace(run, state="ended", outcome=Outcome("unreached", str(error), 0.0, "")), {}
        except SluiceError as error:
            return replace(run, state="ended", outcome=Outcome("failed", str(error), 0.0, "")), {}
        return replace(run, state="ended", outcome=outcome, work=work), {k: self._told(v) for k, v in texts.items()}

    async def _outcome(
        self, unit: StepState, run: Run, peer: Peer, brief: Brief, tree: Path, handed: Mapping[str, str]
    ) -> Outcome:
        """Written down the moment the agent has ended, so that no crash makes it work twice."""
        kept = self._kept(run.key)
        if kept.exists():
            return OUTCOME.validate_json(await asyncio.to_thread(kept.read_bytes))
        minutes = min(self.policy.work.minutes_per_run, unit.step.minutes or self.policy.work.minutes_per_run)
        limits = replace(peer.limits, wall_seconds=min(peer.limits.wall_seconds, minutes * 60))
        assignment = Assignment(
            run.key,
            replace(peer, limits=limits),
            0,
            self.title,
            run.round,
            brief.whole,
            str(tree),
            self.policy.work.setup,
            run.home,
            brief.news,
            AGAIN,
            unit.step.id,
            handed,
            self.policy.work.trust_agent_config,
        )
        async with self.counting.counting(run.key, run.home, peer):
            outcome = await self.agents.run(assignment, lambda event: None)
        used = outcome.used or await self.counting.used(run.key, run.home, peer)
        summary, failure, question = map(self._told, (outcome.summary, outcome.failure, outcome.question))
        outcome = replace(outcome, used=used, summary=summary, failure=failure, question=question)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(OUTCOME.dump_json(outcome))
        partial.rename(kept)
        return outcome

    async def fold(self, unit: StepState, run: Run) -> Work | tuple[str, ...]:
        """Its work is on the task's branch, or these files conflict. Safe to repeat."""
        assert run.work
        part = part_of(self.spec, unit.step.id, run.head)
        return await self.git.fold(self.spec, part, run.work.head, f"Merge step {unit.step.id} ({run.peer})\n")

    async def publish(self) -> str:
        """The task's branch in its user's repository is what was folded; else why not, and the work is kept there
        under a ref of its own."""
        ref = f"refs/heads/{self.spec.branch}"
        there = (await self.git.remote_refs(REPO, ref)).get(ref)
        pushed = await self.git.push(self.spec, there)
        if pushed.outcome == "pushed":
            return ""
        await self.git.save(self.spec)
        why = _first(pushed.reason)
        return f"branch {self.spec.branch} was left as it is ({why}); the work is at {self.spec.saved_ref}"

    async def settle(self, unit: StepState, run: Run) -> None:
        """Its end is recorded: its tree goes if all that was in it is on the branch."""
        part = replace(part_of(self.spec, unit.step.id, run.head), base=self.spec.branch)
        try:
            await self.git.remove_worktree(part)
        except SluiceError as error:
            log.debug("a worktree stays", step=unit.step.id, reason=str(error))

    def forget(self, run: str) -> None:
        self._kept(run).unlink(missing_ok=True)

    async def judge(self, gate: Gate, number: int, head: str, offline: bool) -> tuple[bool | None, str]:
        """The gate's commands in a clean checkout of the work, without secrets; None: they could not be run."""
        key = f"{self.task}.gate.{number}"
        checkout = await self.git.checkout(REPO, head or self.base, key)
        limits = Limits(self.policy.work.minutes_per_run * 60)
        try:
            for command in gate.commands:
                ended = await self.agents.gate(key, command, checkout, limits, offline)
                if ended.code != 0:
                    failed = ended.code is not None or ended.ended == "failed"
                    how = f"ended with exit code {ended.code}" if ended.code else ended.why or ended.ended
                    return (False if failed else None), self._told(f"{ended.tail.strip()}\n`{command}` {how}".strip())
        except SluiceError as error:
            return None, str(error)
        finally:
            await self.git.remove_checkout(checkout)
        return True, ""

    def _kept(self, run: str) -> Path:
        return outcome_file(self.root, run)

    def _told(self, text: str) -> str:
        return self.hide(plain(text))


def _trailers(run: Run, peer: Peer) -> Mapping[str, str]:
    told = {
        "Sluice-Run": run.key,
        "Sluice-Agent": run.peer,
        "Sluice-Runtime": peer.runtime,
        "Sluice-Model": peer.model,
        "Sluice-Round": str(run.round),
    }
    return {name: text for name, text in told.items() if text}


def _first(reason: str) -> str:
    lines: Sequence[str] = [line for line in reason.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "git did not say why"
