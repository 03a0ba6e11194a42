"""Homes that are kept: what Sluice lays into them, whatever an agent left there before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.agents.homes import Homes, Session
from bot.agents.laying import drop, lay, link
from bot.agents.logins import Login, give_back, share
from bot.core.tokens import Tokens


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return Homes(tmp_path).of("item", "robin").path


def test_nothing_an_agent_left_is_followed(home: Path, tmp_path: Path) -> None:
    """A link in the place of a file, or of a folder on the way to it, gives way; what it led to stays as it was."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "settings.json").write_text("theirs")
    (home / ".gemini").symlink_to(outside)
    (home / "one").symlink_to(outside / "settings.json")
    lay(home, ".gemini/settings.json", "ours")
    lay(home, "one", "ours")
    link(home, ".gemini/login", outside / "settings.json")
    assert (outside / "settings.json").read_text() == "theirs" and len(list(outside.iterdir())) == 1
    assert (home / ".gemini/settings.json").read_text() == (home / "one").read_text() == "ours"
    (home / "two/three").mkdir(parents=True)
    assert lay(home, "two", b"a file now").read_bytes() == b"a file now"
    (home / ".cache").symlink_to(outside)
    drop(home, ".cache/settings.json")
    assert (outside / "settings.json").read_text() == "theirs"


def test_a_home_goes_however_deep_an_agent_has_made_it(home: Path, tmp_path: Path) -> None:
    """Neither laying a file in its place nor forgetting it ends at the depth at which Python's own way ends."""
    dig = "import os\nfor _ in range(1_500): os.mkdir('d'); os.chdir('d')"
    for place in (home, home / "settings.json"):
        place.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-c", dig], cwd=place, check=True)
    assert lay(home, "settings.json", "ours").read_text() == "ours"
    Homes(tmp_path).forget("item")
    assert list((tmp_path / "homes").iterdir()) == []


@pytest.mark.parametrize("rotten", ["", "{", "[1]", '{"other": 1}', "\\xff"])
def test_a_session_that_cannot_be_read_is_none(tmp_path: Path, rotten: str) -> None:
    """The agent begins anew, and its new session is kept."""
    home = Homes(tmp_path).of("item", "robin")
    (home.folder / "session.json").write_text(rotten)
    assert home.session == Session()
    home.keep_session(Session("one", "run"))
    assert home.session == Session("one", "run")


def test_what_was_billed_before_a_run_is_known_to_its_end(tmp_path: Path) -> None:
    """Whoever enters the run again counts from where it first began."""
    home = Homes(tmp_path).of("item", "robin")
    before, later = (Tokens("m", input_total=10),), (Tokens("m", input_total=25),)
    assert home.baseline("one", lambda: before) == before
    assert home.baseline("one", lambda: later) == before
    assert home.baseline("two", lambda: later) == later


def test_a_login_that_rotates_is_shared_and_given_back(home: Path, tmp_path: Path) -> None:
    """It is read and written through a link; a program that puts a new file in its place has renewed it for all."""
    file = tmp_path / "user/.codex/auth.json"
    file.parent.mkdir(parents=True)
    file.write_text("first")
    login = Login("subscription", file)
    assert share(login, "codex", home) == [file]
    mine = home / ".codex/auth.json"
    mine.write_text("second")
    assert file.read_text() == "second"
    mine.unlink()
    mine.write_text("third")
    give_back(login, "codex", home)
    assert file.read_text() == "third" and not mine.exists()
    share(login, "codex", home)
    assert mine.readlink() == file


def test_a_link_is_no_login(home: Path, tmp_path: Path) -> None:
    """An agent cannot have a file it may not read given to whoever comes next."""
    file, secret = tmp_path / "auth.json", tmp_path / "secret"
    file.write_text("login")
    secret.write_text("secret")
    (home / ".codex").mkdir()
    (home / ".codex/auth.json").symlink_to(secret)
    give_back(Login("subscription", file), "codex", home)
    assert (file.read_text(), secret.read_text()) == ("login", "secret")
