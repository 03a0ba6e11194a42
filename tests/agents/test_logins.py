"""In whose name a real program works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.agents import Agents, Launcher, Model
from bot.agents.sandbox import bubblewrap_works
from bot.core.run import Assignment, Limits, Peer
from tests.agents.programs import program
from tests.models.scenario import Scenario, Turn
from tests.models.serving import Models

pytestmark = pytest.mark.slow


async def test_a_subscription_is_used_where_it_lies(tmp_path: Path, nearby: Models) -> None:
    """Claude Code finds the login of whoever runs Sluice, and nothing else of that home."""
    bubblewrap_works.cache_clear()
    login = {
        "accessToken": "oat-of-a-test",
        "refreshToken": "r",
        "expiresAt": 4_102_444_800_000,
        "scopes": ["user:inference"],
    }
    file = tmp_path / "user/.claude/.credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"claudeAiOauth": login}))
    url = nearby.play("subscribed", Scenario([Turn(say="Nothing to do.")]))
    models = {"robin": Model(env={"ANTHROPIC_BASE_URL": url})}
    agents = Agents(Launcher(tmp_path / "data"), tmp_path / "data", models, tmp_path / "user")
    peer = Peer("robin", "claude", tuple(program("claude")), limits=Limits(60, 60))
    (tmp_path / "tree").mkdir()
    outcome = await agents.run(Assignment("run", peer, 1, "Look", 1, "Look.", str(tmp_path / "tree"), item="item"))
    assert (outcome.ended, outcome.summary) == ("finished", "Nothing to do.")
    assert agents.login(peer).kind == "subscription"
    assert nearby.record("subscribed").asked[0].headers["authorization"] == "Bearer oat-of-a-test"
