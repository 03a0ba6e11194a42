"""What the work of the command line needs, an agent's or a task's: the same runs as a board's, with nothing that asks
GitHub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.agents import Agents, Launcher
from bot.consent import sandbox_or_consent
from bot.context import Context, GitHub
from bot.core.run import Peer
from bot.equipment import agents_of, gateway_of, utc_now
from bot.errors import SluiceError
from bot.git.facade import Git
from bot.ledger.ledger import SqlLedger
from bot.logs import Hiding
from bot.prices import price_of
from bot.runs import Runs
from bot.settings import Settings

NOTHING: Mapping[str, str] = {}


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
class Outfit:
    """For one agent of the crew, or for one task."""

    runs: Runs
    agents: Agents
    launcher: Launcher
    git: Git
    engine: Alone
    ledger: SqlLedger


@asynccontextmanager
async def outfit_of(
    settings: Settings,
    ledger: SqlLedger,
    git: Git,
    root: Path,
    peers: Sequence[Peer],
    shared: Mapping[str, str] = NOTHING,
) -> AsyncIterator[Outfit]:
    """Homes, logs and leases lie in `root`, a folder of their own, so that no agent is taken for another's orphan.
    `shared`: files that every run finds in its worktree, by path."""
    sandbox_or_consent(settings)
    hide = Hiding(settings.secrets()).text
    launcher, gateway, engine = Launcher(root, hide), gateway_of(settings, utc_now), Alone()
    context = Context(
        now=utc_now,
        github=cast(GitHub, NoGitHub()),
        git=git,
        engine=engine,
        ledger=ledger,
        boards={},
        peers=tuple(peers),
        caps=settings.cap_values(),
        price=price_of,
    )
    agents = agents_of(settings, root, launcher, gateway)
    runs = Runs(context, agents, root / "outcomes", hide, settings.pace.meter_seconds, shared)
    gateway.meter.keep, gateway.meter.over_budget = runs.spending.keep, runs.spending.refusal
    try:
        yield Outfit(runs, agents, launcher, git, engine, ledger)
    finally:
        await agents.close()
