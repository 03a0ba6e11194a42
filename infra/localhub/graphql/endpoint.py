"""POST /graphql: a caller, a document, an answer with the headers GitHub sends along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localhub.errors import Exhausted, HubError, TooFast
from localhub.graphql.execute import run, writes
from localhub.hub import Hub
from localhub.permissions import authenticate

DOCUMENTATION = "https://docs.github.com/graphql"


async def handle(hub: Hub, request: Request) -> Response:
    """Whatever the document brings is HTTP 200; only a wrong token, a wrong body or too much haste is not."""
    try:
        caller = authenticate(hub, request.headers.get("authorization"))
    except HubError as refusal:
        return told(refusal.status, refusal.message, refusal.headers)
    asked = read(await request.body())
    if asked is None or not isinstance(asked.get("variables") or {}, dict):
        return told(400, "Problems parsing JSON")
    if not isinstance(asked.get("query"), str):
        return JSONResponse({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    query, operation = asked["query"], asked.get("operationName")
    try:
        hub.meter.admit_graphql(caller.counts_as, caller.subject, reads=not writes(query, operation))
        response: Response = JSONResponse(await run(hub, caller, query, asked.get("variables"), operation))
    except Exhausted as refusal:
        response = JSONResponse({"errors": [exhausted(refusal)]})  # that the hour is used up is HTTP 200 here
    except TooFast as refusal:
        response = told(refusal.status, refusal.message, refusal.headers)
    response.headers.update(hub.meter.window(caller.counts_as, "graphql").headers())
    response.headers["x-github-request-id"] = uuid4().hex[:24].upper()
    return response


def exhausted(refusal: Exhausted) -> dict[str, str]:
    """GitHub was seen to say it in two ways; the newer one has a code."""
    if refusal.graphql_type == "RATE_LIMITED":
        return {"type": "RATE_LIMITED", "message": refusal.message}
    said = f"API rate limit already exceeded for {refusal.subject}."
    return {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": said}


def read(body: bytes) -> dict[str, Any] | None:
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    return asked if isinstance(asked, dict) else None


def told(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return JSONResponse(body, status, headers)
