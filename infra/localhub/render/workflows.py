"""Workflows, their runs and jobs as REST JSON."""

from __future__ import annotations

from localhub.hub import Hub
from localhub.model import CheckRun, JobStep, Workflow, WorkflowRun
from localhub.render.base import Json, moment, repo_api, repo_page
from localhub.render.checks import pull_references
from localhub.render.people import user
from localhub.render.repos import repository_lite

RUN_LINKS = {
    "jobs_url": "/jobs", "logs_url": "/logs", "artifacts_url": "/artifacts", "cancel_url": "/cancel",
    "rerun_url": "/rerun",
}  # fmt: skip


def workflow(hub: Hub, record: Workflow) -> Json:
    page, file = repo_page(hub, record.repo), record.path.rsplit("/", 1)[-1]
    created = moment(record.created_at or record.repo.created_at)
    return {
        "id": record.id,
        "node_id": record.node_id,
        "name": record.name,
        "path": record.path,
        "state": record.state,
        "created_at": created,
        "updated_at": created,
        "url": f"{repo_api(hub, record.repo)}/actions/workflows/{record.id}",
        "html_url": f"{page}/blob/{record.repo.default_branch}/{record.path}",
        "badge_url": f"{page}/actions/workflows/{file}/badge.svg",
    }


def workflow_run(hub: Hub, record: WorkflowRun, attempt: int | None = None) -> Json:
    """As it stands; or how an earlier attempt ended."""
    repo = record.workflow.repo
    number = attempt or record.run_attempt
    shown = record.earlier.get(number, record.attempt)
    url = f"{repo_api(hub, repo)}/actions/runs/{record.id}"
    suite = record.suite
    suite_url = f"{repo_api(hub, repo)}/check-suites/{suite.id if suite else 0}"
    return {
        "id": record.id,
        "name": record.workflow.name,
        "node_id": record.node_id,
        "check_suite_id": suite.id if suite else 0,
        "check_suite_node_id": suite.node_id if suite else "",
        "head_branch": record.head_branch,
        "head_sha": record.head_sha,
        "path": record.workflow.path,
        "run_number": record.run_number,
        "event": record.event,
        "display_title": record.display_title,
        "status": shown.status,
        "conclusion": shown.conclusion,
        "workflow_id": record.workflow.id,
        "url": url,
        "html_url": f"{repo_page(hub, repo)}/actions/runs/{record.id}",
        "pull_requests": pull_references(hub, repo, record.head_sha),
        "created_at": moment(record.created_at),
        "updated_at": moment(shown.updated_at),
        "actor": user(hub, record.actor),
        "triggering_actor": user(hub, shown.triggered_by),
        "run_attempt": number,
        "referenced_workflows": record.referenced,
        "run_started_at": moment(shown.started_at),
        **{key: url + tail for key, tail in RUN_LINKS.items()},
        "check_suite_url": suite_url,
        "workflow_url": f"{repo_api(hub, repo)}/actions/workflows/{record.workflow.id}",
        "previous_attempt_url": f"{url}/attempts/{number - 1}" if number > 1 else None,
        "head_commit": suite.head_commit or None if suite else None,
        "repository": repository_lite(hub, repo),
        "head_repository": repository_lite(hub, repo),
    }


def workflow_job(hub: Hub, record: CheckRun) -> Json:
    """A job of a workflow run: its check run, seen from Actions."""
    repo, run = record.suite.repo, record.suite.workflow_run
    api = repo_api(hub, repo)
    run_id = run.id if run else 0
    return {
        "id": record.id,
        "run_id": run_id,
        "run_url": f"{api}/actions/runs/{run_id}",
        "run_attempt": record.run_attempt,
        "node_id": record.node_id,
        "head_sha": record.head_sha,
        "head_branch": run.head_branch if run else None,
        "workflow_name": run.workflow.name if run else None,
        "url": f"{api}/actions/jobs/{record.id}",
        "html_url": f"{repo_page(hub, repo)}/actions/runs/{run_id}/job/{record.id}",
        "status": record.status,
        "conclusion": record.conclusion,
        "created_at": moment(record.started_at),
        "started_at": moment(record.started_at),
        "completed_at": moment(record.completed_at),
        "name": record.name,
        "steps": [_step(record, each) for each in record.steps],
        "check_run_url": f"{api}/check-runs/{record.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "localhub",
        "runner_group_id": 1,
        "runner_group_name": "localhub",
    }


def _step(job: CheckRun, record: JobStep) -> Json:
    return {
        "name": record.name,
        "status": "completed",
        "conclusion": record.conclusion,
        "number": record.number,
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
    }
