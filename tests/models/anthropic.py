"""Anthropic's Messages: what Claude Code speaks, and Copilot with a provider of that type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.models.record import Request, Speaker, request_of
from tests.models.scenario import Billed, Refusal
from tests.models.speech import Json, Speech, event

KINDS = {401: "authentication_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}


def read(body: Json) -> Request:
    said: list[tuple[Speaker, str]] = [("system", _text(body.get("system", "")))]
    for message in body["messages"]:
        voice: Speaker = "model" if message["role"] == "assistant" else message["role"]
        said.append((voice, _text(message["content"])))
    tools = [tool["name"] for tool in body.get("tools", [])]
    return request_of(body["model"], said, tools, stream=body.get("stream", False))


def whole(request: Request, speech: Speech) -> Json:
    return _message(request, speech, _blocks(speech), _usage(speech.billed, speech.billed.output))


def stream(request: Request, speech: Speech) -> Iterator[str]:
    """As the real one streams: what will be read is told first, what was written last."""
    begun = _message(request, speech, [], _usage(speech.billed, output=1)) | {"stop_reason": None}
    yield event({"type": "message_start", "message": begun})
    for index, block in enumerate(_blocks(speech)):
        empty, delta = _parts(block)
        yield event({"type": "content_block_start", "index": index, "content_block": empty})
        yield event({"type": "content_block_delta", "index": index, "delta": delta})
        yield event({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": _reason(speech), "stop_sequence": None}
    yield event({"type": "message_delta", "delta": ended, "usage": _usage(speech.billed, speech.billed.output)})
    yield event({"type": "message_stop"})


def refused(refusal: Refusal, now: int) -> tuple[Json, dict[str, str]]:
    error = {"type": KINDS.get(refusal.status, "invalid_request_error"), "message": refusal.why}
    headers = {}
    if refusal.after is not None:
        headers = {"retry-after": str(refusal.after)}
        headers["anthropic-ratelimit-unified-reset"] = str(now + refusal.after)
    return {"type": "error", "error": error}, headers


def _message(request: Request, speech: Speech, content: list[Json], usage: Json) -> Json:
    return {
        "id": f"msg_{speech.id}", "type": "message", "role": "assistant", "model": request.model,
        "content": content, "stop_reason": _reason(speech), "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _blocks(speech: Speech) -> list[Json]:
    words: list[Json] = [{"type": "text", "text": speech.say}] if speech.say else []
    return words + [
        {"type": "tool_use", "id": f"toolu_{speech.id}_{n}", "name": call.name, "input": call.arguments}
        for n, call in enumerate(speech.calls)
    ]


def _parts(block: Json) -> tuple[Json, Json]:
    """A block as it begins, and the rest of it."""
    if block["type"] == "text":
        return block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
    return block | {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}


def _usage(billed: Billed, output: int) -> Json:
    return {
        "input_tokens": billed.input,
        "cache_read_input_tokens": billed.cache_read,
        "cache_creation_input_tokens": billed.cache_write,
        "cache_creation": {
            "ephemeral_5m_input_tokens": billed.cache_write - billed.cache_write_1h,
            "ephemeral_1h_input_tokens": billed.cache_write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def _reason(speech: Speech) -> str:
    return "tool_use" if speech.calls else "end_turn"


def _text(content: Any) -> str:
    """All the words in a message, however deep."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return _text(content.get("text", content.get("content", "")))
    return "\n".join(_text(block) for block in content)
