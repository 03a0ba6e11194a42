"""A repository as REST JSON."""

from __future__ import annotations

from localhub.hub import Hub
from localhub.model import Permission, Repo
from localhub.permissions import ORDER, Caller, of
from localhub.render.base import Json, moment, repo_api, repo_page
from localhub.render.people import user

LINKS = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
    "downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}",
    "languages_url": "/languages", "merges_url": "/merges", "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}  # fmt: skip
RIGHTS: dict[Permission, str] = {
    "admin": "admin", "maintain": "maintain", "write": "push", "triage": "triage", "read": "pull",
}  # fmt: skip
OFF = ("has_wiki", "has_pages", "has_discussions", "has_downloads", "archived", "disabled", "is_template", "fork")
ON = ("has_issues", "has_projects", "allow_forking", "has_pull_requests")
ZERO = ("forks_count", "forks", "stargazers_count", "watchers_count", "watchers", "size")
NONE = ("homepage", "language", "license", "mirror_url")


def repository(hub: Hub, repo: Repo, caller: Caller | None = None) -> Json:
    """The whole repository; with a caller, what they may do in it."""
    api, page = repo_api(hub, repo), repo_page(hub, repo)
    opened = sum(issue.state == "open" for issue in repo.issues.values())
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(hub, repo.owner),
        "html_url": page,
        "description": repo.description,
        "url": api,
        **{key: api + tail for key, tail in LINKS.items()},
        "git_url": f"{page}.git",
        "ssh_url": f"git@localhub:{repo.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        **dict.fromkeys(OFF, False),
        **dict.fromkeys(ON, True),
        **dict.fromkeys(ZERO, 0),
        **dict.fromkeys(NONE),
        "web_commit_signoff_required": False,
        "pull_request_creation_policy": "all",
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "open_issues": opened,
        "open_issues_count": opened,
        "default_branch": repo.default_branch,
        "created_at": moment(repo.created_at),
        "updated_at": moment(repo.pushed_at or repo.created_at),
        "pushed_at": moment(repo.pushed_at or repo.created_at),
        **_for_caller(repo, caller),
    }


def repository_lite(hub: Hub, repo: Repo) -> Json:
    """The short shape in which other objects embed it."""
    api = repo_api(hub, repo)
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(hub, repo.owner),
        "html_url": repo_page(hub, repo),
        "description": repo.description,
        "fork": False,
        "url": api,
        **{key: api + tail for key, tail in LINKS.items()},
    }


def _for_caller(repo: Repo, caller: Caller | None) -> Json:
    if caller is None:
        return {}
    rank = ORDER.index(of(repo, caller.login))
    allowed = {name: rank >= ORDER.index(role) for role, name in RIGHTS.items()}
    methods = {"allow_merge_commit": "merge", "allow_squash_merge": "squash", "allow_rebase_merge": "rebase"}
    merges = {name: method in repo.merge_methods for name, method in methods.items()} | {"allow_auto_merge": True}
    rest = {"delete_branch_on_merge": False, "allow_update_branch": True, "network_count": 0, "subscribers_count": 0}
    return {"permissions": allowed, "role_name": of(repo, caller.login), **merges, **rest}
