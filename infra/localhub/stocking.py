"""Fills a board with many cards at once: nobody made them, nobody is told, and no limit counts them.

For benchmarks of large boards. What people do one by one goes through the verbs of `issues` and `projects`.
"""

from __future__ import annotations

from collections.abc import Mapping

from localhub.errors import NotFound
from localhub.fields import find_field
from localhub.hub import Hub
from localhub.issues import take_number
from localhub.model import FieldValue, Issue, Project, ProjectItem, Repo
from localhub.projects import STATUS


def stock(hub: Hub, project: Project, repo: Repo, columns: Mapping[str, int]) -> list[ProjectItem]:
    """So many issues with a card in each of these columns, in this order."""
    return [_card(hub, project, repo, name) for name, count in columns.items() for _ in range(count)]


def _card(hub: Hub, project: Project, repo: Repo, column: str) -> ProjectItem:
    number, now, owner = take_number(repo), hub.now(), project.creator
    issue = Issue(hub.new_id(), "", repo, number, f"Card {number}", "One of many.", owner, now, now)
    hub.register("I", issue)
    repo.issues[number] = issue
    item = ProjectItem(hub.new_id(), "", project, issue, owner, now, now)
    hub.register("PVTI", item)
    project.items.append(item)
    issue.cards.append(item)
    status = find_field(project, STATUS)
    chosen = next((each.id for each in status.options if each.name == column), None) if status else None
    if status is None or chosen is None:
        raise NotFound(f"the board has no column {column}")
    value = item.values[STATUS] = FieldValue("", status, chosen, now, owner)
    hub.register("PVTFSV", value)
    return item
