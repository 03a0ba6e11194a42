"""The board's filter, as `items(query:)` and `q` take it: `status:"In progress",Todo no:assignee -label:bug typo`.

A comma is OR inside a qualifier, a space is AND, a leading minus negates; what is no qualifier is looked for in the
title. Names of the board's own fields are qualifiers too, with blanks written as minus signs. A value that nothing on
the board has, such as the name of no column, is no error: nothing matches it. No filter finds a card whose content the
reader may not see.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from glob import escape
from typing import Any

from localhub.cards import redacted, says_anything, written
from localhub.errors import NotSimulated
from localhub.fields import is_over
from localhub.hub import Hub
from localhub.model import DraftIssue, Issue, ProjectField, ProjectItem, PullRequest
from localhub.permissions import Caller

TERM = re.compile(r'(?P<minus>-)?(?:(?P<name>[A-Za-z][\w.-]*):)?(?P<values>(?:"[^"]*"|[^\s",]|,)+)')
COMPARED = re.compile(r"(?P<sign>>=|<=|>|<)(?P<bound>.+)")
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
DAYS = re.compile(r"(?P<sign>>=|<=|>|<)?(?P<days>\d+)days?")


@dataclass(frozen=True)
class Reader:
    """Who asks, of which world."""

    hub: Hub
    caller: Caller


@dataclass(frozen=True)
class Term:
    negated: bool
    name: str | None
    values: tuple[str, ...]


def matching(items: Sequence[ProjectItem], query: str, reader: Reader) -> list[ProjectItem]:
    """The items for which every term of the query holds, as far as the index has seen them. No query, no index."""
    terms = [term(match) for match in TERM.finditer(query)]
    if not terms:
        return list(items)
    index, now = reader.hub.index, reader.hub.now()
    known = [(item, twin) for item in items if (twin := index.seen(item, now)) is not None]
    found = [item for item, twin in known if all(holds(each, twin, reader) != each.negated for each in terms)]
    return [item for item in found if not redacted(item, reader.caller)]


def term(match: re.Match[str]) -> Term:
    values = re.findall(r'"[^"]*"|[^",]+', match["values"])
    return Term(
        bool(match["minus"]), match["name"] and match["name"].lower(), tuple(each.strip('"') for each in values)
    )


def holds(wanted: Term, item: ProjectItem, reader: Reader) -> bool:
    if wanted.name is None:
        return any(value.lower() in item.content.title.lower() for value in wanted.values)
    judge = QUALIFIERS.get(wanted.name)
    if judge is not None:
        return any(judge(item, reader.caller.login if value == "@me" else value, reader) for value in wanted.values)
    field = board_field(item, wanted.name)
    return any(says(item, field, value, reader) for value in wanted.values)


def board_field(item: ProjectItem, name: str) -> ProjectField:
    for field in item.project.fields:
        if name in (field.name.lower(), field.name.lower().replace(" ", "-")):
            return field
    raise NotSimulated(f"The filter '{name}:' is not simulated by localhub")


def says(item: ProjectItem, field: ProjectField, wanted: str, reader: Reader) -> bool:
    """Whether the card's value is the wanted one, or within the wanted bounds."""
    if field.data_type == "ITERATION" and wanted.startswith("@"):
        return is_current(item, field, wanted, reader)
    text = written(item, field)
    if text is None:
        return False
    if field.data_type in ("NUMBER", "DATE"):
        value = comparable(field, text, reader)
        if (compared := COMPARED.fullmatch(wanted)) is not None:
            return fits(compared["sign"], value, comparable(field, compared["bound"], reader))
        if ".." in wanted:
            low, _, high = wanted.partition("..")
            bounds = [(">=", low), ("<=", high)]
            return all(fits(sign, value, comparable(field, end, reader)) for sign, end in bounds if end != "*")
        return value == comparable(field, wanted, reader)
    return alike(text, wanted)


def comparable(field: ProjectField, text: str, reader: Reader) -> float | str:
    """A number as a number; ISO dates compare as text."""
    if field.data_type == "DATE":
        return reader.hub.now().date().isoformat() if text == "@today" else text
    try:
        return float(text)
    except ValueError:
        raise NotSimulated(f"The number '{text}' in a filter is not simulated by localhub") from None


def fits(sign: str, value: Any, bound: Any) -> bool:
    return bool(SIGNS[sign](value, bound))


def is_current(item: ProjectItem, field: ProjectField, wanted: str, reader: Reader) -> bool:
    """`@current`, `@previous` and `@next` are told by the calendar."""
    now = reader.hub.now()
    planned = sorted(field.iterations, key=lambda each: each.start_date)
    over = sum(is_over(each, now) for each in planned)
    begun = over < len(planned) and planned[over].start_date <= now.date()
    place = {"@previous": over - 1, "@current": over if begun else -1, "@next": over + begun}.get(wanted.lower())
    if place is None:
        raise NotSimulated(f"The filter value '{wanted}' is not simulated by localhub")
    value = item.values.get(field.name)
    return value is not None and 0 <= place < len(planned) and value.value == planned[place].id


def alike(text: str | None, pattern: str) -> bool:
    """Only a star stands for anything."""
    literally = "*".join(escape(part) for part in pattern.lower().split("*"))
    return text is not None and fnmatchcase(text.lower(), literally)


def is_(item: ProjectItem, what: str, reader: Reader) -> bool:
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
            raise NotSimulated(f"The filter 'is:{what}' is not simulated by localhub")


def has(item: ProjectItem, what: str, reader: Reader) -> bool:
    """Whether the card says anything in that field."""
    if what.lower() in ("assignee", "assignees"):
        return bool(item.content.assignees)
    if what.lower() in ("label", "labels"):
        return isinstance(item.content, Issue) and bool(item.content.labels)
    return says_anything(reader.hub, item, board_field(item, what.lower()))


def labelled(item: ProjectItem, name: str, reader: Reader) -> bool:
    return isinstance(item.content, Issue) and any(alike(label.name, name) for label in item.content.labels)


def reason(item: ProjectItem, name: str, reader: Reader) -> bool:
    return isinstance(item.content, Issue) and (item.content.state_reason or "").replace("_", " ") == name.lower()


def updated(item: ProjectItem, within: str, reader: Reader) -> bool:
    """`last-updated:7days` is the last seven days; with a sign it says how long ago."""
    asked = DAYS.fullmatch(within)
    if asked is None:
        raise NotSimulated(f"The filter 'last-updated:{within}' is not simulated by localhub")
    ago, bound = reader.hub.now() - item.updated_at, timedelta(days=int(asked["days"]))
    return fits(asked["sign"] or "<=", ago.total_seconds(), bound.total_seconds())


QUALIFIERS: dict[str, Callable[[ProjectItem, str, Reader], bool]] = {
    "is": is_,
    "no": lambda item, what, reader: not has(item, what, reader),
    "has": has,
    "label": labelled,
    "reason": reason,
    "repo": lambda item, name, _: isinstance(item.content, Issue) and alike(item.content.repo.full_name, name),
    "assignee": lambda item, login, _: any(alike(actor.login, login) for actor in item.content.assignees),
    "author": lambda item, login, _: isinstance(item.content, Issue) and alike(item.content.author.login, login),
    "title": lambda item, text, _: text.lower() in item.content.title.lower(),
    "last-updated": updated,
}
