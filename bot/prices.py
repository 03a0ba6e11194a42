"""What tokens cost, by the list of prices that comes with `genai-prices`: offline, and loaded when first asked."""

from __future__ import annotations

from bot.core.tokens import Tokens

FAMILIES = {"haiku": "claude-haiku-4-5", "sonnet": "claude-sonnet-4-5", "opus": "claude-opus-4-5"}  # as people say them


def price_of(tokens: Tokens) -> float | None:
    """In dollars; None where the model is unknown, or the counts are impossible."""
    from genai_prices import Usage, calc_price  # here, so that commands that ask for no price start quickly

    usage = Usage(
        input_tokens=tokens.input_total,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_tokens=tokens.output,
    )
    try:
        return float(calc_price(usage, tokens.model).total_price)
    except (LookupError, ValueError):
        return None


def blended(model: str, tokens: float) -> float | None:
    """A guess: three tokens read for one written, in calls that are not long."""
    once = price_of(Tokens(FAMILIES.get(model, model), 75_000, output=25_000))
    return None if once is None else once * tokens / 100_000
