"""Reads `.github/sluice.toml`: text in, a Policy or one sentence about what is wrong out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.core.policy import Policy
from bot.renamed import POLICY, Renamed, present

PINNED = re.compile(r"[\w.-]+/[\w.-]+/\.github/workflows/[\w.-]+\.ya?ml@[0-9a-f]{40}")
MOST = 1_000_000  # of anything that is counted: what is larger is a mistake
_ADAPTER = TypeAdapter(Policy)  # unknown keys are found by `unknown_key`, which names the nearest


@lru_cache(64)  # every look at every item has the text before it, and it hardly ever changes
def read_policy(text: str, renamed: tuple[Renamed, ...] = POLICY) -> Policy | str:
    """The policy, or what is wrong with it and where."""
    try:
        data, _ = present(tomllib.loads(text), renamed)
    except tomllib.TOMLDecodeError as error:
        return f"not valid TOML: {error}"
    if unknown := unknown_key(data, Policy):
        return unknown
    try:
        policy = _ADAPTER.validate_python(data)
    except ValidationError as error:
        return "; ".join(_told(detail) for detail in error.errors()[:3])
    return _out_of_range(policy) or _unpinned(policy) or policy


def old_names(text: str, renamed: Sequence[Renamed] = POLICY) -> tuple[str, ...]:
    """A sentence for each key that should be written under its new name."""
    try:
        return present(tomllib.loads(text), renamed)[1]
    except tomllib.TOMLDecodeError:
        return ()


def unknown_key(data: dict[str, Any], shape: type, where: str = "") -> str:
    """The first key that the dataclass `shape` does not know, with the nearest it does; empty when all are known."""
    hints = get_type_hints(shape)
    for key, value in data.items():
        if key not in hints:
            return f"unknown key {where}{key}{nearest(key, hints)}"
        inner = hints[key]
        table = isinstance(value, dict) and is_dataclass(inner) and isinstance(inner, type)
        if table and (found := unknown_key(value, inner, f"{where}{key}.")):
            return found
    return ""


def nearest(key: str, known: Any) -> str:
    close = get_close_matches(key, list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(sorted(known))}"


def _out_of_range(policy: Policy) -> str:
    for part in (policy.merge, policy.gates, policy.work, policy.review):
        for field in fields(part):
            least, most = field.metadata.get("min"), field.metadata.get("max", MOST)
            found = getattr(part, field.name)
            if least is not None and found is not None and not least <= found <= most:  # nan is in no range
                return f"{field.name} must be at least {least} and at most {most}"
    return ""


def _unpinned(policy: Policy) -> str:
    """A gate bound to a branch or a tag would be bound to whatever somebody makes of it."""
    for file, used in policy.gates.uses.items():
        if file not in policy.gates.workflows:
            return f"gates.uses: {file} is not among gates.workflows"
        if not PINNED.fullmatch(used):
            return f"gates.uses.{file} must be owner/repo/.github/workflows/FILE@ and a commit of 40 hexadecimal digits"
    return ""


def _told(detail: ErrorDetails) -> str:
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg'].lower()}"
