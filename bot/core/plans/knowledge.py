"""Documents for steps: who is given which, whole or by its path. Whole only once for a task, and never too much."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from bot.core.plans.delegation import Document
from bot.core.plans.plan import Plan, Step

MOST_OF_ONE, MOST_IN_ALL = 8_000, 32_000  # tokens: of a document, and of all that a step is given whole
LETTERS = 4  # of a token, roughly
MOST_MATCHES = 5  # documents a step gets for their tags
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
TAGS = re.compile(r"^tags:\s*\[?([^\]\n]*)\]?\s*$", re.MULTILINE)
WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Tagged:
    """A document of the repository's knowledge that belongs to no pack."""

    path: str
    tags: tuple[str, ...]


def tokens(text: str) -> int:
    """As good a guess as anybody's who does not ask the model."""
    return -(-len(text) // LETTERS)


def given(plan: Plan, step: Step, delivered: Container[str], texts: Mapping[str, str]) -> list[Document]:
    """What this step gets: what was asked for first, then packs', then what matched by its tags.

    `texts`: those that are there, by path. `delivered`: what an earlier step was given whole.
    """
    left = MOST_IN_ALL
    found = []
    for path in dict.fromkeys((*plan.knowledge, *step.knowledge)):
        why = _why_not(path, delivered, texts, left)
        found.append(Document(path, why=why) if why else Document(path, texts[path]))
        left -= 0 if why else tokens(texts[path])
    return found


def _why_not(path: str, delivered: Container[str], texts: Mapping[str, str], left: int) -> str:
    if path in delivered:
        return "an earlier step was given it whole"
    if path not in texts:
        return "it is not there"
    needed = tokens(texts[path])
    if needed > MOST_OF_ONE:
        return f"read what you need of it: it has about {needed:,} tokens"
    return "read it if you need it" if needed > left else ""


def tags_of(path: str, text: str) -> tuple[str, ...]:
    """What its front matter says (`tags: [auth, python]`), else the words of its name."""
    head = FRONT_MATTER.match(text)
    said = TAGS.search(head[1]) if head else None
    words = said[1] if said else path.rpartition("/")[2].rpartition(".")[0]
    return tuple(dict.fromkeys(WORD.findall(words.casefold())))


def matching(documents: Iterable[Tagged], *said: str) -> tuple[str, ...]:
    """Those with a tag among the words that are said, the best match first."""
    words = {word for text in said for word in WORD.findall(text.casefold())}
    scored = [(len(words & set(each.tags)), each.path) for each in documents]
    return tuple(path for count, path in sorted(scored, key=lambda one: (-one[0], one[1])) if count)[:MOST_MATCHES]
