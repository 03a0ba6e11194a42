"""How a run ended: from how its program ended, and what it said itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from bot.agents.launcher import Exit
from bot.agents.seat import Driver
from bot.core.events import HEARD
from bot.core.run import Ended, Outcome

LAST = 1_000  # characters of what was printed last, where it says why


def told(ended: Exit, driver: Driver, log: Path, question: str, permission: str = "") -> Outcome:
    """Of a program that is talked with: its own word counts when it ended by itself.

    `permission`: what it may do only when a person has answered; its turn was ended for that.
    """
    ending = driver.ending
    summary = (ending.summary if ending else "")[:HEARD]
    if ended.ended != "finished":
        return cut_short(ended, summary, log)
    if permission:
        return Outcome("asked", "", ended.seconds, str(log), ended.code, question=permission)
    if ending is None:
        said = f"it ended without a result: {last_words(ended)}"
        return Outcome("failed", said, ended.seconds, str(log), ended.code, failure=f"exit {ended.code}")
    how: Ended = "asked" if ending.how == "finished" and question else ending.how
    asked = question if how == "asked" else ""
    return Outcome(
        how, summary, ended.seconds, str(log), ended.code, until=ending.until, failure=ending.failure, question=asked
    )


def left(ended: Exit, result: dict[str, Any], log: Path, question: str) -> Outcome:
    """Of one that is not: what lies on its desk, and its exit code."""
    said = str(result.get("summary", ""))[:HEARD]
    if ended.ended != "finished":
        return cut_short(ended, said, log)
    if ended.code == 0 and result.get("status") == "limited":
        return Outcome("limited", said, ended.seconds, str(log), ended.code, until=_instant(result.get("until")))
    failed = ended.code != 0 or result.get("status") == "failed"
    failure = str(result.get("failure") or f"exit {ended.code}")[:HEARD] if failed else ""
    words = said or (last_words(ended) if failed else "")
    if result.get("status") == "asks":
        question = str(result.get("question", "")).strip()[:HEARD] or question
    if question and not failed:
        return Outcome("asked", words, ended.seconds, str(log), ended.code, question=question)
    how: Ended = "failed" if failed else "finished"
    return Outcome(how, words, ended.seconds, str(log), ended.code, failure=failure)


def cut_short(ended: Exit, summary: str, log: Path) -> Outcome:
    return Outcome(ended.ended, ended.why or summary, ended.seconds, str(log), failure="disk" if ended.why else "")


def last_words(ended: Exit) -> str:
    return ended.tail.strip()[-LAST:]


def _instant(said: object) -> datetime | None:
    """As ISO 8601 with its zone; anything else is no time."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else None
