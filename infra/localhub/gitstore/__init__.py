"""The bare repositories on disk: every git command localhub runs, outside of the smart HTTP bridge.

Functions take the path of a bare repository; they know nothing of the hub. Authors are `Actor` records, turned into
git identities the way GitHub does for its web edits and merges.
"""

from localhub.gitstore.merging import MergeResult, merge_commit, merge_tree, rebase, squash_commit
from localhub.gitstore.process import GitError
from localhub.gitstore.reading import (
    CommitInfo,
    FileChange,
    ahead_behind,
    branches_with,
    changed_paths,
    commit,
    commits_between,
    diff,
    is_ancestor,
    last_commit_touching,
    list_files,
    merge_base,
    patch,
    read_file,
    refs,
    resolve,
    touched_by_commit,
    tree_of,
)
from localhub.gitstore.writing import delete_ref, init_bare, set_default_branch, update_ref, write_files

ZERO = "0" * 40
"""What git calls a ref that does not exist, in pushes."""

__all__ = [
    "ZERO",
    "CommitInfo",
    "FileChange",
    "GitError",
    "MergeResult",
    "ahead_behind",
    "branches_with",
    "changed_paths",
    "commit",
    "commits_between",
    "delete_ref",
    "diff",
    "init_bare",
    "is_ancestor",
    "last_commit_touching",
    "list_files",
    "merge_base",
    "merge_commit",
    "merge_tree",
    "patch",
    "read_file",
    "rebase",
    "refs",
    "resolve",
    "set_default_branch",
    "squash_commit",
    "touched_by_commit",
    "tree_of",
    "update_ref",
    "write_files",
]
