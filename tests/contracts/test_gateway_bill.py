"""What an answer is billed with, read while it passes: as each provider tells it, wherever the pieces are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tokens import MOST, Tokens
from bot.gateway.asked import Asked, Dialect
from bot.gateway.bill import Bill, Reader

CACHED = {"input_tokens": 5, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 100, "output_tokens": 1}
SHORT = {"input_tokens": 8, "output_tokens": 3}
HOUR = {"cache_creation": {"ephemeral_5m_input_tokens": 90, "ephemeral_1h_input_tokens": 10}}


def billed(dialect: Dialect, *events: object, streamed: bool = True, cut: int = 7) -> Tokens | None:
    """As the gateway reads it, in pieces of so many bytes."""
    lines = [f"event: x\ndata: {json.dumps(each)}\n\n" for each in events] if streamed else [json.dumps(events[0])]
    text = "".join(lines).encode()
    bill = Bill(Asked(dialect, "/v1/x", model="of.the-path"))
    reader = Reader(bill, streamed)
    for start in range(0, len(text), cut):
        reader.take(text[start : start + cut])
    reader.end()
    return bill.tokens


@pytest.mark.parametrize(
    "dialect, events, tokens",
    [
        (
            "anthropic",
            [
                {"type": "message_start", "message": {"model": "opus", "usage": CACHED | HOUR}},
                {"type": "message_delta", "usage": {"output_tokens": 70, "input_tokens": None}},
                {"type": "message_delta", "usage": {"output_tokens": 90}},
            ],
            Tokens("opus", 125, 20, 100, 10, 90),
        ),
        (
            "responses",
            [
                {"type": "response.created", "response": {"model": "gpt", "usage": None}},
                {"type": "response.output_text.delta", "delta": '"usage": {"input_tokens": 9}'},
                {"type": "response.incomplete", "response": {"model": "gpt", "usage": SHORT}},
            ],
            Tokens("gpt", 8, output=3),
        ),
        (
            "chat",
            [
                {"model": "grok", "choices": [{}], "usage": None},
                {"model": "grok", "usage": {"prompt_tokens": 8, "completion_tokens": 3, "total_tokens": 31}},
            ],
            Tokens("grok", 8, output=23),
        ),
        (
            "chat",
            [{"model": "ds", "usage": {"prompt_tokens": 8, "prompt_cache_hit_tokens": 6, "completion_tokens": 3}}],
            Tokens("ds", 8, 6, output=3),
        ),
        (
            "gemini",
            [
                {"modelVersion": "g", "usageMetadata": {"promptTokenCount": 8}},
                {
                    "usageMetadata": {
                        "promptTokenCount": 8,
                        "toolUsePromptTokenCount": 100,
                        "candidatesTokenCount": 3,
                        "thoughtsTokenCount": 40,
                    }
                },
            ],
            Tokens("g", 108, output=43),
        ),
    ],
    ids=["anthropic", "responses", "reasoning apart", "a cache of its own name", "gemini"],
)  # fmt: skip
def test_each_way_to_tell_it(dialect: Dialect, events: list[Any], tokens: Tokens) -> None:
    """The last word counts, and no word of the model itself."""
    assert billed(dialect, *events) == tokens


@given(st.integers(1, 400))
def test_it_matters_not_where_it_is_cut(cut: int) -> None:
    """The network hands on what it likes."""
    events = [
        {"type": "message_start", "message": {"model": "opus", "usage": CACHED}},
        {"type": "content_block_delta", "delta": {"text": "usage\n\ndata: {}" * 9}},
        {"type": "message_delta", "usage": {"output_tokens": 90}},
    ]
    assert billed("anthropic", *events, cut=cut) == Tokens("opus", 125, 20, 100, output=90)


def test_an_array_is_a_stream_too() -> None:
    """Gemini's, when nobody asked for events."""
    parts = [{"usageMetadata": {"promptTokenCount": 8}}, {"usageMetadata": {"candidatesTokenCount": 3}}]
    assert billed("gemini", parts, streamed=False) == Tokens("of.the-path", 8, output=3)


@pytest.mark.parametrize(
    "told", [[], {}, 5, {"usage": 5}, {"usage": {}}, {"usage": {"input_tokens": "9"}}, {"message": {"usage": []}}]
)
def test_what_is_not_told_is_not_known(told: object) -> None:
    """None, or nothing at all; never a guess."""
    tokens = billed("anthropic", told, streamed=False)
    assert tokens is None or tokens.total == 0


def test_no_figure_is_beyond_all_measure() -> None:
    """What a provider cannot mean gets into no database."""
    tokens = billed("anthropic", {"usage": {"input_tokens": -5, "output_tokens": 10**30}}, streamed=False)
    assert tokens == Tokens("of.the-path", 0, output=MOST)
