"""The worktree: where an item's work lies, on this machine and on the remote. Plain data; bot/git does the work."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SLUG_LENGTH = 40


@dataclass(frozen=True)
class WorkSpec:
    """Whose worktree: everything bot/git needs to find, make, save or remove it again."""

    repo: str  # "owner/name"
    item: str  # the item's id; becomes part of a ref only through `ref_part`
    branch: str  # "sluice/<number>-<slug>"
    base: str  # the branch it will be merged into; of a step of a plan the head it begins at
    peoples: str = ""  # the branch whose configuration and submodules count, where that is not the base

    @property
    def config(self) -> str:
        return self.peoples or self.base

    @property
    def saved_ref(self) -> str:
        """The remote ref that keeps unfinished work. It starts no workflow: it is no branch."""
        return f"refs/sluice/work/{ref_part(self.item)}"


def part_of(spec: WorkSpec, step: str, head: str) -> WorkSpec:
    """A worktree of its own for one step, which begins at the item's head; its branch is never pushed."""
    return WorkSpec(spec.repo, f"{spec.item}.{step}", f"{spec.branch}.{step}", head, spec.base)


@dataclass(frozen=True)
class Worktree:
    """A worktree that stands ready."""

    path: Path
    head: str  # SHA
    base_sha: str
    came_from: Literal["base", "branch", "saved", "existing"]
    conflicts: tuple[str, ...] = ()  # files with conflict markers, when the base was merged in


@dataclass(frozen=True)
class FileChange:
    path: str
    added: int  # lines; 0 for binary files
    removed: int


@dataclass(frozen=True)
class Work:
    """What lies in a worktree after a run, committed and safe in the mirror: the only proof that something was done."""

    head: str
    base_sha: str  # the merge base with the base branch
    commits: int  # since the merge base
    files: tuple[FileChange, ...] = ()
    unresolved: tuple[str, ...] = ()  # conflict markers left behind

    @property
    def empty(self) -> bool:
        return not self.files


@dataclass(frozen=True)
class Push:
    """The answer to a push: moved means somebody else's commit is there and was left alone."""

    outcome: Literal["pushed", "moved", "refused"]
    head: str | None  # what the remote has now
    reason: str = ""


@dataclass(frozen=True)
class ClaimNote:
    """What a remote claim ref says: which instance works on the issue, and until when (aware UTC, ISO 8601)."""

    instance: str
    expires: str
    sha: str = ""  # of the object that holds the note: the value for compare-and-set


def branch_name(number: int, title: str) -> str:
    """`sluice/<number>-<slug>`: only a-z, 0-9 and dashes, so that no title can escape a path or forge a ref."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")
    return f"sluice/{number}-{slug or 'item'}"


def ref_part(text: str) -> str:
    """A text as one safe component of a ref or a path; different texts stay different."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else f"={ord(c):x}=" for c in text) or "=="
