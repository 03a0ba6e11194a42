"""The settings init writes are what it was told, whatever signs are in the names."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.init.files import put, settings_text

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(NAMES, NAMES, st.lists(NAMES))
def test_every_name_survives(secret: str, column: str, repositories: list[str]) -> None:
    """Quotes, pictures, control characters: TOML reads back what was written."""
    board = {"ready": column, "draft_repository": secret, "others": repositories}
    text = settings_text({"token": secret, "app_id": 7}, {"acme/1": board}, "my-agent --say 'two words'")
    read = tomllib.loads(text)
    assert read["github"] == {"token": secret, "app_id": 7} and read["boards"]["acme/1"] == board
    assert read["peers"]["helper"]["command"] == ["my-agent", "--say", "two words"]


def test_what_was_there_is_kept_and_nobody_else_reads_the_new(tmp_path: Path) -> None:
    """However open the old file was."""
    file = tmp_path / "sluice.toml"
    file.write_text("old")
    old = put(file, "new", 0o600)
    assert old and (old.read_text(), file.read_text()) == ("old", "new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "agent, name, told",
    [
        ("claude", "claude", {"runtime": "claude"}),
        (
            "/opt/codex/codex --profile work",
            "codex",
            {"runtime": "codex", "command": ["/opt/codex/codex", "--profile", "work"]},
        ),
        ("gemini", "gemini", {"runtime": "acp", "command": ["gemini"]}),
        ("true", "helper", {"command": ["true"]}),
    ],
)
def test_a_known_agent_is_driven_in_its_own_language(agent: str, name: str, told: dict[str, object]) -> None:
    """By its program's name, wherever it lies; another program gets its brief on standard input."""
    read = tomllib.loads(settings_text({"token": "x"}, {"acme/1": {}}, agent))
    assert read["peers"] == {name: told}
