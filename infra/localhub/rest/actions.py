"""Actions: workflows, dispatching them, their runs, jobs and logs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from localhub import actions, render
from localhub.errors import NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import CheckRun, Repo, Workflow, WorkflowRun
from localhub.rest.given import Body, Calling, Here, World, answer, first, new_router, nothing, page
from localhub.rest.route import DEFAULT_VERSION, version

router = new_router()
ACTIONS = "/repos/{owner}/{name}/actions"


async def workflow_named(hub: World, repo: Here, workflow: str) -> Workflow:
    """A workflow by its id or its file's name."""
    found = await actions.find(hub, repo, workflow)
    if found is None:
        raise NotFound()
    return found


async def run_with_id(repo: Here, run_id: int) -> WorkflowRun:
    if run_id not in repo.runs:
        raise NotFound()
    return repo.runs[run_id]


async def job_with_id(repo: Here, job_id: int) -> CheckRun:
    found: CheckRun = first(job for run in repo.runs.values() for job in _jobs(run, "all") if job.id == job_id)
    return found


ThisWorkflow = Annotated[Workflow, Depends(workflow_named)]
ThisRun = Annotated[WorkflowRun, Depends(run_with_id)]
ThisJob = Annotated[CheckRun, Depends(job_with_id)]


@router.get(ACTIONS + "/workflows")
async def workflows(request: Request, hub: World, repo: Here) -> Response:
    known = await actions.workflows(hub, repo)
    shown, links = page(request, known)
    listed = [render.workflow(hub, each) for each in shown]
    return answer({"total_count": len(known), "workflows": listed}, headers=links)


@router.get(ACTIONS + "/workflows/{workflow}")
async def workflow(hub: World, found: ThisWorkflow) -> Response:
    return answer(render.workflow(hub, found))


@router.post(ACTIONS + "/workflows/{workflow}/dispatches")
async def dispatch(request: Request, hub: World, caller: Calling, found: ThisWorkflow, body: Body) -> Response:
    """204, or the run's id when asked for; the newer API version always says it."""
    if not body.get("ref"):
        raise Unprocessable('Invalid request.\n\n"ref" wasn\'t supplied.')
    run = await actions.dispatch(hub, caller, found, str(body["ref"]), body.get("inputs") or {})
    if version(request) == DEFAULT_VERSION and not body.get("return_run_details"):
        return nothing()
    shown = render.workflow_run(hub, run)
    return answer({"workflow_run_id": run.id, "run_url": shown["url"], "html_url": shown["html_url"]})


@router.get(ACTIONS + "/workflows/{workflow}/runs")
async def runs_of_workflow(request: Request, hub: World, repo: Here, found: ThisWorkflow) -> Response:
    return _listed(request, hub, repo, found)


@router.get(ACTIONS + "/runs")
async def runs(request: Request, hub: World, repo: Here) -> Response:
    return _listed(request, hub, repo, None)


@router.get(ACTIONS + "/runs/{run_id}")
async def run(hub: World, run: ThisRun) -> Response:
    return answer(render.workflow_run(hub, run))


@router.get(ACTIONS + "/runs/{run_id}/attempts/{attempt}")
async def attempt(hub: World, run: ThisRun, attempt: int) -> Response:
    if not 1 <= attempt <= run.run_attempt:
        raise NotFound()
    return answer(render.workflow_run(hub, run, attempt))


@router.get(ACTIONS + "/runs/{run_id}/jobs")
@router.get(ACTIONS + "/runs/{run_id}/attempts/{attempt}/jobs")
async def jobs(request: Request, hub: World, run: ThisRun, attempt: int | None = None) -> Response:
    found = _jobs(run, request.query_params.get("filter", "latest"), attempt)
    shown, links = page(request, found)
    listed = [render.workflow_job(hub, each) for each in shown]
    return answer({"total_count": len(found), "jobs": listed}, headers=links)


@router.get(ACTIONS + "/runs/{run_id}/artifacts")
async def artifacts(run: ThisRun) -> Response:
    """There never are any: a job that uses the action for it fails."""
    return answer({"total_count": 0, "artifacts": []})


@router.post(ACTIONS + "/runs/{run_id}/cancel")
async def cancel(hub: World, caller: Calling, run: ThisRun) -> Response:
    actions.cancel(hub, caller, run)
    return answer({}, 202)


@router.post(ACTIONS + "/runs/{run_id}/rerun")
async def rerun(hub: World, caller: Calling, run: ThisRun) -> Response:
    actions.rerun(hub, caller, run)
    return answer({}, 201)


@router.post(ACTIONS + "/runs/{run_id}/rerun-failed-jobs")
async def rerun_failed(hub: World, caller: Calling, run: ThisRun) -> Response:
    actions.rerun(hub, caller, run, failed_only=True)
    return answer({}, 201)


@router.get(ACTIONS + "/jobs/{job_id}")
async def job(hub: World, job: ThisJob) -> Response:
    return answer(render.workflow_job(hub, job))


@router.get(ACTIONS + "/jobs/{job_id}/logs")
async def logs(job: ThisJob) -> Response:
    return PlainTextResponse(job.log)


@router.post("/repos/{owner}/{name}/dispatches")
async def dispatch_repository(hub: World, caller: Calling, repo: Here, body: Body) -> Response:
    actions.dispatch_repository(hub, caller, repo, str(body.get("event_type") or ""), body.get("client_payload") or {})
    return nothing()


def _jobs(run: WorkflowRun, wanted: str, attempt: int | None = None) -> list[CheckRun]:
    """The jobs of the latest attempt, of one attempt, or of all."""
    latest = list(run.suite.runs) if run.suite else []
    if attempt is not None and attempt != run.run_attempt:
        return run.earlier_jobs.get(attempt, [])
    earlier = [job for jobs in run.earlier_jobs.values() for job in jobs]
    return earlier + latest if wanted == "all" else latest


def _listed(request: Request, hub: Hub, repo: Repo, of: Workflow | None) -> Response:
    """Newest first."""
    asked = request.query_params
    found = [
        run for run in sorted(repo.runs.values(), key=lambda each: each.id, reverse=True)
        if of in (None, run.workflow)
        and asked.get("head_sha", run.head_sha) == run.head_sha
        and asked.get("event", run.event) == run.event
        and asked.get("branch", run.head_branch) == run.head_branch
        and asked.get("status", run.status) in (run.status, run.conclusion)
        and asked.get("actor", run.actor.login).lower() == run.actor.login.lower()
    ]  # fmt: skip
    shown, links = page(request, found)
    listed = [render.workflow_run(hub, each) for each in shown]
    return answer({"total_count": len(found), "workflow_runs": listed}, headers=links)
