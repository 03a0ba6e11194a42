"""The parts of webhook bodies that show commits: pushes, and the head commits of runs, suites and statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localhub import gitstore, render
from localhub.hub import Hub
from localhub.model import Repo

Json = dict[str, Any]


def push(hub: Hub, repo: Repo, objects: Mapping[str, Any]) -> Json:
    """The body of a push, without the envelope."""
    ref, before, after = objects["ref"], objects["before"], objects["after"]
    page = f"{hub.base_url}/{repo.full_name}"
    commits = [_pushed_commit(page, info, objects.get("touched") or {}) for info in objects["commits"]]
    pusher = objects["pusher"]
    owner = render.user(hub, repo.owner)
    pushed_at = int(repo.pushed_at.timestamp()) if repo.pushed_at else None
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == gitstore.ZERO,
        "deleted": after == gitstore.ZERO,
        "forced": bool(objects.get("forced")),
        "base_ref": None,
        "compare": f"{page}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else None,
        "pusher": {"name": pusher.login, "email": pusher.email},
        # a push shows its repository the way it did before the API existed
        "repository": {
            "owner": {**owner, "name": repo.owner.login, "email": repo.owner.email},
            "pushed_at": pushed_at,
            "created_at": int(repo.created_at.timestamp()) if repo.created_at else None,
            "master_branch": repo.default_branch,
        },
    }


def _pushed_commit(page: str, info: gitstore.CommitInfo, touched: Mapping[str, list[tuple[str, str]]]) -> Json:
    files = touched.get(info.sha, [])
    return {
        **simple_commit(info),
        "distinct": True,
        "url": f"{page}/commit/{info.sha}",
        "added": [path for letter, path in files if letter == "A"],
        "removed": [path for letter, path in files if letter == "D"],
        "modified": [path for letter, path in files if letter not in "AD"],
    }


def simple_commit(info: gitstore.CommitInfo) -> Json:
    """The head commit that runs, suites and pushes show."""
    return {
        "id": info.sha,
        "tree_id": info.tree,
        "message": info.message,
        "timestamp": info.committed_at.isoformat(),
        "author": {"name": info.author_name, "email": info.author_email},
        "committer": {"name": info.committer_name, "email": info.committer_email},
    }


async def complete(hub: Hub, event: str, body: Json) -> None:
    """Adds the commit that a status or an App's suite is about: git has to be asked, which building a body cannot."""
    suite = body.get("check_suite") if event == "check_suite" else None
    if event != "status" and (suite is None or suite["head_commit"]):
        return
    repo = hub.repo(body["repository"]["full_name"])
    sha = suite["head_sha"] if suite else body["sha"]
    if repo is None or await gitstore.resolve(repo.git_dir, sha) is None:
        return
    info = await gitstore.commit(repo.git_dir, sha)
    if suite is not None:
        suite["head_commit"] = simple_commit(info)
    else:
        body["commit"] = render.commit(hub, repo, info)
        api = f"{hub.base_url}/repos/{repo.full_name}/commits"
        body["branches"] = [
            {"name": name, "commit": {"sha": tip, "url": f"{api}/{tip}"}, "protected": name in repo.protection}
            for name, tip in (await gitstore.branches_with(repo.git_dir, sha)).items()
        ]
