"""What came of it: each item against the scenario, the cost in API calls, what was left behind; as text or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bot.demo.scenario import SCENARIO, Task
from bot.demo.watch import Seen
from bot.demo.world import REPO, World

COST = ("graphql_points", "graphql_requests", "rest_requests", "content_requests")
SHOWN = ("number", "title", "stage", "reason", "pull", "attempts", "rounds", "seconds")


@dataclass(frozen=True)
class Report:
    items: tuple[dict[str, Any], ...]
    api: dict[str, int]
    worktrees_left: int
    seconds: float
    faults: dict[str, str]  # title -> how it differs from the scenario
    struck: int  # requests and webhooks that went wrong on order

    @property
    def as_expected(self) -> bool:
        return not self.faults and not self.worktrees_left

    def json(self) -> str:
        told = {"items": self.items, "api": self.api, "worktrees_left": self.worktrees_left, "seconds": self.seconds}
        return json.dumps(told, ensure_ascii=False)


def fault(task: Task, seen: Seen, played: bool = True) -> str:
    """How an item differs from what the scenario says; empty when it does not. A real agent, one that does not play the
    scenario's script, takes as many attempts as it takes."""
    row, ending = seen.rows.get(task.title), task.ending
    if row is None:
        return "Sluice does not know it"
    if row["stage"] != ending.stage:
        return f"should be {ending.stage}, is {row['stage']}: {row['reason']}"
    if ending.reason not in (row["reason"] or ""):
        return f"its reason should say {ending.reason!r}, says {row['reason']!r}"
    if row["attempts"] != ending.rounds and (played or not ending.rounds):
        return f"should have taken {ending.rounds} attempts, took {row['attempts']}"
    if task.blocked_by and not _came_after(task, seen):
        return f"did not wait for {task.blocked_by!r}"
    return ""


def faults(seen: Seen, played: bool = True) -> dict[str, str]:
    found = {task.title: fault(task, seen, played) for task in SCENARIO}
    return {title: text for title, text in found.items() if text}


def report(world: World, seen: Seen, api: dict[str, int], struck: int, seconds: float) -> Report:
    items = tuple(_item(task, seen) for task in SCENARIO)
    cost = {name: api[name] for name in COST}
    return Report(items, cost, world.worktrees(), round(seconds, 1), faults(seen, world.hired is None), struck)


def summary(world: World, found: Report) -> RenderableType:
    """The last screen."""
    table = Table("item", "title", "ended as", "pull", "attempts", "seconds", "and was here to show", title="The end")
    for task, item in zip(SCENARIO, found.items, strict=True):
        wrong = found.faults.get(task.title)
        sign = f"[red]{item['stage']}" if wrong else f"[green]{item['stage']}"
        pull, attempts, seconds = _plain(item["pull"], "#"), _plain(item["attempts"]), _plain(item["seconds"])
        table.add_row(
            _plain(item["number"], "#"), task.title, sign, pull, attempts, seconds, escape(wrong or task.shows)
        )
    parts: list[RenderableType] = [table, Text(_cost(found))]
    if not found.as_expected:
        parts.append(Text(f"NOT as the scenario says. The logs are in {world.folder}", "bold red"))
    return Group(*parts)


def addresses(world: World) -> str:
    """Where to look while everything is kept running."""
    ann = world.people["ann"]
    pulls = f"{world.hub_url}/repos/{REPO}/pulls?state=all"
    return "\n".join(
        (
            "Everything is still running; Ctrl-C ends it. Look at:",
            f"  GitHub    curl -H 'Authorization: Bearer {ann.token}' '{pulls}'",
            f"  git       git clone {world.hub_url.replace('://', f'://ann:{ann.token}@')}/{REPO}.git",
            f"  Sluice    {world.sluice_url}/readyz",
            f"  items     sluice board show --config {world.config}",
            f"  why       sluice explain ITEM --config {world.config}",
            f"  logs      {world.sluice.log} and {world.localhub.log}",
        )
    )


def _came_after(task: Task, seen: Seen) -> bool:
    """The pull request of an item that waited was opened after the other's was merged."""
    mine, other = seen.pulls.get(task.title), seen.pulls.get(task.blocked_by)
    return bool(mine and other and other.merged_at and mine.created_at >= other.merged_at)


def _item(task: Task, seen: Seen) -> dict[str, Any]:
    row = seen.rows.get(task.title, {})
    return {key: row.get(key) for key in SHOWN} | {"title": task.title}


def _cost(found: Report) -> str:
    points, requests, rest, content = (found.api[name] for name in COST)
    struck = f" {found.struck} requests and webhooks went wrong on the way." if found.struck else ""
    return (
        f"Sluice used {points} GraphQL points in {requests} requests, {rest} REST requests and {content} writes of "
        f"content. {found.worktrees_left} worktrees are left. {found.seconds:.0f} seconds in all.{struck}"
    )


def _plain(value: object, sign: str = "") -> str:
    if isinstance(value, float):
        return f"{value:.0f}"
    return f"{sign}{value}" if value is not None else ""
