"""The crew's verbs: create, command, look, read, interrupt, delete. Everything is read from this machine alone: looking
costs no token and asks nothing of GitHub."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from bot.agents.erasing import erase
from bot.agents.homes import Homes
from bot.agents.runtimes import program_of
from bot.agents.transcripts import in_context
from bot.consent import sandbox_or_consent
from bot.core.crew import NAME, Mate, Told
from bot.core.item import at_shell
from bot.core.run import Outcome
from bot.crew import lease
from bot.crew.ground import branch_of, folder_for, git_of, repo_of, shows, spec_of
from bot.crew.hiring import is_counted, model_for, named
from bot.equipment import utc_now
from bot.errors import LedgerBusy, UserError
from bot.ledger.ledger import SqlLedger
from bot.settings import Settings

PACE, PATIENCE = 0.2, 60.0  # seconds: between two looks at one that is to end, and how long it has
MOMENT = 0.1  # seconds, for whoever only looks


@dataclass(frozen=True)
class Crew:
    """Of one repository on this machine. `config`: the settings file, for the processes that are begun."""

    settings: Settings
    ledger: SqlLedger
    folder: Path
    config: Path | None = None

    async def create(
        self,
        name: str,
        task: str = "",
        *,
        model: str = "",
        max_tokens: int | None = None,
        peer: str = "",
        after: Sequence[str] = (),
        base: str = "",
    ) -> Mate:
        """It begins at once, in the background; `after`: once these agents are done, and where the first one ended."""
        if not NAME.fullmatch(name):
            raise UserError(f"{name!r} is no name: letters, digits, dots and dashes, at most 40")
        if max_tokens is not None and max_tokens < 1:
            raise UserError("an agent needs at least one token: give max_tokens a larger number")
        if task:
            _said(task)
        sandbox_or_consent(self.settings)
        by = named(self.settings, peer)
        id = f"{name}-{secrets.token_hex(2)}"
        mate = Mate(
            id,
            name,
            str(self.folder),
            repo_of(self.folder),
            by.name,
            branch_of(self.folder, base),
            utc_now(),
            at_shell(getpass.getuser()),
            model_for(by, model),
            max_tokens,
            tuple([(await self.ledger.mate(other, str(self.folder))).id for other in after]),
            lock=str((folder_for(self.settings, id) / lease.LOCK).resolve()),
        )
        await self.ledger.create_mate(mate)
        if task:
            await self.command(mate.id, task)
        return mate

    def caveats(self, mate: Mate, model: str) -> list[str]:
        """What of what was asked for does not bind its program."""
        found = ["its program chooses its model itself"] if model and not mate.model else []
        if mate.max_tokens and not is_counted(self.settings, named(self.settings, mate.peer)):
            found.append("max_tokens holds as far as its program tells what it uses")
        return found

    async def command(self, text: str, task: str) -> Mate:
        """A task more: what it was told before is done first, and it remembers that."""
        _said(task)
        mate = await self.ledger.mate(text, str(self.folder))
        folder = folder_for(self.settings, mate.id)
        held = lease.take(folder, MOMENT)  # before the command is there: nobody finds one without its process
        try:
            await self.ledger.command_mate(mate.id, task, utc_now())
            lease.begin(folder, mate.id, self.config, self.settings.data_dir, held)
        finally:
            if held:
                held.close()
        return mate

    async def look(self, text: str) -> Told:
        mate = await self.ledger.mate(text, str(self.folder))
        return await self._seen(await self.ledger.told(mate.id))

    async def all(self, deleted: bool = False) -> list[Told]:
        return [await self._seen(told) for told in await self.ledger.crew(str(self.folder), deleted)]

    async def interrupt(self, text: str) -> Told:
        """What it is at ends now, its work kept; the next command goes on from there."""
        mate = await self.ledger.mate(text, str(self.folder))
        return await self._stopped(mate)

    async def delete(self, text: str) -> Mate:
        """It is ended, its work saved; then its worktree and its memory go. Its record and its branch stay."""
        mate = await self.ledger.mate(text, str(self.folder))
        if mate.deleted_at:
            return mate
        await self._stopped(mate)
        with await self._lease(mate):
            told = await self.ledger.told(mate.id)
            if told.mate.deleted_at:  # by another shell
                return told.mate
            left = await self._put_away(mate) if told.runs else "it never began"
            await self.ledger.dismiss_mate(mate.id, left, utc_now())
            root = folder_for(self.settings, mate.id)
            for memory in ("homes", "desks", "runs", "outcomes"):
                erase(root / memory)
        return await self.ledger.mate(mate.id, str(self.folder))

    async def delete_all(self) -> list[Mate]:
        """Those that wait for others first: they never begin."""
        crew = await self.ledger.crew(str(self.folder))
        return [await self.delete(told.mate.id) for told in reversed(crew)]

    async def _stopped(self, mate: Mate) -> Told:
        """Once nothing of it works any more. What a killed process left open is ended here."""
        seen = await self._seen(await self.ledger.told(mate.id))
        if seen.gone or not seen.over:
            await self.ledger.stop_mate(mate.id, at_shell(getpass.getuser()), utc_now())
        with await self._lease(mate):
            told = await self.ledger.told(mate.id)
            if not told.over:
                await end_lost(self.ledger, told, "stopped")
        return await self.ledger.told(mate.id)

    async def _lease(self, mate: Mate) -> IO[str]:
        """Once its process has ended: nothing else works on it until this is given back."""
        for _ in range(round(PATIENCE / PACE)):
            if held := lease.take(folder_for(self.settings, mate.id)):
                return held
            await asyncio.sleep(PACE)
        raise LedgerBusy(f"agent {mate.name} does not end: its process still works; try again in a moment")

    async def _put_away(self, mate: Mate) -> str:
        """Saved first, then shown as its branch, then its worktree goes; where the work is, in words."""
        item = await self.ledger.item(mate.id)
        if item.claim is None:
            return "it never began"
        git, spec = git_of(self.settings, mate.folder), spec_of(mate, item.claim.base)
        ref = f"refs/heads/{mate.branch}"
        if not git.has_worktree(spec):  # a delete that was cut short comes to its end
            shown = ref in await git.remote_refs(mate.repo, ref)
            return f"branch {mate.branch}" if shown else "nothing was left"
        work = await git.collect(spec, f"Work of agent {mate.name}", {"Sluice-Agent": mate.peer})
        await git.save(spec)
        pushed = None if work.empty else await git.push(spec, (await git.remote_refs(mate.repo, ref)).get(ref))
        await git.remove_worktree(spec)
        if work.empty:
            return "it changed no file"
        return f"branch {mate.branch}" if pushed and pushed.outcome == "pushed" else f"ref {spec.saved_ref}"

    async def _seen(self, told: Told) -> Told:
        """With what its process and its program's own transcript tell."""
        root, mate = folder_for(self.settings, told.mate.id), told.mate
        told = await lease.present(root, self.ledger, told)
        if told.over and (work := told.work) and not work.empty:
            alive = lease.is_held(root)  # before the branch is looked at: while it is held that may yet be moved
            told = replace(told, alive=alive, behind=not shows(self.folder, mate.branch, work.head))
        if not (root / "homes").is_dir() or mate.peer not in self.settings.peers:
            return told
        home = Homes(root).of(mate.id, mate.peer)
        program = program_of(named(self.settings, mate.peer))
        return replace(told, context=in_context(program, home.path, home.session.id))


def _said(task: str) -> None:
    if not task.strip():
        raise UserError("say what the agent is to do")


async def end_lost(ledger: SqlLedger, told: Told, why: str) -> None:
    """Of commands whose process is gone: they are over."""
    for command in told.commands:
        run = told.run_of(command)
        if run is None and not command.dropped:
            await ledger.note_command(told.mate.id, command.number, dropped=why, waits="")
        if run and run.state != "ended":
            await ledger.end_run(run.key, Outcome("lost", why, 0.0, ""), None, utc_now())
