"""Documents for steps: who is given which, whole or by its path. Whole only once for a task, and never too much."""

from __future__ import annotations

from collections.abc import Container, Mapping

from bot.core.plans.delegation import Document
from bot.core.plans.execution import Execution
from bot.core.plans.plan import Plan, Step

MOST_OF_ONE, MOST_IN_ALL = 8_000, 32_000  # tokens: of a document, and of all that a step is given whole
LETTERS = 4  # of a token, roughly


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


def referred(e: Execution, step: Step) -> list[Document]:
    """For who works in a worktree of the repository: by path alone, and once for a task that it is to be read."""
    told = {True: "it was read before in this task; read it if you need it", False: "read it first"}
    paths = dict.fromkeys((*e.plan.knowledge, *step.knowledge))
    return [Document(path, why=told[path in e.delivered]) for path in paths]


def _why_not(path: str, delivered: Container[str], texts: Mapping[str, str], left: int) -> str:
    if path in delivered:
        return "an earlier step was given it whole"
    if path not in texts:
        return "it is not there"
    needed = tokens(texts[path])
    if needed > MOST_OF_ONE:
        return f"read what you need of it: it has about {needed:,} tokens"
    return "read it if you need it" if needed > left else ""
