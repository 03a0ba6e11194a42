"""Reusable workflows: what `uses` at a job names, whether it may be called so, and what all of it a run refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localhub import gitstore
from localhub.actions.registry import Broken, file_at
from localhub.actions.workflow import InvalidWorkflow, Job, WorkflowFile
from localhub.hub import Hub
from localhub.model import Repo

MOST_LEVELS, MOST_FILES = 10, 50  # as GitHub announced last; older documents say 4 and 20
LOCAL = re.compile(r"\./(?P<path>\.github/workflows/[^/@]+)")
ELSEWHERE = re.compile(r"(?P<repo>[^/]+/[^/]+)/(?P<path>\.github/workflows/[^/@]+)@(?P<ref>.+)")


@dataclass(frozen=True)
class Called:
    """A reusable workflow at the commit it was resolved to."""

    repo: Repo
    path: str
    sha: str
    named: str  # what stands behind its path's `@`
    ref: str | None  # absent where a commit was named
    file: WorkflowFile

    def shown(self) -> dict[str, str]:
        """As a run shows it."""
        told = {"path": f"{self.repo.full_name}/{self.path}@{self.named}", "sha": self.sha}
        return told | ({"ref": self.ref} if self.ref else {})


async def resolve(hub: Hub, repo: Repo, sha: str, ref: str, job: Job) -> Called:
    """What a job of a workflow at this commit calls; InvalidWorkflow when GitHub would not start it."""
    uses = job.uses or ""
    if found := LOCAL.fullmatch(uses):
        place: tuple[Repo, str, str | None] | None = (repo, sha, ref)
        named = ref
    elif found := ELSEWHERE.fullmatch(uses):
        named = found["ref"]
        place = await _elsewhere(hub, repo, found["repo"], named)
    else:
        raise InvalidWorkflow(f"invalid value workflow reference: {uses}")
    file = await file_at(place[0], place[1], found["path"]) if place else None
    if place is None or file is None:
        raise InvalidWorkflow(f"error parsing called workflow {uses!r}: workflow was not found.")
    if isinstance(file, Broken):
        raise InvalidWorkflow(f"error parsing called workflow {uses!r}: {file.why}")
    _check_call(job, file, uses)
    return Called(place[0], found["path"], place[1], named, place[2], file)


async def referenced(hub: Hub, repo: Repo, sha: str, ref: str, file: WorkflowFile) -> list[Called]:
    """Everything a workflow calls, and what that calls in turn; InvalidWorkflow when GitHub would not start it."""
    found: dict[tuple[str, str], Called] = {}
    await _collect(hub, repo, sha, ref, file, found, 1)
    return list(found.values())


async def _collect(
    hub: Hub, repo: Repo, sha: str, ref: str, file: WorkflowFile, found: dict[tuple[str, str], Called], level: int
) -> None:
    if level > MOST_LEVELS or len(found) > MOST_FILES:
        raise InvalidWorkflow(f"at most {MOST_LEVELS} levels of {MOST_FILES} reusable workflows may be called.")
    for job in file.jobs.values():
        if job.uses is None:
            continue
        called = await resolve(hub, repo, sha, ref, job)
        found[f"{called.repo.full_name}/{called.path}", called.sha] = called
        await _collect(hub, called.repo, called.sha, called.named, called.file, found, level + 1)


async def _elsewhere(hub: Hub, caller: Repo, name: str, named: str) -> tuple[Repo, str, str | None] | None:
    """Another repository at a branch, a tag or a commit; what is private is open to its owner's repositories."""
    repo = next((each for key, each in hub.repos.items() if key.lower() == name.lower()), None)
    if repo is None or (repo.private and repo.owner is not caller.owner):
        return None
    for full in (f"refs/heads/{named}", f"refs/tags/{named}"):
        sha = await gitstore.resolve(repo.git_dir, full)
        if sha:
            return repo, sha, full
    whole = re.fullmatch(r"[0-9a-f]{40}", named) and await gitstore.resolve(repo.git_dir, named)
    return (repo, named, None) if whole else None


def _check_call(job: Job, file: WorkflowFile, uses: str) -> None:
    trigger = file.triggers.get("workflow_call")
    if trigger is None:
        raise InvalidWorkflow(f"error parsing called workflow {uses!r}: workflow is not reusable as it is missing a "
                              "`on.workflow_call` trigger")  # fmt: skip
    known = {each.name: each for each in trigger.inputs}
    for name in job.given.keys() - known.keys():
        raise InvalidWorkflow(f"invalid input, {name} is not defined in the referenced workflow.")
    for name, spec in known.items():
        if spec.required and name not in job.given:
            raise InvalidWorkflow(f"input {name} is required, but not provided while calling.")
