"""Merges without a worktree: GitHub's three ways to land a pull request, as commit objects that no ref names yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localhub.gitstore.process import GitError, attempt
from localhub.gitstore.reading import CommitInfo, commits_between, resolve, tree_of
from localhub.gitstore.writing import commit_tree
from localhub.model import Actor


@dataclass(frozen=True)
class MergeResult:
    clean: bool
    tree: str | None
    conflicts: list[str]


async def merge_tree(git_dir: Path, base: str, head: str) -> MergeResult:
    """The tree of merging `head` into `base`, or the paths that conflict."""
    code, out, err = await attempt(
        git_dir, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", base, head
    )
    if code > 1:
        raise GitError(("merge-tree", base, head), code, err.decode("utf-8", "replace"))
    tree, *conflicts = [part for part in out.decode("utf-8", "replace").split("\0") if part]
    return MergeResult(True, tree, []) if code == 0 else MergeResult(False, None, conflicts)


async def merge_commit(
    git_dir: Path, base_ref: str, head_sha: str, message: str, author: Actor, at: datetime | None = None
) -> str:
    """A commit with both parents. GitError when the two conflict."""
    base = await _required(git_dir, base_ref)
    tree = await _merged_tree(git_dir, base, head_sha)
    return await commit_tree(git_dir, tree, [base, head_sha], message, author, at)


async def squash_commit(
    git_dir: Path, base_ref: str, head_sha: str, message: str, author: Actor, at: datetime | None = None
) -> str:
    """One commit on top of the base with all that the head changed."""
    base = await _required(git_dir, base_ref)
    tree = await _merged_tree(git_dir, base, head_sha)
    return await commit_tree(git_dir, tree, [base], message, author, at)


async def rebase(
    git_dir: Path, base_ref: str, head_sha: str, message: str, author: Actor, at: datetime | None = None
) -> str:
    """The head's commits replayed on the base; authors and messages stay (`message` is unused), `author` commits."""
    tip = await _required(git_dir, base_ref)
    for change in await commits_between(git_dir, tip, head_sha):
        if len(change.parents) != 1:
            continue  # git rebase flattens merges too
        tip = await _replay(git_dir, tip, change, author, at)
    return tip


async def _replay(git_dir: Path, tip: str, change: CommitInfo, committer: Actor, at: datetime | None) -> str:
    """Cherry-picks one commit: a stand-in with the tip's tree on the change's parent fixes the merge base."""
    before = change.parents[0]
    stand_in = await commit_tree(git_dir, await tree_of(git_dir, tip), [before], "stand-in", committer, at)
    tree = await _merged_tree(git_dir, stand_in, change.sha)
    kept_author = {
        "GIT_AUTHOR_NAME": change.author_name,
        "GIT_AUTHOR_EMAIL": change.author_email,
        "GIT_AUTHOR_DATE": change.authored_at.isoformat(),
    }
    return await commit_tree(git_dir, tree, [tip], change.message, committer, at, env=kept_author)


async def _merged_tree(git_dir: Path, base: str, head: str) -> str:
    result = await merge_tree(git_dir, base, head)
    if result.tree is None:
        raise GitError(("merge-tree", base, head), 1, f"conflicts in {', '.join(result.conflicts)}")
    return result.tree


async def _required(git_dir: Path, ref: str) -> str:
    sha = await resolve(git_dir, ref)
    if sha is None:
        raise GitError(("rev-parse", ref), 1, "no such ref")
    return sha
