"""The files through which steps talk back: GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH and GITHUB_STEP_SUMMARY."""

from __future__ import annotations

import re
from pathlib import Path

NAMES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
PAIR = re.compile(
    r"(?P<name>[^=<\n]+?)(?:=(?P<value>[^\n]*)|<<(?P<end>[^\n]+)\n(?P<text>.*?)\n?^(?P=end)$)", re.M | re.S
)


class CommandFiles:
    """Empty before each step, read after it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.paths = {name: folder / name.lower() for name in NAMES}
        self._empty()

    def environment(self) -> dict[str, str]:
        return {name: str(path) for name, path in self.paths.items()}

    def collect(self, env: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """`env` as later steps shall see it, and the outputs of the step that just ended."""
        texts = {name: path.read_text("utf-8", "replace") if path.exists() else "" for name, path in self.paths.items()}
        self._empty()
        added = [line for line in texts["GITHUB_PATH"].splitlines() if line]
        path = ":".join([*reversed(added), env["PATH"]])
        return env | pairs(texts["GITHUB_ENV"]) | {"PATH": path}, pairs(texts["GITHUB_OUTPUT"])

    def _empty(self) -> None:
        for path in self.paths.values():
            path.write_text("")


def pairs(text: str) -> dict[str, str]:
    """`name=value` lines, and `name<<END` blocks for values of several lines."""
    return {found["name"]: found["text"] if found["value"] is None else found["value"] for found in PAIR.finditer(text)}
