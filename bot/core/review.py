"""The review queue: what is owed to each pull request."""

from __future__ import annotations

from typing import Literal

Owed = Literal["review", "re-review", "none", "merged-since-review", "closed-since-review"]


def owed(state: Literal["open", "merged", "closed"], head: str, reviewed_sha: str | None) -> Owed:
    """From the pull request's state and the head somebody last reviewed (None: nobody has)."""
    if state == "open":
        if reviewed_sha is None:
            return "review"
        return "none" if reviewed_sha == head else "re-review"
    if reviewed_sha is None or reviewed_sha == head:
        return "none"
    return "merged-since-review" if state == "merged" else "closed-since-review"
