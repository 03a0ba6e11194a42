"""From neutral calls to the tools a program offers: each knows a file and a shell under a name of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.models.scenario import Call, Delegate, Run, Use, Write


@dataclass(frozen=True)
class ToolCall:
    """`arguments` is text where the tool is one that takes free text."""

    name: str
    arguments: dict[str, Any] | str

    @property
    def text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


class NoSuchTool(Exception):
    """The scenario wants what the program does not offer."""


def tool_call(call: Call, offered: Sequence[str]) -> ToolCall:
    match call:
        case Use(name, arguments):
            return ToolCall(name, arguments)
        case Write(path, text):
            name = _offered(WRITE, offered)
            return ToolCall(name, WRITE[name](path, text))
        case Run(command):
            name = _offered(RUN, offered)
            return ToolCall(name, RUN[name](command))
        case Delegate(prompt):
            name = _offered(DELEGATE, offered)
            return ToolCall(name, DELEGATE[name](prompt))


def _offered(known: Iterable[str], offered: Sequence[str]) -> str:
    name = next((name for name in known if name in offered), None)
    if name is None:
        raise NoSuchTool(f"none of {', '.join(known)} is among {', '.join(offered)}")
    return name


def _patch(path: str, text: str) -> str:
    """A new file, as Codex writes patches."""
    lines = "".join(f"+{line}\n" for line in text.splitlines())
    return f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n"


WRITE: Mapping[str, Callable[[str, str], Any]] = {
    "Write": lambda path, text: {"file_path": path, "content": text},  # Claude Code
    "write_file": lambda path, text: {"file_path": path, "content": text},  # Gemini CLI
    "write": lambda path, text: {"filePath": path, "content": text},  # opencode
    "create": lambda path, text: {"path": path, "file_text": text},  # Copilot
    "apply_patch": _patch,  # Codex
}
RUN: Mapping[str, Callable[[str], Any]] = {
    "Bash": lambda line: {"command": line, "description": "runs a command"},
    "exec_command": lambda line: {"cmd": line},
    "run_shell_command": lambda line: {"command": line, "description": "runs a command"},
    "bash": lambda line: {"command": line, "description": "runs a command"},
}
DELEGATE: Mapping[str, Callable[[str], Any]] = {
    "Agent": lambda prompt: {
        "description": "a part of it",
        "prompt": prompt,
        "subagent_type": "general-purpose",
        "run_in_background": False,  # its own default: the conversation goes on, and is told of the end in a turn more
    },
}
