"""`sluice doctor`: what is right, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.finding import Finding
from bot.cli.given import settings_of
from bot.cli.options import AsJson, Config
from bot.cli.output import print_json, print_table
from bot.errors import Refused, SluiceError, UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.github.deliverylog import DeliveryLog
    from bot.settings import Settings

LEAST_GIT = (2, 38)  # merge-tree --write-tree
LEAST_DISK = 2_000_000_000  # bytes
NOT_IN = (
    "the newest did not come in: does `sluice serve` run, does the address in the App's settings lead to it, and is "
    "the secret there github.webhook_secret? What was answered stands there under “Advanced”"
)


def doctor(
    config: Config = FILE,
    as_json: AsJson = False,
    write: Annotated[
        bool, typer.Option("--write", help="Try to write, too: on a scratch issue, which is closed again.")
    ] = False,
    issue: Annotated[str, typer.Option("--issue", help="With --write: this one instead, owner/name#number.")] = "",
) -> None:
    """Check token, permissions, board, columns, agents, git, disk and webhooks; exit code 1 if something is wrong."""
    if issue and not write:
        raise UserError("--issue says where to write, which only --write does")
    if not asyncio.run(report(settings_of(config), write, issue, as_json)):
        raise typer.Exit(1)


async def report(settings: Settings, write: bool = False, issue: str = "", as_json: bool = False) -> bool:
    """Says what was found; False if something is wrong."""
    findings = [*here(settings), *await _peers(settings), *await _held(settings)]
    findings += [finding async for finding in _github(settings, write, issue)]
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        print_table(("", "what", ""), [[f.state, f.what, f.told] for f in findings])
    return all(finding.state != "wrong" for finding in findings)


def here(settings: Settings) -> list[Finding]:
    """What this machine alone can tell."""
    return [
        *(Finding("sluice.toml", "warning", warning) for warning in settings.warnings),
        _git(),
        _disk(settings.data_dir),
        _ledger(settings),
        *_key(settings.github.private_key_file),
        _sandbox(settings),
        _webhooks(settings),
        _heartbeat(settings),
    ]


def _git() -> Finding:
    if not shutil.which("git"):
        return Finding("git", "wrong", "not installed; install git 2.38 or newer")
    text = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout.split()[2]
    version = tuple(int(part) for part in text.split(".")[:2])
    if version < LEAST_GIT:
        return Finding("git", "wrong", f"{text} is too old; 2.38 or newer is needed to merge without a checkout")
    return Finding("git", "ok", text)


def _disk(folder: Path) -> Finding:
    place = next(p for p in (folder.resolve(), *folder.resolve().parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < LEAST_DISK:
        return Finding("disk", "wrong", f"{free / 1e9:.1f} GB free for {folder}; worktrees need at least 2 GB")
    return Finding("disk", "ok", f"{free / 1e9:.0f} GB free for {folder}")


def _ledger(settings: Settings) -> Finding:
    if settings.database:
        return Finding("ledger", "ok", "PostgreSQL; backing that database up is yours, before a new version above all")
    if (file := settings.data_dir / "ledger.db").exists():
        from bot.ledger.upgrade import trouble_with  # here, so that the other commands start quickly

        if trouble := trouble_with(file):
            return Finding("ledger", "wrong", trouble)
    return Finding("ledger", "ok", f"SQLite in {settings.data_dir}; copied to backups/ there before its tables change")


def _key(file: Path | None) -> list[Finding]:
    if file is None or not file.exists() or not file.stat().st_mode & 0o077:
        return []
    return [Finding("App's key", "warning", f"{file} is not yours alone to read: chmod 600 {file}")]


def _sandbox(settings: Settings) -> Finding:
    from bot.agents.sandbox import bubblewrap_works  # here, so that the other commands start quickly
    from bot.agents.users import users_work

    if bubblewrap_works():
        return Finding("sandbox", "ok", f"bubblewrap{_shared(settings)}")
    if users_work(settings.data_dir.resolve()):
        weaker = (
            "no bubblewrap: each run is a user of its own, to whom Sluice's folder and other runs are shut, but not "
            "mirrors, other programs of this machine, or what everybody may read"
        )
    else:
        weaker = "no bubblewrap: agents get no variable of Sluice's, but see and change whatever its user can"
    allowed = "unsandboxed = true allows it" if settings.unsandboxed else "on github.com Sluice does not start so"
    return Finding("sandbox", "warning", f"{weaker} ({allowed}); install it: apt install bubblewrap")


def _shared(settings: Settings) -> str:
    """A sandbox with the machine's network has its loopback as well."""
    names = ", ".join(peer.name for peer in settings.peer_list() if peer.network == "open")
    if not names:
        return ""
    metrics = "" if settings.server.metrics_token else ", /metrics of Sluice among them (server.metrics_token shuts it)"
    return (
        f"; {names}: reaches the network, so also what listens on this machine for everybody on it, databases and the "
        f'like{metrics}; network = "model-only" shuts all of it'
    )


def _webhooks(settings: Settings) -> Finding:
    if settings.github.webhook_secret is None:
        return Finding("webhooks", "warning", "no webhook_secret: Sluice works by sweeps alone, and reacts more slowly")
    where = f"received on {settings.server.host}:{settings.server.port}/webhooks/github"
    if settings.github.app_id is None:
        return Finding("webhooks", "ok", f"{where}; only an App may read which were missed: the sweep alone finds them")
    return Finding("webhooks", "ok", f"{where}; missed ones are asked for again")


def _heartbeat(settings: Settings) -> Finding:
    repo = settings.heartbeat.repository
    if repo is None:
        return Finding(
            "heartbeat", "ok", "none: nobody is told when Sluice falls silent; see [heartbeat] in the README"
        )
    return Finding("heartbeat", "ok", f"left in {repo} every five minutes, for its .github/workflows/heartbeat.yml")


async def _peers(settings: Settings) -> list[Finding]:
    if not settings.peers:
        return [Finding("agents", "wrong", "none: add a [peers.NAME] table to sluice.toml")]
    from bot.cli.agents import agents_found  # here, so that the other commands start quickly

    return await agents_found(settings)


async def _held(settings: Settings) -> list[Finding]:
    """Agents that get nothing new, as the ledger has it where there is one yet."""
    if settings.database is None and not (settings.data_dir / "ledger.db").exists():
        return []
    from bot.cli.ledger import held_agents  # here, so that the other commands start quickly

    try:
        return [Finding(f"agent {name}", "warning", told) for name, told in await held_agents(settings)]
    except SluiceError as error:
        return [Finding("agents", "warning", f"how they stand could not be read: {error}")]


def _token(named: str | None, login: str) -> Finding:
    if named and named.casefold() != login.casefold():
        told = (
            f"belongs to {login}, but github.login says {named}: Sluice would not know its own comments; remove the key"
        )
        return Finding("token", "wrong", told)
    checks = "" if login.endswith("[bot]") else "; no App, so what workflow gates say stands in comments, not in checks"
    return Finding("token", "ok", f"acts as {login}{checks}")


async def _missed(log: DeliveryLog) -> bool:
    """The newest webhook did not come in. An App that sends none has no log."""
    try:
        return any(not attempt.ok for attempt in await log.newest())
    except Refused:
        return False


async def _github(settings: Settings, write: bool, issue: str) -> AsyncIterator[Finding]:
    if not settings.boards:
        yield Finding("boards", "wrong", 'none: add a [boards."owner/number"] table to sluice.toml')
        return
    from bot.cli import permissions
    from bot.cli.granting import granting
    from bot.cli.probing import Writing, probed
    from bot.wiring import find_boards, github_and_git, identity_of

    try:
        identity = identity_of(settings)
        login = await identity.login()
        yield _token(settings.github.login, login)
        grants = await granting(identity, login)
        boards = any(board.token is None for board in settings.boards.values())
        for finding in grants.lacking((key.partition("/")[0] for key in settings.boards), boards):
            yield finding
        async with github_and_git(settings) as (github, git):
            if github.deliveries and settings.github.webhook_secret and await _missed(github.deliveries):
                yield Finding("webhooks", "warning", NOT_IN)
            for found in await find_boards(settings, github):
                if isinstance(found, str):
                    yield Finding("board", "wrong", found)
                    continue
                if found.lost:
                    yield Finding(f"board {found.key}", "wrong", f"paused: {found.lost}")
                    continue
                repositories = await permissions.repositories(
                    github, found, settings.boards[found.key].draft_repository
                )
                pace = settings.pace.sweep_seconds
                async for finding in permissions.of_board(github, git, found, repositories, pace):
                    yield finding
                if write and (place := Writing(issue).place(repositories)):
                    async for finding in probed(github, git, grants, found, place):
                        yield finding
    except UserError:
        raise
    except SluiceError as error:
        yield Finding("GitHub", "wrong", str(error))
