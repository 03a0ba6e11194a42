"""Check suites, check runs and commit statuses, and what they add up to for one commit."""

from __future__ import annotations

from typing import Any, Literal, get_args

from localhub.errors import Forbidden, Unprocessable
from localhub.hub import Hub
from localhub.model import (
    App,
    CheckRun,
    CheckStatus,
    CheckSuite,
    CommitStatus,
    Conclusion,
    PullRequest,
    Repo,
)
from localhub.permissions import Caller, require

Rollup = Literal["ERROR", "EXPECTED", "FAILURE", "PENDING", "SUCCESS"]
STATES: dict[str, Rollup] = {"error": "ERROR", "failure": "FAILURE", "pending": "PENDING", "success": "SUCCESS"}
PASSING = ("success", "skipped", "neutral")
LONGEST_OUTPUT = 65535
MOST_ANNOTATIONS = 50  # of one request; the next one adds to them
LEVELS = ("notice", "warning", "failure")


def create_run(hub: Hub, caller: Caller, repo: Repo, name: str, head_sha: str, **details: Any) -> CheckRun:
    """A check run of an App. People may not make any."""
    require(caller, repo, "write", "checks")
    if caller.app is None:
        raise Forbidden("You must authenticate via a GitHub App.")
    _check_details(details.get("status"), details.get("conclusion"), details.get("output"))
    suite = _suite_of(hub, repo, head_sha, caller.app)
    run = add_run(hub, suite, name)
    hub.record(caller.actor, "check run created", _where(run))
    _tell_run(hub, caller, run, "created")
    return update_run(hub, caller, run, **details) if details else run


def update_run(hub: Hub, caller: Caller, run: CheckRun, **details: Any) -> CheckRun:
    """Change a check run; giving a conclusion completes it."""
    require(caller, run.suite.repo, "write", "checks")
    if caller.app is None or caller.app.slug != run.suite.app_slug:
        raise Forbidden("You must authenticate via the GitHub App that created the check run.")
    change_run(hub, run, **details)
    hub.record(caller.actor, f"check run {run.conclusion or run.status}", _where(run))
    _tell_run(hub, caller, run, "completed" if run.status == "completed" else "created")
    return run


def rerequest(hub: Hub, caller: Caller, suite: CheckSuite, run: CheckRun | None = None) -> None:
    """Somebody wants a check run, or a whole suite, once more: its App is told, and does it or does not.

    The suite is queued again, without a conclusion; the check runs in it stay as they are until the App changes one.
    """
    require(caller, suite.repo, "write", "checks")
    suite.rerequested, suite.updated_at = True, hub.now()
    about = f"check run rerequested {run.name}" if run else f"check suite rerequested {suite.app_slug}"
    hub.record(caller.actor, about, f"{suite.repo.full_name}@{suite.head_sha[:7]}")
    if run is not None:
        _tell_run(hub, caller, run, "rerequested")
    else:
        hub.emit("check_suite", "rerequested", caller.actor, repo=suite.repo, app=caller.app, check_suite=suite)


def create_suite(hub: Hub, repo: Repo, head_sha: str, head_branch: str | None, app_slug: str) -> CheckSuite:
    suite = CheckSuite(hub.new_id(), "", repo, head_sha, head_branch, app_slug, hub.now(), hub.now())
    hub.register("CS", suite)
    repo.suites[suite.id] = suite
    return suite


def add_run(hub: Hub, suite: CheckSuite, name: str, status: CheckStatus = "queued") -> CheckRun:
    """One more run in a suite, without asking for rights: for Actions, and under `create_run`."""
    run = CheckRun(hub.new_id(), "", suite, name, status, None, suite.head_sha, hub.now())
    hub.register("CR", run)
    suite.runs.append(run)
    suite.updated_at = hub.now()
    return run


def change_run(
    hub: Hub, run: CheckRun, *, status: CheckStatus | None = None, conclusion: Conclusion | None = None,
    name: str | None = None, output: dict[str, Any] | None = None, external_id: str | None = None,
    details_url: str | None = None,
) -> None:  # fmt: skip
    """Change a run without asking for rights; listeners are told by the caller."""
    _check_details(status, conclusion, output)
    run.suite.rerequested = False
    run.name = name or run.name
    run.status = "completed" if conclusion else status or run.status
    run.conclusion = conclusion if run.status == "completed" else None
    run.completed_at = hub.now() if run.status == "completed" else None
    run.output = {
        **run.output,
        **{key: output[key] for key in ("title", "summary", "text") if output and key in output},
    }
    run.annotations += (output or {}).get("annotations") or []
    run.external_id = run.external_id if external_id is None else external_id
    run.details_url = details_url or run.details_url
    run.suite.updated_at = hub.now()


def set_status(
    hub: Hub, caller: Caller, repo: Repo, sha: str, state: str, *, context: str = "default",
    description: str | None = None, target_url: str | None = None,
) -> CommitStatus:  # fmt: skip
    require(caller, repo, "write", "statuses")
    if state not in ("error", "failure", "pending", "success"):
        raise Unprocessable(errors=[{"resource": "Status", "field": "state", "code": "custom"}])
    status = CommitStatus(
        hub.new_id(),
        "",
        sha,
        context,
        state,  # type: ignore[arg-type]  # it was looked up above
        description,
        target_url,
        caller.actor,
        hub.now(),
    )
    hub.register("SC", status)
    repo.statuses.append(status)
    hub.record(caller.actor, f"status {state}", f"{repo.full_name}@{sha[:7]} {context}")
    hub.emit("status", None, caller.actor, repo=repo, app=caller.app, status=status)
    return status


def runs_at(repo: Repo, sha: str) -> list[CheckRun]:
    """The newest check run of each name and App at a commit."""
    newest: dict[tuple[str, str], CheckRun] = {}
    for suite in repo.suites.values():
        if suite.head_sha == sha:
            newest |= {(suite.app_slug, run.name): run for run in suite.runs}
    return list(newest.values())


def statuses_at(repo: Repo, sha: str) -> list[CommitStatus]:
    """The newest status of each context at a commit."""
    return list({status.context: status for status in repo.statuses if status.sha == sha}.values())


def rollup(repo: Repo, sha: str) -> Rollup | None:
    """What every check and status at a commit adds up to; nothing there is None."""
    states = [_run_state(run) for run in runs_at(repo, sha)]
    states += [STATES[status.state] for status in statuses_at(repo, sha)]
    if not states:
        return None
    order: tuple[Rollup, ...] = ("FAILURE", "ERROR", "PENDING", "EXPECTED")
    return next((state for state in order if state in states), "SUCCESS")


def outcome(repo: Repo, sha: str, name: str) -> Rollup:
    """What one required check says of a commit; one that never came is EXPECTED."""
    states = [_run_state(run) for run in runs_at(repo, sha) if run.name == name]
    states += [STATES[status.state] for status in statuses_at(repo, sha) if status.context == name]
    if not states:
        return "EXPECTED"
    return next((state for state in states if state != "SUCCESS"), "SUCCESS")


def suite_state(suite: CheckSuite) -> tuple[CheckStatus, Conclusion | None]:
    """A suite's status and conclusion, from its runs."""
    if suite.rerequested:
        return "queued", None
    if any(run.status != "completed" for run in suite.runs):
        return ("in_progress" if any(run.status != "queued" for run in suite.runs) else "queued"), None
    if not suite.runs:
        return "queued", None
    conclusions = [run.conclusion for run in suite.runs]
    bad = next((each for each in conclusions if each not in PASSING), None)
    return "completed", bad or ("success" if "success" in conclusions else conclusions[0])


def _suite_of(hub: Hub, repo: Repo, head_sha: str, app: App) -> CheckSuite:
    suites = [suite for suite in repo.suites.values() if suite.head_sha == head_sha]
    known = next((suite for suite in suites if suite.app_slug == app.slug), None)
    return known or create_suite(hub, repo, head_sha, _branch_at(repo, head_sha), app.slug)


def _branch_at(repo: Repo, sha: str) -> str | None:
    """The branch of the newest pull request with that head."""
    pulls = [each for each in repo.issues.values() if isinstance(each, PullRequest) and each.head_sha == sha]
    return pulls[-1].head_ref if pulls else None


def _run_state(run: CheckRun) -> Rollup:
    if run.status != "completed":
        return "PENDING"
    return "SUCCESS" if run.conclusion in PASSING else "FAILURE"


def _check_details(status: str | None, conclusion: str | None, output: dict[str, Any] | None) -> None:
    if conclusion is not None and conclusion not in get_args(Conclusion):
        raise Unprocessable(f"Invalid request. {conclusion} is not a member of the conclusions.")
    if status is not None and status not in get_args(CheckStatus):
        raise Unprocessable(f"Invalid request. {status} is not a member of the statuses.")
    if status == "completed" and conclusion is None:
        raise Unprocessable("Invalid request. A completed check run needs a conclusion.")
    if output is not None and not output.get("summary"):
        raise Unprocessable('Invalid request.\n\n"summary" wasn\'t supplied.')
    annotations = (output or {}).get("annotations") or []
    if len(annotations) > MOST_ANNOTATIONS:
        raise Unprocessable(f"Invalid request. No more than {MOST_ANNOTATIONS} annotations are allowed in a request.")
    for each in annotations:
        if (
            each.get("annotation_level") not in LEVELS
            or not {"path", "start_line", "end_line", "message"} <= each.keys()
        ):
            raise Unprocessable("Invalid request. An annotation needs a path, lines, a level and a message.")
    for key in ("summary", "text"):
        if len(str((output or {}).get(key) or "")) > LONGEST_OUTPUT:
            raise Unprocessable(f"Invalid request. Only {LONGEST_OUTPUT} characters are allowed; {key} has more.")


def _tell_run(hub: Hub, caller: Caller, run: CheckRun, action: str) -> None:
    repo = run.suite.repo
    hub.emit("check_run", action, caller.actor, repo=repo, app=caller.app, check_run=run)
    if action == "completed" and suite_state(run.suite)[0] == "completed":
        hub.emit("check_suite", "completed", caller.actor, repo=repo, app=caller.app, check_suite=run.suite)


def _where(run: CheckRun) -> str:
    return f"{run.suite.repo.full_name}@{run.head_sha[:7]} {run.name}"
