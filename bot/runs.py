"""What the engine carries out: an agent's run and a gate command. Both may be entered again after a crash.

The outcome of a run is written to a file the moment the agent ends, so that a crash between that and the ledger does
not make the agent work twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, Protocol

import structlog
from pydantic import TypeAdapter

from bot.claims import renew
from bot.context import Context, item_at_work
from bot.core.actions import RunPlan
from bot.core.events import event
from bot.core.foreign import plain
from bot.core.gates.verdict import GateRun
from bot.core.item import Item
from bot.core.permission import said_of
from bot.core.policy import Policy
from bot.core.prompts import interrupted_brief, may_do, said_by, with_messages
from bot.core.run import Assignment, Limits, Outcome, Peer, Run, is_step
from bot.core.worktree import Work, WorkSpec, Worktree, part_of
from bot.errors import NotKept, SluiceError, Unavailable
from bot.policy_file import read_policy
from bot.recording import Note, recording
from bot.spending import Counted, Spending

log = structlog.get_logger(__name__)
TELL_SECONDS = 1.0  # between two looks for what people say to an agent at its work
HEARD = ("finished", "asked", "failed", "timed_out", "stalled", "overspent")  # then it has begun, with its brief
WORDS, FAILURE, SAID = 4_000, 100, 500  # characters of an agent's own words that are kept; the last in a commit
CANCELLED = Outcome("cancelled", "", 0.0, "")
OUTCOME = TypeAdapter(Outcome)
NOTHING: Mapping[str, str] = {}


class Exited(Protocol):
    @property
    def code(self) -> int | None: ...
    @property
    def ended(self) -> str: ...
    @property
    def tail(self) -> str: ...
    @property
    def why(self) -> str: ...


class Agents(Counted, Protocol):
    async def run(self, assignment: Assignment, note: Note) -> Outcome: ...
    async def handed_on(self, tree: Path, names: Sequence[str]) -> dict[str, str]: ...
    def tell(self, run: str, text: str) -> bool: ...  # False: its agent cannot be told now, or does not work here
    async def gate(self, key: str, command: str, checkout: Path, limits: Limits, offline: bool) -> Exited: ...


class Runs:
    """The engine's handlers."""

    def __init__(
        self,
        ctx: Context,
        agents: Agents,
        outcomes: Path,
        hide: Callable[[str], str],
        pace: float,
        shared: Mapping[str, str] = NOTHING,
    ) -> None:
        """`hide` takes secrets out of a text; `pace`: seconds between two looks at what a run has used; `shared`: files
        that every run of a plan finds beside what earlier steps left."""
        self.ctx, self.agents, self.outcomes, self.hide, self.shared = ctx, agents, outcomes, hide, shared
        self.spending = Spending(ctx, agents, pace)

    async def run(self, job: str) -> None:
        """One run: worktree, agent, everything committed and saved, the end noted."""
        started = await self.ctx.ledger.start_run(job, self.ctx.now())
        if started is None:
            return
        run, plan = started
        item_at_work.set(run.item)
        memory = await self.ctx.ledger.recall(run.item, self.ctx.now())
        claim, item = memory.item.claim, memory.item
        if claim is None:
            await self._end(run, CANCELLED, None)
            return
        spec = WorkSpec(item.repo, item.work_id, claim.branch, claim.base)
        spec = part_of(spec, plan.own_tree, plan.head) if plan.own_tree else spec
        try:
            if item.issue_id and (rival := await renew(self.ctx, item.repo, item.issue_id)):
                outcome = Outcome("unreached", f"another Sluice ({rival.instance}) has this issue", 0.0, "")
            else:
                policy, trailers = _policy(memory.last_policy), _trailers(run, self._peer(run.peer))
                trusted = policy.work.trust_agent_config
                head = plan.head if plan.own_tree else ""  # what other steps have done meanwhile
                tree = await self.ctx.git.worktree(spec, plan.merge_base, trailers, trusted, head)
                try:
                    outcome = await self._work(run, plan, item, tree, policy)
                finally:
                    await _seen_through(self._hand_on(run, plan, tree))
        except asyncio.CancelledError:
            put_away = self._keep(run, spec) if self.ctx.engine.stopping else self._finish(run, spec, CANCELLED)
            await _seen_through(put_away)
            raise
        except (Unavailable, OSError) as error:  # git, the remote or a full disk, not the agent: once more
            outcome = Outcome("unreached", str(error), 0.0, "")
        except SluiceError as error:
            outcome = Outcome("failed", str(error), 0.0, "")
        await _seen_through(self._finish(run, spec, outcome))

    async def _hand_on(self, run: Run, plan: RunPlan, tree: Worktree) -> None:
        """What it left for the steps behind it is kept, however it ended."""
        if plan.hands_on:
            texts = await self.agents.handed_on(tree.path, plan.hands_on)
            told = {path: self._told(text) for path, text in texts.items()}
            await self.ctx.ledger.keep_artifacts(plan.task, run.step, told, self.ctx.now())

    async def _work(self, run: Run, plan: RunPlan, item: Item, tree: Worktree, policy: Policy) -> Outcome:
        kept = self.outcomes / f"{run.key}.json"
        if kept.exists():
            return OUTCOME.validate_json(kept.read_bytes())
        peer = self._peer(run.peer)
        if peer is None:
            return Outcome("failed", f"agent {run.peer} is no longer set up", 0.0, "")
        limits = _limits(run, peer.limits, policy, plan.minutes)
        handed = {**self.shared, **await self.ctx.ledger.artifacts(plan.task)} if plan.task else {}
        more = _conflicts(tree.conflicts)
        said = await self.ctx.ledger.messages(run.item)
        news = [message for message in said if message.heard_by in ("", run.key)]
        assignment = Assignment(
            run.key,
            replace(peer, limits=limits, model=peer.model or plan.model),
            item.number or 0,
            item.title,
            run.round,
            with_messages(plan.brief + may_do(peer.permissions) + more, said),
            str(tree.path),
            policy.work.setup,
            run.home,
            with_messages(plan.dossier + more, news) if plan.dossier else "",
            with_messages(interrupted_brief(), news),
            plan.own_tree,
            handed,
            policy.work.trust_agent_config,
            said_of(said),
            await self.ctx.ledger.at_the_gateway(run.key),
        )
        async with recording(self.ctx, run.key, self.hide) as note, self.spending.counting(run):
            for message in news:
                if message.answers:
                    note(event("answered", message.text, message.author))
            with self._end_noted(note):
                outcome = await self._accompanied(run, assignment, {message.id for message in said}, note)
        if outcome.ended in HEARD and outcome.failure != "setup":
            await self.ctx.ledger.heard(run.item, [message.id for message in news], run.key, self.ctx.now())
        outcome = self._fit(outcome)
        self.outcomes.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(OUTCOME.dump_json(outcome))
        partial.rename(kept)
        return outcome

    @contextmanager
    def _end_noted(self, note: Note) -> Iterator[None]:
        """An agent's own end its runtime notes; here is noted why there was none."""
        try:
            yield
        except asyncio.CancelledError:
            stops = self.ctx.engine.stopping
            note(event("notice", "Sluice stops, and goes on with it") if stops else event("finished", "cancelled"))
            raise
        except (Unavailable, OSError) as error:
            note(event("notice", str(error)))
            raise
        except SluiceError as error:
            note(event("finished", str(error)))
            raise

    def _fit(self, outcome: Outcome) -> Outcome:
        """What it said goes into a database, a commit and a comment: it holds nothing that breaks one of them, and no
        secret."""
        summary, question = self._told(outcome.summary)[:WORDS], self._told(outcome.question)[:WORDS]
        failure = self._told(outcome.failure)[:FAILURE]
        used = tuple(replace(each, model=plain(each.model)) for each in outcome.used)
        return replace(outcome, summary=summary, failure=failure, question=question, used=used)

    def _told(self, text: str) -> str:
        return self.hide(plain(text))

    async def _accompanied(self, run: Run, assignment: Assignment, known: set[str], note: Note) -> Outcome:
        """The agent works, and is told what people say meanwhile, as far as it can be."""
        telling = asyncio.create_task(self._tell(run, known))
        try:
            return await self.agents.run(assignment, note)
        finally:
            telling.cancel()

    async def _tell(self, run: Run, known: set[str]) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            try:
                said = await self.ctx.ledger.messages(run.item)
                for message in said:
                    untold = not message.heard_by and message.id not in known
                    if untold and self.agents.tell(run.key, said_by(message)):
                        await self.ctx.ledger.heard(run.item, [message.id], run.key, self.ctx.now())
            except Unavailable as error:
                log.warning("what was said is told later", reason=str(error))

    def _peer(self, name: str) -> Peer | None:
        return next((peer for peer in self.ctx.peers if peer.name == name), None)

    def _offline(self, runs: Sequence[Run]) -> bool:
        """What runs the code of an agent that may not reach the network may not either."""
        return any(peer.offline for peer in self.ctx.peers if any(run.peer == peer.name for run in runs))

    async def _finish(self, run: Run, spec: WorkSpec, outcome: Outcome) -> None:
        """The one way a run ends, its work kept. Where that cannot be done now, what the agent said waits with it."""
        try:
            work = await self._keep(run, spec, outcome)
        except (Unavailable, OSError) as error:
            log.warning("the work is not collected yet", reason=str(error))
            again = outcome if outcome.ended == "cancelled" else Outcome("unreached", str(error), 0.0, "")
            await self.ctx.ledger.end_run(run.key, again, None, self.ctx.now())
            return
        await self._end(run, outcome, work)

    async def _keep(self, run: Run, spec: WorkSpec, outcome: Outcome | None = None) -> Work | None:
        """Whatever lies in the worktree is committed, saved on the remote and read back.

        When Sluice itself stops, that is all: the run has not ended, and the next start goes on with the same attempt.
        """
        await self.spending.note(run)
        if not self.ctx.git.has_worktree(spec):
            return None
        message = _message(run, spec, outcome)
        work = await self.ctx.git.collect(spec, message, _trailers(run, self._peer(run.peer), outcome))
        try:
            await self.ctx.git.save(spec)
        except (NotKept, Unavailable) as error:  # it lies in the mirror, and no worktree goes before it is saved
            log.warning("the work stays on this machine", reason=str(error))
        return work

    async def _end(self, run: Run, outcome: Outcome, work: Work | None) -> None:
        await self.ctx.ledger.end_run(run.key, outcome, work, self.ctx.now())
        (self.outcomes / f"{run.key}.json").unlink(missing_ok=True)

    async def gate(self, key: str) -> None:
        """One gate command, in a clean checkout of the head, without secrets."""
        started = await self.ctx.ledger.start_gate(key, self.ctx.now())
        if started is None:
            return
        item, gate, command = started
        item_at_work.set(item)
        memory = await self.ctx.ledger.recall(item, self.ctx.now())
        checkout = await self.ctx.git.checkout(memory.item.repo, gate.head, key)
        try:
            minutes = min(_policy(memory.last_policy).work.minutes_per_run, self.ctx.caps.minutes_per_gate)
            offline = self._offline(memory.runs)
            ended = await self.agents.gate(key, command, checkout, Limits(minutes * 60), offline)
            verdict = judged(gate, command, ended)
            verdict = replace(verdict, detail=self._told(verdict.detail))
        except SluiceError as error:  # no room on this machine, or no sandbox
            verdict = replace(gate, state="unknown", reason=f"`{command}` could not be run: {error}")
        finally:
            await self.ctx.git.remove_checkout(checkout)
        await self.ctx.ledger.end_gate(key, replace(verdict, run_id=key), self.ctx.now())


async def _seen_through(ending: Coroutine[Any, Any, object]) -> None:
    """Who is cancelled while its end is being noted notes it to the end: a run without one is taken for lost."""
    task = asyncio.ensure_future(ending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def judged(gate: GateRun, command: str, ended: Exited) -> GateRun:
    if ended.ended == "finished" or ended.code not in (0, None):
        passed = ended.code == 0
        reason = f"`{command}` passed" if passed else f"`{command}` ended with exit code {ended.code}"
        return replace(gate, state="passed" if passed else "failed", reason=reason, detail=ended.tail)
    if ended.ended == "failed":  # it used more room than it may: the work is to be mended
        return replace(gate, state="failed", reason=f"`{command}`: {ended.why}", detail=ended.tail)
    how = ended.why or ended.ended.replace("_", " ")
    return replace(gate, state="unknown", reason=f"`{command}` {how}", detail=ended.tail)


def _limits(run: Run, limits: Limits, policy: Policy, minutes: float | None) -> Limits:
    """What it was admitted with; money that does not bind it is not counted at its door either."""
    most = min(policy.work.minutes_per_run, inf if minutes is None else minutes)
    limits = replace(limits, wall_seconds=min(limits.wall_seconds, most * 60))
    if run.cap is None:
        return limits
    return replace(limits, tokens=run.cap.tokens, cost_usd=inf if run.cap.cost_usd is None else run.cap.cost_usd)


def _policy(text: str | None) -> Policy:
    found = read_policy(text) if text else Policy()
    return found if isinstance(found, Policy) else Policy()


def _message(run: Run, spec: WorkSpec, outcome: Outcome | None) -> str:
    summary = outcome.summary.strip() if outcome else ""
    if is_step(run.step) and outcome and outcome.ended == "finished":
        return f"step {run.step}: {run.peer} complete\n\n{summary[:SAID]}".strip()
    return summary.splitlines()[0][:72] if summary else f"Work on {spec.branch}"


def _trailers(run: Run, peer: Peer | None, outcome: Outcome | None = None) -> Mapping[str, str]:
    """Who did it: the models are those that were billed, else the one that was asked for, where either is known."""
    billed = ", ".join(each.model for each in outcome.used) if outcome else ""
    told = {
        "Sluice-Run": run.key,
        "Sluice-Agent": run.peer,
        "Sluice-Runtime": peer.runtime if peer else "",
        "Sluice-Model": billed or (peer.model if peer else ""),
        "Sluice-Round": str(run.round),
    }
    return {name: text for name, text in told.items() if text}


def _conflicts(files: tuple[str, ...]) -> str:
    return f"\n\nFiles with conflict markers: {', '.join(files)}\n" if files else ""
