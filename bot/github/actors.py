"""Who somebody is: one spelling of logins, whichever of GitHub's interfaces they came through."""

from __future__ import annotations

from typing import Any

GHOST = "ghost"  # whose account is deleted


def login(actor: dict[str, Any] | None) -> str | None:
    """GraphQL leaves the `[bot]` off a bot's login, REST and webhooks do not; Sluice keeps it."""
    if not actor:
        return None
    name = str(actor.get("login") or actor.get("slug") or GHOST)
    return f"{name}[bot]" if is_bot(actor) and not name.endswith("[bot]") else name


def is_bot(actor: dict[str, Any] | None) -> bool:
    return bool(actor) and actor is not None and actor.get("__typename") == "Bot"
