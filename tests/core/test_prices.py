"""What tokens cost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.core.spend import Budget, cost_of, counted
from bot.core.tokens import Tokens
from bot.prices import blended, price_of


def test_the_cache_has_prices_of_its_own() -> None:
    """What is read from the cache is cheap, what is written to it dear, and for an hour dearer."""
    plain, read, written, hour = (
        Tokens("claude-opus-5-5", 1_000),
        Tokens("claude-opus-5-5", 1_000, cache_read=1_000),
        Tokens("claude-opus-5-5", 1_000, cache_write=1_000),
        Tokens("claude-opus-5-5", 1_000, cache_write=1_000, cache_write_1h=1_000),
    )
    costs = [price_of(tokens) or 0.0 for tokens in (read, plain, written, hour)]
    assert costs == sorted(costs) and len(set(costs)) == 4 and costs[0] > 0


@pytest.mark.parametrize(
    "tokens", [Tokens("nobody-knows-it", 1_000), Tokens("", 5), Tokens("gpt-5.5", 5, cache_read=9)]
)
def test_what_is_not_known_costs_none_and_not_nothing(tokens: Tokens) -> None:
    """A model nobody knows, or counts that cannot be, have no price; nor has anything they are a part of."""
    assert price_of(tokens) is None
    assert cost_of((Tokens("gpt-5.5", 1_000), tokens), price_of) is None
    assert cost_of((), price_of) is None


def test_the_list_of_prices_is_loaded_when_it_is_asked() -> None:
    """A command that asks for no price does not wait for it."""
    code = "import sys, bot.prices; print('genai_prices' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"


@pytest.mark.parametrize(
    ("tokens", "words"),
    [(0, "0 tokens"), (999, "999 tokens"), (12_340, "12.3 k tokens"), (5_000_000, "5 M tokens")],
)  # fmt: skip
def test_tokens_in_words(tokens: int, words: str) -> None:
    """Short, as people say them."""
    assert counted(tokens) == words


@pytest.mark.parametrize(
    ("used", "over"),
    [(Budget(9, 0.9), False), (Budget(10, 0.0), True), (Budget(9, 1.0), True), (Budget(9), False), (Budget(10), True)],
)
def test_a_cap_is_reached_in_tokens_or_in_money(used: Budget, over: bool) -> None:
    """Whichever comes first; where the price is unknown the tokens bind."""
    assert used.exceeds(Budget(10, 1.0)) is over
    assert Budget(9, 50.0).exceeds(Budget(10)) is False


def test_a_model_by_its_short_name_has_a_price_for_guesses() -> None:
    """Three tokens read for one written, at what a million of each costs."""
    assert [blended(name, 1_000_000) for name in ("haiku", "sonnet", "opus")] == [2.0, 6.0, 10.0]
    assert blended("", 1_000_000) is None
