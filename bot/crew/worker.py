"""The process behind one agent: `python -m bot.crew.worker ID CONFIG DATA_DIR [LOCK]` carries its commands out, one by
one.

It is the same run as any other: admitted by the ledger's one admission, in a worktree of its own, counted and capped,
its work committed and saved whatever becomes of it. When it is killed the agent dies with its lease, and the next
process goes on with the same run.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import structlog

from bot.abandoned import free_abandoned
from bot.core.actions import Claim, RunPlan
from bot.core.budget import Refusal
from bot.core.crew import Command, Mate, Told
from bot.core.item import GoAhead, Item
from bot.core.policy import Policy, Work
from bot.core.prompts import Brief, Handed, mate_brief
from bot.core.run import Peer, evidence_of, run_key
from bot.core.spend import NOTHING, counted
from bot.crew.crew import end_lost
from bot.crew.ground import folder_for, git_of, spec_of
from bot.crew.hiring import peer_for
from bot.crew.lease import handed_on, is_held, present, take
from bot.equipment import utc_now
from bot.errors import SluiceError, UserError
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from bot.logs import set_up_logs
from bot.outfit import Outfit, outfit_of
from bot.policy_file import read_policy
from bot.settings import Settings, read_settings

log = structlog.get_logger(__name__)
PACE = 0.5  # seconds between two looks at the ledger
POLICY = ".github/sluice.toml"
MOMENT = 1.0  # seconds, for whoever has the lease only to look


def main(given: Sequence[str]) -> int:
    mate, config, data_dir, *lock = given
    held = handed_on(int(lock[0])) if lock else None
    settings = read_settings(Path(config)) if config else read_settings()
    settings = settings.model_copy(update={"data_dir": Path(data_dir)})
    set_up_logs(settings.log_level, settings.secrets())
    return asyncio.run(_main(settings, mate, held))


async def _main(settings: Settings, mate: str, held: IO[str] | None = None) -> int:
    """Until nothing is left to do. What was told in the moment in which it ended is looked for once more."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    ledger = await open_ledger(settings.ledger_url())
    try:
        while next_of(await ledger.told(mate)):
            lease, held = held or take(folder_for(settings, mate), MOMENT), None
            if lease is None:
                return 0  # another process sees to it
            with lease:
                try:
                    await _carry_out(settings, ledger, mate)
                except UserError as error:  # its peer is not set up any more, say
                    await end_lost(ledger, await ledger.told(mate), str(error))
    except asyncio.CancelledError:
        log.info("stopped: the next command goes on where it was", agent=mate)
    finally:
        await ledger.close()
    return 0


def next_of(told: Told) -> Command | None:
    """The first command that is not over."""
    return next((each for each in told.commands if not _over(told, each)), None)


def _over(told: Told, command: Command) -> bool:
    """One whose process was gone goes on, unless somebody has stopped it since."""
    run = told.run_of(command)
    ended = run is not None and run.state == "ended"
    gone = ended and run is not None and run.outcome is not None and run.outcome.gone
    return bool(command.dropped) or (ended and not (gone and not _stopped(told.mate, command)))


async def _carry_out(settings: Settings, ledger: SqlLedger, name: str) -> None:
    told = await ledger.told(name)
    peer, git = peer_for(settings, told.mate), git_of(settings, told.mate.folder)
    async with outfit_of(settings, ledger, git, folder_for(settings, name), [peer]) as outfit:
        outfit.launcher.reap()
        worker = Worker(settings, outfit, peer)
        while command := next_of(told):
            try:
                await worker.carry_out(told, command)
            except SluiceError as error:
                await ledger.note_command(name, command.number, dropped=str(error))
            except asyncio.CancelledError:
                outfit.engine.stopping = True
                raise
            told = await ledger.told(name)


class Worker:
    """Of one agent."""

    def __init__(self, settings: Settings, outfit: Outfit, peer: Peer) -> None:
        self.settings, self.outfit, self.peer, self.ledger = settings, outfit, peer, outfit.ledger
        self.work = Work()  # of the repository's policy

    async def carry_out(self, told: Told, command: Command) -> None:
        run = told.run_of(command)
        job = run.job if run and run.state != "ended" else await self._admitted(told, command)
        if job is None:
            return
        mate = told.mate
        working = asyncio.create_task(self.outfit.runs.run(job))
        try:
            await self._until_over(working, mate, command, job)
        except asyncio.CancelledError:
            self.outfit.engine.stopping = True
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            raise
        await self._show(mate)

    async def _admitted(self, told: Told, command: Command) -> str | None:
        """The run's job, once it is let in; None: it never will be."""
        waited = ""
        while True:
            why, final = await self._why_not(told.mate, command)
            if not why:
                self.work = (await self._policy(told.mate)).work
                plan = await self._plan(told, command)
                item, claim = await self._place(told.mate, command, plan)
                refused = await self._admit(item, claim, plan)
                if refused is None:
                    await self.ledger.note_command(told.mate.id, command.number, run=plan.key, waits="")
                    (run,) = await self.ledger.runs(plan.key, limit=1)
                    return run.job
                why, final = refused.reason, not refused.full
            if final:
                await self.ledger.note_command(told.mate.id, command.number, dropped=why, waits="")
                return None
            if why != waited:
                await self.ledger.note_command(told.mate.id, command.number, waits=why)
                waited = why
            await asyncio.sleep(PACE)

    async def _why_not(self, mate: Mate, command: Command) -> tuple[str, bool]:
        """Why it does not begin yet, and whether it never will; empty: it may."""
        told = await self.ledger.told(mate.id)
        if stopped := _stopped(told.mate, command):
            return stopped, True
        used = (told.used or NOTHING).tokens
        if mate.max_tokens is not None and used >= mate.max_tokens:
            return f"it has used the {counted(mate.max_tokens)} it may use", True
        if paused := await self.ledger.paused_all_by():
            return f"everything is paused by {paused}", False
        others = [await self._awaited(other) for other in mate.after]
        if failed := [other.mate.name for other in others if other.status == "failed"]:
            return f"agent {', '.join(failed)} failed, whose work it was to go on with", True
        if waits := [other.mate.name for other in others if not other.over or self._at_work(other)]:
            return f"for agent {', '.join(waits)}", False
        return "", False

    async def _awaited(self, other: str) -> Told:
        """One whose process was killed is over: nobody waits for it for ever."""
        return await present(folder_for(self.settings, other), self.ledger, await self.ledger.told(other))

    def _at_work(self, other: Told) -> bool:
        """Its process is there: it may be about to show its last work on its branch, from which is gone on."""
        return is_held(folder_for(self.settings, other.mate.id))

    async def _policy(self, mate: Mate) -> Policy:
        """As the branch has it that the agent was created on; what another agent made of it counts for nothing."""
        await self.outfit.git.fetch(mate.repo)
        text = await self.outfit.git.show(mate.repo, mate.base, POLICY)
        found = read_policy(text) if text else Policy()
        if isinstance(found, str):
            raise UserError(f"{POLICY} on {mate.base}: {found}")
        if text and found.mode == "off":
            raise UserError(f'{POLICY} on {mate.base} says mode = "off"')
        await self.ledger.note_repository(mate.repo, text, "local", None, None, utc_now())
        return found

    async def _plan(self, told: Told, command: Command) -> RunPlan:
        """The run that it had when its process was gone, once more; else its first."""
        if command.run and (known := await self.ledger.plan_of(command.run)):
            return replace(known, restart=True)
        mate, cause = told.mate, f"{told.mate.id}:{command.number}"
        evidence, base = evidence_of([cause]), await self._base(mate)
        brief = await self._brief(told, command)
        return RunPlan(
            run_key(mate.id, "command", base, evidence),
            "command",
            mate.peer,
            command.number,
            cause,
            evidence,
            base,
            brief.whole,
            (cause,),
            first=False,
            dossier=brief.news if command.number > 1 else "",
        )

    async def _base(self, mate: Mate) -> str:
        """The branch it begins from: that of the first agent it waited for which has one."""
        for other in mate.after:
            told = await self.ledger.told(other)
            if told.runs and told.produced:
                return told.mate.branch
        return mate.base

    async def _brief(self, told: Told, command: Command) -> Brief:
        handed = []
        for other in told.mate.after if command.number == 1 else ():
            known = await self.ledger.told(other)
            handed.append(Handed(known.mate.name, known.result, known.produced or ()))
        ended = [run for run in told.runs if run.state == "ended"]
        before = [
            (each.text, run.outcome.summary) for each, run in zip(told.commands, ended, strict=False) if run.outcome
        ]
        return mate_brief(told.mate.name, told.mate.branch, command.text, before, handed)

    async def _place(self, mate: Mate, command: Command, plan: RunPlan) -> tuple[Item, Claim | None]:
        """Its item, and the claim that its first run begins with."""
        await self.ledger.keep_local(mate.id, mate.repo, mate.name, utc_now())
        item = await self.ledger.item(mate.id)
        if item.claim:
            return item, None
        go_ahead = GoAhead(plan.go_ahead, mate.by, command.at, mate.name, command.text, by_command=True)
        return item, Claim(mate.peer, mate.branch, plan.head, go_ahead, plan)

    async def _admit(self, item: Item, claim: Claim | None, plan: RunPlan) -> Refusal | None:
        used = (await self.ledger.told(item.id)).used or NOTHING
        limits = self.peer.limits
        most = (await self.ledger.told(item.id)).mate.max_tokens
        if most is not None:
            before = used.tokens - (await self.ledger.used(plan.key)).tokens  # the run's cap is for all its attempts
            limits = replace(limits, tokens=min(limits.tokens, most - before))
        peer, caps = replace(self.peer, limits=limits), self.settings.cap_values()
        refusal = await self.ledger.admit(item.id, claim, plan, caps, self.work, peer, utc_now())
        if refusal and refusal.soon and await free_abandoned(self.ledger, utc_now(), but=item.id):
            refusal = await self.ledger.admit(item.id, claim, plan, caps, self.work, peer, utc_now())
        return refusal

    async def _until_over(self, working: asyncio.Task[None], mate: Mate, command: Command, job: str) -> None:
        """It is ended, its work kept, when somebody stops it or everything."""
        run, stopping = job.partition(".")[0], False
        while not working.done():
            await asyncio.wait({working}, timeout=PACE)
            told = (await self.ledger.told(mate.id)).mate
            if not stopping and (_stopped(told, command) or await self.ledger.paused_all_by()):
                stopping = True
                self.outfit.agents.end(run, "cancelled")
        await working

    async def _show(self, mate: Mate) -> None:
        """Its branch is there for people to look at, and for the agents that go on from it."""
        item = await self.ledger.item(mate.id)
        if item.claim is None:
            return
        told = await self.ledger.told(mate.id)
        if told.produced and told.runs:
            spec = spec_of(mate, item.claim.base)
            there = await self.outfit.git.remote_refs(mate.repo, f"refs/heads/{mate.branch}")
            await self.outfit.git.push(spec, there.get(f"refs/heads/{mate.branch}"))


def _stopped(mate: Mate, command: Command) -> str:
    """Why a command is not done any more."""
    if mate.stopped_at is None or command.at > mate.stopped_at:
        return ""
    return f"stopped by {mate.stopped_by}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
