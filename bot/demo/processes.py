"""The demo's processes: started, waited for, and always ended with everything they started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from pathlib import Path

import psutil

from bot.errors import Unavailable, UserError

PATIENCE = 10.0  # seconds a process has to end by itself


def command(name: str) -> str:
    """The command of this very installation, else the one on the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise UserError(f"the command `{name}` is not installed; install Sluice from its checkout, as the README says")
    return found


def environment(folder: Path) -> dict[str, str]:
    """Little and always the same: no settings, proxies or git configuration of the person who runs the demo."""
    git = shutil.which("git")
    if git is None:
        raise UserError("git is not installed, and the demo needs it")
    home, temporary = folder / "home", folder / "tmp"
    for each in (home, temporary):
        each.mkdir(exist_ok=True)
    path = [str(Path(sys.executable).parent), str(Path(git).parent), os.defpath]
    return {"PATH": ":".join(path), "HOME": str(home), "TMPDIR": str(temporary), "LANG": "C.UTF-8"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server that writes its log into the demo's folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.log = folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *arguments: str, said: bool = False) -> str:
        """Start it, in a session of its own so that a Ctrl-C is ours alone; with `said`, return its first line."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                command(self.name),
                *arguments,
                cwd=self.folder,
                env=environment(self.folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if said else log,
                stderr=log,
                start_new_session=True,
            )
        if not said:
            return ""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise Unavailable(self.trouble())
        return line.decode().strip()

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    def trouble(self) -> str:
        tail = self.log.read_text(errors="replace").splitlines()[-15:] if self.log.exists() else []
        return "\n".join([f"{self.name} ended by itself; the last lines of {self.log}:", *tail])

    async def stop(self) -> None:
        """Ask it to end, then make sure that nothing it started is left."""
        if self._process is None:
            return
        family = _family(self._process.pid)
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()
        except TimeoutError:
            pass  # it had its chance
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()  # psutil checks that the id still means the same process
        await self._process.wait()


def end_the_rest() -> None:
    """The last resort, for whoever presses Ctrl-C twice: no process of the demo survives it."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [*parent.children(recursive=True), parent]
    except psutil.Error:
        return []
