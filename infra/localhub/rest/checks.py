"""Check runs, check suites and commit statuses."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from localhub import checks, gitstore, render
from localhub.errors import NotFound, Unprocessable
from localhub.model import CheckRun, CheckSuite
from localhub.render.base import Json
from localhub.rest.given import Body, Calling, Here, World, answer, first, new_router, page

router = new_router()
REPO = "/repos/{owner}/{name}"
DETAILS = ("status", "conclusion", "output", "external_id", "details_url")


async def run_with_id(repo: Here, run_id: int) -> CheckRun:
    found: CheckRun = first(run for suite in repo.suites.values() for run in suite.runs if run.id == run_id)
    return found


async def suite_with_id(repo: Here, suite_id: int) -> CheckSuite:
    if suite_id not in repo.suites:
        raise NotFound()
    return repo.suites[suite_id]


async def commit_named(repo: Here, ref: str) -> str:
    sha = await gitstore.resolve(repo.git_dir, ref)
    if sha is None:
        raise Unprocessable(f"No commit found for SHA: {ref}")
    return sha


ThisRun = Annotated[CheckRun, Depends(run_with_id)]
ThisSuite = Annotated[CheckSuite, Depends(suite_with_id)]
ThisCommit = Annotated[str, Depends(commit_named)]


@router.post(REPO + "/check-runs")
async def create(hub: World, caller: Calling, repo: Here, body: Body) -> Response:
    name, sha = str(body.get("name") or ""), str(body.get("head_sha") or "")
    if not name:
        raise Unprocessable('Invalid request. "name" wasn\'t supplied.')
    if await gitstore.resolve(repo.git_dir, sha) != sha:
        raise Unprocessable(f"No commit found for SHA: {sha}")
    made = checks.create_run(hub, caller, repo, name, sha, **_details(body))
    return answer(render.check_run(hub, made), 201)


@router.get(REPO + "/check-runs/{run_id}")
async def get(hub: World, run: ThisRun) -> Response:
    return answer(render.check_run(hub, run))


@router.patch(REPO + "/check-runs/{run_id}")
async def update(hub: World, caller: Calling, run: ThisRun, body: Body) -> Response:
    name = {"name": body["name"]} if body.get("name") else {}
    return answer(render.check_run(hub, checks.update_run(hub, caller, run, **name, **_details(body))))


@router.get(REPO + "/check-runs/{run_id}/annotations")
async def notes_of_run(request: Request, hub: World, run: ThisRun) -> Response:
    shown, links = page(request, run.annotations)
    return answer([render.annotation(hub, run, each) for each in shown], headers=links)


@router.post(REPO + "/check-runs/{run_id}/rerequest")
async def rerequest_run(hub: World, caller: Calling, run: ThisRun) -> Response:
    checks.rerequest(hub, caller, run.suite, run)
    return answer({}, 201)


@router.get(REPO + "/commits/{ref:path}/check-runs")
async def runs_of_commit(request: Request, hub: World, repo: Here, sha: ThisCommit) -> Response:
    asked = request.query_params
    every = [run for suite in repo.suites.values() if suite.head_sha == sha for run in suite.runs]
    runs = every if asked.get("filter") == "all" else checks.runs_at(repo, sha)
    runs = [run for run in runs if asked.get("check_name", run.name) == run.name]
    runs = [run for run in runs if asked.get("status", run.status) == run.status]
    shown, links = page(request, runs)
    listed = [render.check_run(hub, each) for each in shown]
    return answer({"total_count": len(runs), "check_runs": listed}, headers=links)


@router.get(REPO + "/commits/{ref:path}/check-suites")
async def suites_of_commit(request: Request, hub: World, repo: Here, sha: ThisCommit) -> Response:
    suites = [suite for suite in repo.suites.values() if suite.head_sha == sha]
    shown, links = page(request, suites)
    head = await gitstore.commit(repo.git_dir, sha)
    listed = [render.check_suite(hub, each, head) for each in shown]
    return answer({"total_count": len(suites), "check_suites": listed}, headers=links)


@router.get(REPO + "/check-suites/{suite_id}")
async def suite(hub: World, suite: ThisSuite) -> Response:
    return answer(render.check_suite(hub, suite, await gitstore.commit(suite.repo.git_dir, suite.head_sha)))


@router.post(REPO + "/check-suites/{suite_id}/rerequest")
async def rerequest_suite(hub: World, caller: Calling, suite: ThisSuite) -> Response:
    checks.rerequest(hub, caller, suite)
    return answer({}, 201)


@router.get(REPO + "/check-suites/{suite_id}/check-runs")
async def runs_of_suite(request: Request, hub: World, suite: ThisSuite) -> Response:
    shown, links = page(request, suite.runs)
    listed = [render.check_run(hub, each) for each in shown]
    return answer({"total_count": len(suite.runs), "check_runs": listed}, headers=links)


@router.post(REPO + "/statuses/{ref}")
async def set_status(hub: World, caller: Calling, repo: Here, sha: ThisCommit, body: Body) -> Response:
    made = checks.set_status(
        hub, caller, repo, sha, str(body.get("state")), context=body.get("context") or "default",
        description=body.get("description"), target_url=body.get("target_url"),
    )  # fmt: skip
    return answer(render.status(hub, made, repo), 201)


@router.get(REPO + "/commits/{ref:path}/status")
async def combined(hub: World, repo: Here, sha: ThisCommit) -> Response:
    return answer(render.combined_status(hub, repo, sha))


@router.get(REPO + "/commits/{ref:path}/statuses")
async def statuses(request: Request, hub: World, repo: Here, sha: ThisCommit) -> Response:
    newest = [each for each in reversed(repo.statuses) if each.sha == sha]
    shown, links = page(request, newest)
    return answer([render.status(hub, each, repo) for each in shown], headers=links)


def _details(body: Json) -> Json:
    return {key: body[key] for key in DETAILS if body.get(key) is not None}
