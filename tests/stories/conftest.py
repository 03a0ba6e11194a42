"""Stories run against one localhub for all of them; each has a world of its own on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.localhub.talk import LocalHub
from tests.stories.newcomer import Newcomer
from tests.world import World

MakeWorld = Callable[..., Any]


@pytest.fixture
async def make_world(hub: LocalHub, tmp_path: Path) -> AsyncIterator[MakeWorld]:
    """Makes a world with something special about it."""
    async with AsyncExitStack() as stack:

        async def make(**special: Any) -> World:
            return await stack.enter_async_context(World(hub, tmp_path, **special))

        yield make


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world()


@pytest.fixture
def newcomer(
    hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Newcomer:
    """Somebody who sets Sluice up."""
    return Newcomer(hub, tmp_path, monkeypatch, capsys)
