"""Plays an edit script as an agent that speaks the Agent Client Protocol: `play_acp.py STEPS`. Standard library only.

It shares no code with whoever talks to it, so that it cannot share a mistake. Beside the steps of `play.py` it knows
{"ask": title} (stops the turn when it may not; so does "ask": true in a step that changes a file or runs a command),
{"print": line} and {"fail": message} (the turn is an error). What it is told after the first turn of a process it
repeats. Its sessions lie in its home.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))  # it is run by its path, apart from the package
from play import play  # type: ignore[import-not-found]

Json = dict[str, Any]
SESSIONS = Path(os.environ.get("HOME", "."), "sessions.json")
CAPABILITIES: Json = {"sessionCapabilities": {"resume": {}}}
KINDS = {
    "write": "edit",
    "append": "edit",
    "replace": "edit",
    "delete": "delete",
    "run": "execute",
    "commit": "execute",
}


class Refused(Exception):
    pass


class Player:
    def __init__(self, steps: list[Json]) -> None:
        self.steps, self.played = steps, False
        self.told: queue.Queue[Json | None] = queue.Queue()
        self.answers: queue.Queue[Json] = queue.Queue()
        self.stopped = threading.Event()
        self.session = ""

    def listen(self) -> None:
        """What is asked waits its turn; an answer and a cancel are for the turn that runs."""
        for line in sys.stdin:
            message = json.loads(line)
            if message.get("method") == "session/cancel":
                self.stopped.set()
            elif "method" in message:
                self.told.put(message)
            else:
                self.answers.put(message)
        self.told.put(None)

    def serve(self) -> None:
        while message := self.told.get():
            key = {"jsonrpc": "2.0", "id": message["id"]}
            try:
                tell(key | {"result": self.answer(message["method"], message["params"])})
            except Refused as error:
                tell(key | {"error": {"code": -32603, "message": str(error)}})

    def answer(self, method: str, params: Json) -> Json:
        match method:
            case "initialize":
                who = {"name": "player", "version": "1"}
                return {"protocolVersion": 1, "agentCapabilities": CAPABILITIES, "agentInfo": who}
            case "session/new":
                known = sessions()
                self.session = f"play-{len(known) + 1}"
                SESSIONS.write_text(json.dumps([*known, self.session]))
                return {"sessionId": self.session}
            case "session/resume" if params["sessionId"] in sessions():
                self.session = params["sessionId"]
                return {}
            case "session/prompt":
                return self.turn(params["prompt"][0]["text"])
        raise Refused(f"{method} is not known, or of something that is not")

    def turn(self, text: str) -> Json:
        self.stopped.clear()
        if self.played:
            self.say(f"I was told: {text}")
            return {"stopReason": "end_turn"}
        self.played = True
        for number, step in enumerate(self.steps):
            if not self.step(f"call-{number}", step) or self.stopped.is_set():
                return {"stopReason": "cancelled"}
        spent = len(text.split())
        return {"stopReason": "end_turn", "usage": {"inputTokens": spent, "outputTokens": 1, "totalTokens": spent + 1}}

    def step(self, call: str, step: Json) -> bool:
        """False: the turn is over."""
        match step:
            case {"say": words}:
                self.say(words)
            case {"ask": True}:
                return self.ask(call, **_tool(step)) and self.step(call, {**step, "ask": False})
            case {"ask": str(title)}:
                return self.ask(call, title=title)
            case {"print": line}:
                print(line, flush=True)
            case {"fail": why}:
                raise Refused(why)
            case {"exit": code}:
                os._exit(code)
            case {"wait": seconds}:
                self.stopped.wait(seconds)
            case _:
                self.work(call, step)
        return True

    def work(self, call: str, step: Json) -> None:
        """A tool is told of before it is used, and when it has been."""
        tool = {"toolCallId": call, **_tool(step), "status": "in_progress"}
        self.update({"sessionUpdate": "tool_call", **tool})
        if "run" in step:
            self.run(step["run"])
        else:
            play(step)
        self.update({"sessionUpdate": "tool_call_update", "toolCallId": call, "status": "completed"})

    def run(self, line: str) -> None:
        """Until it ends or the turn is cancelled; its output is no word of the protocol."""
        with subprocess.Popen(["bash", "-c", line], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as child:
            while child.poll() is None:
                if self.stopped.is_set():
                    child.kill()
                time.sleep(0.005)

    def ask(self, call: str, **tool: Any) -> bool:
        options = [{"optionId": kind[::-1], "name": kind, "kind": kind} for kind in ("reject_once", "allow_once")]
        params = {"sessionId": self.session, "toolCall": {"toolCallId": call, **tool}, "options": options}
        tell({"jsonrpc": "2.0", "id": call, "method": "session/request_permission", "params": params})
        outcome: Json = self.answers.get().get("result", {}).get("outcome", {})
        return outcome.get("optionId") == "allow_once"[::-1]

    def say(self, words: str) -> None:
        """In pieces, as a model speaks."""
        for piece in pieces(words):
            content = {"type": "text", "text": piece}
            self.update({"sessionUpdate": "agent_message_chunk", "content": content})

    def update(self, update: Json) -> None:
        params = {"sessionId": self.session, "update": update}
        tell({"jsonrpc": "2.0", "method": "session/update", "params": params})


def _tool(step: Json) -> Json:
    verb = next(verb for verb in KINDS if verb in step)
    given = {"command": step[verb]} if KINDS[verb] == "execute" else {"path": step[verb]}
    places = [] if KINDS[verb] == "execute" else [{"path": step[verb]}]
    return {"title": verb, "kind": KINDS[verb], "rawInput": given, "locations": places}


def sessions() -> list[str]:
    found: list[str] = json.loads(SESSIONS.read_text()) if SESSIONS.exists() else []
    return found


def pieces(words: str) -> Iterator[str]:
    yield from (words[start : start + 10] for start in range(0, len(words), 10))


def tell(message: Json) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    player = Player(json.loads(Path(sys.argv[1]).read_text()))
    threading.Thread(target=player.listen, daemon=True).start()
    player.serve()
