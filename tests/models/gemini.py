"""Gemini's generateContent: what Gemini CLI speaks. Model and method stand in the path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.models.record import Request, Speaker, request_of
from tests.models.scenario import Billed, Refusal
from tests.models.speech import Json, Speech, event

KINDS = {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 529: "UNAVAILABLE"}


def read(body: Json) -> Request:
    said: list[tuple[Speaker, str]] = [("system", _text(body.get("systemInstruction") or {}))]
    said += [("model" if each.get("role") == "model" else "user", _text(each)) for each in body["contents"]]
    tools = [each["name"] for tool in body.get("tools", []) for each in tool.get("functionDeclarations", [])]
    return request_of(body["model"], said, tools, stream=body["stream"])


def whole(request: Request, speech: Speech) -> Json:
    parts: list[Json] = [{"text": speech.say}] if speech.say else []
    parts += [
        {"functionCall": {"id": f"{speech.id}_{number}", "name": call.name, "args": call.arguments}}
        for number, call in enumerate(speech.calls)
    ]
    return {
        "candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
        "usageMetadata": _usage(speech.billed),
        "modelVersion": request.model,
        "responseId": speech.id,
    }


def stream(request: Request, speech: Speech) -> Iterator[str]:
    yield event(whole(request, speech), named=False)


def refused(refusal: Refusal, now: int) -> tuple[Json, dict[str, str]]:
    """When to come back stands in the body."""
    error: Json = {
        "code": refusal.status,
        "message": refusal.why,
        "status": KINDS.get(refusal.status, "INVALID_ARGUMENT"),
    }
    if refusal.after is not None:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        error["details"] = [{"@type": kind, "retryDelay": f"{refusal.after}s"}]
    return {"error": error}, {}


def _usage(billed: Billed) -> Json:
    """Thoughts are told beside what else was written. Writes to the cache are no part of a request here."""
    read = billed.input + billed.cache_read + billed.cache_write
    return {
        "promptTokenCount": read,
        "cachedContentTokenCount": billed.cache_read,
        "candidatesTokenCount": billed.output - billed.reasoning,
        "thoughtsTokenCount": billed.reasoning,
        "totalTokenCount": read + billed.output,
    }


def _text(content: Any) -> str:
    return "\n".join(_said(part) for part in content.get("parts", []))


def _said(part: Json) -> str:
    return str(part.get("text") or part.get("functionResponse", {}).get("response", ""))
