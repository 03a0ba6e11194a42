"""Runs one git command against a bare repository, shut off from the configuration of whoever runs localhub."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from localhub.model import Actor


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
    process = await asyncio.create_subprocess_exec(
        "git",
        *args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**clean_environment(), "GIT_DIR": str(git_dir), **(env or {})},
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
