"""Carries out one workflow run: its jobs in the order of their needs, its records, and what listeners hear of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from localhub import checks
from localhub.actions.contexts import environment, github_context, typed_inputs
from localhub.actions.expressions import NotSimulated, Scope, holds, interpolate
from localhub.actions.registry import Broken, file_at
from localhub.actions.results import Result, run_conclusion, standing
from localhub.actions.runner import JobRun, Source, run_job
from localhub.actions.workflow import Job, WorkflowFile
from localhub.commitpayloads import simple_commit
from localhub.gitstore import CommitInfo
from localhub.hub import Hub
from localhub.model import Actor, CheckRun, Conclusion, JobStep, PullRequest, Workflow, WorkflowRun

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


_machinery: WeakKeyDictionary[Hub, Machinery] = WeakKeyDictionary()


def begin(hub: Hub, file: WorkflowFile | Broken, workflow: Workflow, cause: Cause) -> WorkflowRun:
    """A new run, queued; its jobs go on in the background."""
    repo = workflow.repo
    head_branch = cause.pull.head_ref if cause.pull else cause.ref.split("/", 2)[-1]
    run = WorkflowRun(
        hub.new_id(), "", workflow, cause.event, cause.head.sha, head_branch, "queued", None, cause.actor,
        hub.now(), hub.now(),
        run_number=1 + sum(each.workflow is workflow for each in repo.runs.values()),
        inputs=dict(cause.inputs), ref=cause.ref, pull=cause.pull, payload=cause.payload,
    )  # fmt: skip
    hub.register("WFR", run)
    repo.runs[run.id] = run
    run.suite = checks.create_suite(hub, repo, cause.head.sha, head_branch, APP_SLUG)
    run.suite.workflow_run = run
    run.suite.head_commit = simple_commit(cause.head)
    run.display_title = _title(hub, file, run, cause.title)
    _launch(hub, run, file)
    return run


def again(hub: Hub, actor: Actor, run: WorkflowRun) -> None:
    """The next attempt of a finished run."""
    assert run.suite is not None
    run.earlier_jobs[run.run_attempt] = list(run.suite.runs)
    run.suite.runs.clear()
    run.run_attempt += 1
    run.actor = actor
    run.status, run.conclusion, run.updated_at = "queued", None, hub.now()
    _launch(hub, run, None)


def stop(hub: Hub, run: WorkflowRun) -> None:
    """Cancels a run that is not over; it is over as soon as its steps are dead."""
    machinery = _of(hub)
    if run.id in machinery.tasks:
        machinery.stopping.add(run.id)
        machinery.tasks[run.id].cancel()


def _of(hub: Hub) -> Machinery:
    return _machinery.setdefault(hub, Machinery())


def _launch(hub: Hub, run: WorkflowRun, file: WorkflowFile | Broken | None) -> None:
    machinery = _of(hub)
    _tell(hub, run, "requested")

    def over(task: asyncio.Task[None]) -> None:
        machinery.tasks.pop(run.id, None)
        if run.id in machinery.stopping:
            machinery.stopping.discard(run.id)
            if task.cancelled():
                _cancel_open_jobs(hub, run)
                _finish(hub, run, "cancelled")

    machinery.tasks[run.id] = hub.spawn(_carry_out(hub, run, file))
    machinery.tasks[run.id].add_done_callback(over)


def _title(hub: Hub, file: WorkflowFile | Broken, run: WorkflowRun, otherwise: str) -> str:
    """`run-name` with its expressions filled in; GitHub falls back when there is none."""
    if not isinstance(file, WorkflowFile) or not file.run_name:
        return otherwise
    try:
        return interpolate(file.run_name, _scope(hub, run, file)) or otherwise
    except NotSimulated:
        return otherwise


async def _carry_out(hub: Hub, run: WorkflowRun, file: WorkflowFile | Broken | None) -> None:
    file = file or await file_at(run.workflow.repo, run.head_sha, run.workflow.path)
    if not isinstance(file, WorkflowFile):
        run.failure = file.why if file else "the workflow file is gone"
        _finish(hub, run, "startup_failure")
        return
    results: dict[str, Result] = {}
    async with asyncio.TaskGroup() as group:
        tasks: dict[str, asyncio.Task[None]] = {}
        for job in _in_order(file):
            before = [tasks[need] for need in job.needs]
            tasks[job.id] = group.create_task(_job(hub, run, file, job, before, results))
    _finish(hub, run, run_conclusion(file, results))


def _in_order(file: WorkflowFile) -> list[Job]:
    """Jobs after those they need."""
    ordered: dict[str, Job] = {}
    while len(ordered) < len(file.jobs):
        ready = (job for job in file.jobs.values() if job.id not in ordered and set(job.needs) <= set(ordered))
        ordered |= {job.id: job for job in list(ready)}
    return list(ordered.values())


async def _job(
    hub: Hub, run: WorkflowRun, file: WorkflowFile, job: Job, before: list[asyncio.Task[None]],
    results: dict[str, Result],
) -> None:  # fmt: skip
    """Waits for the needs, takes a seat, and runs or skips one job."""
    if before:
        await asyncio.wait(before)
    scope = _scope(hub, run, file, job, results)
    record, work = _open_job(hub, run, job, file, scope)
    try:
        wanted = holds(job.condition or "success()", scope)
    except NotSimulated as error:
        work.say(f"##[error]{error}\n")
        work.status = "failure"
    else:
        if not wanted:
            results[job.id] = Result("skipped", {}, False)
            _close_job(hub, run, record, work, "skipped")
            return
        async with _of(hub).seats:
            _start_job(hub, run, record)
            repo = run.workflow.repo
            source = Source(repo.git_dir, run.head_sha, f"{hub.base_url}/{repo.full_name}.git")
            await run_job(work, source)
    results[job.id] = Result(work.status, work.outputs, job.continue_on_error)
    _close_job(hub, run, record, work, work.status)


def _open_job(hub: Hub, run: WorkflowRun, job: Job, file: WorkflowFile, scope: Scope) -> tuple[CheckRun, JobRun]:
    """The check run of a job that is ready, and the work that stands behind it."""
    assert run.suite is not None
    work = JobRun(job, {**scope.contexts, "github": {**github_context(hub, run), "job": job.id}}, environment(hub, run))
    name = job.name
    try:
        name = interpolate(job.name, scope)
        work.env |= {key: interpolate(text, scope) for key, text in file.env.items()}
    except NotSimulated as error:
        work.problem = str(error)
    work.env["GITHUB_JOB"] = job.id
    record = checks.add_run(hub, run.suite, name)
    record.run_attempt = run.run_attempt
    page = f"{hub.base_url}/{run.workflow.repo.full_name}/actions/runs/{run.id}/job/{record.id}"
    record.details_url = page
    hub.emit("check_run", "created", run.actor, repo=run.workflow.repo, check_run=record)
    hub.emit("workflow_job", "queued", run.actor, repo=run.workflow.repo, check_run=record)
    return record, work


def _start_job(hub: Hub, run: WorkflowRun, record: CheckRun) -> None:
    if run.status == "queued":
        run.status, run.updated_at = "in_progress", hub.now()
        _tell(hub, run, "in_progress")
    record.started_at = hub.now()
    checks.change_run(hub, record, status="in_progress")
    hub.emit("workflow_job", "in_progress", run.actor, repo=run.workflow.repo, check_run=record)


def _close_job(hub: Hub, run: WorkflowRun, record: CheckRun, work: JobRun | None, conclusion: Conclusion) -> None:
    if work is not None:
        record.log = work.log
        record.steps = [JobStep(number, *step) for number, step in enumerate(work.steps, 1)]
    checks.change_run(hub, record, conclusion=conclusion)
    hub.emit("check_run", "completed", run.actor, repo=run.workflow.repo, check_run=record)
    hub.emit("workflow_job", "completed", run.actor, repo=run.workflow.repo, check_run=record)


def _cancel_open_jobs(hub: Hub, run: WorkflowRun) -> None:
    assert run.suite is not None
    for record in run.suite.runs:
        if record.status != "completed":
            record.log += "##[error]The operation was canceled.\n"
            _close_job(hub, run, record, None, "cancelled")


def _finish(hub: Hub, run: WorkflowRun, conclusion: Conclusion) -> None:
    assert run.suite is not None
    run.status, run.conclusion, run.updated_at = "completed", conclusion, hub.now()
    hub.emit("check_suite", "completed", run.actor, repo=run.workflow.repo, check_suite=run.suite)
    _tell(hub, run, "completed")


def _tell(hub: Hub, run: WorkflowRun, action: str) -> None:
    hub.emit("workflow_run", action, run.actor, repo=run.workflow.repo, workflow_run=run, workflow=run.workflow)


def _scope(
    hub: Hub, run: WorkflowRun, file: WorkflowFile, job: Job | None = None, results: Mapping[str, Result] | None = None
) -> Scope:
    """What the expressions of a run, or of one of its jobs, can see."""
    contexts: dict[str, object] = {"github": github_context(hub, run), "inputs": typed_inputs(file, run)}
    if job is None or results is None:
        return Scope(contexts)
    contexts["needs"] = {need: {"result": results[need].status, "outputs": results[need].outputs} for need in job.needs}
    return Scope(contexts, standing(file, job, results))
