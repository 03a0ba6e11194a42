"""The order in which the suite is played, and what a test wants told at the end: `record_property("told", ...)`."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.cli.output import console
from tests.localhub.talk import LocalHub

gc.disable()  # while everything is loaded, until pytest_collection_finish
settings.register_profile("sluice", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("sluice")
WHOLE_LIVES = ("agents", "faults", "plans", "stories")


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """One for all who make a world of their own on it; localhub's own tests have another."""
    command = [str(Path(sys.executable).with_name("localhub")), "serve", "--port", "0"]
    command += ["--root", str(tmp_path_factory.mktemp("localhub"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield LocalHub(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def localhub_url(hub: LocalHub) -> str:
    return hub.url


@pytest.fixture(scope="session", autouse=True)
def wide() -> None:
    """Tables as wide as they like, wherever the tests run."""
    console.width = 1000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is begun first, so that no worker is left alone with it at the end. What only computes comes
    last: it keeps the processors busy until all is over, which what waits for other processes would not."""

    def when(item: pytest.Item) -> tuple[bool, bool, bool]:
        longest = item.get_closest_marker("timeout") is not None  # who asks for more patience than all others
        return not longest, not item.get_closest_marker("slow"), item.path.parent.name not in WHOLE_LIVES

    items.sort(key=when)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: searched for garbage again and again, it costs a fifth of a story."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Told by xdist's workers, too."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.write_line(str(value))
