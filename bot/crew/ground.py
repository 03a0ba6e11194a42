"""Where the crew works: a repository on this machine takes the place of a remote, and nothing is asked of GitHub."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bot.context import Context, GitHub
from bot.core.crew import Mate
from bot.core.run import Peer
from bot.core.worktree import WorkSpec
from bot.errors import SluiceError, UserError
from bot.git import Git
from bot.ledger.ledger import SqlLedger
from bot.logs import Hiding
from bot.prices import price_of
from bot.settings import Settings
from bot.wiring import agents_of, gateway_of, sandbox_or_consent, utc_now

if TYPE_CHECKING:
    from bot.agents import Agents, Launcher
    from bot.runs import Runs

AUTHOR = ("Sluice", "sluice@localhost")


class Alone:
    """In place of the engine: the process carries out one run and no other."""

    stopping = False

    async def submit(self, key: str, queue: str, priority: int = 1) -> None:
        raise SluiceError(f"{key} is not the engine's")

    async def cancel(self, key: str) -> None:
        raise SluiceError(f"{key} is not the engine's")

    async def status(self, key: str) -> str | None:
        return None


class NoGitHub:
    """A repository on this machine has none behind it."""

    login = "sluice"

    def __getattr__(self, name: str) -> Any:
        raise SluiceError(f"GitHub is not asked for `{name}` on account of a repository on this machine")


@dataclass(frozen=True)
class Ground:
    """What one agent's work needs."""

    runs: Runs
    agents: Agents
    launcher: Launcher
    git: Git
    engine: Alone
    ledger: SqlLedger


@asynccontextmanager
async def ground_of(settings: Settings, ledger: SqlLedger, mate: Mate, peer: Peer) -> AsyncIterator[Ground]:
    """Its homes, logs and leases lie in a folder of its own, so that no agent is taken for another's orphan."""
    from bot.agents import Launcher
    from bot.runs import Runs

    sandbox_or_consent(settings)
    root = folder_for(settings, mate.id)
    launcher, gateway, engine = Launcher(root), gateway_of(settings, utc_now), Alone()
    git = git_of(settings, mate.folder)
    context = Context(
        now=utc_now,
        github=cast(GitHub, NoGitHub()),
        git=git,
        engine=engine,
        ledger=ledger,
        boards={},
        peers=(peer,),
        caps=settings.cap_values(),
        price=price_of,
    )
    agents = agents_of(settings, root, launcher, gateway)
    runs = Runs(context, agents, root / "outcomes", Hiding(settings.secrets()).text, settings.pace.meter_seconds)
    gateway.meter.keep, gateway.meter.over_budget = runs.spending.keep, runs.spending.refusal
    try:
        yield Ground(runs, agents, launcher, git, engine, ledger)
    finally:
        await agents.close()


def git_of(settings: Settings, folder: str) -> Git:
    """All agents of a repository share its mirror."""

    async def no_token(_repo: str) -> str:
        return ""

    return Git(settings.data_dir / "crew", lambda _repo: f"file://{folder}", no_token, AUTHOR)


def spec_of(mate: Mate, base: str) -> WorkSpec:
    return WorkSpec(mate.repo, mate.id, mate.branch, base)


def folder_for(settings: Settings, mate: str) -> Path:
    return settings.data_dir / "crew" / "agents" / mate


def repo_of(folder: Path) -> str:
    """What git calls a repository on this machine: one name for each folder."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-.")[:60] or "repository"
    return f"local/{name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def branch_of(folder: Path) -> str:
    """The branch the repository stands on, with at least one commit."""
    told = subprocess.run(
        ["git", "symbolic-ref", "--quiet", "--short", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    branch = told.stdout.strip()
    if told.returncode or not branch:
        raise UserError(f"{folder} stands on no branch: `git switch BRANCH` first, or say --base BRANCH")
    there = ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"]
    if subprocess.run(there, cwd=folder, capture_output=True, check=False).returncode:
        raise UserError(f"branch {branch} of {folder} has no commit yet: commit something first")
    return branch
