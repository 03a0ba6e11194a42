"""Sums of tokens, by model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.tokens import Tokens, by_model, since

COUNT = st.integers(0, 1_000)
ANY = st.lists(st.builds(Tokens, st.sampled_from("abc"), COUNT, COUNT, COUNT, COUNT, COUNT))


@given(before=ANY, added=ANY)
def test_what_was_added_is_what_is_new(before: list[Tokens], added: list[Tokens]) -> None:
    """Whatever a session had used before, a run pays for its own part."""
    new = since(by_model(before), by_model([*before, *added]))
    assert new == tuple(tokens for tokens in by_model(added) if tokens.total)


def test_what_is_lost_is_no_refund() -> None:
    """A transcript that was cut tells less than before, and never less than nothing."""
    assert since([Tokens("a", 10, output=5)], [Tokens("a", 4, output=6)]) == (Tokens("a", 0, output=1),)
