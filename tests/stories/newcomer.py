"""Somebody who sets Sluice up: an organization with a repository and a board, an empty folder, and a browser."""

from __future__ import annotations

import os
import pty
import re
import select
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.cli import app
from tests.localhub.browser import Browser
from tests.localhub.talk import LocalHub

SLUICE = Path(sys.executable).with_name("sluice")
COLUMNS = ["Backlog", "Ready", "In Progress", "In Review", "Needs a person", "Done"]
PAGE = re.compile(r"http://127\.0\.0\.1:\d+")
INSTALL = re.compile(r"http://\S+/installations/new")


class Running:
    """A `sluice init` in a process of its own, which waits for a browser."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def until(self, wanted: re.Pattern[str]) -> str:
        """The line that is nothing but what is wanted."""
        assert self.process.stdout
        said = ""
        for line in self.process.stdout:
            said += line
            if wanted.fullmatch(line.strip()):
                return line.strip()
        raise AssertionError(said)

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it said last."""
        out, _ = self.process.communicate(timeout=60)
        assert "Traceback" not in out, out
        return self.process.returncode, out


@dataclass
class Newcomer:
    hub: LocalHub
    folder: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

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
        process = subprocess.Popen(
            [SLUICE, "init", "--github-url", self.hub.url, *words],
            cwd=self.folder,
            env={"COLUMNS": "400", "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "TOKEN": self.ann["token"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return Running(process)

    def make_app(self, init: Running) -> str:
        """Ann follows the link and says yes to everything; where GitHub sends her at the end."""
        browser = Browser()
        proposed = browser.send(browser.get(init.until(PAGE)))
        back = browser.send(proposed, by=self.ann["login"]).headers["location"]
        return browser.get(back).headers["location"]

    def install(self, page: str, **told: str) -> None:
        browser = Browser()
        browser.send(browser.get(page), by=self.ann["login"], **told).raise_for_status()

    def leave(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


def only_mine(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


class Terminal:
    """A `sluice init` at a terminal, with somebody who reads and types."""

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
        while wanted not in self.said:
            ready, _, _ = select.select([self._fd], [], [], 30)
            part = self._more() if ready else ""
            if not part:
                raise AssertionError(f"{wanted!r} was not said, but: {self.said}")
            self.said += part
        self.said = self.said.partition(wanted)[2]

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

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
