"""The fields of a project, their options and iterations; a value that does not fit is refused here."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import FieldOption, Iteration, Project, ProjectField
from localhub.permissions import Caller, require_project

BUILT_IN_FIELDS = {
    "Title": "TITLE", "Assignees": "ASSIGNEES", "Labels": "LABELS", "Linked pull requests": "LINKED_PULL_REQUESTS",
    "Milestone": "MILESTONE", "Repository": "REPOSITORY", "Reviewers": "REVIEWERS",
}  # fmt: skip
SETTABLE = ("TEXT", "NUMBER", "DATE", "SINGLE_SELECT", "ITERATION")
PREFIXES = {"SINGLE_SELECT": "PVTSSF", "ITERATION": "PVTIF"}
COLORS = ("GREEN", "YELLOW", "PURPLE", "BLUE", "ORANGE", "PINK", "RED", "GRAY")


def add_field(hub: Hub, project: Project, name: str, data_type: str, options: Iterable[str] = ()) -> ProjectField:
    if any(each.name.lower() == name.lower() for each in project.fields):
        raise Unprocessable("Name has already been taken")
    field = ProjectField(hub.new_id(), "", name, data_type, hub.now())
    field.options = [new_option(option, COLORS[n % len(COLORS)]) for n, option in enumerate(options)]
    hub.register(PREFIXES.get(data_type, "PVTF"), field)
    project.fields.append(field)
    return field


def create_field(
    hub: Hub, caller: Caller, project: Project, name: str, data_type: str,
    options: Sequence[FieldOption] = (), iterations: Sequence[Iteration] = (),
) -> ProjectField:  # fmt: skip
    """A field that somebody adds to their board."""
    require_project(caller, project, "write")
    if not name.strip() or data_type not in SETTABLE:
        what = "name" if not name.strip() else "data_type"
        raise Unprocessable(errors=[{"resource": "ProjectV2Field", "field": what, "code": "invalid"}])
    field = add_field(hub, project, name, data_type)
    field.options, field.iterations = list(options), list(iterations)
    hub.record(caller.actor, "project field", f"{project.title} {name}")
    return field


def rename_field(hub: Hub, caller: Caller, project: Project, field: ProjectField, name: str) -> None:
    """The cards keep their values."""
    require_project(caller, project, "write")
    taken = find_field(project, name)
    if not name.strip() or taken not in (None, field):
        raise Unprocessable("Name has already been taken")
    for item in project.items:
        if field.name in item.values:
            item.values[name] = item.values.pop(field.name)
    field.name = name
    hub.record(caller.actor, "project field", f"{project.title} {name}")


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


def new_iteration(title: str, start_date: date, duration: int) -> Iteration:
    return Iteration(secrets.token_hex(4), title, start_date, duration)


def iteration(field: ProjectField, iteration_id: object) -> Iteration | None:
    return next((each for each in field.iterations if each.id == iteration_id), None)


def is_over(one: Iteration, now: datetime) -> bool:
    """Past iterations move to the completed ones by themselves."""
    return one.start_date + timedelta(days=one.duration) <= now.date()


def option(field: ProjectField, option_id: object) -> FieldOption | None:
    return next((each for each in field.options if each.id == option_id), None)


def find_field(project: Project, name: str) -> ProjectField | None:
    return next((each for each in project.fields if each.name.lower() == name.lower()), None)


def check_value(field: ProjectField, value: str | float) -> None:
    if field.data_type not in SETTABLE:
        raise Unprocessable(f"The field of type {field.data_type.lower()} is currently not supported.")
    if field.data_type == "SINGLE_SELECT" and option(field, value) is None:
        raise NotFound("The single select option Id does not belong to the field")
    if field.data_type == "ITERATION" and iteration(field, value) is None:
        raise NotFound("The iteration Id does not belong to the field")
    if (field.data_type == "NUMBER") != isinstance(value, int | float):
        raise Unprocessable(f"Did not receive a {field.data_type.lower()} value to update a field of that type")


def shown(field: ProjectField, value: str | float | None) -> object:
    """A value as a webhook shows it: an option or an iteration as an object."""
    chosen, planned = option(field, value), iteration(field, value)
    if chosen is not None:
        return {"id": chosen.id, "name": chosen.name, "color": chosen.color, "description": chosen.description}
    if planned is not None:
        start = planned.start_date.isoformat()
        return {"id": planned.id, "title": planned.title, "start_date": start, "duration": planned.duration}
    return None if field.data_type in PREFIXES else value
