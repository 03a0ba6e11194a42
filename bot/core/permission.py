"""What an agent may do by itself: its peer's policy, and the commands a person has let it run since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.core.foreign import clean, plain
from bot.core.message import Message

Permissions = Literal["all", "edits", "ask"]
Act = Literal["read", "edit", "command", "other"]
Answer = Literal["allowed", "refused", "asked"]  # asked: a person is, and the run ends
LONGEST = 2_000  # characters of a command that a person is asked about
ASKS = "May I run this command? `yes` lets me, as often as this work takes it; whatever else is answered does not:\n\n"
YES = ("yes", "y", "ok", "okay", "allow")


@dataclass(frozen=True)
class Said:
    """What people answered."""

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()


NOTHING_SAID = Said()


def judge(policy: Permissions, act: Act, command: str = "", said: Said = NOTHING_SAID) -> Answer:
    """By `all` the sandbox alone bounds it. Of what is neither a file nor a command no person could judge."""
    if policy == "all" or act in ("read", "edit"):
        return "allowed"
    if policy == "edits" or act == "other":
        return "refused"
    if command in said.yes:
        return "allowed"
    return "refused" if command in said.no or not _showable(command) else "asked"


def question_of(command: str) -> str:
    return ASKS + command


def said_of(messages: Iterable[Message]) -> Said:
    """Of an item's messages, oldest first: the newest answer about a command counts, and for exactly that one."""
    found: dict[str, bool] = {}
    for message in messages:
        if message.answers.startswith(ASKS):
            words = message.text.casefold().split(maxsplit=1)
            found[message.answers.removeprefix(ASKS)] = bool(words) and words[0].strip(".,;!") in YES
    return Said(*(frozenset(command for command, yes in found.items() if yes is wanted) for wanted in (True, False)))


def _showable(command: str) -> bool:
    """A person would see exactly what is run."""
    shown = command == plain(command) == clean(command)
    return shown and 0 < len(command) <= LONGEST and "```" not in command
