"""A large board: sweeps read the columns Sluice works with, and what left them by its id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.context import Context
from bot.core.budget import Caps
from bot.git.facade import Git
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from bot.service import Onlooker
from bot.sweep import Swept, sweep
from tests.contracts.github_world import GitHubWorld, world

__all__ = ["world"]
ARCHIVE = "mutation($p: ID!, $i: ID!) { archiveProjectV2Item(input: {projectId: $p, itemId: $i}) { item { id } } }"


class Sweeper:
    """Sweeps a board that counts as large from two cards on."""

    def __init__(self, world: GitHubWorld, ledger: SqlLedger, folder: Path) -> None:
        async def token(_repo: str) -> str:
            return str(world.app["token"])

        git = Git(folder, lambda repo: f"{world.url}/{repo}.git", token, ("sluice", "sluice@example.com"))
        self.world, self.ledger, self.late = world, ledger, timedelta()
        boards = {world.key: world.board}
        self.ctx = Context(self._now, world.github, git, Onlooker(), ledger, boards, (), Caps(), large_board=1)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.late

    async def sweep(self, asked: set[str] | None = None) -> tuple[Swept, int]:
        """With the points it cost."""
        before = self.world.costs[None, "graphql_points"]
        swept = await sweep(self.ctx, self.ledger, timedelta(minutes=10), asked)
        return swept, self.world.costs[None, "graphql_points"] - before

    async def columns(self) -> dict[str, str | None]:
        return {row.item.title: row.column for row in await self.ledger.items()}


@pytest.fixture
async def sweeper(world: GitHubWorld, tmp_path: Path) -> AsyncIterator[Sweeper]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield Sweeper(world, ledger, tmp_path)
    await ledger.close()


async def test_only_active_columns_are_read(world: GitHubWorld, sweeper: Sweeper) -> None:
    """The first sweep is of everything; then cards elsewhere are not asked for, until two hours are over."""
    items = {
        title: world.add_issue(title, column=column) for title, column in (("a", "Ready"), ("b", "Done"), ("c", None))
    }
    assert [await sweeper.sweep() for _ in range(2)] == [(Swept(1, 3, 3), 1), (Swept(1, 1, 0), 1)]
    world.move(items["c"], "Ready")
    assert (await sweeper.sweep())[0] == Swept(1, 2, 1)
    assert await sweeper.columns() == {"a": "Ready", "b": "Done", "c": "Ready"}
    world.remove_card(items["b"])
    assert (await sweeper.sweep())[0].cards == 2 and "b" in await sweeper.columns()
    sweeper.late = timedelta(hours=2)
    await sweeper.sweep()
    assert "b" not in await sweeper.columns()


async def test_it_rests_while_webhooks_come_in(world: GitHubWorld, sweeper: Sweeper) -> None:
    """Scanned lately and not asked for, it costs nothing; a webhook that only a scan explains has it scanned."""
    for title in ("a", "b"):
        world.add_issue(title, column="Ready")
    assert (await sweeper.sweep(set()))[1] == 1
    assert await sweeper.sweep(set()) == (Swept(), 0)
    assert (await sweeper.sweep({world.key}))[1] == 1
    sweeper.late = timedelta(minutes=5)
    assert (await sweeper.sweep(set()))[1] == 1


async def test_what_left_is_looked_at_by_its_id(world: GitHubWorld, sweeper: Sweeper) -> None:
    """Moved away, archived or removed: each is news, and nothing is concluded from an answer without it."""
    away, old, gone, stays = (world.add_issue(title, column="Ready") for title in ("away", "old", "gone", "stays"))
    await sweeper.sweep()
    world.move(away, "Done")
    await asyncio.to_thread(world.mona.graphql, ARCHIVE, p=world.board.project_id, i=old.id)
    world.remove_card(gone)
    swept, points = await sweeper.sweep()
    assert (swept, points) == (Swept(1, 1, 3), 2)
    assert await sweeper.columns() == {"away": "Done", "stays": "Ready"}
    assert stays.id in await sweeper.ledger.cards_in(world.key, ["Ready"])
