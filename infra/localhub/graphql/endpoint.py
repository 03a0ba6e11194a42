"""POST /graphql: a caller, a document, an answer with the headers GitHub sends along."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localhub.errors import BadCredentials
from localhub.graphql.execute import run
from localhub.hub import Hub
from localhub.permissions import authenticate

DOCUMENTATION = "https://docs.github.com/graphql"


async def handle(hub: Hub, request: Request) -> Response:
    """Whatever the document brings is HTTP 200; only a wrong token or body is not."""
    try:
        caller = authenticate(hub, request.headers.get("authorization"))
    except BadCredentials as refusal:
        return told(401, refusal.message)
    asked = read(await request.body())
    if asked is None:
        return told(400, "Problems parsing JSON")
    if not isinstance(asked.get("query"), str):
        return JSONResponse({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    answer = await run(hub, caller, asked["query"], asked.get("variables"), asked.get("operationName"))
    headers = hub.meter.window(caller.login, "graphql").headers() | {"x-github-request-id": uuid4().hex[:24].upper()}
    return JSONResponse(answer, headers=headers)


def read(body: bytes) -> dict[str, Any] | None:
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    return asked if isinstance(asked, dict) else None


def told(status: int, message: str) -> Response:
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return JSONResponse(body, status_code=status)
