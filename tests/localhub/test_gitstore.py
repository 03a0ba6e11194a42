"""Stories of the bare repositories: commits without a worktree, comparisons, the three ways to merge."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from localhub import gitstore
from localhub.model import Actor

ANN = Actor(id=7, node_id="U_7", login="ann", kind="User", name="Ann Example")
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def repo(tmp_path: Path) -> Path:
    path = tmp_path / "shop.git"
    await gitstore.init_bare(path, {"README.md": "one\ntwo\n", "src/app.py": "print('hi')\n"}, ANN, at=NOON)
    return path


async def branch(repo: Path, name: str, files: dict[str, str | bytes | None]) -> str:
    start = await gitstore.resolve(repo, "main")
    assert start and await gitstore.update_ref(repo, f"refs/heads/{name}", start, old="")
    return await gitstore.write_files(repo, name, files, f"Work on {name}", ANN, at=NOON)


async def test_a_new_repository_holds_its_files(repo: Path) -> None:
    """A repository is made with a first commit by a person with a GitHub address."""
    head = await gitstore.resolve(repo, "main")
    assert head and await gitstore.refs(repo) == {"refs/heads/main": head}
    info = await gitstore.commit(repo, head)
    assert (info.author_name, info.author_email) == ("Ann Example", "7+ann@users.noreply.github.com")
    assert (info.message, info.committed_at, info.parents) == ("Initial commit", NOON, ())
    assert await gitstore.list_files(repo, head) == ["README.md", "src/app.py"]
    assert await gitstore.list_files(repo, head, "src/") == ["src/app.py"]
    assert await gitstore.read_file(repo, "main", "README.md") == b"one\ntwo\n"
    assert await gitstore.read_file(repo, "main", "nowhere") is None


async def test_a_comparison_lists_every_kind_of_change(repo: Path) -> None:
    """Added, changed, removed, renamed and binary files are told apart, with counts and hunks."""
    await gitstore.write_files(repo, "main", {"old name.txt": "same\n" * 20, "gone": "x\n"}, "More", ANN)
    changes: dict[str, str | bytes | None] = {
        "README.md": "one\n2\nthree\n",
        "gone": None,
        "old name.txt": None,
        "new name.txt": "same\n" * 20,
        "logo.png": b"\x00\x01",
        "src/new.py": "x = 1\n",
    }
    await branch(repo, "topic", changes)
    found = {change.path: change for change in await gitstore.diff(repo, "main", "topic")}
    assert {path: change.status for path, change in found.items()} == {
        "README.md": "modified",
        "gone": "removed",
        "new name.txt": "renamed",
        "logo.png": "added",
        "src/new.py": "added",
    }
    readme = found["README.md"]
    assert (readme.additions, readme.deletions) == (2, 1)
    assert readme.patch is not None and readme.patch.startswith("@@ -1,2 +1,3 @@")
    assert found["new name.txt"].previous_path == "old name.txt"
    assert found["logo.png"].patch is None


async def test_a_comparison_ignores_what_the_base_did_meanwhile(repo: Path) -> None:
    """Like a pull request's files: only what the head changed since it left the base."""
    await branch(repo, "topic", {"topic": "t"})
    await gitstore.write_files(repo, "main", {"main": "m"}, "Main moved", ANN)
    assert [change.path for change in await gitstore.diff(repo, "main", "topic")] == ["topic"]
    assert await gitstore.ahead_behind(repo, "main", "topic") == (1, 1)
    assert [info.message for info in await gitstore.commits_between(repo, "main", "topic")] == ["Work on topic"]


async def test_three_ways_to_land_a_branch(repo: Path) -> None:
    """Merge has two parents, squash one, rebase keeps author and message; all have the same tree."""
    head = await branch(repo, "topic", {"topic": "t"})
    base = await gitstore.write_files(repo, "main", {"main": "m"}, "Main moved", ANN)
    bob = Actor(id=8, node_id="U_8", login="bob", kind="User")
    merge = await gitstore.commit(repo, await gitstore.merge_commit(repo, "main", head, "Merge it", bob))
    squash = await gitstore.commit(repo, await gitstore.squash_commit(repo, "main", head, "Squash it", bob))
    rebased = await gitstore.commit(repo, await gitstore.rebase(repo, "main", head, "", bob))
    assert merge.parents == (base, head)
    assert squash.parents == rebased.parents == (base,)
    assert (rebased.message, rebased.author_name, rebased.committer_name) == ("Work on topic", "Ann Example", "bob")
    assert merge.tree == squash.tree == rebased.tree
    assert await gitstore.list_files(repo, squash.sha) == ["README.md", "main", "src/app.py", "topic"]


async def test_conflicts_are_named(repo: Path) -> None:
    """Two changes of one line do not merge, and the answer names the file."""
    head = await branch(repo, "topic", {"README.md": "topic\n"})
    await gitstore.write_files(repo, "main", {"README.md": "main\n"}, "Main moved", ANN)
    assert await gitstore.merge_tree(repo, "main", head) == gitstore.MergeResult(False, None, ["README.md"])
    with pytest.raises(gitstore.GitError, match=r"README\.md"):
        await gitstore.squash_commit(repo, "main", head, "no", ANN)


async def test_refs_move_by_compare_and_set(repo: Path) -> None:
    """A ref moves only from where the caller saw it."""
    first = await gitstore.resolve(repo, "main")
    assert first
    second = await gitstore.write_files(repo, "main", {"a": "a"}, "More", ANN)
    assert not await gitstore.update_ref(repo, "refs/heads/main", first, old=first)
    assert not await gitstore.update_ref(repo, "refs/heads/main", first, old="")
    assert await gitstore.update_ref(repo, "refs/heads/main", first, old=second)
    assert not await gitstore.delete_ref(repo, "refs/heads/main", old=second)
    assert await gitstore.delete_ref(repo, "refs/heads/main")
    assert await gitstore.resolve(repo, "main") is None
