"""What stands behind `- Key:` in plan.md: each key, the field it is of, and how its value is written and read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from bot.core.plans.plan import Intervention, Join, Risk, Tier

SPAN = re.compile(r'`([^`]*)`|("(?:[^"\\]|\\.)*")')  # what is odd is written as JSON
WORD = re.compile(r"[^\s,]+")


@dataclass(frozen=True)
class Field:
    name: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]  # a ValueError says what it must be


def line(text: str) -> str:
    """In one line, whatever it is."""
    simple = text == text.strip() and text.isprintable() and text and not text.startswith('"')
    return text if simple else json.dumps(text)


def line_back(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        raise ValueError(f"what begins with a quotation mark must end with one: {text}") from None
    return str(found)


def code(text: str) -> str:
    return f"`{text}`" if text.isprintable() and text and "`" not in text else json.dumps(text)


def _codes(texts: tuple[str, ...]) -> str:
    return ", ".join(map(code, texts))


def codes_back(text: str) -> tuple[str, ...]:
    if SPAN.sub("", text).strip(" ,"):
        raise ValueError("each must stand between backquotes: `path`, `other/path`")
    return tuple(json.loads(odd) if odd else plain for plain, odd in SPAN.findall(text))


def _words(texts: tuple[str, ...]) -> str:
    return ", ".join(texts)


def _words_back(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text))


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _yes_no_back(text: str) -> bool:
    if text.casefold() not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text.casefold() == "yes"


def _number(kind: type) -> Callable[[str], Any]:
    def back(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise ValueError("must be a number") from None

    return back


def _one_of(known: Any) -> Callable[[str], str]:
    def back(text: str) -> str:
        if text not in get_args(known):
            raise ValueError(f"must be one of {', '.join(get_args(known))}")
        return text

    return back


OF_PLAN: Mapping[str, Field] = {
    "Risk": Field("risk", str, _one_of(Risk)),
    "Budget": Field("budget", str, _one_of(Tier)),
    "Mode": Field("mode", line, line_back),
    "Playbook": Field("playbook", line, line_back),
    "Intervention": Field("intervention", str, _one_of(Intervention)),
    "Approval": Field("approval", line, line_back),
    "Knowledge": Field("knowledge", _codes, codes_back),
}
OF_PHASE: Mapping[str, Field] = {
    "Column": Field("column", line, line_back),
    "Approval": Field("approval", line, line_back),
}
OF_STEP: Mapping[str, Field] = {
    "Role": Field("role", line, line_back),
    "Model": Field("model", line, line_back),
    "After": Field("depends_on", _words, _words_back),
    "Read first": Field("context_files", _codes, codes_back),
    "Delivers": Field("deliverables", _codes, codes_back),
    "Changes files": Field("changes", _yes_no, _yes_no_back),
    "Allowed paths": Field("allowed_paths", _codes, codes_back),
    "Blocked paths": Field("blocked_paths", _codes, codes_back),
    "Knowledge": Field("knowledge", _codes, codes_back),
    "Joins": Field("joins", str, _one_of(Join)),
    "Interactive": Field("interactive", _yes_no, _yes_no_back),
    "Turns": Field("max_turns", str, _number(int)),
    "Minutes": Field("minutes", str, _number(float)),
}
