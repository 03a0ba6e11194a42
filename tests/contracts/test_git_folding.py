"""Stories of steps that work side by side, each in a tree of its own, and of how their work comes together."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.worktree import Work, WorkSpec, part_of
from tests.contracts.git_world import SPEC, GitWorld, git

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


async def step(world: GitWorld, name: str, head: str, merge_head: str = "", **files: str) -> tuple[WorkSpec, Work]:
    """A step that begins at a head and leaves these files."""
    spec = part_of(SPEC, name, head)
    tree = await world.git.worktree(spec, merge_head=merge_head)
    for file, text in files.items():
        (tree.path / f"{file}.txt").write_text(text)
    work = await world.git.collect(spec, f"step {name}", {})
    await world.git.save(spec)
    return spec, work


async def test_two_steps_come_together(world: GitWorld) -> None:
    """Both works are on the item's branch, whose own tree was never needed, and nothing of either is anywhere else."""
    main = world.head("main") or ""
    one, ones = await step(world, "1.1", main, one="1\n")
    two, twos = await step(world, "1.2", main, two="2\n")
    first = await world.git.fold(SPEC, one, ones.head, "step 1.1")
    assert isinstance(first, Work) and first.head == ones.head
    both = await world.git.fold(SPEC, two, twos.head, "step 1.2")
    assert isinstance(both, Work) and {file.path for file in both.files} == {"one.txt", "two.txt"}
    assert await world.git.save(SPEC) == both.head
    assert not world.git.has_worktree(SPEC)
    assert await world.git.fold(SPEC, two, twos.head, "step 1.2") == both


async def test_on_another_machine_the_same(world: GitWorld) -> None:
    """What was saved is enough: the step's work and the item's are fetched."""
    main = world.head("main") or ""
    one, ones = await step(world, "1.1", main, one="1\n")
    await world.git.fold(SPEC, one, ones.head, "step 1.1")
    await world.git.save(SPEC)
    two, twos = await step(world, "1.2", ones.head, two="2\n")
    folded = await world.another("elsewhere").fold(SPEC, two, twos.head, "step 1.2")
    assert isinstance(folded, Work) and {file.path for file in folded.files} == {"one.txt", "two.txt"}


async def test_a_conflict_is_told_and_can_be_resolved_in_the_steps_own_tree(world: GitWorld) -> None:
    """The item's branch stays as it was; the step begins again with the conflict laid before it."""
    main = world.head("main") or ""
    one, ones = await step(world, "1.1", main, same="1\n")
    two, twos = await step(world, "1.2", main, same="2\n")
    mine = await world.git.fold(SPEC, one, ones.head, "step 1.1")
    assert await world.git.fold(SPEC, two, twos.head, "step 1.2") == ("same.txt",)
    assert isinstance(mine, Work)
    tree = await world.git.worktree(two, merge_head=mine.head)
    assert tree.conflicts == ("same.txt",)
    assert "<<<<<<<" in (tree.path / "same.txt").read_text()
    (tree.path / "same.txt").write_text("1 and 2\n")
    resolved = await world.git.collect(two, "step 1.2", {})
    folded = await world.git.fold(SPEC, two, resolved.head, "step 1.2")
    assert isinstance(folded, Work) and git(world.remote, "rev-parse", "main") == main
    assert folded.files[0].path == "same.txt" and folded.unresolved == ()


async def test_what_is_handed_on_is_not_committed(world: GitWorld) -> None:
    """Files below .sluice/ lie beside the work, for Sluice and for the agent's own git alike."""
    spec = part_of(SPEC, "1.1", world.head("main") or "")
    tree = await world.git.worktree(spec)
    (tree.path / ".sluice").mkdir()
    (tree.path / ".sluice/scout-report.md").write_text("here\n")
    assert git(tree.path, "status", "--porcelain") == ""
    assert (await world.git.collect(spec, "look", {})).empty


async def test_a_step_that_is_over_leaves_no_tree(world: GitWorld) -> None:
    """Its tree goes once its work is saved; without that it stays."""
    main = world.head("main") or ""
    one, ones = await step(world, "1.1", main, one="1\n")
    await world.git.fold(SPEC, one, ones.head, "step 1.1")
    await world.git.save(SPEC)
    await world.git.remove_worktree(one)
    await world.git.drop_saved(one)
    assert world.git.worktrees() == []
    assert [ref for ref in world.refs() if "/work/" in ref] == [SPEC.saved_ref]
