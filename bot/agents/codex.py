"""Codex by its app server: how it is started, what is said to it, and what its own lines mean.

Shapes as the program of 0.163 prints them (`codex app-server generate-json-schema`): JSON-RPC, a message on each line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from bot.agents.conversation import Conversation, Heard, Line
from bot.agents.laying import lay
from bot.agents.permits import ANSWERED, Permits
from bot.agents.reading import reads
from bot.agents.sandbox import bubblewrap_works
from bot.agents.seat import Ending, Launch, Note, Seat
from bot.core.events import Event, event
from bot.core.permission import Act, Answer

RETRIES = 2  # of a call to the model, and of an answer that broke off
NO_METHOD = -32601  # JSON-RPC: a request nobody here answers
KEY = "SLUICE_MODEL_KEY"  # the variable its key is in; what commands inherit leaves it out
TARGETS = {"commandExecution": "command", "webSearch": "query", "mcpToolCall": "tool", "collabAgentToolCall": "prompt"}
DECISIONS = {"allowed": "accept", "refused": "decline", "asked": "cancel"}
FAILURES = {"unauthorized": "login", "contextWindowExceeded": "context", "sandboxError": "sandbox"}
LATEST = 2**32  # seconds since 1970; a later time is no promise
LIMITS = ("usageLimitExceeded", "rateLimitExceeded")


def launch(seat: Seat, note: Note) -> Launch:
    """Its temporary folder must not hold its own one: its sandbox would not find itself."""
    own, temporary = seat.home / ".codex", seat.home / "tmp"
    lay(seat.home, ".codex/config.toml", "".join(_toml(_settings(seat))))
    lay(seat.home, "tmp/.keep", "")
    key = {KEY: seat.key} if seat.url else {}
    env = {"CODEX_HOME": str(own), "TMPDIR": str(temporary)} | key
    desk = str(seat.desk) if seat.desk.is_absolute() else ""
    dialect = Codex(str(seat.tree), seat.session, desk, boxed=bubblewrap_works(), permits=seat.permits)
    return Launch((*seat.program, "app-server"), Conversation(dialect, seat.brief, note), env)


class Codex:
    """`boxed`: Sluice's own sandbox is around it."""

    def __init__(
        self, tree: str, thread: str = "", desk: str = "", *, boxed: bool = False, permits: Permits | None = None
    ) -> None:
        self._tree, self._thread, self._boxed = tree, thread, boxed
        self._permits = permits or Permits()
        self._changes: dict[str, list[str]] = {}  # by item, the files a change of several is about
        self._roots = [f"{tree}/.git", *([desk] if desk else [])]  # beside the tree itself, what it may write
        self._turn = self._brief = self._last = ""
        self._until: datetime | None = None  # when what is used up is there again
        self._told = 0  # how often something was said in the middle of the turn
        self._stopped = False

    def opening(self, brief: str) -> Sequence[Line]:
        """The brief itself follows when the program has answered."""
        self._brief = brief
        who = {"name": "sluice", "title": "Sluice", "version": version("sluice")}
        return (_request("initialize", {"clientInfo": who}),)

    def said(self, text: str) -> Sequence[Line]:
        """It reaches the model before its next answer."""
        if not self._turn:
            return ()
        self._told += 1
        steer = {"threadId": self._thread, "expectedTurnId": self._turn, "input": _text(text)}
        return (_request("turn/steer", steer, f"turn/steer {self._told}"),)

    def interrupt(self) -> Sequence[Line]:
        """A turn that has not begun is stopped when it does."""
        self._stopped = True
        return (_request("turn/interrupt", {"threadId": self._thread, "turnId": self._turn}),) if self._turn else ()

    def hear(self, told: Line) -> Heard:
        method, params = str(told.get("method", "")), _table(told, "params")
        if not method:
            return self._answered(told)
        if "id" in told:
            return self._asked(told["id"], method, params)
        return self._noticed(method, params)

    def _answered(self, told: Line) -> Heard:
        asked, result = told.get("id"), _table(told, "result")
        if "error" in told:
            return self._refused(str(asked), str(_table(told, "error").get("message", "")))
        match asked:
            case "initialize":
                return Heard(answers=({"method": "initialized"}, self._thread_wanted()))
            case "thread/start" | "thread/resume":
                thread = _table(result, "thread")
                self._thread = str(thread.get("id", ""))
                who = f"{result.get('model', '')} {thread.get('cliVersion', '')}".strip()
                return Heard((event("started", who),), (self._turn_wanted(),), self._thread)
            case "turn/start":
                self._turn = str(_table(result, "turn").get("id", ""))
                return Heard(answers=tuple(self.interrupt()) if self._stopped else ())
        return Heard()

    def _refused(self, asked: str, why: str) -> Heard:
        """Words that came too late are lost, and that is all; without a thread or a turn nothing can follow."""
        if asked in ("initialize", "thread/start", "thread/resume", "turn/start"):
            failure = "session" if asked == "thread/resume" else "protocol"
            return Heard((event("finished", why),), ended=Ending("failed", why, failure))
        return Heard((event("notice", f"{asked} was refused: {why}"),))

    def _thread_wanted(self) -> Line:
        asks = "on-request" if self._permits.policy == "all" else "untrusted"
        params = {"cwd": self._tree, "approvalPolicy": asks}
        if self._thread:
            return _request("thread/resume", params | {"threadId": self._thread, "excludeTurns": True})
        return _request("thread/start", params)

    def _turn_wanted(self) -> Line:
        """A sandbox of its own inside of ours would add nothing, and keep it from committing."""
        own = {"type": "workspaceWrite", "networkAccess": True, "writableRoots": self._roots}
        policy = {"type": "externalSandbox", "networkAccess": "enabled"} if self._boxed else own
        params = {"threadId": self._thread, "input": _text(self._brief), "sandboxPolicy": policy}
        return _request("turn/start", params)

    def _noticed(self, method: str, params: Line) -> Heard:
        """Threads it starts for others of its kind are heard at their work; only its own turn's end is the end."""
        own = params.get("threadId") == self._thread
        match method:
            case "item/started":
                item = _table(params, "item")
                if item.get("type") == "fileChange":
                    changes = _tables(item.get("changes"))
                    self._changes[str(item.get("id"))] = [str(each.get("path", "")) for each in changes]
                return Heard(tuple(_begun(item)))
            case "item/completed":
                return Heard(tuple(self._done(_table(params, "item"), own)))
            case "error" if params.get("willRetry"):
                error = _table(params, "error")
                why = f"{error.get('message', '')}: {error.get('additionalDetails') or error.get('codexErrorInfo')}"
                return Heard((event("notice", why),))
            case "warning" | "configWarning":
                return Heard((event("notice", str(params.get("message") or params.get("summary") or "")),))
            case "account/rateLimits/updated":
                self._until = _resets(_table(params, "rateLimits")) or self._until
            case "turn/completed" if own:
                return self._over(_table(params, "turn"))
        return Heard()

    def _asked(self, key: object, method: str, params: Line) -> Heard:
        """Whoever is to ask a person ends its turn."""
        target = str(params.get("command") or params.get("grantRoot") or params.get("reason") or "")
        asked = event("asked", method, target)
        match method:
            case "item/commandExecution/requestApproval":
                said = self._permits.judge(_act(params), target)
                return _answer(asked, ANSWERED[said], key, {"decision": DECISIONS[said]})
            case "item/fileChange/requestApproval":
                said = self._may_change(params)
                return _answer(asked, ANSWERED[said], key, {"decision": DECISIONS[said]})
            case "item/permissions/requestApproval":
                said = self._permits.judge("other")
                more = _table(params, "permissions") if said == "allowed" else {}
                return _answer(asked, ANSWERED[said], key, {"permissions": more, "scope": "turn"})
            case "item/tool/requestUserInput":
                return _answer(asked, "nobody answers in the middle of a run", key, {"answers": {}})
            case "mcpServer/elicitation/request":
                return _answer(asked, "refused", key, {"action": "decline"})
        return Heard(answers=({"id": key, "error": {"code": NO_METHOD, "message": f"{method} is not answered here"}},))

    def _may_change(self, params: Line) -> Answer:
        more = [str(params["grantRoot"])] if params.get("grantRoot") else []
        return self._permits.edit([*self._changes.get(str(params.get("itemId")), []), *more])

    def _done(self, item: Line, own: bool) -> Iterator[Event]:
        if item.get("type") == "agentMessage" and (words := str(item.get("text") or "")):
            self._last = words if own else self._last
            yield event("message", words)
        if item.get("type") == "fileChange" and item.get("status") == "completed":
            for change in _tables(item.get("changes")):
                yield event("changed", str(_table(change, "kind").get("type", "")), str(change.get("path", "")))

    def _over(self, turn: Line) -> Heard:
        ending = self._ending(str(turn.get("status", "")), _table(turn, "error"))
        self._turn = ""
        return Heard((event("finished", ending.summary),), ended=ending)

    def _ending(self, status: str, error: Line) -> Ending:
        if status == "completed":
            return Ending("finished", self._last)
        if status == "interrupted":
            return Ending("failed", self._last, "interrupted")
        why, told = error.get("codexErrorInfo"), str(error.get("message") or status)
        code = _status(why)
        if why in LIMITS or code == 429:
            return Ending("limited", told, until=self._until)
        if code in (401, 403):
            return Ending("failed", told, "login")
        return Ending("failed", told, FAILURES.get(str(why), "model"))


def _begun(item: Line) -> Iterator[Event]:
    kind = str(item.get("type", ""))
    if kind in TARGETS:
        yield event("tool", kind, str(item.get(TARGETS[kind]) or ""))


def _act(params: Line) -> Act:
    """It reads files by commands, and asks for these too."""
    if params.get("kind", "command") != "command" or params.get("networkApprovalContext"):
        return "other"
    return "read" if reads(str(params.get("command") or "")) else "command"


def _answer(asked: Event, said: str, key: object, result: Line) -> Heard:
    return Heard((asked, event("answered", said, asked.text)), ({"id": key, "result": result},))


def _status(why: object) -> int | None:
    """What HTTP said, where it is told: {"responseTooManyFailedAttempts": {"httpStatusCode": 429}}."""
    inner = next(iter(why.values()), None) if isinstance(why, Mapping) else None
    code = inner.get("httpStatusCode") if isinstance(inner, Mapping) else None
    return code if isinstance(code, int) else None


def _resets(limits: Line) -> datetime | None:
    """When the last of the windows that are used up begins anew."""
    windows = (_table(limits, name) for name in ("primary", "secondary"))
    used_up = [_number(each.get("resetsAt")) for each in windows if _number(each.get("usedPercent")) >= 100]
    latest = max(used_up, default=0)
    return datetime.fromtimestamp(latest, UTC) if 0 < latest < LATEST else None


def _settings(seat: Seat) -> Mapping[str, Any]:
    """Nothing but its work: no look for updates, plug-ins or apps, and no key in what its commands inherit. Settings,
    hooks and servers of the repository are taken only where its policy trusts them."""
    settings: dict[str, Any] = {
        "check_for_update_on_startup": False,
        "analytics": {"enabled": False},
        "features": {"plugins": False, "apps": False},
        "shell_environment_policy": {"inherit": "core"},
    }
    if seat.permits.policy != "all":
        settings["web_search"] = "disabled"
    if seat.trusted:
        settings["projects"] = {json.dumps(str(seat.tree)): {"trust_level": "trusted"}}
    if seat.peer.model:
        settings["model"] = seat.peer.model
    if seat.url:
        settings["model_provider"] = "sluice"
        settings["model_providers"] = {
            "sluice": {
                "name": "sluice", "base_url": f"{seat.url}/v1", "env_key": KEY, "wire_api": "responses",
                "request_max_retries": RETRIES, "stream_max_retries": RETRIES,
            }
        }  # fmt: skip
    return settings


def _toml(table: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """Enough of it for these settings: values are written in TOML as they are in JSON."""
    if name:
        yield f"[{name}]\n"
    yield from (f"{key} = {json.dumps(value)}\n" for key, value in table.items() if not isinstance(value, dict))
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _toml(value, f"{name}.{key}".lstrip("."))


def _request(method: str, params: Line, key: str = "") -> Line:
    """The method is the request's id: but for what is said meanwhile, each is asked once."""
    return {"id": key or method, "method": method, "params": params}


def _text(text: str) -> list[Line]:
    return [{"type": "text", "text": text}]


def _table(row: Line, key: str) -> Line:
    found = row.get(key)
    return found if isinstance(found, dict) else {}


def _tables(found: object) -> Iterable[Line]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0
