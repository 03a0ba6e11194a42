"""Real tokens of a step that somebody else's Claude Code or Codex did: from its transcript, in the step's time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.agents.transcripts import Window, billed_within
from bot.core.plans.happened import Happened, Recorded
from bot.core.tokens import Tokens


class Folders(BaseSettings):
    """Where the programs keep their own, as they are told it themselves."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    claude_config_dir: Path | None = None
    codex_home: Path | None = None


def used_in(session: str, since: datetime, until: datetime, happened: Iterable[Happened]) -> tuple[Tokens, ...]:
    """By model. What another step of this session was billed already is not billed twice, whatever their times. Empty:
    nothing is known of the session here, or nothing is left of it."""
    counted = [
        (each.since, each.at)
        for each in happened
        if isinstance(each, Recorded) and each.session == session and each.used and each.since
    ]
    folders = Folders()
    claude, codex = folders.claude_config_dir or Path.home() / ".claude", folders.codex_home or Path.home() / ".codex"
    return billed_within(Window(session, since, until, tuple(counted)), claude.resolve(), codex.resolve())


def aware(at: datetime) -> datetime:
    """A time without a zone is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
