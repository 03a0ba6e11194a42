"""What is wrong with a world of the soak, in sentences: each is a promise that is not kept (yet)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.test_kill import agents
from tests.soak.schedule import Task
from tests.soak.stage import Stage

STAMP = re.compile(r"^\d{9,}\.\d+$", re.MULTILINE)
CONTENT = 4  # pieces of content an item may cost: pull request, status, a question, an answer
CALLS = 400  # REST and GraphQL together, of one small world: far more than any needs, far less than a loop


async def judge(stage: Stage) -> list[str]:
    """Everything that is not as it must be at the end; empty when all is well."""
    columns = await stage.board()
    wrong = [
        f"{task.title} is in {columns[task.title]}, not in {_column(task)}: {await _why(stage, task)}"
        for task in stage.schedule.tasks
        if columns[task.title] != _column(task)
    ]
    if wrong:  # the rest would only say the same in other words
        return wrong
    pulls = await stage.rest("ann", "GET", "{repo}/pulls?state=all&per_page=100")
    for task in stage.schedule.tasks:
        wrong += [f"{task.title}: {each}" for each in await _item(stage, task, pulls)]
    return [*wrong, *await _repository(stage), *await _ledger(stage), *_limits(stage)]


def left_behind(stage: Stage) -> list[str]:
    """After Sluice has stopped."""
    running = agents(stage)
    return [f"{len(running)} processes outlived Sluice"] if running else []


def _column(task: Task) -> str:
    return "Done" if task.merges else "Needs a person"


async def _why(stage: Stage, task: Task) -> str:
    try:
        return await stage.reason(stage.thing(task))
    except AssertionError:
        return "Sluice does not know it"


async def _item(stage: Stage, task: Task, pulls: list[Any]) -> list[str]:
    thing, wrong = stage.thing(task), []
    mine = [pull for pull in pulls if pull["head"]["ref"].startswith(f"sluice/{thing.number}-")]
    merged = [pull for pull in mine if pull["merged_at"]]
    said, issue = await stage.comments(thing), await stage.issue(thing)
    row = await stage.row(thing)
    if task.merges:
        closing = [text for text in said if "is merged" in text]
        wrong += _count("pull request", mine, 1) + _count("merge", merged, 1) + _count("comment", said, 1)
        wrong += _count("close-out", closing, 1)
        wrong += [] if issue["state"] == "closed" else ["the issue is open"]
        wrong += [] if row.item.done == "merged" else [f"the ledger has it as {row.item.done}"]
        content = await stage.file(task.file)
        wrong += [] if content and content.startswith("round") else [f"main has {content!r}"]
    else:
        wrong += _count("merge", merged, 0)
        wrong += [] if issue["state"] == "open" else ["the issue is closed"]
        wrong += [] if row.item.parked else ["the ledger does not have it as parked"]
        wrong += [] if len(said) <= 2 and len(set(said)) == len(said) else [f"said {said}"]
        wrong += _count("open pull request", [pull for pull in mine if pull["state"] == "open"], 0)
    if task.ordered:
        wrong += _count("answer to the command", await stage.reactions(thing), 1)
    return wrong


async def _repository(stage: Stage) -> list[str]:
    commits = await stage.rest("ann", "GET", "{repo}/commits?sha=main&per_page=100")
    done = [stage.thing(task).number for task in stage.schedule.tasks if task.merges]
    merged = [branch for branch in await stage.branches() if any(branch.startswith(f"sluice/{n}-") for n in done)]
    return [
        *_count("commit", [commit["commit"]["message"] for commit in commits], 1 + len(done)),
        *_count("branch of what is merged", merged, 0),
        *_count("worktree", stage.worktrees(), 0),
        *_count("claim", await stage.refs("sluice/claim"), 0),
        *_count("piece of saved work", await stage.refs("sluice/work"), len(stage.schedule.tasks) - len(done)),
    ]


async def _ledger(stage: Stage) -> list[str]:
    """Runs: only as many as there was cause for, and never more at once than may be."""
    assert stage.service
    wrong = []
    for task in stage.schedule.tasks:
        memory = await stage.service.ledger.recall(stage.thing(task).card, stage.now())
        most = task.rounds + (len(stage.schedule.tasks) if stage.schedule.strict else 0)
        if len(memory.runs) > most or len(memory.runs) < task.rounds:
            wrong.append(f"{task.title}: {len(memory.runs)} runs, where {task.rounds} were asked for")
        if [run.key for run in memory.runs if run.state != "ended"]:
            wrong.append(f"{task.title}: a run has no end")
        decisions = await stage.service.ledger.decisions(stage.thing(task).card, 1_000)
        wrong += [f"{task.title}: {each.reason}" for each in decisions if "a fault in Sluice" in each.reason]
    at_once = most_at_once(_worked(stage.folder / "data" / "logs"))
    if at_once > stage.schedule.running:
        wrong.append(f"{at_once} agents worked at once, where {stage.schedule.running} may")
    return wrong


def _limits(stage: Stage) -> list[str]:
    """What GitHub had to put up with."""
    used = stage.counters()
    most = CONTENT * len(stage.schedule.tasks)
    calls = used["rest_requests"] + used["graphql_requests"]
    wrong = [f"{used['hasty_requests']} requests while told to wait"] if used["hasty_requests"] else []
    wrong += [f"{used['content_requests']} writes of content"] if used["content_requests"] > most else []
    return wrong + ([f"{calls} calls"] if calls > CALLS * (1 + len(stage.schedule.kills)) else [])


def _worked(logs: Path) -> Iterator[tuple[float, float]]:
    """From when to when each agent worked, by its own clock; of one that was stopped only the beginning is known."""
    for log in logs.glob("*.log"):
        stamps = [float(each) for each in STAMP.findall(log.read_text(errors="replace"))]
        if stamps:
            yield stamps[0], stamps[-1]


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many of these spans share an instant, at the most."""
    ends = sorted((instant, step) for begin, end in spans for instant, step in ((begin, 1), (end, -1)))
    now = most = 0
    for _, step in ends:
        now += step
        most = max(most, now)
    return most


def _count(what: str, found: Any, wanted: int) -> list[str]:
    return [] if len(found) == wanted else [f"{len(found)} times {what} instead of {wanted}: {found}"]
