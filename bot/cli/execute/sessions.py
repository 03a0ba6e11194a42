"""Real tokens of a step that somebody else's Claude Code or Codex did: from its transcript, in the step's time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.agents.transcripts import Window, billed_within
from bot.core.tokens import Tokens


def used_in(session: str, since: datetime | None, until: datetime) -> tuple[Tokens, ...]:
    """By model. Empty: nothing is known of the session here."""
    return billed_within(Window(session, aware(since) if since else None, until), Path.home())


def aware(at: datetime) -> datetime:
    """A time without a zone is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
