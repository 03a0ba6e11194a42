"""Check runs, suites, workflow runs and statuses, and the rollup of a commit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localhub import checks
from localhub.graphql.connections import connection
from localhub.graphql.errors import Refusal
from localhub.graphql.git import git_commit
from localhub.graphql.kinds import GitCommit, Rollup
from localhub.graphql.view import Plain, View, read
from localhub.model import CheckSuite, CommitStatus, PullRequest, Repo, Workflow, WorkflowRun


class RollupView(View[Rollup]):
    types = ("StatusCheckRollup",)

    def id(self) -> str:
        return f"SCR_{self.record.repo.id}_{self.record.sha}"

    def state(self) -> str:
        return checks.rollup(self.record.repo, self.record.sha) or "PENDING"

    async def commit(self) -> GitCommit:
        return await git_commit(self.record.repo, self.record.sha)

    def contexts(self, **page: Any) -> Plain:
        runs = checks.runs_at(self.record.repo, self.record.sha)
        statuses = checks.statuses_at(self.record.repo, self.record.sha)
        states = Counter((run.conclusion or run.status).upper() for run in runs)
        told = Counter(status.state.upper() for status in statuses)
        return connection(
            [*runs, *statuses], page, checkRunCount=len(runs), statusContextCount=len(statuses),
            checkRunCountsByState=[{"state": state, "count": count} for state, count in states.items()],
            statusContextCountsByState=[{"state": state, "count": count} for state, count in told.items()],
        )  # fmt: skip


class RequirableView(View[Any]):
    """Whether a pull request's base demands this check."""

    def is_required(self, pull_request_id: str | None = None, pull_request_number: int | None = None) -> bool:
        pull = self._asked_about(pull_request_id, pull_request_number)
        rule = pull.repo.protection.get(pull.base_ref)
        return rule is not None and self._name() in rule.required_checks

    def _asked_about(self, node_id: str | None, number: int | None) -> PullRequest:
        if node_id is not None:
            return self.context.find(node_id, PullRequest)
        pull = self._repo().issues.get(number or 0)
        if not isinstance(pull, PullRequest):
            raise Refusal("ARGUMENT_ERROR", "pullRequestId or pullRequestNumber must name a pull request.")
        return pull

    def _name(self) -> str:
        raise NotImplementedError

    def _repo(self) -> Repo:
        raise NotImplementedError


class CheckRunView(RequirableView):
    types = ("CheckRun",)
    plain = read(
        id="node_id", databaseId="id", name="name", externalId="external_id", startedAt="started_at",
        completedAt="completed_at", checkSuite="suite"
    )  # fmt: skip

    def status(self) -> str:
        return str(self.record.status.upper())

    def conclusion(self) -> str | None:
        return self.record.conclusion.upper() if self.record.conclusion else None

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def permalink(self) -> str:
        return self.url()

    def details_url(self) -> str:
        return self.record.details_url or self.url()

    def resource_path(self) -> str:
        return f"/{self._repo().full_name}/runs/{self.record.id}"

    def title(self) -> str | None:
        return self._output("title")

    def summary(self) -> str | None:
        return self._output("summary")

    def text(self) -> str | None:
        return self._output("text")

    def repository(self) -> Repo:
        return self._repo()

    def _output(self, part: str) -> str | None:
        value = self.record.output.get(part)
        return None if value is None else str(value)

    def _name(self) -> str:
        return str(self.record.name)

    def _repo(self) -> Repo:
        repo: Repo = self.record.suite.repo
        return repo


class StatusContextView(RequirableView):
    types = ("StatusContext",)
    plain = read(
        id="node_id", context="context", description="description", targetUrl="target_url", creator="creator",
        createdAt="created_at"
    )  # fmt: skip

    def state(self) -> str:
        return str(self.record.state.upper())

    async def commit(self) -> GitCommit:
        return await git_commit(self._repo(), self.record.sha)

    def _name(self) -> str:
        return str(self.record.context)

    def _repo(self) -> Repo:
        status: CommitStatus = self.record
        return next(repo for repo in self.hub.repos.values() if status in repo.statuses)


class CheckSuiteView(View[CheckSuite]):
    types = ("CheckSuite",)
    plain = read(
        id="node_id", databaseId="id", repository="repo", workflowRun="workflow_run", createdAt="created_at",
        updatedAt="updated_at"
    )  # fmt: skip

    def app(self) -> Any:
        """An installed App, or GitHub Actions, which nobody installs."""
        installed = next((app for app in self.hub.apps if app.slug == self.record.app_slug), None)
        return installed or {"slug": self.record.app_slug, "name": self.record.app_slug, "databaseId": ACTIONS_APP_ID}

    def status(self) -> str:
        return checks.suite_state(self.record)[0].upper()

    def conclusion(self) -> str | None:
        conclusion = checks.suite_state(self.record)[1]
        return conclusion.upper() if conclusion else None

    def check_runs(self, filter_by: Any = None, **page: Any) -> Plain:
        wanted = (filter_by or {}).get("check_name")
        return connection([run for run in self.record.runs if wanted is None or run.name == wanted], page)

    async def commit(self) -> GitCommit:
        return await git_commit(self.record.repo, self.record.head_sha)


class WorkflowRunView(View[WorkflowRun]):
    types = ("WorkflowRun",)
    plain = read(
        id="node_id", databaseId="id", runNumber="run_number", event="event", workflow="workflow",
        checkSuite="suite", createdAt="created_at", updatedAt="updated_at"
    )  # fmt: skip

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        return f"/{self.record.workflow.repo.full_name}/actions/runs/{self.record.id}"


class WorkflowView(View[Workflow]):
    types = ("Workflow",)
    plain = read(id="node_id", databaseId="id", name="name", createdAt="created_at", updatedAt="created_at")

    def state(self) -> str:
        return self.record.state.upper()

    def url(self) -> str:
        return self.hub.base_url + self.resource_path()

    def resource_path(self) -> str:
        return f"/{self.record.repo.full_name}/actions/workflows/{self.record.path.rpartition('/')[2]}"


ACTIONS_APP_ID = 15368  # what github.com answers for GitHub Actions
