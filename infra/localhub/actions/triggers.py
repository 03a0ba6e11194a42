"""Decides whether an event starts a workflow: the filters under `on:`, with GitHub's file patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from localhub.actions.workflow import Trigger, WorkflowFile

PULL_REQUEST_TYPES = ("opened", "synchronize", "reopened")
SKIP = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]", re.IGNORECASE)


def on_push(workflow: WorkflowFile, ref: str, changed: Sequence[str]) -> bool:
    """Whether pushing `ref` with these changed paths starts it."""
    trigger = workflow.triggers.get("push")
    if trigger is None:
        return False
    kind, name = ("tags", ref.removeprefix("refs/tags/")) if ref.startswith("refs/tags/") else ("branches", ref[11:])
    other = "branches" if kind == "tags" else "tags"
    if not _mentions(trigger, kind) and _mentions(trigger, other):
        return False  # filters for tags alone leave branches out, and the other way round
    if not _passes(trigger, kind, name):
        return False
    return kind == "tags" or _paths_pass(trigger, changed)  # path filters are not evaluated for tags


def on_pull_request(workflow: WorkflowFile, action: str, base: str, changed: Sequence[str]) -> bool:
    """Whether a pull request event against branch `base` starts it."""
    trigger = workflow.triggers.get("pull_request")
    if trigger is None or action not in (trigger.types or PULL_REQUEST_TYPES):
        return False
    return _passes(trigger, "branches", base) and _paths_pass(trigger, changed)


def on_repository_dispatch(workflow: WorkflowFile, kind: str) -> bool:
    trigger = workflow.triggers.get("repository_dispatch")
    return trigger is not None and (not trigger.types or kind in trigger.types)


def wants_skip(message: str) -> bool:
    """Whether a commit message asks for no workflow on push or pull_request."""
    return SKIP.search(message) is not None


def _mentions(trigger: Trigger, kind: str) -> bool:
    return kind in trigger.filters or f"{kind}-ignore" in trigger.filters


def _passes(trigger: Trigger, kind: str, name: str) -> bool:
    if kind in trigger.filters:
        return matches(trigger.filters[kind], name)
    return not matches(trigger.filters.get(f"{kind}-ignore", ()), name)


def _paths_pass(trigger: Trigger, changed: Sequence[str]) -> bool:
    if "paths" in trigger.filters:
        return any(matches(trigger.filters["paths"], path) for path in changed)
    ignored = trigger.filters.get("paths-ignore")
    return ignored is None or any(not matches(ignored, path) for path in changed)


def matches(patterns: Iterable[str], name: str) -> bool:
    """The last pattern that fits decides; `!` in front of it says no."""
    verdict = False
    for pattern in patterns:
        if _regex(pattern.removeprefix("!")).fullmatch(name):
            verdict = not pattern.startswith("!")
    return verdict


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """GitHub's patterns: `*` stays inside a folder, `**` does not, `?` and `+` repeat what stands before them."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\+|\[[^\]]*\]|\\.|.", pattern)
    literal = re.compile(r"\[.*|\\.").fullmatch  # character classes and escapes mean the same to Python
    return re.compile("".join(parts.get(token) or (token if literal(token) else re.escape(token)) for token in tokens))
