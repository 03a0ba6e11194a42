"""Writing refs: one at a time, or several in one compare-and-set."""

from __future__ import annotations

from base64 import b64decode

from localhub import gitstore, permissions, repos
from localhub.errors import StaleData, Unprocessable
from localhub.gitstore.process import attempt
from localhub.graphql.errors import unknown_node
from localhub.graphql.git import git_commit, git_ref, ref_of
from localhub.graphql.kinds import GitRef
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.view import Plain
from localhub.model import Repo


class RefMutations(MutationView):
    types = ("Mutation",)

    async def create_ref(self, input: Input) -> Plain:
        repo = self.context.find(input["repository_id"], Repo)
        await repos.create_ref(self.hub, self.caller, repo, input["name"], input["oid"])
        return {"ref": await git_ref(repo, input["name"])}

    async def update_ref(self, input: Input) -> Plain:
        ref = await self._ref(input["ref_id"])
        await repos.update_ref(self.hub, self.caller, ref.repo, ref.name, input["oid"], bool(input.get("force")))
        return {"ref": await git_ref(ref.repo, ref.name)}

    async def delete_ref(self, input: Input) -> Plain:
        ref = await self._ref(input["ref_id"])
        await repos.delete_ref(self.hub, self.caller, ref.repo, ref.name)
        return {}

    async def update_refs(self, input: Input) -> Plain:
        """All or none: one transaction in which every ref is compared and set."""
        repo = self.context.find(input["repository_id"], Repo)
        permissions.require(self.caller, repo, "write", "contents")
        now = await gitstore.refs(repo.git_dir)
        moves = [(wanted["name"], now.get(wanted["name"], gitstore.ZERO), wanted) for wanted in input["ref_updates"]]
        for name, at, wanted in moves:
            repos.refuse_protected(self.caller, repo, name.removeprefix("refs/heads/"))
            await refuse_rewind(repo, at, wanted)
        lines = [
            f"update {name} {wanted['after_oid']} {wanted.get('before_oid') or at}\n" for name, at, wanted in moves
        ]
        code, _, why = await attempt(repo.git_dir, "update-ref", "--stdin", stdin="".join(lines).encode())
        if code:
            raise StaleData(f"Refs could not be updated: {why.decode().strip()}")
        for name, at, wanted in moves:
            self.hub.record(self.caller.actor, "ref updated", f"{repo.full_name} {name}")
            await self.hub.moved(repo, name, at, wanted["after_oid"], self.caller)
        return {}

    async def create_commit_on_branch(self, input: Input) -> Plain:
        """A commit without a checkout, if the branch still is where the caller saw it."""
        repo, branch = await self._branch(input["branch"])
        changes, said = input.get("file_changes") or {}, input["message"]
        files: dict[str, bytes | None] = {each["path"]: None for each in changes.get("deletions") or ()}
        files |= {each["path"]: b64decode(each["contents"]) for each in changes.get("additions") or ()}
        message = f"{said['headline']}\n\n{said.get('body') or ''}".rstrip() + "\n"
        expected = input["expected_head_oid"]
        sha = await repos.commit_files(self.hub, self.caller, repo, branch, files, message, expected)
        return {"commit": await git_commit(repo, sha), "ref": await git_ref(repo, f"refs/heads/{branch}")}

    async def _branch(self, named: Input) -> tuple[Repo, str]:
        """By the id of the ref, or by the names of repository and branch."""
        if named.get("id"):
            ref = await self._ref(named["id"])
            return ref.repo, ref.name.removeprefix("refs/heads/")
        name = named.get("repository_name_with_owner") or ""
        return permissions.readable_repo(self.hub, self.caller, name), named.get("branch_name") or ""

    async def _ref(self, node_id: str) -> GitRef:
        found = await ref_of(self.hub, node_id)
        if found is None or not self.context.readable(found.repo):
            raise unknown_node(node_id)
        return found


async def refuse_rewind(repo: Repo, at: str, wanted: Input) -> None:
    """Without force a ref only moves forward; making one and taking one away is no rewind."""
    after = wanted["after_oid"]
    if wanted.get("force") or gitstore.ZERO in (at, after):
        return
    if not await gitstore.is_ancestor(repo.git_dir, at, after):
        raise Unprocessable(f"Update of {wanted['name']} is not a fast forward")
