"""The values of a card's fields: those written on the board, and those that only mirror its content."""

from __future__ import annotations

from typing import Any, ClassVar

from localhub import fields, projects
from localhub.cards import MIRRORED, mirrored
from localhub.graphql.connections import connection
from localhub.graphql.view import Plain, View, read
from localhub.hub import Hub
from localhub.model import (
    Actor,
    DraftIssue,
    FieldOption,
    FieldValue,
    Issue,
    Iteration,
    ProjectField,
    ProjectItem,
)

KINDS = {
    "LABELS": "Label", "ASSIGNEES": "User", "REPOSITORY": "Repository", "REVIEWERS": "Reviewer",
    "LINKED_PULL_REQUESTS": "PullRequest",
}  # fmt: skip


def values_of(hub: Hub, item: ProjectItem) -> list[Any]:
    """Every field that has a value, in the order of the board's fields."""
    values = [value_of(hub, item, field) for field in item.project.fields]
    return [value for value in values if value is not None]


def value_of(hub: Hub, item: ProjectItem, field: ProjectField) -> FieldValue | Plain | None:
    """What the card says in that field; None when it says nothing."""
    if field.data_type == "TITLE":
        return {**title(hub, item.content), "field": field, "item": item}
    if field.data_type in MIRRORED:
        shown = mirrored(hub, item.content, field.data_type)
        kind = f"ProjectV2ItemField{KINDS.get(field.data_type)}Value"
        return {"__typename": kind, "shown": shown, "field": field} if shown else None
    return item.values.get(field.name)


def title(hub: Hub, content: Issue | DraftIssue) -> Plain:
    author = content.creator if isinstance(content, DraftIssue) else content.author
    return {
        "__typename": "ProjectV2ItemFieldTextValue", "id": f"PVTFTV_{content.node_id}", "text": content.title,
        "creator": author, "databaseId": content.id, "createdAt": content.created_at, "updatedAt": content.updated_at,
    }  # fmt: skip


class ValueView(View[FieldValue]):
    """A written value. Mirrored ones are plain data and answer by key."""

    types: ClassVar[tuple[str, ...]] = (
        "ProjectV2ItemFieldSingleSelectValue", "ProjectV2ItemFieldTextValue", "ProjectV2ItemFieldNumberValue",
        "ProjectV2ItemFieldDateValue", "ProjectV2ItemFieldIterationValue",
    )  # fmt: skip

    def id(self) -> str:
        return str(self._read("id", "node_id"))

    def field(self) -> ProjectField:
        field: ProjectField = self._read("field", "field")
        return field

    def creator(self) -> Actor | None:
        actor: Actor | None = self._read("creator", "creator")
        return actor

    def created_at(self) -> Any:
        return self._read("createdAt", "updated_at")

    def updated_at(self) -> Any:
        return self._read("updatedAt", "updated_at")

    def item(self) -> ProjectItem:
        if isinstance(self.record, dict):
            mirrored: ProjectItem = self.record["item"]
            return mirrored
        every = (item for project in self.hub.projects for item in project.items)
        return next(item for item in every if self.record in item.values.values())

    def _read(self, key: str, attribute: str) -> Any:
        return self.record[key] if isinstance(self.record, dict) else getattr(self.record, attribute)


class TextValueView(ValueView):
    types = ("ProjectV2ItemFieldTextValue",)

    def text(self) -> str:
        return str(self._read("text", "value"))


class NumberValueView(ValueView):
    types = ("ProjectV2ItemFieldNumberValue",)

    def number(self) -> float:
        return float(self._read("number", "value"))


class DateValueView(ValueView):
    types = ("ProjectV2ItemFieldDateValue",)

    def date(self) -> str:
        return str(self._read("date", "value"))


class SingleSelectValueView(ValueView):
    types = ("ProjectV2ItemFieldSingleSelectValue",)

    def option_id(self) -> str:
        return self._option().id

    def name(self) -> str:
        return self._option().name

    def color(self) -> str:
        return self._option().color

    def description(self) -> str:
        return self._option().description

    def _option(self) -> FieldOption:
        found = projects.option(self.record.field, self.record.value)
        assert found is not None, "a value whose option is gone is cleared with it"
        return found


class IterationValueView(ValueView):
    types = ("ProjectV2ItemFieldIterationValue",)

    def iteration_id(self) -> str:
        return self._iteration().id

    def title(self) -> str:
        return self._iteration().title

    def start_date(self) -> str:
        return self._iteration().start_date.isoformat()

    def duration(self) -> int:
        return self._iteration().duration

    def _iteration(self) -> Iteration:
        found = fields.iteration(self.record.field, self.record.value)
        assert found is not None, "iterations are never taken away"
        return found


class LabelValueView(View[Plain]):
    types = ("ProjectV2ItemFieldLabelValue",)

    def labels(self, **page: Any) -> Plain:
        return connection(self.record["shown"], page)


class RepositoryValueView(View[Plain]):
    types = ("ProjectV2ItemFieldRepositoryValue",)
    plain = read(repository="shown")


class UserValueView(View[Plain]):
    types = ("ProjectV2ItemFieldUserValue",)

    def users(self, **page: Any) -> Plain:
        return connection(self.record["shown"], page)


class PullRequestValueView(View[Plain]):
    types = ("ProjectV2ItemFieldPullRequestValue",)

    def pull_requests(self, order_by: Any = None, **page: Any) -> Plain:
        return connection([each for each in self.record["shown"] if self.context.readable(each)], page)


class ReviewerValueView(View[Plain]):
    types = ("ProjectV2ItemFieldReviewerValue",)

    def reviewers(self, **page: Any) -> Plain:
        return connection(self.record["shown"], page)
