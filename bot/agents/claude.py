"""Claude Code by its stream of JSON lines: what is said to it, and what its own lines mean. No process, no file.

Shapes as the program of 2.1 prints them (`-p --input-format stream-json --output-format stream-json --verbose`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.events import Event, event

Line = dict[str, Any]
PATHS = (
    "file_path",
    "path",
    "notebook_path",
    "command",
    "pattern",
    "url",
    "prompt",
)  # what a tool's target may be called
CHANGING = ("Write", "Edit", "MultiEdit", "NotebookEdit")


def words(model: str = "", resume: str = "", more: Sequence[str] = ()) -> list[str]:
    """Its command line after the program's name. The repository's own settings and servers are not loaded: they would
    run hooks nobody has looked at."""
    return [
        "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
        "--permission-prompt-tool", "stdio", "--permission-mode", "acceptEdits", "--allowedTools", "Bash",
        "--setting-sources", "", "--strict-mcp-config",
        *(("--model", model) if model else ()), *(("--resume", resume) if resume else ()), *more,
    ]  # fmt: skip


def opening(brief: str) -> list[Line]:
    return [_control("begin", {"subtype": "initialize", "hooks": None}), said(brief)]


def said(text: str) -> Line:
    """A turn; while a tool runs it reaches the model with the tool's result."""
    return {"type": "user", "message": {"role": "user", "content": text}, "parent_tool_use_id": None, "session_id": ""}


def interrupt() -> Line:
    return _control("stop", {"subtype": "interrupt"})


@dataclass(frozen=True)
class Heard:
    """What a line came to: events, what is to be answered, and, of the last one, how the turn ended."""

    events: tuple[Event, ...] = ()
    answers: tuple[Line, ...] = ()
    session: str = ""
    ended: Ending | None = None


@dataclass(frozen=True)
class Ending:
    """Judged by `is_error` and `terminal_reason`: a failed call to the model says `success` all the same."""

    well: bool
    summary: str
    reason: str
    status: int | None = None  # HTTP, of a call that failed


def hear(line: bytes | str) -> Heard:
    """Nothing, for what is no line of the protocol."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return Heard()
    if not isinstance(told, dict):
        return Heard()
    match told.get("type"):
        case "system":
            return _system(told)
        case "assistant":
            return Heard(tuple(_blocks(told)))
        case "control_request":
            return _asked(told)
        case "result":
            return _result(told)
        case _:
            return Heard()


def _system(told: Line) -> Heard:
    session = str(told.get("session_id") or "")
    match told.get("subtype"):
        case "init":
            return Heard(
                (event("started", f"{told.get('model', '')} {told.get('claude_code_version', '')}".strip()),),
                (),
                session,
            )
        case "api_retry":
            why = f"the model did not answer ({told.get('error_status')}), attempt {told.get('attempt')}"
            return Heard((event("notice", why),))
        case "permission_denied":
            return Heard((event("answered", f"refused: {told.get('message', '')}", str(told.get("tool_name", ""))),))
        case _:
            return Heard()


def _blocks(told: Line) -> Iterator[Event]:
    message = told.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    for block in content if isinstance(content, list) else []:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "text" and str(block.get("text", "")).strip():
            yield event("message", str(block["text"]))
        elif block.get("type") == "tool_use":
            name = str(block.get("name", ""))
            yield event("changed" if name in CHANGING else "tool", name, _target(block.get("input")))


def _asked(told: Line) -> Heard:
    """Inside the sandbox, nothing it asks for needs a person: what may not be done is not in reach there."""
    request = told.get("request")
    if not isinstance(request, dict) or request.get("subtype") != "can_use_tool":
        return Heard()
    name, given = str(request.get("tool_name", "")), request.get("input")
    decision = {"behavior": "allow", "updatedInput": given}
    answer = {"subtype": "success", "request_id": told.get("request_id"), "response": decision}
    asked = event("asked", name, _target(given))
    return Heard((asked, event("answered", "allowed", name)), ({"type": "control_response", "response": answer},))


def _result(told: Line) -> Heard:
    reason = str(told.get("terminal_reason") or told.get("subtype") or "")
    well = not told.get("is_error") and told.get("subtype") == "success"
    status = told.get("api_error_status")
    said_last = str(told.get("result") or "; ".join(map(str, told.get("errors") or [])))
    ending = Ending(well, said_last, reason, status if isinstance(status, int) else None)
    return Heard((event("finished", said_last),), (), str(told.get("session_id") or ""), ending)


def _target(given: object) -> str:
    if not isinstance(given, Mapping):
        return ""
    return next((str(given[name]) for name in PATHS if given.get(name)), "")


def _control(key: str, request: Line) -> Line:
    return {"type": "control_request", "request_id": key, "request": request}
