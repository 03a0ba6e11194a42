"""The order in which the suite is played, and what a test wants told at the end: `record_property("told", ...)`."""

from __future__ import annotations

import os

import pytest

os.environ["COLUMNS"] = "200"  # tables as wide as they like, wherever the tests run
WHOLE_LIVES = ("faults", "stories")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is begun first, so that no worker is left alone with it at the end."""

    def when(item: pytest.Item) -> tuple[bool, bool]:
        life = item.path.parent.name in WHOLE_LIVES
        return not (life and item.get_closest_marker("slow")), not life

    items.sort(key=when)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Told by xdist's workers, too."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.write_line(str(value))
