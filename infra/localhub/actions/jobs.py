"""Runs the jobs of a workflow file in the order of their needs; a job that calls another file runs that one's jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localhub import checks
from localhub.actions.contexts import called_inputs, environment, github_context
from localhub.actions.expressions import NotSimulated, Scope, holds, interpolate
from localhub.actions.results import Done, Result, run_conclusion, standing
from localhub.actions.reusable import resolve
from localhub.actions.runner import JobRun, Source, run_job
from localhub.actions.workflow import InvalidWorkflow, Job, WorkflowFile
from localhub.hub import Hub
from localhub.model import CheckRun, Conclusion, JobStep, Repo, WorkflowRun

__all__ = ["Done", "Level", "close", "run_jobs", "scope_of"]


@dataclass(frozen=True)
class Level:
    """One workflow file of a run: its own, or a reusable one that a job of the level above calls."""

    file: WorkflowFile
    repo: Repo  # where it lies: what it calls by `./` lies there, too
    sha: str
    ref: str
    inputs: Mapping[str, object]
    above: str = ""  # the calling job's name, as its jobs' names show it


async def run_jobs(
    hub: Hub, run: WorkflowRun, level: Level, seats: asyncio.Semaphore, started: Callable[[], None],
    done: dict[str, Done],
) -> None:  # fmt: skip
    """Fills `done`; a job that is in it already is not run again."""
    async with asyncio.TaskGroup() as group:
        tasks: dict[str, asyncio.Task[None]] = {}
        for job in _in_order(level.file):
            if job.id not in done:
                before = [tasks[need] for need in job.needs if need in tasks]
                tasks[job.id] = group.create_task(_job(hub, run, level, job, before, seats, started, done))


def scope_of(
    hub: Hub, run: WorkflowRun, level: Level, job: Job | None = None, done: Mapping[str, Done] | None = None
) -> Scope:
    """What the expressions of a run, or of one of its jobs, can see."""
    contexts: dict[str, object] = {"github": github_context(hub, run), "inputs": dict(level.inputs)}
    if job is None or done is None:
        return Scope(contexts)
    results = {id: each.result for id, each in done.items()}
    contexts["needs"] = {need: {"result": results[need].status, "outputs": results[need].outputs} for need in job.needs}
    return Scope(contexts, standing(level.file, job, results))


def _in_order(file: WorkflowFile) -> list[Job]:
    """Jobs after those they need."""
    ordered: dict[str, Job] = {}
    while len(ordered) < len(file.jobs):
        ready = (job for job in file.jobs.values() if job.id not in ordered and set(job.needs) <= set(ordered))
        ordered |= {job.id: job for job in list(ready)}
    return list(ordered.values())


async def _job(
    hub: Hub, run: WorkflowRun, level: Level, job: Job, before: list[asyncio.Task[None]], seats: asyncio.Semaphore,
    started: Callable[[], None], done: dict[str, Done],
) -> None:  # fmt: skip
    """Waits for the needs, takes a seat, and runs or skips one job."""
    if before:
        await asyncio.wait(before)
    scope = scope_of(hub, run, level, job, done)
    inner, wanted, problem = None, False, ""
    try:
        wanted = holds(job.condition or "success()", scope)
        inner = await _called(hub, level, job, scope) if wanted and job.uses is not None else None
    except (NotSimulated, InvalidWorkflow) as error:
        problem = str(error)
    if inner is not None:
        done[job.id] = await _call(hub, run, inner, job, seats, started)
        return
    record, work = _open(hub, run, level, job, scope)
    if problem:
        work.say(f"##[error]{problem}\n")
        work.status = "failure"
    elif not wanted:
        done[job.id] = Done(Result("skipped", {}, False), [record], job.needs)
        close(hub, run, record, work, "skipped")
        return
    else:
        async with seats:
            started()
            _start(hub, run, record)
            repo = run.workflow.repo
            source = Source(repo.git_dir, run.head_sha, f"{hub.base_url}/{repo.full_name}.git")
            await run_job(work, source)
    done[job.id] = Done(Result(work.status, work.outputs, job.continue_on_error), [record], job.needs)
    close(hub, run, record, work, work.status)


async def _called(hub: Hub, level: Level, job: Job, scope: Scope) -> Level:
    """The level below."""
    called = await resolve(hub, level.repo, level.sha, level.ref, job)
    given = {name: interpolate(text, scope) for name, text in job.given.items()}
    name = interpolate(job.name, scope)
    inputs = called_inputs(called.file, given)
    return Level(called.file, called.repo, called.sha, called.named, inputs, f"{level.above}{name} / ")


async def _call(
    hub: Hub, run: WorkflowRun, level: Level, job: Job, seats: asyncio.Semaphore, started: Callable[[], None]
) -> Done:
    """All jobs of a reusable workflow, as the one job that calls it."""
    done: dict[str, Done] = {}
    await run_jobs(hub, run, level, seats, started, done)
    results = {id: each.result for id, each in done.items()}
    contexts = {"jobs": {id: {"result": each.status, "outputs": each.outputs} for id, each in results.items()}}
    scope = Scope({**scope_of(hub, run, level).contexts, **contexts})
    status, outputs = run_conclusion(level.file, results), {}
    try:
        wanted = level.file.triggers["workflow_call"].outputs
        outputs = {name: interpolate(text, scope) for name, text in wanted.items()}
    except NotSimulated:
        status = "failure"
    records = [record for each in done.values() for record in each.records]
    return Done(Result(status, outputs, job.continue_on_error), records, job.needs)  # type: ignore[arg-type]


def _open(hub: Hub, run: WorkflowRun, level: Level, job: Job, scope: Scope) -> tuple[CheckRun, JobRun]:
    """The check run of a job that is ready, and the work that stands behind it."""
    assert run.suite is not None
    work = JobRun(job, {**scope.contexts, "github": {**github_context(hub, run), "job": job.id}}, environment(hub, run))
    name = job.name
    try:
        name = interpolate(job.name, scope)
        work.env |= {key: interpolate(text, scope) for key, text in level.file.env.items()}
    except NotSimulated as error:
        work.problem = str(error)
    work.env["GITHUB_JOB"] = job.id
    record = checks.add_run(hub, run.suite, level.above + name)
    record.run_attempt = run.run_attempt
    page = f"{hub.base_url}/{run.workflow.repo.full_name}/actions/runs/{run.id}/job/{record.id}"
    record.details_url = page
    hub.emit("check_run", "created", run.actor, repo=run.workflow.repo, check_run=record)
    hub.emit("workflow_job", "queued", run.actor, repo=run.workflow.repo, check_run=record)
    return record, work


def _start(hub: Hub, run: WorkflowRun, record: CheckRun) -> None:
    record.started_at = hub.now()
    checks.change_run(hub, record, status="in_progress")
    hub.emit("workflow_job", "in_progress", run.actor, repo=run.workflow.repo, check_run=record)


def close(hub: Hub, run: WorkflowRun, record: CheckRun, work: JobRun | None, conclusion: Conclusion) -> None:
    if work is not None:
        record.log = work.log
        record.steps = [JobStep(number, *step) for number, step in enumerate(work.steps, 1)]
    checks.change_run(hub, record, conclusion=conclusion)
    hub.emit("check_run", "completed", run.actor, repo=run.workflow.repo, check_run=record)
    hub.emit("workflow_job", "completed", run.actor, repo=run.workflow.repo, check_run=record)
