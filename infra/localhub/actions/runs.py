"""Carries out one workflow run: its attempts, its records, and what listeners hear of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from localhub import checks
from localhub.actions.contexts import typed_inputs
from localhub.actions.expressions import NotSimulated, interpolate
from localhub.actions.jobs import Done, Level, close, run_jobs, scope_of
from localhub.actions.registry import Broken, file_at
from localhub.actions.results import run_conclusion, to_repeat
from localhub.actions.reusable import referenced
from localhub.actions.workflow import InvalidWorkflow, WorkflowFile
from localhub.commitpayloads import simple_commit
from localhub.gitstore import CommitInfo
from localhub.hub import Hub
from localhub.model import Actor, Conclusion, PullRequest, Workflow, WorkflowRun

JOBS_AT_ONCE = 2
APP_SLUG = "github-actions"


@dataclass(frozen=True)
class Cause:
    """Why a run starts, and on what."""

    event: str
    actor: Actor
    ref: str
    head: CommitInfo
    title: str
    payload: dict[str, object]
    pull: PullRequest | None = None
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Machinery:
    """What one hub has at work: seats for jobs, and the tasks of runs that are not over."""

    seats: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOBS_AT_ONCE))
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    stopping: set[int] = field(default_factory=set)  # runs that somebody cancelled
    done: dict[int, dict[str, Done]] = field(default_factory=dict)  # how the jobs of each run ended last


_machinery: WeakKeyDictionary[Hub, Machinery] = WeakKeyDictionary()


async def begin(hub: Hub, file: WorkflowFile | Broken, workflow: Workflow, cause: Cause) -> WorkflowRun:
    """A new run, queued; its jobs go on in the background."""
    repo, sha = workflow.repo, cause.head.sha
    head_branch = cause.pull.head_ref if cause.pull else cause.ref.split("/", 2)[-1]
    file, calls = await _with_calls(hub, workflow, sha, cause.ref, file)
    run = WorkflowRun(
        hub.new_id(), "", workflow, cause.event, sha, head_branch, "queued", None, cause.actor,
        hub.now(), hub.now(),
        run_number=1 + sum(each.workflow is workflow for each in repo.runs.values()),
        inputs=dict(cause.inputs), ref=cause.ref, pull=cause.pull, payload=cause.payload, referenced=calls,
    )  # fmt: skip
    hub.register("WFR", run)
    repo.runs[run.id] = run
    run.suite = checks.create_suite(hub, repo, sha, head_branch, APP_SLUG)
    run.suite.workflow_run = run
    run.suite.head_commit = simple_commit(cause.head)
    run.display_title = _title(hub, file, run, cause.title)
    _launch(hub, run, file, {})
    return run


def again(hub: Hub, actor: Actor, run: WorkflowRun, *, failed_only: bool = False) -> None:
    """The next attempt of a finished run: all of it, or what failed and what needed that."""
    assert run.suite is not None
    run.earlier_jobs[run.run_attempt] = list(run.suite.runs)
    run.earlier[run.run_attempt] = run.attempt
    before = _of(hub).done.get(run.id, {})
    repeated = to_repeat(before) if failed_only else set(before)
    kept = {id: done for id, done in before.items() if id not in repeated}
    run.suite.runs[:] = [record for done in kept.values() for record in done.records]
    run.run_attempt += 1
    run.triggered_by, run.started_at = actor, hub.now()
    run.status, run.conclusion, run.updated_at = "queued", None, hub.now()
    _launch(hub, run, None, kept)


def stop(hub: Hub, run: WorkflowRun) -> None:
    """Cancels a run that is not over; it is over as soon as its steps are dead."""
    machinery = _of(hub)
    if run.id in machinery.tasks:
        machinery.stopping.add(run.id)
        machinery.tasks[run.id].cancel()


def _of(hub: Hub) -> Machinery:
    return _machinery.setdefault(hub, Machinery())


async def _with_calls(
    hub: Hub, workflow: Workflow, sha: str, ref: str, file: WorkflowFile | Broken
) -> tuple[WorkflowFile | Broken, list[dict[str, str]]]:
    """The file with what it calls; what calls something that is not there is as broken as what does not parse."""
    if isinstance(file, Broken):
        return file, []
    try:
        return file, [each.shown() for each in await referenced(hub, workflow.repo, sha, ref, file)]
    except InvalidWorkflow as error:
        return Broken(file.path, str(error)), []


def _launch(hub: Hub, run: WorkflowRun, file: WorkflowFile | Broken | None, kept: Mapping[str, Done]) -> None:
    machinery = _of(hub)
    _tell(hub, run, "requested")

    def over(task: asyncio.Task[None]) -> None:
        machinery.tasks.pop(run.id, None)
        if run.id in machinery.stopping:
            machinery.stopping.discard(run.id)
            if task.cancelled():
                _cancel_open_jobs(hub, run)
                _finish(hub, run, "cancelled")

    machinery.tasks[run.id] = hub.spawn(_carry_out(hub, run, file, kept))
    machinery.tasks[run.id].add_done_callback(over)


def _title(hub: Hub, file: WorkflowFile | Broken, run: WorkflowRun, otherwise: str) -> str:
    """`run-name` with its expressions filled in; GitHub falls back when there is none."""
    if not isinstance(file, WorkflowFile) or not file.run_name:
        return otherwise
    try:
        return interpolate(file.run_name, scope_of(hub, run, _top(run, file))) or otherwise
    except NotSimulated:
        return otherwise


async def _carry_out(hub: Hub, run: WorkflowRun, file: WorkflowFile | Broken | None, kept: Mapping[str, Done]) -> None:
    if file is None:  # another attempt: what it calls may have moved on
        file = await file_at(run.workflow.repo, run.head_sha, run.workflow.path)
        if file is not None:
            file, run.referenced = await _with_calls(hub, run.workflow, run.head_sha, run.ref, file)
    if not isinstance(file, WorkflowFile):
        run.failure = file.why if file else "the workflow file is gone"
        _finish(hub, run, "startup_failure")
        return
    done = dict(kept)
    _of(hub).done[run.id] = done

    def started() -> None:
        if run.status == "queued":
            run.status, run.updated_at = "in_progress", hub.now()
            _tell(hub, run, "in_progress")

    await run_jobs(hub, run, _top(run, file), _of(hub).seats, started, done)
    _finish(hub, run, run_conclusion(file, {id: each.result for id, each in done.items()}))


def _top(run: WorkflowRun, file: WorkflowFile) -> Level:
    """The run's own workflow file."""
    return Level(file, run.workflow.repo, run.head_sha, run.ref, typed_inputs(file, run))


def _cancel_open_jobs(hub: Hub, run: WorkflowRun) -> None:
    assert run.suite is not None
    for record in run.suite.runs:
        if record.status != "completed":
            record.log += "##[error]The operation was canceled.\n"
            close(hub, run, record, None, "cancelled")


def _finish(hub: Hub, run: WorkflowRun, conclusion: Conclusion) -> None:
    assert run.suite is not None
    run.status, run.conclusion, run.updated_at = "completed", conclusion, hub.now()
    hub.emit("check_suite", "completed", run.actor, repo=run.workflow.repo, check_suite=run.suite)
    _tell(hub, run, "completed")


def _tell(hub: Hub, run: WorkflowRun, action: str) -> None:
    who = run.triggered_by or run.actor
    hub.emit("workflow_run", action, who, repo=run.workflow.repo, workflow_run=run, workflow=run.workflow)
