"""What kind of work it is, which parts of a repository it is about, and how much of it there is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from bot.core.plans.plan import Tier

TaskType = Literal["new-feature", "bug-fix", "refactor", "data-analysis", "documentation", "migration", "test"]
Complexity = Literal["light", "medium", "heavy"]
TASK_TYPES: tuple[TaskType, ...] = get_args(TaskType)
COMPLEXITIES: tuple[Complexity, ...] = get_args(Complexity)
AGENTS: dict[Complexity, int] = {"light": 1, "medium": 3, "heavy": 5}  # at most
TIERS: dict[Complexity, Tier] = {"light": "lean", "medium": "standard", "heavy": "full"}
TOKENS: dict[Tier, int] = {"lean": 50_000, "standard": 500_000, "full": 2_000_000}

LONG_TEXT, MANY_ITEMS = 400, 5  # words, and items of a checklist, from which work is heavy
BY_WORDS: tuple[tuple[TaskType, str], ...] = (
    ("documentation", r"^\W*(?:document|describe|explain)\b|\b(?:readme|docs?|documentation|docstrings?|changelog)\b"),
    ("bug-fix", r"\b(?:fix(?:es|ed)?|bugs?|broken|crash(?:es|ed)?|regressions?|typos?|repair|wrong(?:ly)?|fails?)\b"),
    ("migration", r"\b(?:migrat(?:e|es|ing|ion)|upgrade|port(?:ing)?\s+\w+\s+to)\b"),
    ("refactor", r"\b(?:refactor(?:ing)?|rename|restructure|clean ?up|simplify|extract|deduplicate|move)\b"),
    ("test", r"^\W*(?:test\b|(?:add|write|improve|increase)\s+(?:\w+\s+){0,2}(?:tests?|coverage)\b)|\btest coverage\b"),
    ("data-analysis", r"\b(?:analy[sz]e|analysis|statistics|histogram|correlat\w+)\b"),
)
AREAS = {
    "backend": r"\b(?:apis?|endpoints?|middleware|servers?|backend|back-end|services?|handlers?|workers?|queues?|"
    r"requests?|routes?|cli|commands?)\b",
    "database": r"\b(?:databases?|sql|schemas?|tables?|migrations?|quer(?:y|ies)|indexes)\b",
    "frontend": r"\b(?:ui|ux|css|html|pills?|buttons?|headers?|layouts?|styles?|styling|frontend|front-end|pages?|"
    r"components?|responsive|dark mode|icons?|tooltips?|modals?)\b",
    "infrastructure": r"\b(?:docker|dockerfile|ci|deploy\w*|kubernetes|terraform|pipelines?|workflows?|helm)\b",
    "documentation": r"\b(?:readme|docs?|documentation|docstrings?|changelog|tutorials?|guides?)\b",
    "tests": r"\b(?:tests?|coverage|fixtures?)\b",
}
EVERYWHERE = re.compile(
    r"\b(?:codebase|across|throughout|everywhere|whole|entire|(?:all|every)\s+(?:\w+\s+){0,2}(?:files?|modules?|services?|"
    r"packages?|components?))\b",
    re.IGNORECASE,
)
SMALL = re.compile(r"\b(?:typos?|wording|one[- ]line|bump|whitespace|comment|rename)\b", re.IGNORECASE)
ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)]) +\[( |x|X)\] +(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Size:
    task_type: TaskType
    complexity: Complexity
    areas: tuple[str, ...]
    why: str  # of the complexity


def size_of(summary: str, body: str = "", parts: int = 0) -> Size:
    """`parts`: how many pieces somebody has cut it into already."""
    kind = task_type_of(summary)
    areas = areas_of(summary) or areas_of(body)
    complexity, why = _complexity(summary, body, kind, areas, max(parts, len(checklist(body))))
    return Size(kind, complexity, areas, why)


def task_type_of(summary: str) -> TaskType:
    found = (kind for kind, words in BY_WORDS if re.search(words, summary, re.IGNORECASE))
    return next(found, "new-feature")


def areas_of(text: str) -> tuple[str, ...]:
    return tuple(area for area, words in AREAS.items() if re.search(words, text, re.IGNORECASE))


def checklist(text: str) -> tuple[str, ...]:
    """What is still to do of its checklists, in order."""
    return tuple(said.strip() for done, said in ITEM.findall(text) if done == " ")


def _complexity(summary: str, body: str, kind: TaskType, areas: tuple[str, ...], parts: int) -> tuple[Complexity, str]:
    if everywhere := EVERYWHERE.search(summary):
        return "heavy", f"`{everywhere[0]}` reaches over the repository"
    if parts > MANY_ITEMS:
        return "heavy", f"it has {parts} parts"
    built = [area for area in areas if area not in ("documentation", "tests")]
    if len(built) > 2:
        return "heavy", f"it is about {', '.join(built)}"
    if len(body.split()) > LONG_TEXT:
        return "heavy", "its text is long"
    if small := SMALL.search(summary):
        return "light", f"`{small[0]}` is a small change"
    if kind in ("bug-fix", "documentation") and len(built) < 2 and parts < 2:
        return "light", f"one {kind} in one place"
    return "medium", "a change of usual size"
