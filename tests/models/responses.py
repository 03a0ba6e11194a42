"""OpenAI's Responses: what Codex speaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.models.record import Request, Speaker, request_of
from tests.models.scenario import Billed, Refusal
from tests.models.speech import Json, Speech, event
from tests.models.tools import ToolCall

SPEAKERS: dict[str, Speaker] = {"assistant": "model", "developer": "system", "system": "system"}
KINDS = {401: "invalid_api_key", 429: "rate_limit_exceeded", 500: "server_error", 529: "server_is_overloaded"}


def read(body: Json) -> Request:
    said: list[tuple[Speaker, str]] = [("system", body.get("instructions") or "")]
    said += [_said(item) for item in body["input"]]
    tools = [tool["name"] for tool in body.get("tools", []) if "name" in tool]
    return request_of(body["model"], said, tools, stream=body.get("stream", False))


def whole(request: Request, speech: Speech) -> Json:
    return _response(request, speech) | {
        "status": "completed",
        "output": _items(speech),
        "usage": _usage(speech.billed),
    }


def stream(request: Request, speech: Speech) -> Iterator[str]:
    yield event({"type": "response.created", "response": _response(request, speech) | {"status": "in_progress"}})
    for index, item in enumerate(_items(speech)):
        place = {"output_index": index, "item_id": item["id"]}
        yield event({"type": "response.output_item.added", "output_index": index, "item": _begun(item)})
        if item["type"] == "message":
            words = item["content"][0]["text"]
            yield event({"type": "response.output_text.delta", **place, "content_index": 0, "delta": words})
        yield event({"type": "response.output_item.done", "output_index": index, "item": item})
    yield event({"type": "response.completed", "response": whole(request, speech)})


def refused(refusal: Refusal, now: int) -> tuple[Json, dict[str, str]]:
    error: Json = {"type": KINDS.get(refusal.status, "invalid_request_error"), "message": refusal.why}
    if refusal.used_up:
        error |= {"type": "usage_limit_reached", "plan_type": "plus"}
    error["code"] = error["type"]
    headers = {}
    if refusal.after is not None:
        headers = {"retry-after": str(refusal.after), "x-ratelimit-reset-requests": f"{refusal.after}s"}
        error["resets_at"] = now + refusal.after
        if refusal.used_up:
            headers |= {"x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "300"}
            headers["x-codex-primary-reset-at"] = str(now + refusal.after)
    return {"error": error}, headers


def _said(item: Json) -> tuple[Speaker, str]:
    """A message, something else the model made, or what became of it."""
    kind = item.get("type", "message")
    if kind == "message":
        return SPEAKERS.get(item["role"], "user"), _text(item["content"])
    if kind.endswith("_output"):
        return "user", _text(item.get("output") or "")
    return "model", _text(item.get("arguments") or item.get("input") or "")


def _response(request: Request, speech: Speech) -> Json:
    return {"id": f"resp_{speech.id}", "object": "response", "model": request.model, "output": []}


def _items(speech: Speech) -> list[Json]:
    words = {
        "type": "message", "id": f"msg_{speech.id}", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": speech.say, "annotations": []}],
    }  # fmt: skip
    calls = [_call(call, f"{speech.id}_{number}") for number, call in enumerate(speech.calls)]
    return ([words] if speech.say else []) + calls


def _call(call: ToolCall, number: str) -> Json:
    """A tool that takes free text is called in a way of its own."""
    common = {"call_id": f"call_{number}", "name": call.name, "status": "completed"}
    if isinstance(call.arguments, str):
        return {"type": "custom_tool_call", "id": f"ctc_{number}", "input": call.text, **common}
    return {"type": "function_call", "id": f"fc_{number}", "arguments": call.text, **common}


def _begun(item: Json) -> Json:
    empty = {"content": []} if item["type"] == "message" else {}
    return item | empty | {"status": "in_progress"}


def _usage(billed: Billed) -> Json:
    """What is read is told as a whole, and of it what came from the cache and what went into it."""
    read = billed.input + billed.cache_read + billed.cache_write
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": billed.cache_read, "cache_write_tokens": billed.cache_write},
        "output_tokens": billed.output,
        "output_tokens_details": {"reasoning_tokens": billed.reasoning},
        "total_tokens": read + billed.output,
    }


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return _text(content.get("text") or content.get("content") or "")
    return "\n".join(_text(part) for part in content)
