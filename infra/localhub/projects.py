"""Projects v2: boards, their fields and items, and GitHub's built-in workflows as a second writer of Status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from localhub import issues, people
from localhub.errors import Unprocessable
from localhub.fields import BUILT_IN_FIELDS, check_value, shown
from localhub.fields import add_field as add_field
from localhub.fields import create_field as create_field
from localhub.fields import find_field as find_field
from localhub.fields import new_iteration as new_iteration
from localhub.fields import new_option as new_option
from localhub.fields import option as option
from localhub.fields import rename_field as rename_field
from localhub.fields import set_options as set_options
from localhub.hub import Event, Hub
from localhub.model import (
    Actor,
    DraftIssue,
    FieldValue,
    Issue,
    Project,
    ProjectField,
    ProjectItem,
    PullRequest,
    Repo,
    StatusUpdate,
)  # fmt: skip
from localhub.permissions import Caller, acting, require, require_project
from localhub.timeline import note

STATUS = "Status"
DONE = "Done"


def create(hub: Hub, creator: Actor, owner: Actor, title: str, status: Sequence[str]) -> Project:
    """A new project with GitHub's own fields and a Status of these columns."""
    number = 1 + sum(project.owner is owner for project in hub.projects)
    project = Project(hub.new_id(), "", owner, number, title, hub.now(), hub.now(), creator)
    hub.register("PVT", project)
    hub.projects.append(project)
    for name, data_type in BUILT_IN_FIELDS.items():
        add_field(hub, project, name, data_type)
    add_field(hub, project, STATUS, "SINGLE_SELECT", status)
    if owner.kind == "Organization":
        hub.emit("projects_v2", "created", creator, org=owner, project=project)
    return project


def add_status_update(
    hub: Hub, caller: Caller, project: Project, status: str | None, body: str | None,
    start: date | None = None, target: date | None = None,
) -> StatusUpdate:  # fmt: skip
    require_project(caller, project, "write")
    now = hub.now()
    made = StatusUpdate(hub.new_id(), "", project, caller.actor, now, now, status, body, start, target)
    hub.register("PVTSU", made)
    project.status_updates.append(made)
    hub.record(caller.actor, "project status update", project.title)
    if project.owner.kind == "Organization":
        hub.emit("projects_v2_status_update", "created", caller.actor, org=project.owner, status_update=made)
    return made


def add_item(hub: Hub, caller: Caller, project: Project, content: Issue) -> ProjectItem:
    """Put an issue or pull request on the board; one that is there already stays the same item."""
    require_project(caller, project, "write")
    require(caller, content.repo, "read")
    known = next((item for item in content.cards if item.project is project), None)
    if known is not None:
        return known
    item = _new_item(hub, caller, project, content)
    note(hub, content, "added_to_project", caller.actor, project=project)
    return item


def add_draft(
    hub: Hub, caller: Caller, project: Project, title: str, body: str = "", assignees: Iterable[Actor] = ()
) -> ProjectItem:
    require_project(caller, project, "write")
    issues.check_title("ProjectV2DraftIssue", title)
    draft = DraftIssue(hub.new_id(), "", title, body, caller.actor, hub.now(), hub.now(), list(assignees))
    hub.register("DI", draft)
    return _new_item(hub, caller, project, draft)


def edit_draft(
    hub: Hub, caller: Caller, item: ProjectItem, title: str | None = None, body: str | None = None
) -> DraftIssue:
    require_project(caller, item.project, "write")
    draft = _draft(item)
    before = draft.body
    draft.title, draft.body = title or draft.title, draft.body if body is None else body
    draft.updated_at = hub.now()
    tell(hub, caller, item, "edited", changes={"body": {"from": before, "to": draft.body}})
    return draft


def convert_draft(hub: Hub, caller: Caller, item: ProjectItem, repo: Repo) -> ProjectItem:
    """Make a draft an issue: the item keeps its id, its content changes."""
    require_project(caller, item.project, "write")
    draft = _draft(item)
    logins = [actor.login for actor in draft.assignees]
    issue = issues.create(hub, caller, repo, draft.title, draft.body, assignees=logins)
    hub.forget(draft)
    item.content = issue
    issue.cards.append(item)
    note(hub, issue, "converted_from_draft", caller.actor, project=item.project)
    note(hub, issue, "added_to_project", caller.actor, project=item.project)
    tell(hub, caller, item, "converted", changes={"content_type": {"from": "DraftIssue", "to": "Issue"}})
    return item


def set_value(
    hub: Hub, caller: Caller, item: ProjectItem, field: ProjectField, value: str | float, *, automated: bool = False
) -> ProjectItem:
    """Write one field: last writer wins. A change of Status is remembered in the issue's timeline."""
    if not automated:
        require_project(caller, item.project, "write")
    check_value(field, value)
    known = item.values.get(field.name)
    before = known.value if known else None
    if known is None:
        known = item.values[field.name] = FieldValue("", field, value, hub.now(), caller.actor)
        hub.register("PVTFSV", known)
    known.value, known.updated_at, known.creator = value, hub.now(), caller.actor
    if before != value:
        _tell_value(hub, caller, item, field, before, value, automated)
    return item


def clear_value(hub: Hub, caller: Caller, item: ProjectItem, field: ProjectField) -> ProjectItem:
    require_project(caller, item.project, "write")
    known = item.values.pop(field.name, None)
    if known is not None:
        hub.forget(known)
        _tell_value(hub, caller, item, field, known.value, None, False)
    return item


def move(hub: Hub, caller: Caller, item: ProjectItem, after: ProjectItem | None = None) -> list[ProjectItem]:
    """Put the item after another one, or at the top."""
    require_project(caller, item.project, "write")
    items = item.project.items
    before = _previous(item)
    items.remove(item)
    items.insert(items.index(after) + 1 if after is not None else 0, item)
    changes = {"previous_projects_v2_item_node_id": {"from": before, "to": _previous(item)}}
    tell(hub, caller, item, "reordered", changes=changes)
    return items


def archive(hub: Hub, caller: Caller, item: ProjectItem) -> ProjectItem:
    require_project(caller, item.project, "write")
    if item.archived_at is None:
        item.archived_at = hub.now()
        tell(hub, caller, item, "archived", changes={"archived_at": {"from": None, "to": item.archived_at}})
    return item


def unarchive(hub: Hub, caller: Caller, item: ProjectItem) -> ProjectItem:
    require_project(caller, item.project, "write")
    if item.archived_at is not None:
        changes = {"archived_at": {"from": item.archived_at, "to": None}}
        item.archived_at = None
        tell(hub, caller, item, "restored", changes=changes)
    return item


def delete_item(hub: Hub, caller: Caller, item: ProjectItem) -> None:
    require_project(caller, item.project, "write")
    item.project.items.remove(item)
    hub.forget(item)
    if isinstance(item.content, Issue):
        item.content.cards.remove(item)
        note(hub, item.content, "removed_from_project", caller.actor, project=item.project)
    tell(hub, caller, item, "deleted")


def items_of(hub: Hub, content: Issue) -> list[ProjectItem]:
    """The cards of an issue or pull request, on every board."""
    return list(content.cards)


def built_in_workflows(hub: Hub, event: Event) -> None:
    """GitHub's own hand: what is closed or merged goes to Done, whatever column a person chose meanwhile."""
    if event.action != "closed" or event.name not in ("issues", "pull_request"):
        return
    content = event.objects["issue" if event.name == "issues" else "pull"]
    merged = isinstance(content, PullRequest) and content.merged_at is not None
    caller = acting(people.bot(hub, people.PROJECT_AUTOMATION))
    for item in items_of(hub, content):
        status = find_field(item.project, STATUS)
        done = next((each for each in status.options if each.name == DONE), None) if status else None
        if status and done and ("merged_to_done" if merged else "closed_to_done") in item.project.built_in:
            set_value(hub, caller, item, status, done.id, automated=True)


def tell(hub: Hub, caller: Caller, item: ProjectItem, action: str, **objects: Any) -> None:
    """Log a change and send `projects_v2_item`, which GitHub does for organizations only."""
    item.updated_at = item.project.updated_at = hub.now()
    hub.index.note(item, hub.now())
    hub.record(caller.actor, f"item {action}", f"{item.project.title} {item.node_id}")
    if item.project.owner.kind == "Organization":
        owner = item.project.owner
        hub.emit("projects_v2_item", action, caller.actor, org=owner, app=caller.app, item=item, **objects)


def _new_item(hub: Hub, caller: Caller, project: Project, content: Issue | DraftIssue) -> ProjectItem:
    item = ProjectItem(hub.new_id(), "", project, content, caller.actor, hub.now(), hub.now())
    hub.register("PVTI", item)
    project.items.append(item)
    if isinstance(content, Issue):
        content.cards.append(item)
    tell(hub, caller, item, "created")
    return item


def _draft(item: ProjectItem) -> DraftIssue:
    if not isinstance(item.content, DraftIssue):
        raise Unprocessable("The item is not a draft issue.")
    return item.content


def _tell_value(
    hub: Hub, caller: Caller, item: ProjectItem, field: ProjectField,
    before: str | float | None, after: str | float | None, automated: bool,
) -> None:  # fmt: skip
    if field.name == STATUS and isinstance(item.content, Issue):
        old, new = option(field, before), option(field, after)
        data = {"previous": old.name if old else None, "status": new.name if new else None}
        kind = "status_changed"
        note(hub, item.content, kind, caller.actor, project=item.project, was_automated=automated, **data)
    change = {
        "field_node_id": field.node_id, "field_type": field.data_type.lower(), "field_name": field.name,
        "project_number": item.project.number, "from": shown(field, before), "to": shown(field, after),
    }  # fmt: skip
    tell(hub, caller, item, "edited", changes={"field_value": change})


def _previous(item: ProjectItem) -> str | None:
    place = item.project.items.index(item)
    return item.project.items[place - 1].node_id if place else None
