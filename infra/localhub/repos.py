"""Repositories: making one, committing to it over the API, and moving its refs."""

from __future__ import annotations

from collections.abc import Mapping

from localhub import gitstore, grants, people
from localhub.errors import Conflict, Forbidden, NotFound, StaleData, Unprocessable
from localhub.hub import Hub
from localhub.model import Actor, Repo
from localhub.permissions import Caller, at_least, of, require


async def create(hub: Hub, owner: Actor, name: str, files: Mapping[str, str], *, private: bool = False) -> Repo:
    """A repository with one commit, in which every App of the owner finds its place."""
    if hub.repo(f"{owner.login}/{name}") is not None:
        raise Unprocessable("Repository creation failed: name already exists on this account")
    git_dir = hub.root / owner.login / f"{name}.git"
    repo = Repo(hub.new_id(), "", owner, name, git_dir, private, created_at=hub.now(), pushed_at=hub.now())
    first = files or {"README.md": f"# {name}\n"}
    await gitstore.init_bare(git_dir, first, owner, "Initial commit", "main", at=hub.now())
    hub.register("R", repo)
    hub.repos[repo.full_name.lower()] = repo
    for app in hub.apps:
        people.let_in(app, repo)
    return repo


async def commit_files(
    hub: Hub, caller: Caller, repo: Repo, branch: str, files: Mapping[str, str | bytes | None], message: str,
    expected_head: str | None = None,
) -> str:  # fmt: skip
    """One commit on a branch; None removes a file."""
    require(caller, repo, "write", "contents")
    grants.check_workflows(caller.token, list(files))
    refuse_protected(caller, repo, branch)
    ref = f"refs/heads/{branch}"
    before = await gitstore.resolve(repo.git_dir, ref)
    if before is None:
        raise NotFound(f"Branch {branch} not found")
    if expected_head not in (None, before):
        raise StaleData(f'Expected branch to point to "{before}" but it did not. Pull and try again.')
    after = await gitstore.write_files(repo.git_dir, branch, files, message, caller.actor, at=hub.now())
    hub.record(caller.actor, "commit", f"{repo.full_name}@{branch}")
    await hub.moved(repo, ref, before, after, caller)
    return after


async def create_ref(hub: Hub, caller: Caller, repo: Repo, ref: str, sha: str) -> None:
    require(caller, repo, "write", "contents")
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise Unprocessable("Reference name must start with refs/ and have two slashes")
    await _need_commit(repo, sha)
    if not await gitstore.update_ref(repo.git_dir, ref, sha, ""):
        raise Unprocessable("Reference already exists")
    hub.record(caller.actor, "ref created", f"{repo.full_name} {ref}")
    await hub.moved(repo, ref, None, sha, caller)


async def update_ref(hub: Hub, caller: Caller, repo: Repo, ref: str, sha: str, force: bool = False) -> None:
    require(caller, repo, "write", "contents")
    before = await gitstore.resolve(repo.git_dir, ref)
    if before is None:
        raise Unprocessable("Reference does not exist")
    refuse_protected(caller, repo, ref.removeprefix("refs/heads/"))
    await _need_commit(repo, sha)
    if not force and not await gitstore.is_ancestor(repo.git_dir, before, sha):
        raise Unprocessable("Update is not a fast forward")
    if not await gitstore.update_ref(repo.git_dir, ref, sha, before):
        raise Conflict("Reference was updated by somebody else")
    hub.record(caller.actor, "ref updated", f"{repo.full_name} {ref}")
    await hub.moved(repo, ref, before, sha, caller)


async def delete_ref(hub: Hub, caller: Caller, repo: Repo, ref: str) -> None:
    require(caller, repo, "write", "contents")
    refuse_protected(caller, repo, ref.removeprefix("refs/heads/"))
    before = await gitstore.resolve(repo.git_dir, ref)
    if before is None or not await gitstore.delete_ref(repo.git_dir, ref, before):
        raise Unprocessable("Reference does not exist")
    hub.record(caller.actor, "ref deleted", f"{repo.full_name} {ref}")
    await hub.moved(repo, ref, before, None, caller)


def refuse_protected(caller: Caller, repo: Repo, branch: str) -> None:
    """Protected branches change through pull requests; admins may write to them directly."""
    if branch in repo.protection and not at_least(of(repo, caller.login), "admin"):
        raise Forbidden(f"Protected branch: changes to {branch} must be made through a pull request.")


async def _need_commit(repo: Repo, sha: str) -> None:
    if await gitstore.resolve(repo.git_dir, sha) is None:
        raise Unprocessable("Object does not exist")
