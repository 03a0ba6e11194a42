"""Where the crew works: a repository on this machine takes the place of a remote."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

from bot.core.crew import Mate
from bot.core.worktree import WorkSpec
from bot.equipment import local_git
from bot.errors import UserError
from bot.git.facade import Git
from bot.settings import Settings

AUTHOR = ("Sluice", "sluice@localhost")


def git_of(settings: Settings, folder: str) -> Git:
    """All agents of a repository share its mirror."""
    return local_git(settings.data_dir / "crew", Path(folder), AUTHOR)


def spec_of(mate: Mate, base: str) -> WorkSpec:
    return WorkSpec(mate.repo, mate.id, mate.branch, base)


def folder_for(settings: Settings, mate: str) -> Path:
    return settings.data_dir / "crew" / "agents" / mate


def repo_of(folder: Path) -> str:
    """What git calls a repository on this machine: one name for each folder."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-.")[:60] or "repository"
    return f"local/{name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def branch_of(folder: Path, named: str = "") -> str:
    """The branch of that name; else the one the repository stands on, with at least one commit."""
    if named:
        if not _has(folder, named):
            raise UserError(f"{folder} has no branch {named}")
        return named
    told = subprocess.run(
        ["git", "symbolic-ref", "--quiet", "--short", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    branch = told.stdout.strip()
    if told.returncode or not branch:
        raise UserError(f"{folder} stands on no branch: `git switch BRANCH` first, or say --base BRANCH")
    if not _has(folder, branch):
        raise UserError(f"branch {branch} of {folder} has no commit yet: commit something first")
    return branch


def shows(folder: Path, branch: str, commit: str) -> bool:
    """The branch has that commit in it."""
    there = ["git", "merge-base", "--is-ancestor", commit, f"refs/heads/{branch}"]
    return not subprocess.run(there, cwd=folder, capture_output=True, check=False).returncode


def _has(folder: Path, branch: str) -> bool:
    there = ["git", "show-ref", "--verify", "--quiet", f"refs/heads/{branch}"]
    return not subprocess.run(there, cwd=folder, capture_output=True, check=False).returncode
