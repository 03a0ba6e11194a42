"""Where git's things lie under the root, and what refs are called. Every path is checked to stay inside.

mirrors/OWNER/NAME.git        one bare mirror for each repository
worktrees/OWNER__NAME/PART    an item's tree, PART being the last part of its branch
checkouts/OWNER__NAME/NAME    a throw-away tree for gate commands
index/ITEM                    the index Sluice reads an item's tree with
setup/OWNER__NAME/PART        the mark that set-up commands ran (written by bot/agents)
scratch/                      what is being built, and what is being deleted
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from bot.core.worktree import WorkSpec, ref_part
from bot.git.errors import GitFailed

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_BAD_REF = re.compile(r"^[-/.]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|@\{|/\.|\.lock(/|$)|[/.]$|^$|^@$")


@dataclass(frozen=True)
class Layout:
    root: Path  # absolute and resolved

    def mirror(self, repo: str) -> Path:
        owner, name = _split(repo)
        return self._inside("mirrors", owner, f"{name}.git")

    def tree(self, spec: WorkSpec) -> Path:
        check_branch(spec.branch)
        check_branch(spec.base)
        return self._inside("worktrees", _folder(spec.repo), _part(spec))

    def setup_mark(self, spec: WorkSpec) -> Path:
        return self._inside("setup", _folder(spec.repo), _part(spec))

    def checkout(self, repo: str, name: str) -> Path:
        return self._inside("checkouts", _folder(repo), ref_part(name))

    def index(self, item: str) -> Path:
        return self._inside("index", ref_part(item))

    def scratch(self) -> Path:
        """A fresh name; the folder it lies in exists."""
        path = self._inside("scratch", uuid.uuid4().hex)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def trees(self) -> list[Path]:
        return sorted(path for path in self.root.glob("worktrees/*/*") if path.is_dir() and not path.is_symlink())

    def _inside(self, *parts: str) -> Path:
        path = self.root.joinpath(*parts)
        if not path.parent.resolve().is_relative_to(self.root) or path.is_symlink():
            raise GitFailed(f"{path} leads outside {self.root}; remove the symbolic link that is in the way")
        return path


def check_branch(name: str) -> str:
    """The branch's name, if git would have it and no option or path can hide in it."""
    if _BAD_REF.search(name):
        raise GitFailed(f"{name!r} is not a branch name git accepts")
    return name


def local_ref(item: str) -> str:
    """What was last collected from the item's tree."""
    return f"refs/sluice/local/{ref_part(item)}"


def merging_ref(item: str) -> str:
    """A merge with conflicts that lies in the tree, see bot/git/merge.py."""
    return f"refs/sluice/merging/{ref_part(item)}"


def laying_ref(item: str) -> str:
    """The commit whose files are being laid into the tree; gone when they all lie there."""
    return f"refs/sluice/laying/{ref_part(item)}"


def masked_ref(item: str) -> str:
    """What lies in the tree in place of the branch's own files, see bot/git/masked.py."""
    return f"refs/sluice/masked/{ref_part(item)}"


def seen_ref(item: str) -> str:
    """Where the item's saved ref stood on the remote when Sluice last looked."""
    return f"refs/sluice/seen/{ref_part(item)}"


def incoming_ref(item: str) -> str:
    return f"refs/sluice/incoming/{ref_part(item)}"


def remote_branch(name: str) -> str:
    return f"refs/remotes/origin/{check_branch(name)}"


def _folder(repo: str) -> str:
    return "__".join(_split(repo))


def _part(spec: WorkSpec) -> str:
    return ref_part(spec.branch.rsplit("/", 1)[-1])


def _split(repo: str) -> tuple[str, str]:
    parts = repo.split("/")
    if len(parts) != 2 or not all(_NAME.fullmatch(part) and part.strip(".") for part in parts):
        raise GitFailed(f"{repo!r} is not a repository's OWNER/NAME")
    return parts[0], parts[1]
