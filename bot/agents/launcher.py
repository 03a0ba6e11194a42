"""The one way to start foreign code: in the sandbox, below the shim, with limits, its output in a bounded log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog

from bot.agents.disk import Room
from bot.agents.erasing import erase
from bot.agents.errors import LaunchFailed, NoRoom
from bot.agents.output import Hide, Output
from bot.agents.pulse import Progress, Pulse
from bot.agents.reach import Address, opened
from bot.agents.sandbox import World, bubblewrap_works, environment, hide_this_process, wrapped
from bot.agents.talk import Ear, Mouth, Talk, open_mouth
from bot.agents.users import hand_over, take_back, user_for
from bot.core.run import Ended, Limits
from bot.core.worktree import ref_part

log = structlog.get_logger(__name__)
SHIM = Path(__file__).with_name("shim.py")
MARK = "SLUICE_RUN"  # in the environment of everything started: tells a stray's run
OWNER = "SLUICE_ROOT"  # and whose it is, so that one Sluice never ends another's
LEAVE = 8.0  # seconds the shim has to end what it started


@dataclass(frozen=True)
class Command:
    argv: Sequence[str]
    cwd: Path
    key: str
    log: Path
    limits: Limits
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    talk: Talk | None = None  # in place of `stdin`: what it is told depends on what it says
    writable: Sequence[Path] = ()
    readable: Sequence[Path] = ()
    home: Path | None = None  # one that is kept; else there is one for this command alone
    reach: Address | None = None  # all the network there is; None: it is open
    offline: bool = False  # no network at all
    pulse: Pulse | None = None


@dataclass(frozen=True)
class Exit:
    """`code` is None when it was ended rather than ending itself; `ended` says why."""

    code: int | None
    ended: Ended
    seconds: float
    tail: str
    why: str = ""  # of "failed": what became of the machine, or of the room it was given


class Launcher:
    """`hide` takes secrets out of what is kept of a program's output."""

    def __init__(self, root: Path, hide: Hide = str) -> None:
        self.root, self._hide = root.resolve(), hide
        if not bubblewrap_works():
            hide_this_process()

    async def run(self, command: Command) -> Exit:
        """Start it and wait for its end. Cancelling ends everything it started before it returns."""
        if command.offline and not bubblewrap_works():
            raise LaunchFailed(
                "a command that may have no network needs bubblewrap, which does not work here: install it "
                '(apt install bubblewrap), or set commands_network = "open" for the agent'
            )
        try:
            home, note = self._prepare(command)
        except OSError as error:
            raise NoRoom(f"{command.argv[0]} could not be started: {error.strerror} on this machine") from error
        door = note.with_suffix(".socket")
        async with opened(door, command.reach) if command.reach else nullcontext():
            return await self._through(command, home, note, door)

    async def _through(self, command: Command, home: Path, note: Path, door: Path) -> Exit:
        started, places = time.monotonic(), (home, *command.writable)
        user = 0 if bubblewrap_works() else user_for(command.key, self.root, command.argv[0], places)
        if user:
            await asyncio.to_thread(hand_over, self.root, places, user)
        room = Room(places, command.limits.disk_bytes)
        await room.begin()
        mouth = await open_mouth(note.with_suffix(".input")) if command.talk else None
        try:
            process = await self._start(command, home, door, user)
        except LaunchFailed:
            _hush(mouth)
            raise
        self._remember(note, process.pid)
        ear = Ear(command.talk) if command.talk else None
        output = Output(command.log, command.limits.log_bytes, self._hide, ear)
        if command.talk and mouth:
            command.talk.begin(mouth)
        reading = asyncio.create_task(output.follow(process.stdout))
        try:
            ended, why = await self._watch(process, output, command, room, started)
        finally:
            await asyncio.shield(self._end(process, command.key, reading))
            if command.talk:
                await command.talk.over()
            _hush(mouth)
            note.unlink(missing_ok=True)
            if user:
                take_back(places)
            if home != command.home:
                erase(home)
        code = process.returncode if ended == "finished" else None
        return Exit(code, ended, time.monotonic() - started, output.tail(), why)

    def reap(self, keys: str = "") -> list[int]:
        """End what an earlier process left behind, of all runs or of those whose keys begin so. Called before anything
        is started in its place."""
        ended = []
        for note in (self.root / "runs").glob(f"{ref_part(keys) if keys else ''}*.json"):
            with contextlib.suppress(ValueError, KeyError, psutil.NoSuchProcess):
                told = json.loads(note.read_text())
                process = psutil.Process(told["pid"])
                if process.create_time() == told["started"] and process.status() != psutil.STATUS_ZOMBIE:
                    ended += _kill([process, *process.children(recursive=True)])
            note.unlink(missing_ok=True)
        return ended + _kill(self._strays(lambda key: key.startswith(keys)))

    def _prepare(self, command: Command) -> tuple[Path, Path]:
        home = command.home or self.root / "once" / ref_part(command.key)
        if home != command.home:
            erase(home)
        home.mkdir(parents=True, exist_ok=True)
        (self.root / "runs").mkdir(parents=True, exist_ok=True)
        given = self.root / "runs" / f"{ref_part(command.key)}.input"
        given.unlink(missing_ok=True)  # of a killed life it may be a fifo: writing would wait for a reader
        given.write_bytes(command.stdin)
        return home, self.root / "runs" / f"{ref_part(command.key)}.json"

    async def _start(self, command: Command, home: Path, door: Path, user: int) -> asyncio.subprocess.Process:
        env = environment(home, {**command.env, MARK: command.key, OWNER: str(self.root)})
        writable = (home, *command.writable)
        port = command.reach[1] if command.reach else None
        way = door if port else None
        world = World(command.cwd, writable, command.readable, way, command.offline, port or 0)
        argv = wrapped(command.argv, world)
        source = self.root / "runs" / f"{ref_part(command.key)}.input"
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(SHIM),
                str(source),
                str(command.limits.disk_bytes),
                str(user),
                "--",
                *argv,
                cwd=command.cwd,
                env=env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise LaunchFailed(f"{command.argv[0]} could not be started in {command.cwd}: {error}") from error

    async def _watch(
        self, process: asyncio.subprocess.Process, output: Output, command: Command, room: Room, started: float
    ) -> tuple[Ended, str]:
        """Until it ends, or a limit is reached."""
        limits, pulse = command.limits, command.pulse or Pulse()
        progress = await asyncio.to_thread(Progress, pulse, limits, command.cwd, process.pid)
        pause = min(1.0, limits.wall_seconds / 4, limits.stall_seconds / 4)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait()), pause)
                over = await room.overgrown(at_its_end=True)
                return ("failed", over) if over else ("finished", "")
            if over := await room.overgrown():
                return "failed", over
            if full := room.full():
                return "unreached", full
            now = time.monotonic()
            if now - started >= limits.wall_seconds:
                return "timed_out", ""
            if told := pulse.over:
                return told, ""
            if await progress.stalled(output.last):
                return "stalled", ""

    async def _end(self, process: asyncio.subprocess.Process, key: str, reading: asyncio.Task[None]) -> None:
        """Close the lease; the shim does the rest. If the shim itself was killed, find what it left by the mark."""
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), LEAVE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode is None or process.returncode < 0:
            _kill(self._strays(key.__eq__))
        await asyncio.wait((reading,), timeout=LEAVE)  # what hid from the mark could hold the pipe open for ever
        reading.cancel()
        (self.root / "runs" / f"{ref_part(key)}.input").unlink(missing_ok=True)

    def _remember(self, note: Path, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            note.write_text(json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))

    def _strays(self, mine: Callable[[str], bool]) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                env = process.environ()
                if env.get(OWNER) == str(self.root) and mine(env.get(MARK, "")):
                    found.append(process)
        return found


def _hush(mouth: Mouth | None) -> None:
    if mouth:
        mouth.close()


def _kill(processes: Sequence[psutil.Process]) -> list[int]:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)
    return [process.pid for process in processes]
