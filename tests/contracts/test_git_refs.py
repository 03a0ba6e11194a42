"""Refs are read from their files where they lie there, and are git's to tell where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.worktree import ref_part
from bot.git.loose import UNTOLD, read_ref
from tests.contracts.git_world import REPO, GitWorld, git


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", ".")
    (tmp_path / "packed-refs").unlink(missing_ok=True)
    tree = git(tmp_path, "mktree")
    git(tmp_path, "update-ref", "refs/heads/main", git(tmp_path, "commit-tree", tree, "-m", "one"))
    return tmp_path


def test_a_ref_is_what_git_says_it_is(mirror: Path) -> None:
    """A branch in a file of its own is read, and one that has none is not there."""
    assert read_ref(mirror, "refs/heads/main") == git(mirror, "rev-parse", "refs/heads/main")
    assert read_ref(mirror, "refs/heads/other") is None
    steps = f"refs/sluice/local/{ref_part('task-a.1.1')}"
    git(mirror, "update-ref", steps, "refs/heads/main")
    assert read_ref(mirror, steps) == git(mirror, "rev-parse", steps)


def test_what_is_not_plain_to_see_is_gits_to_say(mirror: Path) -> None:
    """Refs of refs, expressions and paths that lead elsewhere are not judged by their files."""
    git(mirror, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    (mirror / "refs/heads/main.lock").write_text("0" * 40)
    told = ("refs/heads/alias", "refs/heads/main^{commit}", "refs/heads", "refs/heads/../../HEAD", "HEAD")
    for name in (*told, "refs/heads/main.lock"):
        assert read_ref(mirror, name) is UNTOLD, name
    (mirror / "refs/heads/main.lock").unlink()
    git(mirror, "pack-refs", "--all")
    (mirror / "reftable").mkdir()
    assert read_ref(mirror, "refs/heads/main") is UNTOLD
    assert read_ref(mirror, "refs/heads/other") is UNTOLD


def test_packed_refs_are_read(mirror: Path) -> None:
    """A file of its own outranks what was packed before; a tag's own line is not taken for its commit's."""
    first = git(mirror, "rev-parse", "refs/heads/main")
    git(mirror, "tag", "-a", "-m", "one", "v1", "main")
    git(mirror, "update-ref", "refs/heads/deep/main", first)
    git(mirror, "pack-refs", "--all")
    assert not (mirror / "refs/heads/main").exists()
    for name in ("refs/heads/main", "refs/tags/v1", "refs/heads/deep/main"):
        assert read_ref(mirror, name) == git(mirror, "rev-parse", name)
    assert read_ref(mirror, "refs/heads/other") is read_ref(mirror, "refs/deep/main") is None
    second = git(mirror, "commit-tree", f"{first}^{{tree}}", "-m", "two")
    git(mirror, "update-ref", "refs/heads/main", second)
    assert read_ref(mirror, "refs/heads/main") == second
    git(mirror, "update-ref", "-d", "refs/heads/main")
    assert read_ref(mirror, "refs/heads/main") is None


async def test_packed_refs_and_a_lost_mirror_change_nothing(tmp_path: Path) -> None:
    """Sluice finds a branch whose refs somebody packed, and finds it again when the mirror is gone."""
    world = GitWorld(tmp_path)
    first, second = world.head("main"), world.person_pushes("main", {"README.md": "anew\n"})
    assert first and await world.git.contains(REPO, first, "main")
    mirror = tmp_path / "sluice/mirrors" / f"{REPO}.git"
    git(mirror, "pack-refs", "--all")
    assert await world.git.contains(REPO, second, "main")
    mirror.rename(tmp_path / "lost")
    assert await world.git.contains(REPO, first, second)
