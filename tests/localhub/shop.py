"""A repository with a checkout of it, and a real git to work there: the start of most stories of this folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
from talk import LocalHub

SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


def attempt(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """A real git, with nobody's configuration."""
    env = {**os.environ, **SETTINGS}
    return subprocess.run(["git", *args], cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def git(folder: Path, *args: str) -> str:
    done = attempt(folder, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, path: str, content: str | bytes, message: str = "Work") -> str:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


class Shop:
    """A repository of an organization, and a checkout of it by Ann, who may write."""

    def __init__(self, hub: LocalHub, folder: Path, **order: Any) -> None:
        self.hub, self.folder = hub, folder
        self.ann = hub.person("ann")
        order.setdefault("collaborators", {self.ann["login"]: "write"})
        order.setdefault("files", {"README.md": "hello\n"})
        self.repo = hub.repo(hub.org(), **order)
        self.name = str(self.repo["full_name"])
        self.checkout = self.clone(self.ann["token"], "shop")

    def url(self, token: str) -> str:
        return self.hub.clone_url(self.name, token)

    def clone(self, token: str, folder: str, *options: str) -> Path:
        git(self.folder, "clone", "-q", *options, self.url(token), folder)
        return self.folder / folder

    def push(self, path: str, content: str, branch: str = "main", message: str = "Work") -> str:
        """Commits one file and pushes it to a branch."""
        sha = commit(self.checkout, path, content, message)
        git(self.checkout, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return sha

    def open_pull(self, head: str) -> int:
        made = self.post("pulls", {"title": "Work", "head": head, "base": "main"})
        assert made.status_code == 201, made.text
        return int(made.json()["number"])

    def pull(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"pulls/{number}").json()
        return found

    def get(self, path: str) -> httpx.Response:
        """A GET below this repository, by Ann."""
        with self.hub.rest(self.ann["token"]) as api:
            return api.get(f"/repos/{self.name}/{path}")

    def post(self, path: str, json: Any = None) -> httpx.Response:
        with self.hub.rest(self.ann["token"]) as api:
            return api.post(f"/repos/{self.name}/{path}", json=json)
