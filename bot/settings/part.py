"""What every table of the settings has in common: it knows its keys, and its numbers have an end."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

# infinity, or what is as good as that, is no cap
MOST_MONEY, MOST_TOKENS, MOST_RUNS, MOST_AT_ONCE = 1_000_000, 10**12, 1_000_000, 1_000
MOST_MINUTES, MOST_GIGABYTES = 7 * 24 * 60, 10_000


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
