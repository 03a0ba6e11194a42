"""An agent of the command line that is Claude Code, with a scripted model."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.orchestrator import Orchestrator
from tests.agents.programs import program
from tests.agents.test_peer_command import claude, settings
from tests.contracts.git_world import git
from tests.models.scenario import Edit, Read, Scenario, Turn, Write
from tests.models.serving import Models

pytestmark = pytest.mark.slow


def test_claude_code_is_created_commanded_and_deleted(
    tmp_path: Path, nearby: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it read, changed and holds in its context is heard of it; commanded again it goes on in its session."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main", ".")
    (tmp_path / "api.py").write_text("def get(): ...\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "-m", "Begin")
    turns = [
        Turn([Read("api.py")]), Turn([Write("endpoints.md", "get\n")]), Turn(say="One endpoint."),
        Turn([Edit("endpoints.md", "get\n", "get\nput\n")]), Turn(say="Two endpoints."),
    ]  # fmt: skip
    played = nearby.play("crew", Scenario(turns))
    settings(tmp_path, robin=claude(played))
    monkeypatch.chdir(tmp_path)
    assert program("claude")
    said: list[str] = []
    orchestrator = Orchestrator(say=said.append)
    made = orchestrator.create_agent("scout-api", task="Find all API endpoints", max_tokens=100_000)
    assert orchestrator.sleep_with_status_checks(interval=0.5, timeout=60)
    status, output = orchestrator.get_agent_status(made), orchestrator.get_agent_output(made)
    assert (status["status"], status["model"], status["context_used"]) == ("complete", "sonnet", "1k tokens"), status
    assert (output["files_consumed"], output["files_produced"]) == (["api.py"], ["endpoints.md"])
    assert output["result"] == "One endpoint." and status["tokens"] == 3_150 and status["cost"] != "unknown"
    orchestrator.command_agent(made, "And those that write")
    assert orchestrator.sleep_with_status_checks(interval=0.5, timeout=60)
    output = orchestrator.get_agent_output(made)
    assert output["result"] == "Two endpoints."
    assert "# Agent scout-api: what is asked now" in nearby.record("crew").said()
    assert "branch sluice/agent-scout-api-" in orchestrator.delete_agent(made)["message"]
    assert git(tmp_path, "show", f"{output['branch']}:endpoints.md") == "get\nput"
