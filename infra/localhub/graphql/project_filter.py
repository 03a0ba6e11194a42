"""The board's filter, as `items(query:)` takes it: `status:"In progress",Todo no:assignee -label:bug typo`.

A comma is OR inside a qualifier, a space is AND, a leading minus negates; what is no qualifier is looked for in the
title. Names of the board's own fields are qualifiers too, with blanks written as minus signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from localhub.graphql.errors import Refusal
from localhub.graphql.project_values import MIRRORED
from localhub.model import Actor, DraftIssue, Issue, ProjectField, ProjectItem, PullRequest
from localhub.projects import option

TERM = re.compile(r'(?P<minus>-)?(?:(?P<name>[A-Za-z][\w.-]*):)?(?P<values>(?:"[^"]*"|[^\s",]|,)+)')


@dataclass(frozen=True)
class Term:
    negated: bool
    name: str | None
    values: tuple[str, ...]


def matching(items: Sequence[ProjectItem], query: str, viewer: Actor) -> list[ProjectItem]:
    """The items for which every term of the query holds."""
    terms = [term(match) for match in TERM.finditer(query)]
    return [item for item in items if all(holds(each, item, viewer) != each.negated for each in terms)]


def term(match: re.Match[str]) -> Term:
    values = re.findall(r'"[^"]*"|[^",]+', match["values"])
    return Term(
        bool(match["minus"]), match["name"] and match["name"].lower(), tuple(each.strip('"') for each in values)
    )


def holds(wanted: Term, item: ProjectItem, viewer: Actor) -> bool:
    if wanted.name is None:
        return any(value.lower() in item.content.title.lower() for value in wanted.values)
    judge = QUALIFIERS.get(wanted.name)
    if judge is not None:
        return any(judge(item, viewer.login if value == "@me" else value) for value in wanted.values)
    field = board_field(item, wanted.name)
    return any(alike(field_text(item, field), value) for value in wanted.values)


def board_field(item: ProjectItem, name: str) -> ProjectField:
    for field in item.project.fields:
        if name in (field.name.lower(), field.name.lower().replace(" ", "-")):
            return field
    raise Refusal("NOT_SIMULATED", f"The filter '{name}:' is not simulated by localhub")


def field_text(item: ProjectItem, field: ProjectField) -> str | None:
    value = item.values.get(field.name)
    if value is None or value.value is None:
        return None
    chosen = option(field, value.value)
    return chosen.name if chosen else f"{value.value:g}" if isinstance(value.value, float) else str(value.value)


def alike(text: str | None, pattern: str) -> bool:
    return text is not None and fnmatch(text.lower(), pattern.lower().replace("[", "[[]"))


def is_(item: ProjectItem, what: str) -> bool:
    content = item.content
    pull = isinstance(content, PullRequest)
    match what.lower():
        case "issue":
            return isinstance(content, Issue) and not pull
        case "pr":
            return pull
        case "draft":
            return isinstance(content, DraftIssue) or (isinstance(content, PullRequest) and content.draft)
        case "open":
            return not isinstance(content, Issue) or content.state == "open"
        case "closed":
            return isinstance(content, Issue) and content.state == "closed"
        case "merged":
            return isinstance(content, PullRequest) and content.merged_at is not None
        case _:
            raise Refusal("NOT_SIMULATED", f"The filter 'is:{what}' is not simulated by localhub")


def has(item: ProjectItem, what: str) -> bool:
    """Whether the card says anything in that field."""
    if what.lower() in ("assignee", "assignees"):
        return bool(item.content.assignees)
    if what.lower() in ("label", "labels"):
        return isinstance(item.content, Issue) and bool(item.content.labels)
    field = board_field(item, what.lower())
    if field.data_type in MIRRORED:
        return MIRRORED[field.data_type](item.content) is not None
    return field_text(item, field) is not None


def labelled(item: ProjectItem, name: str) -> bool:
    return isinstance(item.content, Issue) and any(alike(label.name, name) for label in item.content.labels)


def reason(item: ProjectItem, name: str) -> bool:
    return isinstance(item.content, Issue) and (item.content.state_reason or "").replace("_", " ") == name.lower()


QUALIFIERS: dict[str, Callable[[ProjectItem, str], bool]] = {
    "is": is_,
    "no": lambda item, what: not has(item, what),
    "has": has,
    "label": labelled,
    "reason": reason,
    "repo": lambda item, name: isinstance(item.content, Issue) and alike(item.content.repo.full_name, name),
    "assignee": lambda item, login: any(alike(actor.login, login) for actor in item.content.assignees),
    "author": lambda item, login: isinstance(item.content, Issue) and alike(item.content.author.login, login),
    "title": lambda item, text: text.lower() in item.content.title.lower(),
}
