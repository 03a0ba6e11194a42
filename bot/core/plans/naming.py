"""The id of a task: some words of what it is about, and four digits that tell it from others of the same words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container
from datetime import datetime

MOST_WORDS, MOST_LETTERS = 3, 32
SAYS_LITTLE = {
    "a", "an", "the", "to", "of", "in", "on", "for", "and", "or", "with", "by", "from", "into", "our", "all", "that",
    "it", "is", "as", "at", "new", "add", "make", "create", "implement", "please", "fix", "update", "app", "code",
}  # fmt: skip


def task_id(summary: str, now: datetime, taken: Container[str] = ()) -> str:
    """`task-logging-a3f9`. The same for the same words at the same instant, unless another task is called so."""
    named = _slug(summary)
    for turn in range(1000):
        digits = hashlib.sha256(f"{summary}\n{now.isoformat()}\n{turn}".encode()).hexdigest()[:4]
        if (found := f"task-{named}-{digits}") not in taken:
            return found
    return f"task-{named}-{hashlib.sha256(now.isoformat().encode()).hexdigest()[:16]}"


def _slug(summary: str) -> str:
    words = re.findall(r"[a-z0-9]+", summary.casefold())
    telling = [word for word in words if word not in SAYS_LITTLE] or words or ["work"]
    return "-".join(telling[:MOST_WORDS])[:MOST_LETTERS].strip("-")
