"""The process's settings: read once, from file and environment, with errors that say what to change."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.errors import SettingsError
from bot.settings import CapSettings, PeerSettings, Settings, read_settings
from bot.wiring import identity_of

COMMAND = 'command = ["agent"]'
EXAMPLE = """
[github]
token = "secret-token"
[boards."acme/1"]
ready = "To do"
[peers.claude]
command = ["claude", "-p"]
labels = ["docs"]
minutes = 30
[caps]
running = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, without the environment's own settings."""
    monkeypatch.chdir(tmp_path)
    for name in [key for key in __import__("os").environ if key.startswith("SLUICE_")]:
        monkeypatch.delenv(name)
    return tmp_path


def read(folder: Path, text: str) -> Settings:
    (folder / "mine.toml").write_text(text)
    return read_settings(folder / "mine.toml")


def test_file_is_read(folder: Path) -> None:
    """Boards, agents and caps come out as the judgement wants them."""
    found = read(folder, EXAMPLE)
    assert found.boards["acme/1"].columns().ready == "To do"
    (claude,) = found.peer_list()
    assert (claude.name, claude.command, claude.labels, claude.limits.wall_seconds) == (
        "claude",
        ("claude", "-p"),
        ("docs",),
        1800,
    )
    assert found.cap_values().running == 3


def test_nothing_at_all_is_cautious(folder: Path) -> None:
    """Without a file: no boards, no agents, two at once, loopback only."""
    found = read_settings()
    assert (found.boards, found.peer_list(), found.caps.running, found.server.host) == ({}, (), 2, "127.0.0.1")
    assert not found.unsandboxed


def test_environment_outranks_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable overrides the same key of the file."""
    monkeypatch.setenv("SLUICE_CAPS__RUNNING", "7")
    assert read(folder, EXAMPLE).caps.running == 7


def test_an_apps_key_may_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then no file is needed, no installation's id either, and the key is never shown."""
    monkeypatch.setenv("SLUICE_GITHUB__PRIVATE_KEY", "-----BEGIN KEY-----\\nabc")
    found = read(folder, "[github]\napp_id = 3")
    assert found.github.private_key and "abc" not in repr(found)
    assert found.secrets() == ("-----BEGIN KEY-----\\nabc",)


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(range(128, 256))])
def test_a_file_that_is_no_key_is_told(folder: Path, content: bytes) -> None:
    """Empty, something else, or not even text: a sentence names the file."""
    (folder / "app.pem").write_bytes(content)
    with pytest.raises(SettingsError, match=r"app\.pem holds no private key"):
        identity_of(read(folder, '[github]\napp_id = 3\nprivate_key_file = "app.pem"'))


def test_a_boards_own_token_is_as_secret(folder: Path) -> None:
    """It may look like nothing GitHub gives today, and is kept out of the log all the same."""
    assert read(folder, '[boards."ann/1"]\ntoken = "of-a-board"').secrets() == ("of-a-board",)


def test_secrets_are_not_shown(folder: Path) -> None:
    """Neither printing nor an error shows the token."""
    assert "secret-token" not in repr(read(folder, EXAMPLE))
    with pytest.raises(SettingsError) as caught:
        read(folder, EXAMPLE.replace("token =", "tokne ="))
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[githb]\ntoken = 'x'", "unknown key githb; did you mean github?"),
        ("[github]\ntoke = 'x'", "unknown key github.toke; did you mean token?"),
        ("[peers.claude]\ncapactiy = 2", "unknown key peers.claude.capactiy; did you mean capacity?"),
        ("[boards.'acme/1']\nredy = 'x'", "unknown key boards.acme/1.redy; did you mean ready?"),
        (
            "[peers.claude]\nruntime = 'magic'",
            "peers.claude.runtime: Input should be 'claude', 'codex', 'acp'",
        ),
        ("[peers.claude]\ncapacity = 2", 'the runtime "command" needs command = ["program", "argument"]'),
        ("[peers.claude]\nruntime = 'claude'\napi_url = 'models.example'", "api_url begins with https://"),
        ("[peers.claude]\nruntime = 'claude'\nrole = 'A planner'", 'role = "A planner" is no word like "builder"'),
        ("[peers.claude]\ncommand = ['a']\npermissions = 'ask'", 'it has permissions = "all" alone'),
        ("[peers.claude]\ncommand = ['a']\napi_key = 'k'", 'api_key needs api_url = "https://..."'),
        ("[peers.claude]\nruntime = 'scripted'", 'the runtime "scripted" needs script = "FILE"'),
        ("[boards.'acme/1']\nready = 'Done'", "the column Done is named for two purposes"),
        ("[caps]\nrunning = 0", "caps.running: "),
        ("[caps]\nrunning = 'many'", "caps.running: "),
        ("[github]\napp_id = 3", "a GitHub App needs app_id and private_key_file"),
        ("[github]\ninstallation_id = 3\ntoken = 'x'", "a GitHub App needs app_id and private_key_file"),
        ("[caps", "mine.toml: "),
    ],
)
def test_broken_settings_say_what_to_change(folder: Path, text: str, told: str) -> None:
    """The file, the key and the nearest that exists."""
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    assert told in str(caught.value)
    assert "mine.toml" in str(caught.value)


@pytest.mark.parametrize("value", ["0", "-1", "inf", "nan", "1e300", "1" + "0" * 30, '""'])
@pytest.mark.parametrize(("table", "shape"), [("peers.ada", PeerSettings), ("caps", CapSettings)])
def test_no_cap_can_be_taken_away(folder: Path, table: str, shape: type[BaseModel], value: str) -> None:
    """Neither nothing at all, nor infinity, nor what is as good as that; in the file and in the environment alike."""
    numbers = [name for name, each in shape.model_fields.items() if each.annotation in (int, float, int | None)]
    assert {"runs_per_day", "tokens_per_day"} <= set(numbers)
    for name in numbers:
        with pytest.raises(SettingsError, match=rf"{table}\.{name}: "):
            read(folder, f"[{table}]\n{name} = {value}\n{'' if table == 'caps' else COMMAND}")
    with pytest.raises(SettingsError, match=r"pace\.meter_seconds: "):
        read(folder, f"[pace]\nmeter_seconds = {value}")


@pytest.mark.parametrize(
    ("given", "monthly"),
    [
        ("", True),
        ('env = { CLAUDE_CODE_OAUTH_TOKEN = "x" }', True),
        ('env = { ANTHROPIC_API_KEY = "x" }', False),
        ('env = { CLAUDE_CODE_USE_BEDROCK = "1" }', False),
        ('api_key = "x"', False),
    ],
)
def test_money_binds_whoever_pays_by_use(folder: Path, given: str, monthly: bool) -> None:
    """However its program comes to the key."""
    (claude,) = read(folder, f'[peers.claude]\nruntime = "claude"\n{given}').peer_list()
    assert claude.subscription is monthly


def test_named_file_that_is_absent(folder: Path) -> None:
    """Naming a file that does not exist is a mistake, not a default."""
    with pytest.raises(SettingsError, match="does not exist"):
        read_settings(folder / "other.toml")


def test_database_urls(folder: Path) -> None:
    """PostgreSQL gets its driver; without a URL the ledger lies in the data folder."""
    url = read(folder, "database = 'postgresql://u@h/db'").ledger_url()
    assert url == "postgresql+psycopg://u@h/db"
    assert read(folder, "data_dir = 'd'").ledger_url().startswith("sqlite:///")


def test_a_shared_env_file_is_read_for_what_is_ours(folder: Path) -> None:
    """Other programs' variables are no mistake; a misspelt one of ours is."""
    (folder / ".env").write_text("DATABASE_URL=postgresql://elsewhere\nSLUICE_CAPS__RUNNING=4\n")
    assert read(folder, EXAMPLE.replace("[caps]\nrunning = 3\n", "")).caps.running == 4
    (folder / ".env").write_text("SLUICE_CAPZ__RUNNING=4\n")
    with pytest.raises(SettingsError, match="unknown key"):
        read(folder, EXAMPLE)
