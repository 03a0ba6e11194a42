"""From neutral calls to the tools a program offers: each knows a file and a shell under a name of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.models.scenario import Call, Delegate, Edit, Read, Run, Use, Write


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
        case Read(path):
            name = _offered(READ, offered)
            return ToolCall(name, READ[name](path))
        case Edit(path, old, new):
            name = _offered(EDIT, offered)
            return ToolCall(name, EDIT[name](path, old, new))
        case Write(path, text):
            name = _offered(WRITE, offered)
            return ToolCall(name, WRITE[name](path, text))
        case Run(command):
            name = _offered(RUN, offered)
            return ToolCall(name, RUN[name](command))
        case Delegate(prompt, _, background):
            name = _offered(DELEGATE, offered)
            return ToolCall(name, DELEGATE[name](prompt, background))


def _offered(known: Iterable[str], offered: Sequence[str]) -> str:
    name = next((name for name in known if name in offered), None)
    if name is None:
        raise NoSuchTool(f"none of {', '.join(known)} is among {', '.join(offered)}")
    return name


def _added(path: str, text: str) -> str:
    """A new file, as Codex writes patches."""
    return f"*** Begin Patch\n*** Add File: {path}\n{_lines('+', text)}*** End Patch\n"


def _updated(path: str, old: str, new: str) -> str:
    return f"*** Begin Patch\n*** Update File: {path}\n@@\n{_lines('-', old)}{_lines('+', new)}*** End Patch\n"


def _lines(sign: str, text: str) -> str:
    return "".join(f"{sign}{line}\n" for line in text.splitlines())


READ: Mapping[str, Callable[[str], Any]] = {
    "Read": lambda path: {"file_path": path},  # Claude Code
    "read_file": lambda path: {"file_path": path},  # Gemini CLI
    "read": lambda path: {"filePath": path},  # opencode
    "view": lambda path: {"path": path},  # Copilot
    "exec_command": lambda path: {"cmd": f"cat {path}"},  # Codex
}
EDIT: Mapping[str, Callable[[str, str, str], Any]] = {
    "Edit": lambda path, old, new: {"file_path": path, "old_string": old, "new_string": new},
    "replace": lambda path, old, new: {
        "file_path": path, "old_string": old, "new_string": new, "instruction": "as the scenario has it",
    },
    "edit": lambda path, old, new: {
        "filePath": path, "oldString": old, "newString": new,  # opencode
        "path": path, "old_str": old, "new_str": new,  # Copilot
    },
    "apply_patch": _updated,
}  # fmt: skip
WRITE: Mapping[str, Callable[[str, str], Any]] = {
    "Write": lambda path, text: {"file_path": path, "content": text},
    "write_file": lambda path, text: {"file_path": path, "content": text},
    "write": lambda path, text: {"filePath": path, "content": text},
    "create": lambda path, text: {"path": path, "file_text": text},
    "apply_patch": _added,
}
RUN: Mapping[str, Callable[[str], Any]] = {
    "Bash": lambda line: {"command": line, "description": "runs a command"},
    "exec_command": lambda line: {"cmd": line},
    "run_shell_command": lambda line: {"command": line, "description": "runs a command"},
    "bash": lambda line: {"command": line, "description": "runs a command"},
}
DELEGATE: Mapping[str, Callable[[str], Any]] = {
    "Agent": lambda prompt, background: {
        "description": "a part of it",
        "prompt": prompt,
        "subagent_type": "general-purpose",
        "run_in_background": background,
    },
}
