"""Changes a bare repository by plumbing: makes it, writes commits without a worktree, moves refs by compare-and-set."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from localhub.gitstore.hooks import HOOKS
from localhub.gitstore.process import GitError, attempt, git, identity, text
from localhub.gitstore.reading import resolve
from localhub.model import Actor

CONFIG = {
    "http.receivepack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "receive.hideRefs": "refs/pull",  # GitHub writes these, nobody else
    "receive.fsckObjects": "true",
    "gc.auto": "0",
    "core.logAllRefUpdates": "false",
}


async def init_bare(
    path: Path,
    files: Mapping[str, str],
    author: Actor,
    message: str = "Initial commit",
    branch: str = "main",
    at: datetime | None = None,
) -> str:
    """Makes a bare repository that GitHub's rules for pushes apply to; returns the sha of its first commit."""
    path.mkdir(parents=True, exist_ok=True)
    await git(path, "init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", str(path))
    settings = "".join(f"[{key.split('.')[0]}]\n\t{key.split('.')[1]} = {value}\n" for key, value in CONFIG.items())
    with (path / "config").open("a") as config:
        config.write(settings)
    for name, script in HOOKS.items():
        hook = path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script)
        hook.chmod(0o755)
    return await write_files(path, branch, files, message, author, at=at)


async def write_files(
    git_dir: Path,
    branch: str,
    files: Mapping[str, str | bytes | None],
    message: str,
    author: Actor,
    at: datetime | None = None,
) -> str:
    """Commits `files` (None deletes) on top of `branch`, which is made when absent; returns the new head.

    GitError when somebody moved the branch meanwhile.
    """
    ref = f"refs/heads/{branch}"
    parent = await resolve(git_dir, ref)
    tree = await _tree_with(git_dir, parent, files)
    sha = await commit_tree(git_dir, tree, [parent] if parent else [], message, author, at)
    if not await update_ref(git_dir, ref, sha, old=parent or ""):
        raise GitError(("update-ref", ref), 1, "the branch moved meanwhile")
    return sha


async def _tree_with(git_dir: Path, parent: str | None, files: Mapping[str, str | bytes | None]) -> str:
    """The tree of `parent` with `files` put in place."""
    with tempfile.TemporaryDirectory(prefix="localhub-index-") as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        if parent:
            await git(git_dir, "read-tree", parent, env=index)
        there = {path: content for path, content in files.items() if content is not None}
        contents = [content.encode() if isinstance(content, str) else content for content in there.values()]
        entries = [f"0 {'0' * 40}\t{path}\0" for path in files.keys() - there.keys()]
        for path, data, blob in zip(there, contents, await _blobs(git_dir, Path(folder), contents), strict=True):
            mode = "100755" if data.startswith(b"#!") else "100644"
            entries.append(f"{mode} {blob}\t{path}\0")
        await git(git_dir, "update-index", "-z", "--index-info", stdin="".join(entries).encode(), env=index)
        return await text(git_dir, "write-tree", env=index)


async def _blobs(git_dir: Path, folder: Path, contents: list[bytes]) -> list[str]:
    """One process for all of them, which reads them from files in `folder`."""
    files = [folder / f"blob-{n}" for n in range(len(contents))]
    for file, data in zip(files, contents, strict=True):
        file.write_bytes(data)
    paths = "".join(f"{file}\n" for file in files).encode()
    return (await text(git_dir, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths)).split()


async def commit_tree(
    git_dir: Path,
    tree: str,
    parents: list[str],
    message: str,
    author: Actor,
    at: datetime | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """A commit object, reachable from nothing yet. `env` may name another author than the committer."""
    names = [argument for parent in parents for argument in ("-p", parent)]
    who = identity(author, at) | dict(env or {})
    return await text(git_dir, "commit-tree", tree, *names, stdin=message.encode(), env=who)


async def update_ref(git_dir: Path, ref: str, new: str, old: str | None = None) -> bool:
    """Moves `ref` to `new` if it is at `old` (None: wherever it is; empty: it must not exist). False when it is not."""
    expected = [] if old is None else [old or "0" * 40]
    code, _, _ = await attempt(git_dir, "update-ref", ref, new, *expected)
    return code == 0


async def delete_ref(git_dir: Path, ref: str, old: str | None = None) -> bool:
    """Removes `ref` if it is there (at `old`, when given)."""
    if await resolve(git_dir, ref) is None:
        return False
    code, _, _ = await attempt(git_dir, "update-ref", "-d", ref, *([old] if old else []))
    return code == 0


async def set_default_branch(git_dir: Path, branch: str) -> None:
    await git(git_dir, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
