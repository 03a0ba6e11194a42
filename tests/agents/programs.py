"""Where the real coding agents are, once `tests/system.py` has installed them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.system import AGENTS

PYTHON, MODULES = AGENTS / "python", "node_modules"


def claude() -> list[str]:
    """The SDK's wheel holds the program itself."""
    return [str(PYTHON / "claude_agent_sdk" / "_bundled" / "claude")]


def codex() -> list[str]:
    """The native program: a signal to the wrapper of the npm build would not reach it."""
    return [str(PYTHON / "codex_cli_bin" / "bin" / "codex")]


def gemini() -> list[str]:
    return [_node(), str(AGENTS / "gemini" / MODULES / "@google" / "gemini-cli" / "bundle" / "gemini.js")]


def opencode() -> list[str]:
    return [_native(AGENTS / "opencode" / MODULES, "opencode-*/bin/opencode")]


def copilot() -> list[str]:
    return [_native(AGENTS / "copilot" / MODULES, "@github/copilot-*/copilot")]


FOUND: Mapping[str, Callable[[], list[str]]] = {
    each.__name__: each for each in (claude, codex, gemini, opencode, copilot)
}


def program(name: str) -> list[str]:
    """The beginning of its command line; the test is skipped where it is not installed."""
    words = FOUND[name]()
    missing = [word for word in words if not Path(word).is_file()]
    if missing:
        pytest.skip(f"{name} is not installed (make system)")
    return words


def _native(folder: Path, pattern: str) -> str:
    """The one npm chose for this machine, of several the one for newer processors, whose name is shorter."""
    return min(map(str, folder.glob(pattern)), key=len, default=str(folder / pattern))


def _node() -> str:
    return shutil.which("node") or "node"
