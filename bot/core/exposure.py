"""Workflows that would lend a pushed branch of an agent's more than its own code: secrets, rights, machines.

GitHub runs the workflows of whatever is pushed, and they run the agent's code. So a person looks at them once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OURS = "sluice/"  # how every branch begins that Sluice pushes
# started for such a branch, or after another workflow; a pull request from here is lent what one from a fork is not
ALWAYS = ("pull_request", "pull_request_target", "workflow_run", "create")
SECRET = re.compile(
    r"\bsecrets\s*(?:\.\s*(?!GITHUB_TOKEN\b)\w|\[)|\bsecrets\s*:\s*inherit\b|toJSON\(\s*secrets\s*\)", re.I
)
ADD = "add `permissions: {contents: read}`"  # the settings' default may be to write, and only an admin may read it
OWN_MACHINE = re.compile(r"\bself-hosted\b")


@dataclass(frozen=True)
class Workflow:
    """A file below .github/workflows on the default branch."""

    name: str
    text: str
    data: Mapping[str, Any] | None  # None: it cannot be read as YAML


@dataclass(frozen=True)
class Exposure:
    file: str
    why: str


def exposures(workflows: Iterable[Workflow]) -> tuple[Exposure, ...]:
    """By file, in order. What cannot be read counts: nobody can say it is harmless."""
    found = ((each.name, "; ".join(_whys(each))) for each in sorted(workflows, key=lambda each: each.name))
    return tuple(Exposure(name, why) for name, why in found if why)


def unaccepted(found: Iterable[Exposure], accepted: Iterable[str]) -> tuple[Exposure, ...]:
    names = {name.rpartition("/")[2] for name in accepted}
    return tuple(each for each in found if each.file not in names)


def _whys(workflow: Workflow) -> Iterator[str]:
    if workflow.data is None or "on" not in workflow.data:
        yield "it cannot be read"
        return
    if not _starts(workflow.data["on"]):
        return
    if SECRET.search(workflow.text):
        yield "uses secrets"
    jobs = workflow.data.get("jobs")
    each = list(jobs.values()) if isinstance(jobs, Mapping) else []
    if any(_may_write(part.get("permissions")) for part in (workflow.data, *each) if isinstance(part, Mapping)):
        yield "has a token that may write"
    elif "permissions" not in workflow.data and not all(
        isinstance(job, Mapping) and "permissions" in job for job in each
    ):
        yield f"has a token that may do what the repository's settings say: {ADD}"
    own = (isinstance(job, Mapping) and isinstance(job.get("runs-on"), Mapping) for job in each)  # by group or labels
    if OWN_MACHINE.search(workflow.text) or any(own):
        yield "runs on machines of your own"


def _starts(on: object) -> bool:
    """A push to one of Sluice's branches, or a pull request from one, starts it."""
    events = on if isinstance(on, Mapping) else dict.fromkeys([on] if isinstance(on, str) else _list(on))
    return any(event in events for event in ALWAYS) or ("push" in events and _pushed(events["push"]))


def _pushed(filters: object) -> bool:
    if not isinstance(filters, Mapping):
        return True
    if "branches" in filters:
        wanted = [pattern for pattern in _list(filters["branches"]) if not pattern.startswith("!")]
        return any(map(_may_match, wanted))
    if "branches-ignore" in filters:
        return not any(pattern in ("**", f"{OURS}**") for pattern in _list(filters["branches-ignore"]))
    return not any(key in filters for key in ("tags", "tags-ignore"))  # with these alone, only tags start it


def _may_match(pattern: str) -> bool:
    """Some branch of Sluice's may be meant. A lone `*` stops at a slash, and each of these branches has one."""
    beginning = re.split(r"[*?+\[\\]", pattern)[0]
    if "/" not in pattern and "**" not in pattern:
        return False
    return beginning.startswith(OURS) or (OURS.startswith(beginning) and beginning != pattern)


def _may_write(permissions: object) -> bool:
    if isinstance(permissions, Mapping):
        return any(value == "write" for value in permissions.values())
    return permissions == "write-all"


def _list(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
