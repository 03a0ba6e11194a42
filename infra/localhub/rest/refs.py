"""Git's own objects over REST: refs and commits."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from localhub import gitstore, render, repos
from localhub.errors import NotFound
from localhub.render.commits import git_commit
from localhub.rest.given import Body, Calling, Here, World, answer, new_router, nothing, page

router = new_router()


@router.get("/repos/{owner}/{name}/git/ref/{ref:path}")
async def get_ref(hub: World, repo: Here, ref: str) -> Response:
    full = _full(ref)
    sha = await gitstore.resolve(repo.git_dir, full)
    if sha is None:
        raise NotFound()
    return answer(render.git_ref(hub, repo, full, sha))


@router.get("/repos/{owner}/{name}/git/refs")
@router.get("/repos/{owner}/{name}/git/refs/{prefix:path}")
@router.get("/repos/{owner}/{name}/git/matching-refs/{prefix:path}")
async def list_refs(request: Request, hub: World, repo: Here, prefix: str = "") -> Response:
    every = await gitstore.refs(repo.git_dir)
    found = sorted((ref, sha) for ref, sha in every.items() if ref.startswith(_full(prefix)))
    shown, links = page(request, found)
    return answer([render.git_ref(hub, repo, ref, sha) for ref, sha in shown], headers=links)


@router.post("/repos/{owner}/{name}/git/refs")
async def create_ref(hub: World, caller: Calling, repo: Here, body: Body) -> Response:
    ref, sha = str(body.get("ref", "")), str(body.get("sha", ""))
    await repos.create_ref(hub, caller, repo, ref, sha)
    return answer(render.git_ref(hub, repo, ref, sha), 201)


@router.patch("/repos/{owner}/{name}/git/refs/{ref:path}")
async def update_ref(hub: World, caller: Calling, repo: Here, ref: str, body: Body) -> Response:
    sha = str(body.get("sha", ""))
    await repos.update_ref(hub, caller, repo, _full(ref), sha, bool(body.get("force")))
    return answer(render.git_ref(hub, repo, _full(ref), sha))


@router.delete("/repos/{owner}/{name}/git/refs/{ref:path}")
async def delete_ref(hub: World, caller: Calling, repo: Here, ref: str) -> Response:
    await repos.delete_ref(hub, caller, repo, _full(ref))
    return nothing()


@router.get("/repos/{owner}/{name}/git/commits/{sha}")
async def commit(hub: World, repo: Here, sha: str) -> Response:
    found = await gitstore.resolve(repo.git_dir, sha)
    if found is None:
        raise NotFound()
    return answer(git_commit(hub, repo, await gitstore.commit(repo.git_dir, found)))


def _full(ref: str) -> str:
    return f"refs/{ref.removeprefix('refs/')}"
