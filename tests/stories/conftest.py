"""Stories run against one localhub for all of them; each has a world of its own on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.localhub.talk import LocalHub
from tests.stories.newcomer import Newcomer
from tests.world import World

MakeWorld = Callable[..., Any]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    command = [str(Path(sys.executable).with_name("localhub")), "serve", "--port", "0"]
    command += ["--root", str(tmp_path_factory.mktemp("localhub"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield LocalHub(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


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
