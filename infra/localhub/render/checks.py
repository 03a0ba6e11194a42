"""Check runs, check suites and commit statuses as REST JSON."""

from __future__ import annotations

from localhub import checks
from localhub.gitstore import CommitInfo
from localhub.hub import Hub
from localhub.model import CheckRun, CheckSuite, CommitStatus, PullRequest, Repo
from localhub.render.base import Json, moment, repo_api, repo_page
from localhub.render.commits import simple_commit
from localhub.render.people import actions_app, app, user
from localhub.render.repos import repository_lite


def check_run(hub: Hub, record: CheckRun) -> Json:
    repo = record.suite.repo
    url = f"{repo_api(hub, repo)}/check-runs/{record.id}"
    page = f"{repo_page(hub, repo)}/runs/{record.id}"
    output = {key: record.output.get(key) for key in ("title", "summary", "text")}
    return {
        "id": record.id,
        "node_id": record.node_id,
        "name": record.name,
        "head_sha": record.head_sha,
        "external_id": record.external_id,
        "url": url,
        "html_url": page,
        "details_url": record.details_url or page,
        "status": record.status,
        "conclusion": record.conclusion,
        "started_at": moment(record.started_at),
        "completed_at": moment(record.completed_at),
        "output": {**output, "annotations_count": len(record.annotations), "annotations_url": f"{url}/annotations"},
        "check_suite": {"id": record.suite.id},
        "app": _app(hub, record.suite.app_slug),
        "pull_requests": pull_references(hub, repo, record.head_sha),
    }


def annotation(hub: Hub, record: CheckRun, said: Json) -> Json:
    more = ("start_column", "end_column", "title", "raw_details")
    wanted = ("path", "start_line", "end_line", "annotation_level", "message")
    page = f"{repo_page(hub, record.suite.repo)}/blob/{record.head_sha}/{said['path']}"
    return {**{key: said[key] for key in wanted}, **{key: said.get(key) for key in more}, "blob_href": page}


def check_suite(hub: Hub, record: CheckSuite, head: CommitInfo | None = None) -> Json:
    """A suite; with the head commit where GitHub shows it, which is everywhere in REST."""
    status, conclusion = checks.suite_state(record)
    url = f"{repo_api(hub, record.repo)}/check-suites/{record.id}"
    return {
        "id": record.id,
        "node_id": record.node_id,
        "head_branch": record.head_branch,
        "head_sha": record.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": None,
        "after": record.head_sha,
        "pull_requests": pull_references(hub, record.repo, record.head_sha),
        "app": _app(hub, record.app_slug),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(record.runs),
        "check_runs_url": f"{url}/check-runs",
        "repository": repository_lite(hub, record.repo),
        "head_commit": simple_commit(head) if head else record.head_commit or None,
    }


def status(hub: Hub, record: CommitStatus, repo: Repo) -> Json:
    return {
        "url": f"{repo_api(hub, repo)}/statuses/{record.sha}",
        "avatar_url": f"{hub.base_url}/avatars/{record.creator.id}",
        "id": record.id,
        "node_id": record.node_id,
        "state": record.state,
        "description": record.description,
        "target_url": record.target_url,
        "context": record.context,
        "created_at": moment(record.created_at),
        "updated_at": moment(record.created_at),
        "creator": user(hub, record.creator),
    }


def combined_status(hub: Hub, repo: Repo, sha: str) -> Json:
    """All statuses of a commit as one: a failure fails, anything open or nothing at all is pending."""
    statuses = checks.statuses_at(repo, sha)
    states = {each.state for each in statuses}
    bad = states & {"failure", "error"}
    state = "failure" if bad else "success" if states == {"success"} else "pending"
    url = f"{repo_api(hub, repo)}/commits/{sha}"
    return {
        "state": state,
        "statuses": [_short(status(hub, each, repo)) for each in statuses],
        "sha": sha,
        "total_count": len(statuses),
        "repository": repository_lite(hub, repo),
        "commit_url": url,
        "url": f"{url}/status",
    }


def _short(rendered: Json) -> Json:
    return {key: value for key, value in rendered.items() if key != "creator"}


def pull_references(hub: Hub, repo: Repo, sha: str) -> list[Json]:
    """The open pull requests whose head is this commit."""
    api, short = repo_api(hub, repo), {"id": repo.id, "url": repo_api(hub, repo), "name": repo.name}
    pulls = [each for each in repo.issues.values() if isinstance(each, PullRequest) and each.state == "open"]
    return [
        {
            "id": pull.id, "number": pull.number, "url": f"{api}/pulls/{pull.number}",
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": short},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": short},
        }
        for pull in pulls if pull.head_sha == sha
    ]  # fmt: skip


def _app(hub: Hub, slug: str) -> Json:
    record = next((each for each in hub.apps if each.slug == slug), None)
    return app(hub, record) if record else actions_app(hub)
