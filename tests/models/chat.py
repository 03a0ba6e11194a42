"""OpenAI's chat completions: what opencode and Copilot speak to a provider of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.models.record import Request, Speaker, request_of
from tests.models.responses import refused as refused
from tests.models.scenario import Billed
from tests.models.speech import Json, Speech, event

SPEAKERS: dict[str, Speaker] = {"assistant": "model", "developer": "system", "system": "system"}
CHUNK = "chat.completion.chunk"


def read(body: Json) -> Request:
    said = [(SPEAKERS.get(each["role"], "user"), _text(each.get("content") or "")) for each in body["messages"]]
    tools = [tool["function"]["name"] for tool in body.get("tools", []) if tool["type"] == "function"]
    stream = body.get("stream", False)
    priced = not stream or (body.get("stream_options") or {}).get("include_usage", False)
    return request_of(body["model"], said, tools, stream=stream, priced=priced)


def whole(request: Request, speech: Speech) -> Json:
    message = {"role": "assistant", "content": speech.say or None} | _calls(speech)
    choice = {"index": 0, "message": message, "finish_reason": _reason(speech)}
    return _completion(request, speech, "chat.completion", choice) | {"usage": _usage(speech.billed)}


def stream(request: Request, speech: Speech) -> Iterator[str]:
    """Words, then calls, then the reason; what it cost comes last and by itself, for whoever asked for it."""
    for delta in ({"role": "assistant", "content": speech.say}, _calls(speech)):
        yield _chunk(request, speech, {"index": 0, "delta": delta, "finish_reason": None})
    yield _chunk(request, speech, {"index": 0, "delta": {}, "finish_reason": _reason(speech)})
    if request.priced:
        yield event(_completion(request, speech, CHUNK) | {"usage": _usage(speech.billed)}, named=False)
    yield "data: [DONE]\n\n"


def _chunk(request: Request, speech: Speech, choice: Json) -> str:
    return event(_completion(request, speech, CHUNK, choice), named=False)


def _completion(request: Request, speech: Speech, kind: str, *choices: Json) -> Json:
    return {"id": f"chatcmpl-{speech.id}", "object": kind, "created": 0, "model": request.model, "choices": [*choices]}


def _calls(speech: Speech) -> Json:
    """Every call whole, in one delta."""
    calls = [
        {
            "index": number, "id": f"call_{speech.id}_{number}", "type": "function",
            "function": {"name": call.name, "arguments": call.text},
        }
        for number, call in enumerate(speech.calls)
    ]  # fmt: skip
    return {"tool_calls": calls} if calls else {}


def _reason(speech: Speech) -> str:
    return "tool_calls" if speech.calls else "stop"


def _usage(billed: Billed) -> Json:
    """As in Responses, under other names; nobody tells here what went into the cache."""
    read = billed.input + billed.cache_read + billed.cache_write
    return {
        "prompt_tokens": read,
        "prompt_tokens_details": {"cached_tokens": billed.cache_read},
        "completion_tokens": billed.output,
        "completion_tokens_details": {"reasoning_tokens": billed.reasoning},
        "total_tokens": read + billed.output,
    }


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)
