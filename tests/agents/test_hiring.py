"""`sluice demo --peer`: who may work in the player's place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.demo.hired import hire
from tests.agents.test_peer_command import settings
from tests.stories.test_cli import sluice

pytestmark = pytest.mark.slow


async def test_who_cannot_work_is_not_hired(tmp_path: Path) -> None:
    """Nobody of that name, a program that is not there, one without a login: a sentence each, and nothing starts."""
    config = settings(tmp_path, robin={"runtime": "claude"}, absent={"runtime": "command", "command": ["/nowhere/x"]})
    for name, words in (("nobody", "no agent 'nobody'"), ("absent", "/nowhere/x is not installed")):
        told = await sluice("demo", "--peer", name, config=config)
        assert told.code == 2 and words in told.err


def test_who_is_hired_takes_every_item_and_step(tmp_path: Path) -> None:
    """Whatever it is kept to elsewhere: the scout's step of a plan, too, and a repository it has never heard of."""
    kept = {"role": "builder", "repositories": ["me/*"], "labels": ["robots"], "model": "best"}
    config = settings(tmp_path, robin={"runtime": "claude", "command": [sys.executable], "api_key": "key", **kept})
    table, words = hire("robin", config)
    assert not {"role", "repositories", "labels"} & table.keys() and table["model"] == "best"
    assert "an API key" in words
