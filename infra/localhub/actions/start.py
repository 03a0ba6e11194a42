"""Starts, repeats and stops workflow runs: from pushes and pull requests that match, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localhub import gitstore, payloads
from localhub.actions import triggers
from localhub.actions.registry import Broken, file_at, files_at, record
from localhub.actions.runs import Cause, again, begin, stop
from localhub.actions.values import as_text
from localhub.actions.workflow import Input, Trigger, WorkflowFile
from localhub.errors import Conflict, Forbidden, NotFound, Unprocessable
from localhub.hub import Event, Hub
from localhub.model import PullRequest, Repo, Workflow, WorkflowRun
from localhub.permissions import Caller, require

MOST_INPUTS = 25
MOST_PAYLOAD_KEYS = 10
LONGEST_EVENT_TYPE = 100


def listener(hub: Hub) -> Callable[[Event], None]:
    """What server.py puts among the hub's listeners."""

    def hear(event: Event) -> None:
        if event.name == "push" and event.objects["after"] != gitstore.ZERO:
            hub.spawn(_pushed(hub, event, payloads.build(hub, event)))
        elif event.name == "pull_request":
            hub.spawn(_pull_changed(hub, event, event.objects["pull"].head_sha, payloads.build(hub, event)))
        elif event.name == "repository_dispatch":
            hub.spawn(_told(hub, event, payloads.build(hub, event)))

    return hear


async def dispatch(
    hub: Hub, caller: Caller, workflow: Workflow, ref: str, inputs: Mapping[str, object] | None = None
) -> WorkflowRun:
    """Starts a workflow by hand on a branch or tag; the run has its id at once."""
    repo = workflow.repo
    require(caller, repo, "write", "actions")
    if await file_at(repo, f"refs/heads/{repo.default_branch}", workflow.path) is None:
        raise NotFound()
    full_ref, sha = await _ref(repo, ref)
    file = await file_at(repo, sha, workflow.path)
    if isinstance(file, Broken):
        raise Unprocessable(f"failed to parse workflow: {file.why}")
    trigger = file.triggers.get("workflow_dispatch") if file else None
    if file is None or trigger is None:
        raise Unprocessable("Workflow does not have 'workflow_dispatch' trigger")
    values = _inputs(trigger, {name: as_text(value) for name, value in (inputs or {}).items()})
    head = await gitstore.commit(repo.git_dir, sha)
    hub.record(caller.actor, "workflow dispatched", f"{repo.full_name} {workflow.path}@{ref}")
    about: dict[str, Any] = {"inputs": values, "ref": full_ref, "workflow": workflow}
    event = hub.emit("workflow_dispatch", None, caller.actor, repo=repo, app=caller.app, **about)
    payload = payloads.build(hub, event)
    cause = Cause("workflow_dispatch", caller.actor, full_ref, head, workflow.name, payload, inputs=values)
    return await begin(hub, file, workflow, cause)


def dispatch_repository(hub: Hub, caller: Caller, repo: Repo, kind: str, content: Mapping[str, object]) -> None:
    """Tells workflows and Apps what somebody outside of GitHub has to say; nobody learns what starts of it."""
    require(caller, repo, "write", "contents")
    if not 1 <= len(kind) <= LONGEST_EVENT_TYPE:
        raise Unprocessable('Invalid request.\n\n"event_type" wasn\'t supplied or is too long.')
    if len(content) > MOST_PAYLOAD_KEYS:
        raise Unprocessable(f"No more than {MOST_PAYLOAD_KEYS} properties are allowed; {len(content)} were supplied.")
    hub.record(caller.actor, f"repository dispatched {kind}", repo.full_name)
    hub.emit("repository_dispatch", kind, caller.actor, repo=repo, app=caller.app, client_payload=content)


def rerun(hub: Hub, caller: Caller, run: WorkflowRun, *, failed_only: bool = False) -> WorkflowRun:
    """Repeats a finished run, or its failed jobs: the same id, one attempt more."""
    require(caller, run.workflow.repo, "write", "actions")
    if run.status != "completed":
        raise Forbidden("This workflow is already running")
    hub.record(caller.actor, "workflow rerun", f"{run.workflow.repo.full_name} {run.id}")
    again(hub, caller.actor, run, failed_only=failed_only)
    return run


def cancel(hub: Hub, caller: Caller, run: WorkflowRun) -> None:
    """Ends a run that is not over; its steps are killed."""
    require(caller, run.workflow.repo, "write", "actions")
    if run.status == "completed":
        raise Conflict("Cannot cancel a workflow run that is completed.")
    hub.record(caller.actor, "workflow cancelled", f"{run.workflow.repo.full_name} {run.id}")
    stop(hub, run)


async def _pushed(hub: Hub, event: Event, payload: dict[str, object]) -> None:
    repo, ref, before = _repo(event), str(event.objects["ref"]), str(event.objects["before"])
    after = await gitstore.resolve(repo.git_dir, str(event.objects["after"]))  # a tag may be an object of its own
    if after is None:
        return
    files = await files_at(repo, after)
    if ref == f"refs/heads/{repo.default_branch}":
        for each in files:
            record(hub, repo, each)
    head = await gitstore.commit(repo.git_dir, after)
    if not files or triggers.wants_skip(head.message):
        return
    changed = await _changed_by_push(repo, before, after)
    started = [each for each in files if isinstance(each, Broken) or triggers.on_push(each, ref, changed)]
    await _begin_all(
        hub, repo, started, Cause("push", event.actor, ref, head, head.message.partition("\n")[0], payload)
    )


async def _pull_changed(hub: Hub, event: Event, sha: str, payload: dict[str, object]) -> None:
    pull = event.objects["pull"]
    assert isinstance(pull, PullRequest)
    repo, action = _repo(event), event.action or ""
    files = [each for each in await files_at(repo, sha) if isinstance(each, WorkflowFile)]
    if not any("pull_request" in each.triggers for each in files) or pull.head_deleted:
        return
    head = await gitstore.commit(repo.git_dir, sha)
    if triggers.wants_skip(head.message):
        return
    if not (await gitstore.merge_tree(repo.git_dir, pull.base_sha, sha)).clean:
        return  # GitHub starts nothing for a pull request with conflicts
    changed = [change.path for change in await gitstore.diff(repo.git_dir, pull.base_sha, sha)]
    started = [each for each in files if triggers.on_pull_request(each, action, pull.base_ref, changed)]
    ref = f"refs/pull/{pull.number}/merge"
    await _begin_all(hub, repo, started, Cause("pull_request", event.actor, ref, head, pull.title, payload, pull))


async def _told(hub: Hub, event: Event, payload: dict[str, object]) -> None:
    """A repository_dispatch starts what listens to it on the default branch."""
    repo = _repo(event)
    ref = f"refs/heads/{repo.default_branch}"
    sha = await gitstore.resolve(repo.git_dir, ref)
    if sha is None:
        return
    files = [each for each in await files_at(repo, sha) if isinstance(each, WorkflowFile)]
    started = [each for each in files if triggers.on_repository_dispatch(each, event.action or "")]
    head = await gitstore.commit(repo.git_dir, sha)
    await _begin_all(
        hub, repo, started, Cause("repository_dispatch", event.actor, ref, head, event.action or "", payload)
    )


async def _begin_all(hub: Hub, repo: Repo, files: Sequence[WorkflowFile | Broken], cause: Cause) -> None:
    for file in files:
        await begin(hub, file, record(hub, repo, file), cause)


async def _changed_by_push(repo: Repo, before: str, after: str) -> list[str]:
    """The paths a push changed; for a new branch, what sets it apart from the default branch."""
    if before != gitstore.ZERO:
        return await gitstore.changed_paths(repo.git_dir, before, after)
    base = await gitstore.merge_base(repo.git_dir, f"refs/heads/{repo.default_branch}", after)
    if base is None or base == after:
        return await gitstore.list_files(repo.git_dir, after)
    return await gitstore.changed_paths(repo.git_dir, base, after)


async def _ref(repo: Repo, ref: str) -> tuple[str, str]:
    for full in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}"):
        sha = await gitstore.resolve(repo.git_dir, full) if full.startswith("refs/") else None
        if sha is not None:
            return full, sha
    raise Unprocessable(f"No ref found for: {ref}")


def _inputs(trigger: Trigger, given: dict[str, str]) -> dict[str, str]:
    """The inputs of a run: what was given, checked, with the defaults for the rest."""
    known = {each.name for each in trigger.inputs}
    unexpected = sorted(set(given) - known)
    if unexpected:
        raise Unprocessable(f"Unexpected inputs provided: {unexpected}".replace("'", '"'))
    if len(given) > MOST_INPUTS:
        raise Unprocessable(f"You may only define up to {MOST_INPUTS} inputs for a `workflow_dispatch` event")
    return {each.name: _input(each, given.get(each.name)) for each in trigger.inputs}


def _input(spec: Input, value: str | None) -> str:
    value = spec.default if value is None else value
    if not value and spec.required:
        raise Unprocessable(f"Required input '{spec.name}' not provided")
    if value and spec.options and value not in spec.options:
        raise Unprocessable(f"Provided value '{value}' for input '{spec.name}' not in the list of allowed values")
    return value if value is not None else "false" if spec.kind == "boolean" else ""


def _repo(event: Event) -> Repo:
    assert event.repo is not None
    return event.repo
