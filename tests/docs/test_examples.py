"""The examples to copy are right as they stand, and stay short."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.policy import Policy
from bot.errors import SettingsError
from bot.policy_file import read_policy
from bot.settings import read_settings

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"
SETTINGS, POLICY = DOCS / "sluice.example.toml", DOCS / "policy.example.toml"
MOST = 15  # lines that are no comment


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no `.env` or `sluice.toml` of whoever runs the tests lies."""
    monkeypatch.chdir(tmp_path)


def test_the_settings_are_understood() -> None:
    """Whoever copies the example has an identity, a board and an agent."""
    settings = read_settings(SETTINGS)
    assert settings.github.app_id and settings.github.webhook_secret
    assert list(settings.boards) == ["my-org/1"]
    assert [(peer.name, peer.capacity) for peer in settings.peer_list()] == [("claude", 2)]


def test_the_policy_is_understood_and_safe() -> None:
    """Whoever copies the example starts in preview, and people merge."""
    policy = read_policy(POLICY.read_text())
    assert isinstance(policy, Policy), policy
    assert (policy.mode, policy.merge.by) == ("preview", "people")


@pytest.mark.parametrize("file", [SETTINGS, POLICY], ids=lambda file: file.name)
def test_fifteen_lines_are_enough(file: Path) -> None:
    """An example is read, not studied."""
    lines = [line for line in file.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(lines) <= MOST


def test_settings_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the README says: `SLUICE_`, the key in capitals, two underscores for each dot; the environment goes first."""
    monkeypatch.setenv("SLUICE_CAPS__RUNNING", "1")
    monkeypatch.setenv("SLUICE_GITHUB__WEBHOOK_SECRET", "from outside")
    settings = read_settings(SETTINGS)
    assert settings.caps.running == 1
    assert settings.github.webhook_secret and settings.github.webhook_secret.get_secret_value() == "from outside"


def test_a_misspelt_setting_is_named_with_the_nearest(tmp_path: Path) -> None:
    """A key nobody knows is refused, and the message says which one was probably meant."""
    file = tmp_path / "wrong.toml"
    file.write_text(SETTINGS.read_text().replace("capacity", "capacitiy"))
    with pytest.raises(SettingsError, match=r"peers\.claude\.capacitiy.*did you mean capacity"):
        read_settings(file)


def test_a_misspelt_policy_key_is_named_with_the_nearest() -> None:
    """A policy is as careful."""
    found = read_policy(POLICY.read_text().replace("rounds", "round"))
    assert isinstance(found, str) and "work.round" in found and "rounds" in found


def test_the_agents_of_the_readme_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand there, the key of one coming from the environment."""
    [block] = [part for part in README.read_text().split("```") if part.startswith("toml\n[peers.")]
    monkeypatch.setenv("SLUICE_PEERS__GEMINI__API_KEY", "from outside")
    file = tmp_path / "sluice.toml"
    file.write_text(block.removeprefix("toml\n"))
    peers = {peer.name: (peer.runtime, peer.network, peer.fallbacks) for peer in read_settings(file).peer_list()}
    assert peers == {
        "claude": ("claude", "open", ()), "codex": ("codex", "open", ("claude",)), "gemini": ("acp", "model-only", ()),
    }  # fmt: skip
