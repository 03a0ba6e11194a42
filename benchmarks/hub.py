"""The GitHub the figures are measured on: a localhub of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.localhub.talk import LocalHub


@contextmanager
def hub(folder: Path) -> Iterator[LocalHub]:
    """It listens at a Unix socket, too, for gh."""
    program = str(Path(sys.executable).with_name("localhub"))
    command = [program, "serve", "--port", "0", "--root", str(folder / "hub"), "--uds", str(folder / "socket")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield LocalHub(process.stdout.readline().split()[-1], socket=folder / "socket")
        finally:
            process.terminate()
