"""The app: a scenario's name in the path, one route for each dialect, and /_models for who writes scenarios."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.models import anthropic, chat, gemini, record, responses
from tests.models.record import RECORD, Asked, Record
from tests.models.scenario import SCENARIO, Billed, Refusal, Scenario, Turn
from tests.models.speech import Json, Speech, speech_of
from tests.models.tools import NoSuchTool


@dataclass(frozen=True)
class Dialect:
    name: str
    read: Callable[[Json], record.Request]
    whole: Callable[[record.Request, Speech], Json]
    stream: Callable[[record.Request, Speech], Iterator[str]]
    refused: Callable[[Refusal, int], tuple[Json, dict[str, str]]]  # the body and the headers
    tells_writes: bool = True  # what went into the cache

    def bill(self, speech: Speech) -> Billed:
        return speech.billed if self.tells_writes else speech.billed.without_writes()


DIALECTS: Mapping[str, Dialect] = {
    "v1/messages": Dialect("anthropic", anthropic.read, anthropic.whole, anthropic.stream, anthropic.refused),
    "v1/responses": Dialect("responses", responses.read, responses.whole, responses.stream, responses.refused),
    "v1/chat/completions": Dialect("chat", chat.read, chat.whole, chat.stream, chat.refused, tells_writes=False),
}
GEMINI = Dialect("gemini", gemini.read, gemini.whole, gemini.stream, gemini.refused, tells_writes=False)
METHODS = {"generateContent": False, "streamGenerateContent": True}  # whether it streams


@dataclass
class Stage:
    """A scenario being played."""

    scenario: Scenario
    record: Record


def create_app() -> FastAPI:
    app = FastAPI()
    stages: dict[str, Stage] = {}
    numbers = itertools.count(1)

    def stage(name: str) -> Stage:
        if name not in stages:
            raise HTTPException(404, f"no scenario is called {name}")
        return stages[name]

    @app.put("/_models/{name}")
    async def play(name: str, http: Request) -> Json:
        """From its beginning, with an empty record."""
        stages[name] = Stage(SCENARIO.validate_json(await http.body()), Record())
        return {}

    @app.get("/_models/{name}")
    async def recorded(name: str) -> Any:
        return RECORD.dump_python(stage(name).record)

    @app.post("/s/{name}/v1/messages/count_tokens")
    async def counted(name: str, http: Request) -> Json:
        """Free, and nobody's truth: about four letters a token."""
        return {"input_tokens": len(await http.body()) // 4}

    @app.post("/s/{name}/v1beta/models/{model}:{method}")
    async def ask_gemini(name: str, model: str, method: str, http: Request) -> Response:
        if method not in METHODS:
            return await ask(name, http.url.path, http)
        body = await http.json() | {"model": model, "stream": METHODS[method]}
        return await _answer(stage(name), GEMINI, http, body, next(numbers))

    @app.api_route("/s/{name}/{path:path}", methods=["GET", "HEAD", "POST"])
    async def ask(name: str, path: str, http: Request) -> Response:
        dialect = DIALECTS.get(path)
        if dialect is None or http.method != "POST":
            stage(name).record.strays.append(f"{http.method} {path}")
            raise HTTPException(404)
        return await _answer(stage(name), dialect, http, await http.json(), next(numbers))

    return app


async def _answer(stage: Stage, dialect: Dialect, http: Request, body: Json, number: int) -> Response:
    request = dialect.read(body)
    branch, turns = stage.scenario.branch(request.opening, request.tools)
    attempt = stage.record.attempts(branch, request.turn)
    due = _due(turns, request, attempt, number)
    status = due.status if isinstance(due, Refusal) else 200
    asked = Asked(dialect.name, branch, attempt, status, len(await http.body()), dict(http.headers), request)
    stage.record.asked.append(asked)
    if isinstance(due, Refusal):
        said, headers = dialect.refused(due, int(time.time()))
        return JSONResponse(said, due.status, headers)
    if request.stream:
        return StreamingResponse(_spoken(dialect, asked, due, http), media_type="text/event-stream")
    await asyncio.sleep(due.delay)
    asked.billed = dialect.bill(due)
    return JSONResponse(dialect.whole(request, due))


def _due(turns: list[Turn], request: record.Request, attempt: int, number: int) -> Speech | Refusal:
    """What comes now. Where the scenario does not fit what is asked, the error says why."""
    if request.turn >= len(turns):
        return Refusal(400, why=f"the scenario has no turn {request.turn}")
    turn = turns[request.turn]
    if attempt < len(turn.refusals):
        return turn.refusals[attempt]
    try:
        return speech_of(turn, request.tools, number)
    except NoSuchTool as error:
        return Refusal(400, why=str(error))


async def _spoken(dialect: Dialect, asked: Asked, speech: Speech, http: Request) -> AsyncIterator[str]:
    """Who hangs up before the model speaks pays nothing."""
    await asyncio.sleep(speech.delay)
    if await http.is_disconnected():
        return
    asked.billed = dialect.bill(speech)
    for part in dialect.stream(asked.request, speech):
        yield part
