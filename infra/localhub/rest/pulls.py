"""Pull requests: listing, opening, editing, their commits and files, and merging them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from localhub import asyncmerge, gitstore, pulls, render
from localhub.errors import NotFound
from localhub.model import PullRequest
from localhub.rest.given import Body, Calling, Here, ThisPull, World, answer, new_router, nothing, page
from localhub.rest.issues import change_state, check_state

router = new_router()
PULL = "/repos/{owner}/{name}/pulls/{number}"


@router.get("/repos/{owner}/{name}/pulls")
async def list_pulls(request: Request, hub: World, repo: Here) -> Response:
    asked = dict(request.query_params)
    found = [each for each in repo.issues.values() if isinstance(each, PullRequest) and _matches(each, asked)]
    key = (lambda pull: pull.updated_at) if asked.get("sort") == "updated" else (lambda pull: pull.number)
    found.sort(key=key, reverse=asked.get("direction", "desc") == "desc")
    shown, links = page(request, found)
    return answer([render.pull_lite(hub, each) for each in shown], headers=links)


@router.post("/repos/{owner}/{name}/pulls")
async def create(hub: World, caller: Calling, repo: Here, body: Body) -> Response:
    text = {key: str(body.get(key) or "") for key in ("title", "head", "base", "body")}
    made = await pulls.open(hub, caller, repo, **text, draft=bool(body.get("draft")))
    return answer(render.pull(hub, made), 201)


@router.get(PULL)
async def get(request: Request, hub: World, pull: ThisPull) -> Response:
    """The first read of a head says `mergeable: null` and starts finding out. Who accepts a diff gets the diff."""
    if "diff" in request.headers.get("accept", ""):
        text = await gitstore.patch(pull.repo.git_dir, pull.base_sha, pull.head_sha)
        return Response(text, media_type="application/vnd.github.diff; charset=utf-8")
    return answer(render.pull(hub, pull, ask_mergeable=True))


@router.patch(PULL)
async def edit(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    check_state(body)
    await pulls.edit(hub, caller, pull, title=body.get("title"), body=body.get("body"), base=body.get("base"))
    change_state(hub, caller, pull, body)
    return answer(render.pull(hub, pull))


@router.get(PULL + "/commits")
async def commits(request: Request, hub: World, pull: ThisPull) -> Response:
    found = await gitstore.commits_between(pull.repo.git_dir, pull.base_sha, pull.head_sha)
    shown, links = page(request, found)
    return answer([render.commit(hub, pull.repo, each) for each in shown], headers=links)


@router.get(PULL + "/files")
async def files(request: Request, hub: World, pull: ThisPull) -> Response:
    changes = await gitstore.diff(pull.repo.git_dir, pull.base_sha, pull.head_sha)
    shown, links = page(request, changes)
    return answer([render.file_change(hub, pull.repo, pull.head_sha, each) for each in shown], headers=links)


@router.get(PULL + "/merge")
async def is_merged(pull: ThisPull) -> Response:
    if pull.merged_at is None:
        raise NotFound()
    return nothing()


@router.put(PULL + "/merge")
async def merge(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    sha = await pulls.merge_directly(
        hub, caller, pull, body.get("merge_method") or "merge", expected_head=body.get("sha"),
        title=body.get("commit_title"), message=body.get("commit_message"),
    )  # fmt: skip
    return answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@router.put(PULL + "/merge-async")
async def merge_async(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    """202 for a new request, 409 beside a pending one, at once 200 or 400 where nothing is left to do."""
    asked, is_new = asyncmerge.request(
        hub, caller, pull, method=body.get("merge_method"), action=body.get("merge_action"), head=body.get("sha"),
        title=body.get("commit_title"), message=body.get("commit_message"),
    )  # fmt: skip
    status = {"pending": 202 if is_new else 409, "failed": 400}.get(asked.status, 200)
    return answer(render.async_merge(asked), status)


@router.get(PULL + "/merge-async/{uuid}")
async def async_result(hub: World, caller: Calling, pull: ThisPull, uuid: str) -> Response:
    return answer(render.async_merge(asyncmerge.find(hub, caller, pull, uuid)))


@router.put(PULL + "/update-branch")
async def update_branch(hub: World, caller: Calling, pull: ThisPull, body: Body) -> Response:
    await pulls.update_branch(hub, caller, pull, body.get("expected_head_sha"))
    return answer({"message": "Updating pull request branch.", "url": f"{hub.base_url}/repos"}, 202)


def _matches(pull: PullRequest, asked: dict[str, str]) -> bool:
    head = asked.get("head", "").rpartition(":")[2]
    return (
        asked.get("state", "open") in ("all", pull.state)
        and head in ("", pull.head_ref)
        and asked.get("base", pull.base_ref) == pull.base_ref
    )
