"""Processes that begin as forks of one that has imported everything: real ones, without a second of imports."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.forked"])


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def sluice(words: Sequence[str], at: Path, env: Mapping[str, str]) -> Told:
    """The `sluice` command, from its entry point to its exit code, in a folder and an environment of its own."""
    with TemporaryDirectory() as folder:
        out, err = (Path(folder) / name for name in ("out", "err"))
        process = begun(words, at, env, out, err)
        try:
            while process.is_alive():
                await asyncio.to_thread(process.join, 0.5)
        finally:
            process.kill()
        process.join()
        return Told(process.exitcode or 0, out.read_text(), err.read_text())


def begun(words: Sequence[str], at: Path, env: Mapping[str, str], out: Path, err: Path) -> BaseProcess:
    """The same at its work, with what it says in files."""
    process = FORKS.Process(target=_command, args=(list(words), at, dict(env), out, err), daemon=True)
    process.start()
    return process


def _command(words: list[str], at: Path, env: dict[str, str], out: Path, err: Path) -> None:
    from bot.cli import app
    from bot.cli.output import console

    for place, stream in ((out, sys.stdout), (err, sys.stderr)):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
    os.chdir(at)
    os.environ.clear()
    os.environ.update(env)
    console.width = int(env["COLUMNS"])  # which it has read when it was imported
    sys.argv = ["sluice", *words]
    app()
