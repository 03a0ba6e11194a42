"""Runs one git command against a bare repository, shut off from the configuration of whoever runs localhub.

Objects never change, so what git said of commits named by their full ids holds for good, and is asked once.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from localhub.model import Actor

READING = ("cat-file", "diff", "diff-tree", "log", "ls-tree", "merge-base", "merge-tree", "rev-list", "rev-parse")
LASTING = re.compile(r"-.*|blob|\^?[0-9a-f]{40}(\.{2,3}[0-9a-f]{40}|:.*|\^\{\w+\})?", re.DOTALL)  # no name of a ref
KEPT, LARGEST = 5000, 50_000  # answers, and bytes of one
_answers: dict[tuple[Path, tuple[str, ...]], bytes] = {}


class GitError(Exception):
    """git refused; the message is what it printed."""

    def __init__(self, args: tuple[str, ...], code: int, stderr: str) -> None:
        super().__init__(f"git {' '.join(args)}: {stderr.strip() or f'exit code {code}'}")
        self.code = code


async def git(git_dir: Path, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """Standard output of `git ARGS` in `git_dir`; GitError when it fails."""
    code, out, err = await attempt(git_dir, *args, stdin=stdin, env=env)
    if code:
        raise GitError(args, code, err.decode("utf-8", "replace"))
    return out


async def text(git_dir: Path, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
    return (await git(git_dir, *args, stdin=stdin, env=env)).decode("utf-8", "replace").strip()


async def attempt(
    git_dir: Path, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    """(exit code, stdout, stderr), for commands whose failure is an answer."""
    lasting = not stdin and not env and _lasting(args)
    if lasting and (known := _answers.get((git_dir, args))) is not None:
        return 0, known, b""
    code, out, err = await _run(git_dir, args, stdin, env or {})
    if lasting and code == 0 and len(out) <= LARGEST:
        _answers[git_dir, args] = out
        if len(_answers) > KEPT:
            del _answers[next(iter(_answers))]
    return code, out, err


def _lasting(args: tuple[str, ...]) -> bool:
    """Whether every revision it names is an object, by its full id; what follows `--` are paths."""
    command, *rest = args
    named = rest[: rest.index("--")] if "--" in rest else rest
    return command in READING and all(LASTING.fullmatch(each) for each in named)


async def _run(git_dir: Path, args: tuple[str, ...], stdin: bytes, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        "git",
        *args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**clean_environment(), "GIT_DIR": str(git_dir), **env},
    )
    out, err = await process.communicate(stdin)
    return process.returncode or 0, out, err


def clean_environment() -> dict[str, str]:
    """An environment in which git reads no personal or system configuration and asks nobody anything."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


def identity(author: Actor, at: datetime | None = None) -> dict[str, str]:
    """The environment that makes `author` the author and committer of a commit."""
    name = author.name or author.login
    email = author.email or f"{author.id}+{author.login}@users.noreply.github.com"
    who = {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
    }
    if at is not None:
        stamp = f"{int(at.timestamp())} +0000"
        who |= {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
    return who
