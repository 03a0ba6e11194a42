"""What git holds: refs, commits, files. The facts come from the bare repository at the moment they are asked for."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

from localhub import checks, gitstore
from localhub.gitstore.process import attempt
from localhub.graphql.connections import connection, window
from localhub.graphql.kinds import GitBlob, GitCommit, GitRef, GitTree, Rollup
from localhub.graphql.rules import protection_rule
from localhub.graphql.view import Plain, View, read
from localhub.hub import Hub
from localhub.model import Actor, PullRequest, Repo

REF = "REF_kwDO"  # how the node id of a ref begins


async def git_ref(repo: Repo, name: str) -> GitRef | None:
    """The ref of that full name, if it exists."""
    sha = await gitstore.resolve(repo.git_dir, name)
    return GitRef(repo, name, sha) if sha else None


async def git_commit(repo: Repo, sha: str) -> GitCommit:
    return GitCommit(repo, await gitstore.commit(repo.git_dir, sha))


async def git_object(repo: Repo, expression: str) -> GitCommit | GitBlob | GitTree | None:
    """What an expression like `main`, a sha or `HEAD:path` names."""
    rev, colon, path = expression.partition(":")
    sha = await gitstore.resolve(repo.git_dir, rev)
    if sha is None:
        return None
    if not colon:
        return await git_commit(repo, sha)
    content = await gitstore.read_file(repo.git_dir, sha, path)
    if content is not None:
        return GitBlob(repo, hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(), content)
    code, out, _ = await attempt(repo.git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{sha}:{path}")
    return GitTree(repo, out.decode().strip(), sha, path) if code == 0 else None


async def ref_of(hub: Hub, node_id: str) -> GitRef | None:
    """The ref behind a node id, which spells its repository and name."""
    try:
        number, _, name = base64.urlsafe_b64decode(node_id.removeprefix(REF)).decode().partition(":")
    except ValueError:
        return None
    repo = next((each for each in hub.repos.values() if str(each.id) == number), None)
    return await git_ref(repo, name) if repo is not None else None


class GitObjectView(View[Any]):
    def id(self) -> str:
        raw = f"{self.record.repo.id}:{self.oid()}".encode()
        return f"{self.types[0][0]}_kwDO{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"

    def oid(self) -> str:
        return str(self.record.oid)

    def abbreviated_oid(self) -> str:
        return self.oid()[:7]

    def repository(self) -> Repo:
        repo: Repo = self.record.repo
        return repo


class CommitView(GitObjectView):
    types = ("Commit",)

    def oid(self) -> str:
        return str(self.record.info.sha)

    def message(self) -> str:
        return str(self.record.info.message)

    def message_headline(self) -> str:
        return self.message().partition("\n")[0]

    def message_body(self) -> str:
        return self.message().partition("\n")[2].strip()

    def authored_date(self) -> Any:
        return self.record.info.authored_at

    def committed_date(self) -> Any:
        return self.record.info.committed_at

    def author(self) -> Plain:
        info = self.record.info
        return self._git_actor(info.author_name, info.author_email, info.authored_at)

    def committer(self) -> Plain:
        info = self.record.info
        return self._git_actor(info.committer_name, info.committer_email, info.committed_at)

    def authors(self, **page: Any) -> Plain:
        return connection([self.author()], page)

    def url(self) -> str:
        return f"{self.hub.base_url}/{self.record.repo.full_name}/commit/{self.oid()}"

    def commit_url(self) -> str:
        return self.url()

    def resource_path(self) -> str:
        return f"/{self.record.repo.full_name}/commit/{self.oid()}"

    def tree(self) -> GitTree:
        return GitTree(self.record.repo, self.record.info.tree, self.oid(), "")

    async def file(self, path: str) -> Any:
        found = await git_object(self.record.repo, f"{self.oid()}:{path}")
        return (
            {"path": path, "name": path.rpartition("/")[2], "object": found, "oid": found.oid}
            if isinstance(found, GitBlob | GitTree)
            else None
        )

    async def parents(self, **page: Any) -> Plain:
        shas = list(self.record.info.parents)
        return connection([await git_commit(self.record.repo, sha) for sha in shas], page)

    async def history(
        self, path: str | None = None, since: Any = None, until: Any = None, author: Any = None, **page: Any
    ) -> Plain:
        """Newest first. Only the commits of the asked page are read."""
        only = [f"--since={since}"] if since else []
        only += [f"--until={until}"] if until else []
        under = ["--", path] if path else []
        _, out, _ = await attempt(self.record.repo.git_dir, "rev-list", *only, self.oid(), *under)
        shas = out.decode().split()
        start, end = window(len(shas), page)
        read = await asyncio.gather(*(git_commit(self.record.repo, sha) for sha in shas[start:end]))
        return connection([*shas[:start], *read, *shas[end:]], page)

    def status_check_rollup(self) -> Rollup | None:
        repo, sha = self.record.repo, self.oid()
        return Rollup(repo, sha) if checks.rollup(repo, sha) else None

    def check_suites(self, filter_by: Any = None, **page: Any) -> Plain:
        suites = [each for each in self.record.repo.suites.values() if each.head_sha == self.oid()]
        if filter_by and filter_by.get("app_id"):
            slugs = {app.slug for app in self.hub.apps if app.id == filter_by["app_id"]}
            suites = [each for each in suites if each.app_slug in slugs]
        return connection(suites, page)

    def associated_pull_requests(self, order_by: Any = None, **page: Any) -> Plain:
        pulls = [each for each in self.record.repo.issues.values() if isinstance(each, PullRequest)]
        sha = self.oid()
        return connection([each for each in pulls if sha in (each.head_sha, each.merge_commit_sha)], page)

    def _git_actor(self, name: str, email: str, date: Any) -> Plain:
        return {"name": name, "email": email, "date": date.isoformat(), "user": self._person(name, email)}

    def _person(self, name: str, email: str) -> Actor | None:
        """People are known by their address or, for the App's and noreply addresses, by the login in it."""
        login = email.partition("@")[0].rpartition("+")[2].lower()
        found = self.hub.actors.get(login) or next(
            (each for each in self.hub.actors.values() if each.email == email), None
        )
        return found if found is not None and found.kind == "User" else None


class BlobView(GitObjectView):
    types = ("Blob",)

    def text(self) -> str | None:
        return None if self.is_binary() else self.record.content.decode("utf-8", "replace")

    def byte_size(self) -> int:
        return len(self.record.content)

    def is_binary(self) -> bool:
        return b"\0" in self.record.content[:8000]

    def is_truncated(self) -> bool:
        return False


class TreeView(GitObjectView):
    types = ("Tree",)

    async def entries(self) -> list[Plain]:
        _, out, _ = await attempt(self.record.repo.git_dir, "ls-tree", "-z", "-l", self.record.oid)
        return [self._entry(line) for line in out.decode("utf-8", "replace").split("\0") if line]

    def _entry(self, line: str) -> Plain:
        facts, name = line.split("\t", 1)
        mode, kind, oid, size = facts.split()
        path = f"{self.record.path}/{name}".lstrip("/")
        return {
            "name": name,
            "path": path,
            "type": kind,
            "oid": oid,
            "mode": int(mode, 8),
            "size": int(size) if size != "-" else 0,
        }


class RefView(View[GitRef]):
    types = ("Ref",)
    plain = read(repository="repo")

    def id(self) -> str:
        return REF + base64.urlsafe_b64encode(f"{self.record.repo.id}:{self.record.name}".encode()).decode()

    def prefix(self) -> str:
        return "/".join(self.record.name.split("/", 2)[:2]) + "/"

    def name(self) -> str:
        return self.record.name.removeprefix(self.prefix())

    async def target(self) -> GitCommit:
        return await git_commit(self.record.repo, self.record.sha)

    def branch_protection_rule(self) -> Plain | None:
        rule = self.record.repo.protection.get(self.name())
        return protection_rule(self.record.repo, self.name(), rule) if rule else None

    def associated_pull_requests(
        self, states: Any = None, labels: Any = None, head_ref_name: Any = None, base_ref_name: Any = None,
        order_by: Any = None, **page: Any,
    ) -> Plain:  # fmt: skip
        pulls = [each for each in self.record.repo.issues.values() if isinstance(each, PullRequest)]
        return connection([each for each in pulls if each.head_ref == self.name()], page)
