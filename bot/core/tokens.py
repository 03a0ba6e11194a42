"""Tokens as they are billed: what a model read and wrote, the cache apart. Nothing is estimated here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

MOST = 10**12  # tokens: no run comes near it, and any database holds it
NO_NAME = re.compile(r"[^\w.:/@+\[\]-]", re.ASCII)


@dataclass(frozen=True)
class Tokens:
    """Of one model. `input_total` holds what came from the cache and what went into it, `output` the reasoning."""

    model: str
    input_total: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0  # of cache_write: what is kept for an hour, which costs more
    output: int = 0

    @property
    def total(self) -> int:
        return self.input_total + self.output


def model_name(told: object) -> str:
    """As it can be kept and shown anywhere: what says it is a file of the agent's, or somebody's server."""
    return NO_NAME.sub("", told[:100]) if isinstance(told, str) else ""


def by_model(each: Iterable[Tokens]) -> tuple[Tokens, ...]:
    """One sum for each model."""
    ordered = sorted(each, key=lambda tokens: tokens.model)
    return tuple(reduce(_plus, same) for _, same in groupby(ordered, key=lambda tokens: tokens.model))


def since(before: Iterable[Tokens], now: Iterable[Tokens]) -> tuple[Tokens, ...]:
    """What a run added to what its session had used before. What a transcript has lost since is no refund."""
    earlier = {tokens.model: tokens for tokens in before}
    added = (_minus(tokens, earlier.get(tokens.model, Tokens(tokens.model))) for tokens in now)
    return tuple(tokens for tokens in added if tokens.total)


def _plus(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(one.model, **{kind: min(n + _counts(other)[kind], MOST) for kind, n in _counts(one).items()})


def _minus(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(one.model, **{kind: max(0, count - _counts(other)[kind]) for kind, count in _counts(one).items()})


def _counts(tokens: Tokens) -> Mapping[str, int]:
    return {kind: count for kind, count in vars(tokens).items() if kind != "model"}
