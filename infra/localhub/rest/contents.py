"""The content of a repository: files, commits and comparisons."""

from __future__ import annotations

import base64
import binascii
import hashlib

from starlette.requests import Request
from starlette.responses import Response

from localhub import gitstore, render, repos
from localhub.errors import Conflict, NotFound, Unprocessable
from localhub.hub import Hub
from localhub.model import Repo
from localhub.permissions import Caller
from localhub.render.base import Json, repo_api, repo_page
from localhub.render.commits import git_commit
from localhub.rest.given import Body, Calling, Here, World, answer, new_router, page

router = new_router()


@router.get("/repos/{owner}/{name}/contents/{path:path}")
async def contents(request: Request, hub: World, repo: Here, path: str) -> Response:
    """A file with its content, or the entries of a folder."""
    ref = request.query_params.get("ref") or repo.default_branch
    sha = await _commit_of(repo, ref)
    data = await gitstore.read_file(repo.git_dir, sha, path) if path.strip("/") else None
    if data is not None and "raw" in request.headers.get("accept", ""):
        return Response(data, media_type="application/vnd.github.raw+json")
    if data is not None:
        text = base64.encodebytes(data).decode()
        return answer({**_entry(hub, repo, path, ref, data), "content": text, "encoding": "base64"})
    below = await gitstore.list_files(repo.git_dir, sha, path)
    if not below:
        raise NotFound()
    return answer([_entry(hub, repo, name, ref, b"", kind) for name, kind in _children(path, below).items()])


@router.put("/repos/{owner}/{name}/contents/{path:path}")
async def write(hub: World, caller: Calling, repo: Here, path: str, body: Body) -> Response:
    """Create or change a file; changing one needs the sha of what is being replaced."""
    try:
        data = base64.b64decode(body["content"], validate=False)
    except (KeyError, binascii.Error):
        raise Unprocessable("content is not valid Base64") from None
    branch = body.get("branch") or repo.default_branch
    old = await _blob(repo, branch, path)
    if old is not None and body.get("sha") != old:
        raise Conflict(f"{path} does not match {old}") if "sha" in body else Unprocessable('"sha" wasn\'t supplied.')
    shown = await _commit_file(hub, caller, repo, branch, path, data, body)
    entry = {**_entry(hub, repo, path, branch, data)}
    return answer({"content": entry, "commit": shown}, 201 if old is None else 200)


@router.delete("/repos/{owner}/{name}/contents/{path:path}")
async def remove(hub: World, caller: Calling, repo: Here, path: str, body: Body) -> Response:
    branch = body.get("branch") or repo.default_branch
    old = await _blob(repo, branch, path)
    if old is None:
        raise NotFound()
    if body.get("sha") != old:
        raise Conflict(f"{path} does not match {old}")
    return answer({"content": None, "commit": await _commit_file(hub, caller, repo, branch, path, None, body)})


@router.get("/repos/{owner}/{name}/commits")
async def commits(request: Request, hub: World, repo: Here) -> Response:
    """Newest first. Asked by path, the last commit that touched it."""
    sha = await _commit_of(repo, request.query_params.get("sha") or repo.default_branch)
    path = request.query_params.get("path")
    if path:
        touching = await gitstore.last_commit_touching(repo.git_dir, sha, path)
        return answer([render.commit(hub, repo, touching)] if touching else [])
    newest_first = (await gitstore.commits_between(repo.git_dir, None, sha))[::-1]
    shown, links = page(request, newest_first)
    return answer([render.commit(hub, repo, each) for each in shown], headers=links)


@router.get("/repos/{owner}/{name}/commits/{ref}")
async def commit(hub: World, repo: Here, ref: str) -> Response:
    info = await gitstore.commit(repo.git_dir, await _commit_of(repo, ref))
    changes = await gitstore.diff(repo.git_dir, info.parents[0], info.sha) if info.parents else []
    files = [render.file_change(hub, repo, info.sha, each) for each in changes]
    return answer({**render.commit(hub, repo, info), "stats": _stats(files), "files": files})


@router.get("/repos/{owner}/{name}/compare/{basehead:path}")
async def compare(hub: World, repo: Here, basehead: str) -> Response:
    base_name, _, head_name = basehead.partition("...")
    base, head = await _commit_of(repo, base_name), await _commit_of(repo, head_name)
    ahead, behind = await gitstore.ahead_behind(repo.git_dir, base, head)
    start = await gitstore.merge_base(repo.git_dir, base, head)
    if start is None:
        raise NotFound(f"No common ancestor between {base_name} and {head_name}.")
    between = await gitstore.commits_between(repo.git_dir, base, head)
    url, page_url = f"{repo_api(hub, repo)}/compare/{basehead}", f"{repo_page(hub, repo)}/compare/{basehead}"
    word = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    return answer({
        "url": url, "html_url": page_url, "permalink_url": page_url, "diff_url": f"{page_url}.diff",
        "patch_url": f"{page_url}.patch", "status": word.get((ahead > 0, behind > 0), "diverged"),
        "ahead_by": ahead, "behind_by": behind, "total_commits": len(between),
        "base_commit": render.commit(hub, repo, await gitstore.commit(repo.git_dir, base)),
        "merge_base_commit": render.commit(hub, repo, await gitstore.commit(repo.git_dir, start)),
        "commits": [render.commit(hub, repo, each) for each in between],
        "files": [render.file_change(hub, repo, head, each) for each in await gitstore.diff(repo.git_dir, base, head)],
    })  # fmt: skip


async def _commit_of(repo: Repo, ref: str) -> str:
    sha = await gitstore.resolve(repo.git_dir, ref)
    if sha is None:
        raise NotFound(f"No commit found for SHA: {ref}")
    return sha


async def _commit_file(
    hub: Hub, caller: Caller, repo: Repo, branch: str, path: str, data: bytes | None, body: Json
) -> Json:
    message = body.get("message") or f"Update {path}"
    sha = await repos.commit_files(hub, caller, repo, branch, {path: data}, message)
    return git_commit(hub, repo, await gitstore.commit(repo.git_dir, sha))


async def _blob(repo: Repo, branch: str, path: str) -> str | None:
    data = await gitstore.read_file(repo.git_dir, f"refs/heads/{branch}", path)
    return None if data is None else _blob_sha(data)


def _blob_sha(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _children(folder: str, below: list[str]) -> dict[str, str]:
    """The direct entries of a folder, from the paths of all files below it."""
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    entries: dict[str, str] = {}
    for path in below:
        name, _, rest = path.removeprefix(prefix).partition("/")
        entries[prefix + name] = "dir" if rest else "file"
    return entries


def _entry(hub: Hub, repo: Repo, path: str, ref: str, data: bytes, kind: str = "file") -> Json:
    sha = _blob_sha(data)
    url, page_url = f"{repo_api(hub, repo)}/contents/{path}?ref={ref}", f"{repo_page(hub, repo)}/blob/{ref}/{path}"
    git_url = f"{repo_api(hub, repo)}/git/{'blobs' if kind == 'file' else 'trees'}/{sha}"
    return {
        "type": kind,
        "size": len(data),
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "url": url,
        "git_url": git_url,
        "html_url": page_url,
        "download_url": f"{repo_page(hub, repo)}/raw/{ref}/{path}" if kind == "file" else None,
        "_links": {"self": url, "git": git_url, "html": page_url},
    }


def _stats(files: list[Json]) -> Json:
    added, removed = sum(each["additions"] for each in files), sum(each["deletions"] for each in files)
    return {"total": added + removed, "additions": added, "deletions": removed}
