"""Claude Code by its stream of JSON lines: how it is started, what is said to it, and what its own lines mean.

Shapes as the program of 2.1 prints them (`-p --input-format stream-json --output-format stream-json --verbose`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bot.agents.conversation import Conversation, Heard, Line
from bot.agents.permits import ANSWERED, WHY, Permits
from bot.agents.seat import Ending, Launch, Note, Seat
from bot.core.events import Event, event
from bot.core.permission import Answer, Permissions

# what a tool's target may be called
PATHS = ("file_path", "path", "notebook_path", "command", "pattern", "url", "prompt")
# Nobody answers it in the middle of a run, or wakes it after one; the worktree it has is the one to work in.
WITHOUT = (
    "AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "EnterWorktree", "ExitWorktree",
    "CronCreate", "CronDelete", "CronList", "ScheduleWakeup",
)  # fmt: skip
CHANGING = ("Write", "Edit", "MultiEdit", "NotebookEdit")
READING = ("Read", "Glob", "Grep", "LS", "NotebookRead")
NET = ("WebFetch", "WebSearch")  # barred where it does not do all it likes
EDITING = ("Read", "Glob", "Grep", "Edit", "Write", "NotebookEdit", "TodoWrite", "Skill", "Agent")  # runs nothing
SETTINGS = {"attribution": {"commit": "", "pr": ""}}  # whose work a commit is, Sluice's own trailers say
LATEST = 2**32  # seconds since 1970; a later time is no promise
STOP = "stop"  # the id under which it is interrupted
OWN_AFFAIR = "[ede_diagnostic]"  # how lines begin that it writes about itself when it is cut short
RETRIES = "2"  # of a call to the model: of its own it would try for minutes, a wrong key included


def launch(seat: Seat, note: Note) -> Launch:
    """Settings and servers of the repository are taken only where its policy trusts them: they are programs to run."""
    servers = seat.tree / ".mcp.json"
    trusted = ("--mcp-config", str(servers)) if seat.trusted and servers.is_file() else ()
    words = [
        "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
        "--permission-prompt-tool", "stdio", "--permission-mode", "acceptEdits",
        *_tools(seat.permits.policy),
        "--setting-sources", "user,project" if seat.trusted else "user", "--strict-mcp-config", *trusted,
        "--settings", json.dumps(SETTINGS),
        *(("--model", seat.peer.model) if seat.peer.model else ()),
        *(("--resume", seat.session) if seat.session else ()),
    ]  # fmt: skip
    model = {"ANTHROPIC_BASE_URL": seat.url, "ANTHROPIC_API_KEY": seat.key} if seat.url else {}
    env = {
        "CLAUDE_CONFIG_DIR": str(seat.home / ".claude"),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": RETRIES,
    }
    return Launch((*seat.program, *words), Conversation(Claude(seat.permits), seat.brief, note), env | model)


def _tools(policy: Permissions) -> Sequence[str]:
    """Of what it is not kept from it asks, but for what it takes for harmless itself."""
    match policy:
        case "all":
            return ("--allowedTools", "Bash", "--disallowedTools", ",".join(WITHOUT))
        case "edits":
            return ("--tools", ",".join(EDITING))
        case "ask":
            return ("--disallowedTools", ",".join((*WITHOUT, *NET)))


class Claude:
    """Remembers its session, the sub-agents that work behind its back, and when it may ask its model again."""

    def __init__(self, permits: Permits | None = None) -> None:
        self._permits = permits or Permits()
        self._session = ""
        self._behind = False
        self._waits: Ending | None = None  # how its last turn ended, while no turn runs and one is to come
        self._until: datetime | None = None

    def opening(self, brief: str) -> Sequence[Line]:
        return (_control("begin", {"subtype": "initialize", "hooks": None}), *self.said(brief))

    def said(self, text: str) -> Sequence[Line]:
        """A turn; while a tool runs it reaches the model with the tool's result."""
        message = {"role": "user", "content": text}
        return ({"type": "user", "message": message, "parent_tool_use_id": None, "session_id": ""},)

    def interrupt(self) -> Sequence[Line]:
        return (_control(STOP, {"subtype": "interrupt"}),)

    def hear(self, told: Line) -> Heard:
        match told.get("type"):
            case "system":
                return self._system(told)
            case "assistant":
                return Heard(tuple(_blocks(told)))
            case "control_request":
                return self._asked(told)
            case "control_response" if self._waits and _is_answer(told, STOP):
                return self._stopped(self._waits.summary)  # a turn that runs ends with a result of its own
            case "rate_limit_event":
                self._until = _resets(told.get("rate_limit_info"))
            case "result":
                return self._result(told)
        return Heard()

    def _system(self, told: Line) -> Heard:
        match told.get("subtype"):
            case "init":
                self._waits = None
                return self._begun(told)
            case "api_retry":
                why = f"the model did not answer ({told.get('error_status')}), attempt {told.get('attempt')}"
                return Heard((event("notice", why),))
            case "permission_denied":
                refused = f"refused: {told.get('message', '')}"
                return Heard((event("answered", refused, str(told.get("tool_name", ""))),))
            case "background_tasks_changed":
                tasks = told.get("tasks")
                self._behind = isinstance(tasks, list) and any(map(_is_agent, tasks))
        return Heard()

    def _begun(self, told: Line) -> Heard:
        """It is told again with each turn."""
        if self._session:
            return Heard()
        self._session = str(told.get("session_id") or "")
        who = f"{told.get('model', '')} {told.get('claude_code_version', '')}".strip()
        return Heard((event("started", who),), session=self._session)

    def _result(self, told: Line) -> Heard:
        """It bears the session's id though there be no such session; only `init` says that it has begun.

        A sub-agent that works on is waited for: its end makes another turn, and what it asks must find an answer.
        """
        errors = [each for each in map(str, _listed(told, "errors")) if not each.startswith(OWN_AFFAIR)]
        said_last = str(told.get("result") or "; ".join(errors))
        ending = _ending(told, said_last, self._until)
        last = ending.how != "finished" or not self._behind
        self._waits = None if last else ending
        return Heard((event("finished", said_last),) if last else (), ended=ending, last=last)

    def _asked(self, told: Line) -> Heard:
        """Whoever is to ask a person ends its turn."""
        request = told.get("request")
        if not isinstance(request, dict) or request.get("subtype") != "can_use_tool":
            refused = {"subtype": "error", "request_id": told.get("request_id"), "error": "not answered here"}
            return Heard(answers=({"type": "control_response", "response": refused},))
        name, given = str(request.get("tool_name", "")), request.get("input")
        said = self._judged(name, _target(given))
        decision = {"behavior": "allow", "updatedInput": given}
        if said != "allowed":
            decision = {"behavior": "deny", "message": WHY, "interrupt": said == "asked"}
        answer = {"subtype": "success", "request_id": told.get("request_id"), "response": decision}
        events = (event("asked", name, _target(given)), event("answered", ANSWERED[said], name))
        stop = self.interrupt() if said == "asked" else ()
        return Heard(events, ({"type": "control_response", "response": answer}, *stop))

    def _judged(self, name: str, target: str) -> Answer:
        if name in CHANGING:
            return self._permits.edit((target,))
        if name == "Bash":
            return self._permits.judge("command", target)
        return self._permits.judge("read" if name in READING else "other")

    def _stopped(self, summary: str) -> Heard:
        self._waits = None
        return Heard((event("finished", summary),), ended=Ending("failed", summary, "interrupted"))


def _is_answer(told: Line, key: str) -> bool:
    response = told.get("response")
    return isinstance(response, dict) and response.get("request_id") == key


def _is_agent(task: object) -> bool:
    """Not a command left running, which nobody waits for."""
    return isinstance(task, dict) and task.get("task_type") == "local_agent"


def _resets(limit: object) -> datetime | None:
    """What a subscription gives is used up; the time is told in seconds since 1970."""
    time = limit.get("resetsAt") if isinstance(limit, dict) and limit.get("status") == "rejected" else None
    return datetime.fromtimestamp(time, UTC) if isinstance(time, int) and 0 < time < LATEST else None


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


def _ending(told: Line, summary: str, until: datetime | None) -> Ending:
    """Judged by `is_error` and `terminal_reason`: a failed call to the model says `success` all the same."""
    if not told.get("is_error") and told.get("subtype") == "success":
        return Ending("finished", summary)
    match told.get("api_error_status"):
        case 429:
            return Ending("limited", summary, until=until)
        case 401 | 403:
            return Ending("failed", summary, "login")
        case int():
            return Ending("failed", summary, "model")
    why = str(told.get("terminal_reason") or told.get("subtype") or "")
    return Ending("failed", summary, "interrupted" if why.startswith("aborted") else why)


def _listed(told: Line, key: str) -> list[object]:
    found = told.get(key)
    return found if isinstance(found, list) else []


def _target(given: object) -> str:
    if not isinstance(given, Mapping):
        return ""
    return next((str(given[name]) for name in PATHS if given.get(name)), "")


def _control(key: str, request: Line) -> Line:
    return {"type": "control_request", "request_id": key, "request": request}
