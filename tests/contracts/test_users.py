"""Without bubblewrap, where Sluice is root: each run is a user of its own, and reaches nothing of anybody else's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.agents import Launcher
from bot.agents.launcher import Command, Exit
from bot.agents.sandbox import bubblewrap_works
from bot.cli.agents import agents_found
from bot.core.run import Limits
from bot.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Sluice's folder where everybody gets to, and no bubblewrap."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap_works.cache_clear()
    bubblewrap_works()
    monkeypatch.undo()
    with TemporaryDirectory(prefix="users-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
    bubblewrap_works.cache_clear()


async def run(root: Path, key: str, line: str) -> Exit:
    tree = root / f"worktrees/acme__widgets/{key}"
    tree.mkdir(parents=True, exist_ok=True)
    limits = Limits(wall_seconds=30, stall_seconds=30)
    home = root / f"homes/{key}/robo/home"
    home.mkdir(parents=True, exist_ok=True)
    command = Command(("bash", "-c", line), tree, key, root / "logs" / key, limits, home=home, writable=(tree,))
    return await Launcher(root).run(command)


async def test_a_run_is_nobody(root: Path) -> None:
    """It works in its tree and home, and reads neither the ledger nor a log, a parent's memory or what is root's."""
    (root / "ledger.db").write_text("treasure")
    (root / "logs").mkdir()
    (root / "logs/another").write_text("treasure")
    tries = f"cat {root}/ledger.db {root}/logs/another /proc/$PPID/environ /etc/shadow; ls {root} /root; id -u; whoami"
    ended = await run(root, "7-typo", f"{tries}; echo done > file; echo kept > $HOME/memory; sudo -n true")
    assert "treasure" not in ended.tail and "root:" not in ended.tail and ended.tail.count("Permission denied") >= 5
    assert any(word.isdigit() and 60_578 <= int(word) < 61_184 for word in ended.tail.split())
    assert (root / "worktrees/acme__widgets/7-typo/file").read_text() == "done\n"


async def test_its_things_are_its_own_until_they_are_nobodys(root: Path) -> None:
    """The next run goes on in the same places, and another reaches neither its tree nor its home, now or later."""
    await run(root, "7-typo", "echo treasure > file; echo treasure > $HOME/memory; git init --quiet .")
    places = f"{root}/worktrees/acme__widgets/7-typo/file {root}/homes/7-typo/robo/home/memory"
    other = await run(root, "8-other", f"cat {places}; echo x >> {places.split()[0]}")
    assert "treasure" not in other.tail and other.tail.count("Permission denied") == 3
    again = await run(root, "7-typo", "cat file $HOME/memory; git status --short; echo more >> file")
    assert again.tail.split() == ["treasure", "treasure", "??", "file"]


async def test_an_agent_to_be_shut_in_is_not_said_to_be_ready(root: Path) -> None:
    """Where no network can be kept from it, doctor says so before anybody waits for it."""
    shut_in = {"runtime": "claude", "command": ["/bin/true"], "api_key": "k", "network": "model-only"}
    [found] = await agents_found(Settings.model_validate({"peers": {"robin": shut_in}}))
    assert (found.state, "needs bubblewrap" in found.told) == ("wrong", True)


async def test_a_file_of_roots_is_not_given_away(root: Path) -> None:
    """Another name for a file of root's in a tree does not make it the run's."""
    secret = root / "secret"
    secret.write_text("treasure")
    secret.chmod(0o600)
    tree = root / "worktrees/acme__widgets/7-typo"
    tree.mkdir(parents=True)
    os.link(secret, tree / "link")
    (tree / "symlink").symlink_to(secret)
    ended = await run(root, "7-typo", "cat link symlink")
    assert "treasure" not in ended.tail and secret.stat().st_uid == 0


async def test_its_daemons_end_with_it(root: Path) -> None:
    """What it left behind is another user's than Sluice's, and ends all the same."""
    await run(root, "7-typo", "setsid bash -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 1; done' & sleep 0.5")
    pid = (root / "worktrees/acme__widgets/7-typo/pid").read_text().strip()
    assert not Path("/proc", pid).exists()
