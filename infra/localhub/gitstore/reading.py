"""Answers questions about a bare repository: refs, commits, files and differences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localhub.gitstore.process import GitError, attempt, git, text

COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00"
COMMIT_FIELDS = 10
SHA = re.compile(r"[0-9a-f]{40}")
STATUS_NAMES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True)
class CommitInfo:
    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    author_name: str
    author_email: str
    authored_at: datetime
    committer_name: str
    committer_email: str
    committed_at: datetime


@dataclass(frozen=True)
class FileChange:
    """One file of a comparison, in GitHub's words; `patch` is None for binary files and pure renames."""

    path: str
    status: str  # added removed modified renamed copied changed
    additions: int
    deletions: int
    patch: str | None
    previous_path: str | None = None


async def resolve(git_dir: Path, ref: str) -> str | None:
    """The commit a branch, tag, full ref or (abbreviated) sha names; a branch wins over a tag of the same name."""
    exact = ref == "HEAD" or ref.startswith("refs/") or len(ref) == 40
    for name in (ref,) if exact else (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
        if sha := _head(git_dir, name):
            return sha
        wanted = name + "^{commit}"
        code, out, _ = await attempt(git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
        if code == 0:
            return out.decode().strip()
    return None


def _head(git_dir: Path, ref: str) -> str | None:
    """A branch lies in a file of its own, most times, and HEAD names one; where it is not so, git knows."""
    if ref != "HEAD" and (not ref.startswith("refs/heads/") or ".." in ref):
        return None
    try:
        found = (git_dir / ref).read_text().strip()
    except (OSError, ValueError):
        return None
    if ref == "HEAD" and found.startswith("ref: refs/heads/"):
        return _head(git_dir, found.removeprefix("ref: "))
    return found if SHA.fullmatch(found) else None


async def refs(git_dir: Path, prefix: str = "refs/") -> dict[str, str]:
    """Every ref under `prefix` with the object it points at."""
    listed = await text(git_dir, "for-each-ref", "--format=%(refname) %(objectname)", prefix.rstrip("/"))
    return dict(line.split(" ", 1) for line in listed.splitlines())


async def branches_with(git_dir: Path, sha: str, most: int = 10) -> dict[str, str]:
    """The branches whose history holds the commit, each with its head."""
    wanted = (f"--count={most}", "--format=%(refname:lstrip=2) %(objectname)", f"--contains={sha}", "refs/heads")
    listed = await text(git_dir, "for-each-ref", *wanted)
    return dict(line.rsplit(" ", 1) for line in listed.splitlines())


async def commit(git_dir: Path, sha: str) -> CommitInfo:
    return (await _log(git_dir, "--no-walk", "--end-of-options", sha))[0]


async def commits_between(git_dir: Path, base: str | None, head: str) -> list[CommitInfo]:
    """Commits reachable from `head` but not from `base` (None: all of them), oldest first."""
    reach = f"{base}..{head}" if base else head
    return await _log(git_dir, "--reverse", "--topo-order", "--end-of-options", reach)


async def _log(git_dir: Path, *selection: str) -> list[CommitInfo]:
    out = (await git(git_dir, "log", f"--format=tformat:{COMMIT_FORMAT}", *selection)).decode("utf-8", "replace")
    parts = out.split("\0")[:-1]
    return [_commit_info(parts[at : at + COMMIT_FIELDS]) for at in range(0, len(parts), COMMIT_FIELDS)]


def _commit_info(parts: list[str]) -> CommitInfo:
    sha, tree, parents, author, author_email, authored, committer, committer_email, committed, message = parts
    return CommitInfo(
        sha=sha.strip(),
        tree=tree,
        parents=tuple(parents.split()),
        message=message.rstrip("\n"),
        author_name=author,
        author_email=author_email,
        authored_at=datetime.fromisoformat(authored),
        committer_name=committer,
        committer_email=committer_email,
        committed_at=datetime.fromisoformat(committed),
    )


async def diff(git_dir: Path, base: str, head: str) -> list[FileChange]:
    """What `head` changed since it left `base` (the three-dot comparison of a pull request)."""
    start = await merge_base(git_dir, base, head)
    if start is None:
        raise GitError(("diff", base, head), 1, "no common ancestor")
    common = ("diff-tree", "-r", "-M", start, head)
    raw = (await git(git_dir, *common, "--raw", "--numstat", "-z")).decode("utf-8", "replace").split("\0")[:-1]
    patches = _patches((await git(git_dir, *common, "-p")).decode("utf-8", "replace"))
    names = _raw_entries(raw)
    counts = _numstat_entries(raw[sum(2 + (entry[2] is not None) for entry in names) :])
    return [
        FileChange(path, STATUS_NAMES[status], added, deleted, patch, previous)
        for (status, path, previous), (added, deleted), patch in zip(names, counts, patches, strict=True)
    ]


async def patch(git_dir: Path, base: str, head: str) -> bytes:
    """The same as one text that `git apply` understands."""
    return await git(git_dir, "diff", "-M", f"{base}...{head}")


def _raw_entries(fields: list[str]) -> list[tuple[str, str, str | None]]:
    """(status letter, path, previous path) from the `--raw -z` part, which comes first."""
    entries: list[tuple[str, str, str | None]] = []
    at = 0
    while at < len(fields) and fields[at].startswith(":"):
        letter = fields[at].rsplit(" ", 1)[1][0]
        if letter in "RC":
            entries.append((letter, fields[at + 2], fields[at + 1]))
            at += 3
        else:
            entries.append((letter, fields[at + 1], None))
            at += 2
    return entries


def _numstat_entries(fields: list[str]) -> list[tuple[int, int]]:
    counts: list[tuple[int, int]] = []
    at = 0
    while at < len(fields):
        added, deleted, path = fields[at].split("\t", 2)
        counts.append((0, 0) if added == "-" else (int(added), int(deleted)))
        at += 1 if path else 3  # a rename has an empty path, then the two names
    return counts


def _patches(patch: str) -> list[str | None]:
    """The hunks of each file of a patch, in order."""
    files = ("\n" + patch).split("\ndiff --git ")[1:]
    return [file[at + 1 :].rstrip("\n") if (at := file.find("\n@@ ")) >= 0 else None for file in files]


async def changed_paths(git_dir: Path, before: str, after: str) -> list[str]:
    """Paths that differ between two commits, whatever their history (a two-dot comparison)."""
    out = await git(git_dir, "diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after)
    return [path for path in out.decode("utf-8", "replace").split("\0") if path]


async def touched_by_commit(git_dir: Path, base: str | None, head: str) -> dict[str, list[tuple[str, str]]]:
    """For each commit of `head` that `base` lacks: the status letter and path of every file it touches."""
    since = [f"^{base}"] if base else []
    settings = ("-c", "core.quotePath=false")
    shown = await text(git_dir, *settings, "log", "--no-renames", "--name-status", "--format=%x00%H", head, *since)
    touched: dict[str, list[tuple[str, str]]] = {}
    for entry in shown.split("\0")[1:]:
        sha, *lines = [line for line in entry.splitlines() if line]
        touched[sha] = [(line[0], line.split("\t", 1)[1]) for line in lines]
    return touched


async def merge_base(git_dir: Path, one: str, other: str) -> str | None:
    code, out, _ = await attempt(git_dir, "merge-base", "--end-of-options", one, other)
    return out.decode().strip() if code == 0 else None


async def is_ancestor(git_dir: Path, ancestor: str, descendant: str) -> bool:
    code, _, _ = await attempt(git_dir, "merge-base", "--is-ancestor", ancestor, descendant)
    return code == 0


async def ahead_behind(git_dir: Path, base: str, head: str) -> tuple[int, int]:
    """How many commits `head` has that `base` lacks, and the other way round."""
    counts = await text(git_dir, "rev-list", "--left-right", "--count", f"{head}...{base}")
    ahead, behind = counts.split()
    return int(ahead), int(behind)


async def tree_of(git_dir: Path, rev: str) -> str:
    return await text(git_dir, "rev-parse", "--verify", "--end-of-options", rev + "^{tree}")


async def read_file(git_dir: Path, rev: str, path: str) -> bytes | None:
    code, out, _ = await attempt(git_dir, "cat-file", "blob", f"{rev}:{path}")
    return out if code == 0 else None


async def list_files(git_dir: Path, rev: str, prefix: str = "") -> list[str]:
    """Paths of the files at `rev` under a folder, or the file of that name."""
    under = ["--", prefix.rstrip("/")] if prefix.rstrip("/") else []
    out = await git(git_dir, "ls-tree", "-r", "-z", "--name-only", "--full-tree", rev, *under)
    return [name for name in out.decode("utf-8", "replace").split("\0") if name]


async def last_commit_touching(git_dir: Path, rev: str, path: str) -> CommitInfo | None:
    found = await _log(git_dir, "-1", rev, "--", path)
    return found[0] if found else None
