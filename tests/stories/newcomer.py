"""Somebody who sets Sluice up: an organization with a repository and a board, an empty folder, and a browser."""

from __future__ import annotations

import io
import os
import pty
import queue
import re
import select
import stat
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from bot.cli import app
from tests.localhub.browser import Browser
from tests.localhub.talk import LocalHub

SLUICE = Path(sys.executable).with_name("sluice")
COLUMNS = ["Backlog", "Ready", "In Progress", "In Review", "Needs a person", "Done"]
PAGE = re.compile(r"http://127\.0\.0\.1:\d+")
INSTALL = re.compile(r"http://\S+/installations/new")


class Tape(io.StringIO):
    """What is printed, line by line, for whoever waits for it in another thread."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self.lines.put(line)
        return super().write(text)


class Running:
    """A `sluice init` that waits for a browser, in a thread: much cheaper than a process, and the same from outside."""

    def __init__(self, newcomer: Newcomer, words: Sequence[str]) -> None:
        self._tape = Tape()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._patch, self._before = newcomer.patch, {"stdout": sys.stdout, "stderr": sys.stderr}
        self._patch.setattr(sys, "argv", ["sluice", *words])
        self._say(dict.fromkeys(self._before, self._tape))
        self._thread.start()

    def until(self, wanted: re.Pattern[str]) -> str:
        """The line that is nothing but what is wanted."""
        while not wanted.fullmatch(line := self._tape.lines.get(timeout=60).strip()):
            pass
        return line

    def end(self) -> tuple[int, str]:
        """Its exit code, and all it said."""
        self._thread.join(60)
        self._say(self._before)
        said = self._tape.getvalue()
        assert not self._thread.is_alive() and "Traceback" not in said, said
        return self._code, said

    def _say(self, streams: Mapping[str, TextIO]) -> None:
        for name, stream in streams.items():
            self._patch.setattr(sys, name, stream)

    def _run(self) -> None:
        try:
            app()
        except SystemExit as end:
            self._code = int(end.code or 0)


@dataclass
class Newcomer:
    hub: LocalHub
    folder: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        self.ann = self.hub.person("ann")
        self.org = self.hub.org(**{self.ann["login"]: "admin"})
        self.repo = str(self.hub.repo(self.org, files={"README.md": "hello\n"})["full_name"])
        self.board = self.make_board(COLUMNS)
        self.patch.chdir(self.folder)
        self.patch.setenv("COLUMNS", "400")

    def make_board(self, columns: list[str], title: str = "Workshop") -> str:
        order = {"owner": self.org, "title": title, "status": columns, "repos": [self.repo]}
        return f"{self.org}/{self.hub.admin('projects', order)['number']}"

    @property
    def config(self) -> Path:
        return self.folder / "sluice.toml"

    @property
    def policy(self) -> Path:
        return self.folder / ".github/sluice.toml"

    def sluice(self, *words: str) -> tuple[int, str]:
        """The command as the shell starts it, but here; its exit code, and what it said."""
        self.patch.setattr(sys, "argv", ["sluice", *words])
        with pytest.raises(SystemExit) as end:
            app()
        told = self.capsys.readouterr()
        return int(end.value.code or 0), told.out + told.err

    def init(self, *words: str, token: str = "", url: str = "") -> tuple[int, str]:
        """With Ann's token, unless another is given."""
        self.patch.setenv("TOKEN", token or self.ann["token"])
        return self.sluice("init", "--github-url", url or self.hub.url, "--token-env", "TOKEN", *words)

    def start(self, *words: str) -> Running:
        return Running(self, ("init", "--github-url", self.hub.url, *words))

    def make_app(self, init: Running | Terminal) -> str:
        """Ann follows the link and says yes to everything; where GitHub sends her at the end."""
        browser = Browser()
        proposed = browser.send(browser.get(init.until(PAGE)))
        back = browser.send(proposed, by=self.ann["login"]).headers["location"]
        return browser.get(back).headers["location"]

    def install(self, page: str, **told: str) -> None:
        browser = Browser()
        browser.send(browser.get(page), by=self.ann["login"], **told).raise_for_status()


def only_mine(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


class Terminal:
    """A `sluice init` in a process of its own at a terminal, with somebody who reads and types."""

    def __init__(self, newcomer: Newcomer, *words: str) -> None:
        self.said = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:  # the child
            os.chdir(newcomer.folder)
            os.execve(
                SLUICE,
                [str(SLUICE), "init", "--github-url", newcomer.hub.url, *words],
                {"COLUMNS": "400", "PATH": os.environ["PATH"], "TERM": "dumb"},
            )

    def read(self, wanted: str) -> None:
        """Everything up to what is wanted."""
        self._find(re.compile(re.escape(wanted)))

    def until(self, wanted: re.Pattern[str]) -> str:
        """The line that is nothing but what is wanted."""
        return self._find(re.compile(rf"^\s*({wanted.pattern})\s*$", re.MULTILINE))[1]

    def _find(self, wanted: re.Pattern[str]) -> re.Match[str]:
        while not (found := wanted.search(self.said)):
            ready, _, _ = select.select([self._fd], [], [], 60)
            part = self._more() if ready else ""
            if not part:
                raise AssertionError(f"{wanted.pattern!r} was not said, but: {self.said}")
            self.said += part
        self.said = self.said[found.end() :]
        return found

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def interrupt(self) -> int:
        """Ctrl-C until it has ended: one that comes between the question and the reading of the answer is not heard
        before the next key (CPython's input())."""
        part = "\x03"
        self.type(part)
        while part:
            if not select.select([self._fd], [], [], 1)[0]:
                self.type("\x03")
                continue
            part = self._more()
            self.said += part
        return self.end()

    def end(self) -> int:
        """Its exit code; what it said last is read."""
        while part := self._more():
            self.said += part
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _more(self) -> str:
        try:
            return os.read(self._fd, 4096).decode("utf-8", "replace")
        except OSError:  # Linux says so at the end
            return ""
