"""`sluice demo --peer`: who may work in the player's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.test_peer_command import settings
from tests.stories.test_cli import sluice

pytestmark = pytest.mark.slow


async def test_who_cannot_work_is_not_hired(tmp_path: Path) -> None:
    """Nobody of that name, a program that is not there, one without a login: a sentence each, and nothing starts."""
    config = settings(tmp_path, robin={"runtime": "claude"}, absent={"runtime": "command", "command": ["/nowhere/x"]})
    for name, words in (("nobody", "no agent 'nobody'"), ("absent", "/nowhere/x is not installed")):
        told = await sluice("demo", "--peer", name, config=config)
        assert told.code == 2 and words in told.err
