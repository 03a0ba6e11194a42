"""A repository on a "GitHub" that is a folder, the people who push to it, and Sluice's `Git` beside them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.core.worktree import Work, WorkSpec
from bot.git.facade import Git

REPO = "acme/widgets"
SPEC = WorkSpec(REPO, "PVTI_1", "sluice/7-fix-the-typo", "main")
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


def git(folder: Path, *args: str) -> str:
    """git as a person or an agent runs it in a folder."""
    done = subprocess.run(["git", *args], cwd=folder, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class GitWorld:
    home: Path

    def __post_init__(self) -> None:
        remote = self.home / "remote/acme/widgets.git"
        remote.mkdir(parents=True)
        git(remote, "init", "--quiet", "--bare", "--initial-branch=main", ".")
        self.remote = remote
        self.git = self.another("sluice")
        files = {"README.md": "one\ntwo\nthree\n", "src/app.py": "print('hi')\n", ".gitignore": "*.log\n"}
        self.person_pushes("main", files)

    def another(self, name: str) -> Git:
        """A Sluice on a machine of its own."""

        async def no_token(repo: str) -> str:
            return ""

        url = f"file://{self.home}/remote"
        return Git(self.home / name, lambda repo: f"{url}/{repo}.git", no_token, ("Sluice", "sluice@example.com"))

    def person_pushes(self, branch: str, files: dict[str, str]) -> str:
        """Somebody else commits these files to a branch of the remote; the new head."""
        clone = self.home / "person"
        if not clone.exists():
            clone.mkdir()
            git(clone, "init", "--quiet", "--initial-branch=main", ".")
            git(clone, "remote", "add", "origin", str(self.remote))
        git(clone, "fetch", "--quiet", "origin")
        start = next((b for b in (branch, "main") if self.head(b)), None)
        if start:
            git(clone, "checkout", "--quiet", "--force", "--detach", f"origin/{start}")
        for name, text in files.items():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_text(text)
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", "-m", f"Change {', '.join(files)}")
        git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return git(clone, "rev-parse", "HEAD")

    def head(self, branch: str) -> str | None:
        return self.refs().get(f"refs/heads/{branch}")

    def refs(self) -> dict[str, str]:
        """Every ref of the remote."""
        rows = git(self.remote, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        pairs = (row.partition(" ") for row in rows)
        return {ref: sha for ref, _, sha in pairs}

    def file(self, rev: str, path: str) -> str:
        return git(self.remote, "show", f"{rev}:{path}")

    async def tree(self, spec: WorkSpec = SPEC, merge_base: bool = False) -> Path:
        return (await self.git.worktree(spec, merge_base)).path

    async def collect(self, spec: WorkSpec = SPEC) -> Work:
        return await self.git.collect(spec, "Fix the typo", {"Sluice-Item": "PVTI_1"})

    async def saved(self, spec: WorkSpec = SPEC) -> str:
        """Collect and save; what the remote has then under the saved ref."""
        await self.collect(spec)
        return await self.git.save(spec)
