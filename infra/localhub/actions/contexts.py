"""What a job knows of its run: the `github` context and the GITHUB_* variables that mirror it."""

from __future__ import annotations

from collections.abc import Mapping

from localhub.actions.workflow import WorkflowFile
from localhub.hub import Hub
from localhub.model import WorkflowRun

MIRRORED = (
    "actor", "api_url", "base_ref", "event_name", "graphql_url", "head_ref", "ref", "ref_name", "ref_type",
    "repository", "repository_owner", "run_attempt", "run_id", "run_number", "server_url", "sha", "triggering_actor",
    "workflow",
)  # fmt: skip


def github_context(hub: Hub, run: WorkflowRun) -> dict[str, object]:
    """The `github` context; there is no token in it, so a workflow that asks for one fails."""
    repo, pull = run.workflow.repo, run.pull
    return {
        "actor": run.actor.login,
        "api_url": hub.base_url,
        "base_ref": pull.base_ref if pull else "",
        "event": run.payload,
        "event_name": run.event,
        "graphql_url": f"{hub.base_url}/graphql",
        "head_ref": pull.head_ref if pull else "",
        "ref": run.ref,
        "ref_name": run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/").removeprefix("refs/pull/"),
        "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "repository": repo.full_name,
        "repository_owner": repo.owner.login,
        "run_attempt": str(run.run_attempt),
        "run_id": str(run.id),
        "run_number": str(run.run_number),
        "server_url": hub.base_url,
        "sha": run.head_sha,
        "triggering_actor": (run.triggered_by or run.actor).login,
        "workflow": run.workflow.name,
        "workflow_ref": f"{repo.full_name}/{run.workflow.path}@{run.ref}",
    }


def environment(hub: Hub, run: WorkflowRun) -> dict[str, str]:
    context = github_context(hub, run)
    return {f"GITHUB_{name.upper()}": str(context[name]) for name in MIRRORED}


def typed_inputs(file: WorkflowFile, run: WorkflowRun) -> dict[str, object]:
    """The `inputs` context: booleans and numbers as such, where `github.event.inputs` has only text."""
    trigger = file.triggers.get("workflow_dispatch")
    kinds = {each.name: each.kind for each in trigger.inputs} if trigger else {}
    return {name: _typed(kinds.get(name, "string"), text) for name, text in run.inputs.items()}


def called_inputs(file: WorkflowFile, given: Mapping[str, str]) -> dict[str, object]:
    """The `inputs` of a reusable workflow, with the defaults for what its caller does not give."""
    trigger = file.triggers.get("workflow_call")
    specs = trigger.inputs if trigger else ()
    return {each.name: _typed(each.kind, given.get(each.name, each.default or "")) for each in specs}


def _typed(kind: str, text: str) -> object:
    if kind == "boolean":
        return text == "true"
    return float(text) if kind == "number" and text else text
