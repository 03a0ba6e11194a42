"""A real `localhub serve` for the tests of this folder: one server for all of them, a world of its own for each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hooked import receiver as receiver
from hooked import world as world
from talk import LocalHub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """The server's process, ended with SIGTERM, which must be a clean end."""
    command = [str(Path(sys.executable).with_name("localhub")), "serve", "--port", "0"]
    root = tmp_path_factory.mktemp("localhub")
    command += ["--root", str(root), "--uds", str(root / "socket")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert "listening on " in ready, f"localhub did not start: {ready!r}"
            yield LocalHub(ready.split()[-1], socket=root / "socket")
        finally:
            process.terminate()
    assert process.returncode == 0
