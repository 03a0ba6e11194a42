"""Knows the workflow files of a repository, at any commit, and keeps a Workflow record for each path."""

from __future__ import annotations

from dataclasses import dataclass

from localhub import gitstore
from localhub.actions.workflow import InvalidWorkflow, WorkflowFile, parse
from localhub.hub import Hub
from localhub.model import Repo, Workflow

FOLDER = ".github/workflows"


@dataclass(frozen=True)
class Broken:
    """A workflow file that GitHub refuses, and why."""

    path: str
    why: str


async def workflows(hub: Hub, repo: Repo) -> list[Workflow]:
    """The repository's workflows: those of the default branch, and others that have run."""
    for found in await files_at(repo, f"refs/heads/{repo.default_branch}"):
        record(hub, repo, found)
    return list(repo.workflows.values())


async def find(hub: Hub, repo: Repo, name: str) -> Workflow | None:
    """The workflow with this id or file name (`ci.yml`)."""
    known = await workflows(hub, repo)
    return next((each for each in known if name in (str(each.id), each.path, each.path.rsplit("/", 1)[-1])), None)


def record(hub: Hub, repo: Repo, found: WorkflowFile | Broken) -> Workflow:
    """The record of a file; made when the file is seen for the first time."""
    name = found.name if isinstance(found, WorkflowFile) else found.path
    workflow = repo.workflows.get(found.path)
    if workflow is None:
        workflow = Workflow(hub.new_id(), "", repo, found.path, name, created_at=hub.now())
        hub.register("W", workflow)
        repo.workflows[found.path] = workflow
    workflow.name = name
    return workflow


async def files_at(repo: Repo, rev: str) -> list[WorkflowFile | Broken]:
    """Every workflow file at a commit."""
    if await gitstore.resolve(repo.git_dir, rev) is None:
        return []
    paths = await gitstore.list_files(repo.git_dir, rev, FOLDER)
    found = [await file_at(repo, rev, path) for path in paths if path.count("/") == 2]
    return [each for each in found if each is not None]


async def file_at(repo: Repo, rev: str, path: str) -> WorkflowFile | Broken | None:
    if not path.endswith((".yml", ".yaml")):
        return None
    content = await gitstore.read_file(repo.git_dir, rev, path)
    if content is None:
        return None
    try:
        return parse(path, content.decode("utf-8", "replace"))
    except InvalidWorkflow as error:
        return Broken(path, str(error))
