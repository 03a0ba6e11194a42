"""Commits, refs and changed files as REST JSON."""

from __future__ import annotations

from localhub.gitstore import CommitInfo, FileChange
from localhub.hub import Hub
from localhub.model import Actor, Repo
from localhub.render.base import Json, moment, repo_api, repo_page
from localhub.render.people import user


def commit(hub: Hub, repo: Repo, info: CommitInfo) -> Json:
    url = f"{repo_api(hub, repo)}/commits/{info.sha}"
    author, committer = _account(hub, info.author_email), _account(hub, info.committer_email)
    return {
        "sha": info.sha,
        "node_id": f"C_kwDO{info.sha[:20]}",
        "commit": _inner(git_commit(hub, repo, info)),
        "url": url,
        "html_url": f"{repo_page(hub, repo)}/commit/{info.sha}",
        "comments_url": f"{url}/comments",
        "author": user(hub, author) if author else None,
        "committer": user(hub, committer) if committer else None,
        "parents": _parents(hub, repo, info),
    }


def git_commit(hub: Hub, repo: Repo, info: CommitInfo) -> Json:
    """The commit as git knows it."""
    api = f"{repo_api(hub, repo)}/git"
    return {
        "sha": info.sha,
        "node_id": f"C_kwDO{info.sha[:20]}",
        "url": f"{api}/commits/{info.sha}",
        "html_url": f"{repo_page(hub, repo)}/commit/{info.sha}",
        "author": {"name": info.author_name, "email": info.author_email, "date": moment(info.authored_at)},
        "committer": {"name": info.committer_name, "email": info.committer_email, "date": moment(info.committed_at)},
        "message": info.message,
        "tree": {"sha": info.tree, "url": f"{api}/trees/{info.tree}"},
        "parents": _parents(hub, repo, info),
        "verification": {
            "verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None,
        },
    }  # fmt: skip


def _inner(known: Json) -> Json:
    """What a commit's own object repeats of it."""
    outer = ("sha", "node_id", "html_url", "parents")
    return {**{key: value for key, value in known.items() if key not in outer}, "comment_count": 0}


def simple_commit(info: CommitInfo) -> Json:
    """The short shape beside check suites and workflow runs."""
    return {
        "id": info.sha,
        "tree_id": info.tree,
        "message": info.message,
        "timestamp": moment(info.committed_at),
        "author": {"name": info.author_name, "email": info.author_email},
        "committer": {"name": info.committer_name, "email": info.committer_email},
    }


def git_ref(hub: Hub, repo: Repo, name: str, sha: str) -> Json:
    api = f"{repo_api(hub, repo)}/git"
    return {
        "ref": name,
        "node_id": f"REF_kwDO{repo.id}{name}",
        "url": f"{api}/{name}",
        "object": {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"},
    }


def file_change(hub: Hub, repo: Repo, sha: str, change: FileChange) -> Json:
    page = repo_page(hub, repo)
    shown = {
        "sha": sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{page}/blob/{sha}/{change.path}",
        "raw_url": f"{page}/raw/{sha}/{change.path}",
        "contents_url": f"{repo_api(hub, repo)}/contents/{change.path}?ref={sha}",
    }
    if change.patch is not None:
        shown["patch"] = change.patch
    if change.previous_path is not None:
        shown["previous_filename"] = change.previous_path
    return shown


def _parents(hub: Hub, repo: Repo, info: CommitInfo) -> list[Json]:
    api, page = repo_api(hub, repo), repo_page(hub, repo)
    return [{"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{page}/commit/{sha}"} for sha in info.parents]


def _account(hub: Hub, email: str) -> Actor | None:
    """Whose commit it is, by its address: as GitHub does it, so anybody can write anybody's."""
    return next((actor for actor in hub.actors.values() if actor.email and actor.email == email), None)
