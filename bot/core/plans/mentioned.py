"""The paths a text speaks of: what to read first, what is to be made, and where work must stay or must not go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.core.plans.plan import FOLDER
from bot.core.plans.stack import Facts

MOST = 10  # of each kind
PATH = re.compile(r"(?<![\w/.:@-])((?:[\w.-]+/)+[\w.-]*|[\w-]+\.[a-z][a-z0-9]{0,5})(?![\w/])", re.IGNORECASE)
# what stands before a path, as somebody says who wants something of it, and not who tells of it
MADE = re.compile(r"(?:^|[.;:!]\s+|\n|\band\s+|\bthen\s+)(?:[-*]\s+)?(?:create|write)\b[^.;\n]{0,60}$", re.IGNORECASE)
CHANGE = r"(?:touch|chang|edit|modify)\w*"
ONLY = re.compile(rf"\b(?:only\s+{CHANGE}|{CHANGE}\s+only)\b[^.;\n]{{0,30}}$", re.IGNORECASE)
NEVER = re.compile(rf"\b(?:do not|don't|never|without)\s+{CHANGE}\b[^.;\n]{{0,30}}$", re.IGNORECASE)


@dataclass(frozen=True)
class Mentioned:
    there: tuple[str, ...] = ()  # files of the repository
    to_make: tuple[str, ...] = ()  # files that are to be there at the end
    only: tuple[str, ...] = ()  # patterns
    never: tuple[str, ...] = ()  # patterns


def mentioned(text: str, facts: Facts) -> Mentioned:
    there: list[str] = []
    to_make: list[str] = []
    only: list[str] = []
    never: list[str] = []
    for found in PATH.finditer(text):
        path, before = found[1].rstrip("."), text[max(0, found.start() - 100) : found.start()].rstrip("`'\"( ")
        if path.startswith(("/", f"{FOLDER}/")) or ".." in path.split("/"):
            continue
        known = path in facts.files or path.rstrip("/") in facts.folders
        pattern = f"{path.rstrip('/')}/**" if path.rstrip("/") in facts.folders else path
        if NEVER.search(before):
            never += [pattern] if known else []
        elif ONLY.search(before):
            only += [pattern] if known else []
        elif path in facts.files:
            there.append(path)
        elif MADE.search(before) and "/" in path and not path.endswith("/") and not known:
            to_make.append(path)
    return Mentioned(*(tuple(dict.fromkeys(each))[:MOST] for each in (there, to_make, only, never)))


def unblocked(protected: Iterable[str], text: str) -> tuple[str, ...]:
    """The protected patterns, without those that the text itself speaks of."""
    paths = [found[1].rstrip(".") for found in PATH.finditer(text)]
    return tuple(pattern for pattern in protected if not any(fnmatchcase(path, pattern) for path in paths))
