"""The fields of a project and the options of those that have any; a value that does not fit is refused here."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import FieldOption, Project, ProjectField
from localhub.permissions import Caller, require_project

BUILT_IN_FIELDS = {
    "Title": "TITLE", "Assignees": "ASSIGNEES", "Labels": "LABELS", "Linked pull requests": "LINKED_PULL_REQUESTS",
    "Milestone": "MILESTONE", "Repository": "REPOSITORY", "Reviewers": "REVIEWERS",
}  # fmt: skip
SETTABLE = ("TEXT", "NUMBER", "DATE", "SINGLE_SELECT", "ITERATION")
COLORS = ("GREEN", "YELLOW", "PURPLE", "BLUE", "ORANGE", "PINK", "RED", "GRAY")


def add_field(hub: Hub, project: Project, name: str, data_type: str, options: Iterable[str] = ()) -> ProjectField:
    if any(each.name.lower() == name.lower() for each in project.fields):
        raise Unprocessable("Name has already been taken")
    field = ProjectField(hub.new_id(), "", name, data_type, hub.now())
    field.options = [new_option(option, COLORS[n % len(COLORS)]) for n, option in enumerate(options)]
    hub.register("PVTSSF" if data_type == "SINGLE_SELECT" else "PVTF", field)
    project.fields.append(field)
    return field


def new_option(name: str, color: str = "GRAY", description: str = "") -> FieldOption:
    return FieldOption(secrets.token_hex(4), name, color, description)


def set_options(hub: Hub, caller: Caller, project: Project, field: ProjectField, options: list[FieldOption]) -> None:
    """Overwrite the options of a field: items lose a value whose option id is gone."""
    require_project(caller, project, "write")
    field.options = options
    known = {option.id for option in options}
    for item in project.items:
        value = item.values.get(field.name)
        if value is not None and value.value not in known:
            del item.values[field.name]
    hub.record(caller.actor, "project options", f"{project.title} {field.name}")


def option(field: ProjectField, option_id: object) -> FieldOption | None:
    return next((each for each in field.options if each.id == option_id), None)


def find_field(project: Project, name: str) -> ProjectField | None:
    return next((each for each in project.fields if each.name.lower() == name.lower()), None)


def check_value(field: ProjectField, value: str | float) -> None:
    if field.data_type not in SETTABLE:
        raise Unprocessable(f"The field of type {field.data_type.lower()} is currently not supported.")
    if field.data_type == "SINGLE_SELECT" and option(field, value) is None:
        raise NotFound("The single select option Id does not belong to the field")
    if (field.data_type == "NUMBER") != isinstance(value, int | float):
        raise Unprocessable(f"Did not receive a {field.data_type.lower()} value to update a field of that type")


def shown(field: ProjectField, value: str | float | None) -> object:
    """A value as a webhook shows it: an option as an object."""
    chosen = option(field, value)
    if chosen is None:
        return value if field.data_type != "SINGLE_SELECT" else None
    return {"id": chosen.id, "name": chosen.name, "color": chosen.color, "description": chosen.description}
