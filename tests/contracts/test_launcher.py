"""The launcher: everything that is started ends with its lease, within its limits, and sees nothing of the bot's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bot.agents import Launcher
from bot.agents.disk import Room
from bot.agents.launcher import Command
from bot.agents.sandbox import SHARED, TMP, bubblewrap_works
from bot.core.run import Limits
from bot.errors import Unavailable
from tests.contracts.git_world import git

pytestmark = pytest.mark.slow

# Leaves the process group, forks twice, ignores TERM, and stays: what a hostile or careless agent leaves behind.
DAEMON = "python -c 'import os,signal,time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); \
signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)' & sleep 600"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    made.mkdir()
    return made


@pytest.fixture(params=["bubblewrap", "shim only"])
def launcher(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    if request.param == "bubblewrap" and not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    if request.param == "shim only":
        monkeypatch.setenv("PATH", "/nonexistent")  # so that bubblewrap is not found
    bubblewrap_works.cache_clear()
    yield Launcher(tmp_path / "root")
    bubblewrap_works.cache_clear()


def few_files(disk: Path) -> None:
    subprocess.run(["/bin/mount", "-o", "remount,nr_inodes=2000", disk], check=True)


def shell(tree: Path, line: str, **limits: float) -> Command:
    bound = Limits(**{"wall_seconds": 30, "stall_seconds": 30, **limits})  # type: ignore[arg-type]
    return Command(("bash", "-c", line), tree, "k", tree.parent / "log", bound, writable=(tree,))


def left_of(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SLUICE_ROOT") == str(root) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


async def test_exit_code_and_output_come_back(launcher: Launcher, tree: Path) -> None:
    """A program that ends by itself is reported with its code and what it said."""
    ended = await launcher.run(shell(tree, "echo out; echo err >&2; exit 3"))
    assert (ended.code, ended.ended) == (3, "finished")
    assert "out" in ended.tail and "err" in ended.tail


async def test_cancelling_ends_daemons_too(launcher: Launcher, tree: Path) -> None:
    """A daemon that called setsid and ignores TERM is gone when a cancelled run returns."""
    running = asyncio.create_task(launcher.run(shell(tree, f"touch started; {DAEMON}")))
    await asyncio.to_thread(_until, (tree / "started").exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert left_of(launcher.root) == []


async def test_an_ending_program_takes_its_daemons_along(launcher: Launcher, tree: Path) -> None:
    """What a program left running in the background ends with it."""
    await launcher.run(shell(tree, DAEMON.replace("& sleep 600", "& sleep 0.3")))
    assert left_of(launcher.root) == []


@pytest.mark.parametrize("limit, ended", [("wall_seconds", "timed_out"), ("stall_seconds", "stalled")])
async def test_limits_end_a_run(launcher: Launcher, tree: Path, limit: str, ended: str) -> None:
    """A run over its time, or one that prints and changes nothing, is ended and said to be."""
    found = await launcher.run(shell(tree, "sleep 60", **{limit: 0.4}))
    assert (found.ended, found.code) == (ended, None)


async def test_a_run_that_changes_files_does_not_stall(launcher: Launcher, tree: Path) -> None:
    """Silent work that changes files is work."""
    line = "for i in 1 2 3 4 5 6; do sleep 0.2; echo $i > file; done"
    assert (await launcher.run(shell(tree, line, stall_seconds=0.7))).ended == "finished"


async def test_output_is_bounded(launcher: Launcher, tree: Path) -> None:
    """Fifty megabytes of output leave a log of the allowed size that says what is missing."""
    ended = await launcher.run(shell(tree, "head -c 50000000 /dev/zero | tr '\\0' x", log_bytes=10_000))
    text = (tree.parent / "log").read_text()
    assert ended.code == 0
    assert len(text) < 11_000 and "49990000 bytes more were printed" in text


async def test_nothing_of_the_bot_is_visible(launcher: Launcher, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in the bot's environment cannot be read from inside, neither from env nor from a parent's."""
    monkeypatch.setenv("SLUICE_GITHUB__TOKEN", "ghs_secret")
    ended = await launcher.run(shell(tree, "env; cat /proc/$PPID/environ | tr '\\0' '\\n'"))
    assert "HOME=" in ended.tail
    assert "ghs_secret" not in ended.tail


async def test_the_sandbox_hides_this_machine(tree: Path, tmp_path: Path) -> None:
    """With bubblewrap, files outside the worktree cannot be read and git's hooks cannot be planted."""
    if not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    secret = tmp_path / "secret"
    secret.write_text("treasure")
    git(tree, "init", "--quiet", ".")
    line = f"cat {secret}; echo evil > .git/hooks/pre-commit; echo evil >> .git/config; echo fine > file"
    line += "; ls /proc | grep -c '^[0-9]'"
    ended = await Launcher(tmp_path / "root").run(shell(tree, line))
    assert "treasure" not in ended.tail
    assert not (tree / ".git/hooks/pre-commit").exists() and "evil" not in (tree / ".git/config").read_text()
    assert (tree / "file").read_text() == "fine\n"
    assert int(ended.tail.split()[-1]) < 10


async def test_a_program_that_is_not_there_is_said_so(launcher: Launcher, tree: Path) -> None:
    """A missing program is an exit code and a sentence, not a traceback."""
    command = Command(("no-such-agent",), tree, "k", tree.parent / "log", Limits(), writable=(tree,))
    ended = await launcher.run(command)
    assert ended.code not in (0, None) and "no-such-agent" in ended.tail


async def test_the_end_is_announced_before_it_comes(launcher: Launcher, tree: Path) -> None:
    """A program that is stopped gets TERM first, and the time to put its things in order."""
    line = "trap 'echo orderly > last; exit 0' TERM; touch started; while :; do sleep 0.1; done"
    running = asyncio.create_task(launcher.run(shell(tree, line)))
    await asyncio.to_thread(_until, (tree / "started").exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (tree / "last").read_text() == "orderly\n"


async def test_killing_the_shim_frees_nobody(launcher: Launcher, tree: Path) -> None:
    """An agent that kills its own guard ends its run, and what it had put aside ends as well."""
    line = "setsid sleep 600 & sleep 0.2; kill -9 $PPID; sleep 600"
    ended = await asyncio.wait_for(launcher.run(shell(tree, line, wall_seconds=1.5)), 20)
    assert ended.code != 0
    assert left_of(launcher.root) == []


async def test_a_planted_git_folder_opens_nothing(tmp_path: Path) -> None:
    """What an agent wrote into its `.git` does not decide what the next program in that tree can see."""
    if not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("treasure")
    tree = tmp_path / "root/worktrees/acme__widgets/7-typo"
    (tree / ".git/objects/info").mkdir(parents=True)
    (tree / ".git/objects/info/alternates").write_text(f"{tmp_path}/secret\n")
    (tree / ".git/config").symlink_to(tmp_path / "secret/key")
    (tree / ".git/hooks").symlink_to(tmp_path / "secret")
    objects = tmp_path / "root/mirrors/acme/widgets.git/objects"
    objects.mkdir(parents=True)
    (objects / "pack").write_text("borrowed")
    line = f"cat {tmp_path}/secret/key .git/config .git/hooks/key; cat {objects}/pack; echo x > {objects}/pack"
    command = Command(("bash", "-c", line), tree, "k", tmp_path / "log", Limits(), writable=(tree,))
    ended = await Launcher(tmp_path / "root").run(command)
    assert "treasure" not in ended.tail and "borrowed" in ended.tail
    assert (objects / "pack").read_text() == "borrowed"


@pytest.mark.parametrize("place", [".", "$HOME"], ids=["its worktree", "its home"])
async def test_who_fills_the_disk_is_stopped(launcher: Launcher, tree: Path, place: str) -> None:
    """A run whose files grow beyond what it may use is ended in time, and says so; many small ones count like one."""
    fills = f"for i in $(seq 5000); do head -c 1000000 /dev/zero > {place}/$i; sleep 0.001; done; sleep 60"
    ended = await launcher.run(shell(tree, fills, disk_bytes=60_000_000))
    assert (ended.ended, ended.code) == ("failed", None)
    assert "its files grew by" in ended.why and "60.0 MB are allowed" in ended.why
    assert ended.seconds < 25


async def test_a_quick_one_does_not_get_away_with_it(launcher: Launcher, tree: Path) -> None:
    """A program that has ended before anybody measured is held to what it may use all the same."""
    parts = "for i in 1 2 3; do head -c 9000000 /dev/zero > $i; done"
    assert "are allowed" in (await launcher.run(shell(tree, parts, disk_bytes=10_000_000))).why
    assert (await launcher.run(shell(tree, "rm [0-9]; touch small", disk_bytes=10_000_000))).ended == "finished"


async def test_what_others_erase_meanwhile_hides_nothing(tree: Path) -> None:
    """A run that has ended is held to what it may use, though the disk has more room than when it began."""
    (tree.parent / "another's").write_bytes(bytes(40_000_000))
    room = Room((tree,), 10_000_000)
    await room.begin()
    (tree / "large").write_bytes(bytes(20_000_000))
    (tree.parent / "another's").unlink()
    assert "are allowed" in await room.overgrown(at_its_end=True)


async def test_one_file_is_bounded_as_it_is_written(launcher: Launcher, tree: Path) -> None:
    """A single file never grows beyond what a run may use, and there is no core of what crashes."""
    line = "head -c 30000000 /dev/zero > large; echo $?; ulimit -c; sh -c 'kill -SEGV $$'; ls"
    ended = await launcher.run(shell(tree, line, disk_bytes=20_000_000))
    assert (tree / "large").stat().st_size == 20_000_000
    assert "0" in ended.tail.split() and not list(tree.glob("core*"))


async def test_memory_is_no_disk(tree: Path, tmp_path: Path) -> None:
    """In the sandbox only its own folders and two bounded places of memory can be written."""
    if not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    line = "for at in / /dev /run /etc /usr /tmp /dev/shm .; do touch $at/x 2>/dev/null && echo $at; done"
    ended = await Launcher(tmp_path / "root").run(shell(tree, f"{line}; df --output=size -B1 /tmp /dev/shm"))
    *places, _, tmp, shared = ended.tail.split()
    assert places == ["/tmp", "/dev/shm", "."]
    assert int(tmp) <= TMP and int(shared) <= SHARED


async def test_a_full_disk_is_nobodys_fault(launcher: Launcher, small_disk: Path) -> None:
    """When the machine has no room left the run ends, says so and is not blamed; nothing that was done is gone."""
    tree = small_disk / "tree"
    tree.mkdir()
    line = "echo work > work; head -c 100000000 /dev/zero > junk; while :; do echo more; sleep 0.1; done"
    ended = await Launcher(small_disk / "root").run(replace(shell(tree, line), log=small_disk / "logs/log"))
    assert ended.ended == "unreached" and "the disk of this machine is full" in ended.why
    assert (tree / "work").read_text() == "work\n"
    with pytest.raises(Unavailable, match="No space left"):
        await Launcher(small_disk / "root").run(replace(shell(tree, "true"), stdin=b"x" * 1_000_000))


async def test_a_disk_that_takes_no_more_files_is_full(small_disk: Path) -> None:
    """Files without anything in them take no room, and there is an end to them all the same."""
    few_files(small_disk)
    tree = small_disk / "tree"
    tree.mkdir()
    line = "mkdir m; for i in $(seq 3000); do : > m/$i; done 2>/dev/null; while :; do echo more; sleep 0.1; done"
    ended = await Launcher(small_disk / "root").run(shell(tree, line))
    assert ended.ended == "unreached" and "more files" in ended.why


BOT = """
import asyncio, sys
from pathlib import Path
from bot.agents import Launcher
from bot.agents.launcher import Command
from bot.core.run import Limits
root, tree = Path(sys.argv[1]), Path(sys.argv[2])
command = Command(("bash", "-c", sys.argv[3]), tree, "k", root / "log", Limits(), writable=(tree,))
asyncio.run(Launcher(root).run(command))
"""


def test_a_killed_bot_leaves_nothing(launcher: Launcher, tree: Path) -> None:
    """When the bot is killed with -9, what it started ends by itself; and reaping finds nothing of another's."""
    bot = subprocess.Popen([sys.executable, "-c", BOT, str(launcher.root), str(tree), f"touch started; {DAEMON}"])
    _until(lambda: (tree / "started").exists())
    bot.send_signal(signal.SIGKILL)
    bot.wait()
    _until(lambda: left_of(launcher.root) == [])
    _until(lambda: launcher.reap() == [])  # what is about to be gone has no environment any more


def test_a_killed_bot_leaves_nothing_of_a_talk(launcher: Launcher, tree: Path) -> None:
    """A program that waits for words at its standard input, in a home that is kept, ends with the bot as well."""
    talked = BOT.replace("writable=(tree,)", "writable=(tree,), talk=Silent(), home=root / 'homes/item/robo/home'")
    silent = "class Silent:\n    def begin(self, mouth): self.mouth = mouth\n    def hear(self, line): pass\n"
    line = f"echo kept > $HOME/memory; touch started; {DAEMON.replace('sleep 600', 'cat')}"
    words = [sys.executable, "-c", silent + talked, str(launcher.root), str(tree), line]
    with subprocess.Popen(words) as bot:
        _until(lambda: (tree / "started").exists())
        bot.send_signal(signal.SIGKILL)
    _until(lambda: left_of(launcher.root) == [])
    _until(lambda: launcher.reap() == [])
    assert (launcher.root / "homes/item/robo/home/memory").read_text() == "kept\n"


def test_reaping_ends_what_was_left(launcher: Launcher, tree: Path) -> None:
    """A process that an earlier bot started and that lives on is ended before anything new begins."""
    env = {**os.environ, "SLUICE_ROOT": str(launcher.root), "SLUICE_RUN": "k"}
    left = subprocess.Popen(["/bin/sleep", "600"], env=env)
    stranger = subprocess.Popen(["/bin/sleep", "600"], env={**env, "SLUICE_ROOT": "/another"})
    try:
        _until(lambda: len(left_of(launcher.root)) == 1)
        assert launcher.reap() == [left.pid]
        assert not psutil.pid_exists(left.pid) and stranger.poll() is None
    finally:
        left.poll()
        stranger.kill()
        stranger.wait()


def _until(true: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.02)
