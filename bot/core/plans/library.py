"""A repository's documents that belong to no pack: which of them match the words of a step, by their tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TEAMS = ".github/sluice/knowledge"  # in it packs, as folders, and beside them what belongs to none
WRITTEN = (".md", ".txt", ".rst")
MOST_MATCHES = 5
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
TAGS = re.compile(r"^tags:\s*\[?([^\]\n]*)\]?\s*$", re.MULTILINE)
WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Tagged:
    path: str
    tags: tuple[str, ...]


def tags_of(path: str, text: str) -> tuple[str, ...]:
    """What its front matter says (`tags: [auth, python]`), else the words of its name."""
    head = FRONT_MATTER.match(text)
    said = TAGS.search(head[1]) if head else None
    words = said[1] if said else path.rpartition("/")[2].rpartition(".")[0]
    return tuple(dict.fromkeys(WORD.findall(words.casefold())))


def is_shared(path: str) -> bool:
    """The team's, and of no pack."""
    return path.rpartition("/")[0] == TEAMS and path.endswith(WRITTEN)


def matching(documents: Iterable[Tagged], *said: str) -> tuple[str, ...]:
    """Those with a tag among the words that are said, the best match first."""
    words = {word for text in said for word in WORD.findall(text.casefold())}
    scored = [(len(words & set(each.tags)), each.path) for each in documents]
    return tuple(path for count, path in sorted(scored, key=lambda one: (-one[0], one[1])) if count)[:MOST_MATCHES]
