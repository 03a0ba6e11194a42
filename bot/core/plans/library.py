"""A repository's documents that belong to no pack: which of them match the words of a step, by their tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TEAMS = ".github/sluice/knowledge"  # where a team keeps its documents
WRITTEN = (".md", ".txt", ".rst")
MOST_MATCHES, MOST_READ = 5, 50
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


def documents_in(paths: Iterable[str]) -> tuple[str, ...]:
    """The team's, those of packs apart, by the paths of a repository's files."""
    return tuple(path for path in sorted(paths) if path.rpartition("/")[0] == TEAMS and path.endswith(WRITTEN))[
        :MOST_READ
    ]


def library_of(texts: Mapping[str, str]) -> tuple[Tagged, ...]:
    return tuple(Tagged(path, tags_of(path, texts[path])) for path in documents_in(texts))


def matching(documents: Iterable[Tagged], *said: str) -> tuple[str, ...]:
    """Those with a tag among the words that are said, the best match first."""
    words = {word for text in said for word in WORD.findall(text.casefold())}
    scored = [(len(words & set(each.tags)), each.path) for each in documents]
    return tuple(path for count, path in sorted(scored, key=lambda one: (-one[0], one[1])) if count)[:MOST_MATCHES]
