"""What an agent tells and asks at its work, by the Agent Client Protocol: into events, and answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from acp.schema import (
    AgentMessageChunk,
    AllowedOutcome,
    DeniedOutcome,
    FileEditToolCallContent,
    PermissionOption,
    RequestPermissionResponse,
    TextContentBlock,
    ToolCallProgress,
    ToolCallStart,
    ToolCallUpdate,
)

from bot.agents.permits import ANSWERED, Permits
from bot.agents.quirks import Quirks
from bot.agents.seat import Note
from bot.core.events import event
from bot.core.permission import Act, Answer

CHANGING = ("edit", "delete", "move")
LONGEST = 20_000  # characters of one message
ALLOWING, REFUSING = ("allow_once", "allow_always"), ("reject_once", "reject_always")
ACTS: dict[str, Act] = {"execute": "command", "read": "read", "search": "read", "think": "read"}
TARGETS = ("file_path", "filePath", "path", "url", "query", "pattern")


@dataclass
class Tool:
    """Told once, when it is known what it works on; a change when it is made."""

    title: str = ""
    kind: str = ""
    target: str = ""
    paths: tuple[str, ...] = ()
    told: bool = False


class AcpEar:
    """The library's client: it has no files and no terminal to offer, for the agent has its own in the sandbox."""

    def __init__(self, note: Note, quirks: Quirks, permits: Permits, stop: Callable[[], None]) -> None:
        """`stop` ends its turn: a person is asked first."""
        self.deaf = False  # while a session that is loaded says again what was said before
        self.last = ""  # the last message that is whole
        self.error = ""  # what it said last was no message but why it cannot go on
        self._note, self._quirks, self._permits, self._stop = note, quirks, permits, stop
        self._words = ""
        self._tools: dict[str, Tool] = {}

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        if self.deaf:
            return
        match update:
            case AgentMessageChunk(content=TextContentBlock(text=text)):
                self._said(text)
            case ToolCallStart() | ToolCallProgress():
                self.pause()
                self._tool(update)

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        """One that is refused without an option for that is cancelled, and so is what a person is asked about first."""
        self.pause()
        tool = self._tool(tool_call)
        self._note(event("asked", tool.title, tool.target))
        said = self._judged(tool)
        chosen = _option(options, ALLOWING if said == "allowed" else REFUSING)
        self._note(event("answered", ANSWERED[said] if chosen or said != "allowed" else "refused", tool.title))
        if said == "asked":
            self._stop()
        if chosen is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen.option_id))

    def _judged(self, tool: Tool) -> Answer:
        if tool.kind in CHANGING:
            return self._permits.edit(tool.paths or (tool.target,))
        return self._permits.judge(ACTS.get(tool.kind, "other"), tool.target)

    def pause(self) -> None:
        """Whatever it said so far is a message."""
        if self._words.strip():
            self.last = self._words
            self._note(event("message", self._words))
        self._words = ""

    def _said(self, text: str) -> None:
        self.error = ""
        if self._quirks.notice and text.startswith(self._quirks.notice):
            self._note(event("notice", text))
        elif self._quirks.error and text.startswith(self._quirks.error) and not self._words:
            self.error = text
        else:
            self._words = (self._words + text)[:LONGEST]

    def _tool(self, told: ToolCallStart | ToolCallUpdate) -> Tool:
        tool = self._tools.setdefault(told.tool_call_id, Tool())
        tool.kind = told.kind or tool.kind
        tool.target = _target(told, tool.kind) or tool.target
        tool.paths = tuple(_paths(told)) or tool.paths
        tool.title = (told.title if told.title != tool.target else tool.kind) or tool.title
        over = told.status in ("completed", "failed")
        if tool.kind in CHANGING and told.status == "completed" and not tool.told:
            self._note(event("changed", tool.title, tool.target))
            tool.told = True
        elif tool.kind not in CHANGING and not tool.told and (tool.target or over):
            self._note(event("tool", tool.title, tool.target))
            tool.told = True
        return tool


def _option(options: Sequence[PermissionOption], kinds: Sequence[str]) -> PermissionOption | None:
    """By kind: what each calls it differs from agent to agent."""
    return next((each for kind in kinds for each in options if each.kind == kind), None)


def _target(told: ToolCallStart | ToolCallUpdate, kind: str) -> str:
    """Of a command the line itself, not the folder it runs in; who tells nothing else has it for a title."""
    given = told.raw_input if isinstance(told.raw_input, dict) else {}
    if kind == "execute":
        return str(given.get("command") or "") or (told.title or "" if told.raw_input is None else "")
    if found := next((str(given[name]) for name in TARGETS if given.get(name)), ""):
        return found
    return next(iter(_paths(told)), "")


def _paths(told: ToolCallStart | ToolCallUpdate) -> list[str]:
    paths = [place.path for place in told.locations or []]
    return paths + [each.path for each in told.content or [] if isinstance(each, FileEditToolCallContent)]
