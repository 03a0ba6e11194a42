"""Runs one git command, shut off from every configuration but Sluice's own.

git is a program that runs other programs when its configuration says so. Nothing here reads a person's, a system's or
an agent's configuration: each command gets its settings, and its credentials, through its own environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.git.errors import GitFailed

TIMEOUT = 900.0  # seconds one command may take; a first fetch of a large repository is the longest
LOCK_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # other processes hold git's lock files for moments only
STALE_LOCK = 600.0  # seconds after which a lock file was left by a killed process
SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.quotePath": "false",
    "core.autocrlf": "false",
    "core.askPass": "",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "commit.gpgSign": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.http.allow": "always",
    "protocol.file.allow": "always",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
_LOCKED = re.compile(r"cannot lock ref|Unable to create '[^']*\.lock'|could not lock config file|Another git process")
_LOCK_FILE = re.compile(r"Unable to create '([^']*\.lock)': File exists")


@dataclass(frozen=True)
class Answer:
    code: int
    out: bytes
    err: str


@dataclass(frozen=True)
class Runner:
    """Runs git as `author` (name, e-mail)."""

    author: tuple[str, str]

    async def run(
        self,
        git_dir: Path,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> bytes:
        """Standard output of `git ARGS`; GitFailed when it fails."""
        answer = await self.attempt(git_dir, *args, stdin=stdin, env=env, settings=settings, cwd=cwd)
        if answer.code:
            raise failure(git_dir, args, answer)
        return answer.out

    async def text(self, git_dir: Path, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        return (await self.run(git_dir, *args, stdin=stdin, env=env)).decode("utf-8", "replace").strip()

    async def attempt(
        self,
        git_dir: Path,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Answer:
        """For commands whose failure is an answer. A lock that another process holds is waited for."""
        full = self._environment(git_dir, settings or {}) | dict(env or {})
        for wait in LOCK_WAITS:
            answer = await _once(args, stdin, full, cwd or Path("/"))
            if answer.code == 0 or not _LOCKED.search(answer.err):
                return answer
            _drop_stale_lock(answer.err)
            await asyncio.sleep(wait)
        return await _once(args, stdin, full, cwd or Path("/"))

    def _environment(self, git_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
        name, email = self.author
        return {
            "PATH": os.pathsep.join(os.get_exec_path()),
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "GIT_DIR": str(git_dir),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": email,
            **_inline(SETTINGS | dict(settings)),
        }


def failure(git_dir: Path, args: tuple[str, ...], answer: Answer) -> GitFailed:
    said = answer.err.strip()[-2000:] or f"exit code {answer.code}"
    return GitFailed(f"git {args[0]} failed in {git_dir.name}: {said}")


def _inline(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings in the environment: they outrank every file, and show neither on disk nor in a process list."""
    pairs = {"GIT_CONFIG_COUNT": str(len(settings))}
    for n, (key, value) in enumerate(settings.items()):
        pairs |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
    return pairs


async def _once(args: tuple[str, ...], stdin: bytes, env: Mapping[str, str], cwd: Path) -> Answer:
    if shutil.which("git") is None:
        raise GitFailed("git is not installed, or not on PATH")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("git", *args, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=cwd)
    try:
        async with asyncio.timeout(TIMEOUT):
            out, err = await process.communicate(stdin)
    except TimeoutError:
        raise GitFailed(f"git {args[0]} gave no answer within {TIMEOUT:.0f} seconds") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Answer(process.returncode or 0, out, err.decode("utf-8", "replace"))


def _drop_stale_lock(message: str) -> None:
    """A lock nobody can still hold was left by a process that was killed."""
    if match := _LOCK_FILE.search(message):
        lock = Path(match[1])
        with contextlib.suppress(OSError):
            if time.time() - lock.lstat().st_mtime > STALE_LOCK:
                lock.unlink()


def names(out: bytes) -> list[str]:
    """The paths of a NUL-separated answer, byte for byte."""
    return [name for name in out.decode("utf-8", "surrogateescape").split("\0") if name]
