"""Stories of trees an agent has turned against Sluice: nothing planted in them runs, leaks or escapes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.worktree import WorkSpec
from bot.git.errors import GitFailed
from tests.contracts.git_world import REPO, SPEC, GitWorld, git

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a file named `sprung` beside itself when anybody runs it."""
    program = tmp_path / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\n")
    program.chmod(0o755)
    return program


def fsmonitor(tree: Path, trap: Path) -> None:
    git(tree, "config", "core.fsmonitor", str(trap))


def instead_of(tree: Path, trap: Path) -> None:
    git(tree, "config", f"url.ext::{trap} .insteadOf", "file://")
    git(tree, "config", "protocol.ext.allow", "always")


def filters(tree: Path, trap: Path) -> None:
    (tree / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    for key in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "merge.evil.driver"):
        git(tree, "config", key, str(trap))


def hooks(tree: Path, trap: Path) -> None:
    for name in ("pre-commit", "post-checkout", "post-index-change", "pre-push", "reference-transaction", "post-merge"):
        shutil.copy(trap, tree / ".git/hooks" / name)


def promisor(tree: Path, trap: Path) -> None:
    """A partial clone: git fetches objects it misses from wherever the configuration says, with whatever program."""
    config = tree / ".git/config"
    config.write_text(
        f'{config.read_text()}[extensions]\npartialClone = evil\n[remote "evil"]\nurl = ext::{trap}\npromisor = true\n'
        f"[protocol]\nallow = always\n[uploadpack]\npackObjectsHook = {trap}\n[core]\nalternateRefsCommand = {trap}\n"
    )
    (tree / ".git/refs/heads/sluice").mkdir(exist_ok=True)
    (tree / ".git/refs/heads/sluice/7-fix-the-typo").write_text("1" * 40 + "\n")


def submodule(tree: Path, trap: Path) -> None:
    """An embedded repository, added as if it were a submodule, with a trap in its own configuration."""
    (tree / "sub").mkdir()
    git(tree / "sub", "init", "--quiet", ".")
    (tree / "sub/inner").write_text("inner\n")
    git(tree / "sub", "add", "inner")
    git(tree / "sub", "commit", "--quiet", "-m", "Inner")
    git(tree, "add", "sub")
    git(tree, "commit", "--quiet", "-m", "Embed")
    git(tree / "sub", "config", "core.fsmonitor", str(trap))


@pytest.mark.parametrize("plant", [fsmonitor, instead_of, filters, hooks, promisor, submodule])
async def test_nothing_planted_runs(
    world: GitWorld, trap: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    """Whatever an agent plants in its tree, collecting, merging, saving, pushing and removing run none of it."""
    tree = await world.tree()
    plant(tree, trap)
    (tmp_path / "sprung").unlink(missing_ok=True)  # planting may have set it off
    (tree / "README.md").write_text("changed\n")
    await world.collect()
    world.person_pushes("main", {"new": "n\n"})
    await world.git.worktree(SPEC, merge_base=True)
    (tree / "b").write_text("b\n")
    head = await world.saved()
    assert (await world.git.push(SPEC, None)).outcome == "pushed"
    await world.git.checkout(REPO, head, "gate")
    await world.git.remove_worktree(SPEC)
    assert not (tmp_path / "sprung").exists()
    assert world.file(head, "README.md") == "changed" and world.file(head, "b") == "b"


async def test_the_next_round_gets_a_clean_git_folder(world: GitWorld, trap: Path) -> None:
    """Hooks, settings and remotes of one round are gone in the next."""
    tree = await world.tree()
    hooks(tree, trap)
    fsmonitor(tree, trap)
    await world.tree()
    assert list((tree / ".git/hooks").iterdir()) == []
    assert "fsmonitor" not in (tree / ".git/config").read_text()


async def test_an_embedded_repository_is_kept_as_files(world: GitWorld, trap: Path) -> None:
    """The files of a repository within the tree are work like any other; its git folder is not."""
    tree = await world.tree()
    submodule(tree, trap)
    (tree / "other").mkdir()
    git(tree / "other", "init", "--quiet", ".")
    (tree / "other/x.log").write_text("ignored\n")
    (tree / "other/y").write_text("y\n")
    work = await world.collect()
    assert [file.path for file in work.files] == ["other/y", "sub/inner"]


def as_a_link(tree: Path, elsewhere: Path) -> None:
    shutil.move(tree / ".git", elsewhere)
    (tree / ".git").symlink_to(elsewhere)


def as_a_file(tree: Path, elsewhere: Path) -> None:
    shutil.move(tree / ".git", elsewhere)
    (tree / ".git").write_text(f"gitdir: {elsewhere}\n")


def as_nothing(tree: Path, elsewhere: Path) -> None:
    shutil.rmtree(tree / ".git")


def with_linked_objects(tree: Path, elsewhere: Path) -> None:
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "Mine")
    shutil.move(tree / ".git/objects", elsewhere)
    (tree / ".git/objects").symlink_to(elsewhere)


def with_a_linked_head(tree: Path, elsewhere: Path) -> None:
    elsewhere.write_text("0" * 40)
    (tree / ".git/HEAD").unlink()
    (tree / ".git/HEAD").symlink_to(elsewhere)


def with_a_pipe_for_head(tree: Path, elsewhere: Path) -> None:
    (tree / ".git/HEAD").unlink()
    os.mkfifo(tree / ".git/HEAD")


def with_a_broken_object(tree: Path, elsewhere: Path) -> None:
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "Mine")
    head = git(tree, "rev-parse", "HEAD")
    broken = tree / ".git/objects" / head[:2] / head[2:]
    broken.chmod(0o600)
    broken.write_bytes(b"not an object")


ODD = (
    as_a_link,
    as_a_file,
    as_nothing,
    with_linked_objects,
    with_a_linked_head,
    with_a_pipe_for_head,
    with_a_broken_object,
)


@pytest.mark.parametrize("twist", ODD)
async def test_an_odd_git_folder_costs_only_its_history(
    world: GitWorld, tmp_path: Path, twist: Callable[[Path, Path], None]
) -> None:
    """When the tree's `.git` is not what was laid, its files are collected all the same, and a new one is laid."""
    tree = await world.tree()
    twist(tree, tmp_path / "elsewhere")
    (tree / "a").write_text("a\n")
    work = await world.collect()
    assert [file.path for file in work.files] == ["a"] and work.commits == 1
    await world.tree()
    assert not (tree / ".git").is_symlink() and git(tree, "rev-parse", "HEAD") == work.head


async def test_links_out_of_the_tree_are_only_links(world: GitWorld, tmp_path: Path) -> None:
    """A symbolic link is collected as a link: what it points to is neither read, nor written, nor removed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "app.py").write_text("secret\n")
    tree = await world.tree()
    shutil.rmtree(tree / "src")
    (tree / "src").symlink_to(outside)
    (tree / "passwd").symlink_to("/etc/passwd")
    work = await world.collect()
    assert [file.path for file in work.files] == ["passwd", "src", "src/app.py"]
    head = await world.git.save(SPEC)
    assert world.file(head, "passwd") == "/etc/passwd" and world.file(head, "src") == str(outside)
    world.person_pushes("main", {"src/app.py": "new\n"})
    await world.git.worktree(SPEC, merge_base=True)
    await world.saved()
    await world.git.remove_worktree(SPEC)
    assert (outside / "app.py").read_text() == "secret\n"


async def test_pipes_and_folders_in_place_of_files(world: GitWorld) -> None:
    """A pipe where a file was is a deleted file, a folder where a file was is its files, and nothing hangs."""
    tree = await world.tree()
    (tree / "README.md").unlink()
    os.mkfifo(tree / "README.md")
    os.mkfifo(tree / "pipe")
    (tree / "src/app.py").unlink()
    (tree / "src/app.py").mkdir()
    (tree / "src/app.py/part").write_text("x\n")
    assert [file.path for file in (await world.collect()).files] == ["README.md", "src/app.py", "src/app.py/part"]


async def test_whatever_lies_in_a_tree_it_is_read_to_its_end(world: GitWorld) -> None:
    """Pipes that git would open, what its owner may not read, an encoding nobody knows, a hole of terabytes, folders
    deeper than any name: the work beside them is collected, and they go with the tree."""
    tree = await world.tree()
    for pipe in ("a/.gitignore", "b/.gitattributes", "c/.git/HEAD"):
        (tree / pipe).parent.mkdir(parents=True)
        os.mkfifo(tree / pipe)
    (tree / "c/.git/refs").mkdir()
    (tree / "c/.git/objects").mkdir()
    (tree / ".gitattributes").write_text("*.bin working-tree-encoding=NOBODYS\n")
    (tree / "x.bin").write_bytes(b"\xff\0as it is")
    (tree / "link.bin").symlink_to("x.bin")
    with (tree / "hole").open("wb") as hole:
        hole.truncate(1 << 40)
    (tree / "shut").mkdir()
    (tree / "shut/file").write_text("work\n")
    (tree / "shut/file").chmod(0)
    (tree / "shut").chmod(0)
    git(tree, "-c", "alias.dig=!f() { for i in $(seq 1500); do mkdir d && cd d || exit; done; }; f", "dig")
    work = await world.collect()
    assert [file.path for file in work.files] == [".gitattributes", "link.bin", "shut/file", "x.bin"]
    head = await world.git.save(SPEC)
    assert world.file(head, "shut/file") == "work"
    await world.git.remove_worktree(SPEC)
    assert not tree.exists() and not list((world.home / "sluice/scratch").iterdir())


OBEYED = (
    "Fix it [skip ci]\n\nfixes #99, Closes: acme/other#9\nResolved https://github.com/acme/other/issues/9\n"
    "fix GH-9\nSee #3.\n\nskip-checks: true\n"
)


async def test_no_word_of_an_agents_commits_is_obeyed_by_github(world: GitWorld) -> None:
    """It closes no other issue and leaves no check out, whoever committed; what only names an issue stays."""
    tree = await world.tree()
    git(tree, "commit", "--quiet", "--allow-empty", "-m", OBEYED)
    (tree / "a").write_text("a\n")
    await world.git.collect(SPEC, OBEYED, {"Sluice-Run": "r1"})
    said = git(world.remote, "log", "-2", "--format=%B", await world.git.save(SPEC))
    one = "Fix it (skip ci)\n\nfixes no. 99, Closes: no. 9\nResolved no. 9\nfix no. 9\nSee #3."
    assert said.split("\n\nSluice-Run: r1") in ([one, f"\n\n{one}", ""], [one, f"\n{one}", ""])


async def test_names_of_every_kind(world: GitWorld) -> None:
    """Unicode, spaces, dashes, line breaks and glob characters in names are only names."""
    tree = await world.tree()
    names = ["-rf", "a b", "é", "new\nline", "star*", ":(top)x", "日本語/文.txt", '"quoted"', "tab\there"]
    for name in names:
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("x\n")
    (tree / os.fsdecode(b"latin-\xe9")).write_text("x\n")
    found = {file.path for file in (await world.collect()).files}
    assert found == {*names, "latin-\\xe9"}


async def test_words_of_every_kind(world: GitWorld) -> None:
    """An agent's words in a commit message cannot keep its work from being committed."""
    (await world.tree() / "a").write_text("a\n")
    await world.git.collect(SPEC, "Fix\0 \ud800 \x1b[31mit\n\nWhy: never mind\n", {"Sluice-Run": "x\ny: z"})
    head = await world.git.save(SPEC)
    said = git(world.remote, "log", "-1", "--format=%B", head)
    assert said == "Fix  [31mit\n\nWhy: never mind\n\nSluice-Run: x y: z"


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, branch="sluice/.."),
        replace(SPEC, branch="../../../etc/cron.d/x"),
        replace(SPEC, branch="--upload-pack=touch /tmp/x"),
        replace(SPEC, branch="a b"),
        replace(SPEC, base="-c"),
        replace(SPEC, repo="../.."),
        replace(SPEC, repo="acme/../widgets"),
        replace(SPEC, repo="acme/.."),
        replace(SPEC, repo="acme"),
    ],
    ids=lambda spec: f"{spec.repo}:{spec.branch}:{spec.base}",
)
async def test_hostile_names_are_refused(world: GitWorld, spec: WorkSpec) -> None:
    """A repository or branch whose name is no name is refused before anything is touched."""
    before = sorted(world.home.rglob("*"))
    with pytest.raises(GitFailed):
        await world.git.worktree(spec)
    assert sorted(world.home.rglob("*")) == before


async def test_a_hostile_item_stays_in_its_folder(world: GitWorld) -> None:
    """An item's id can be anything: it becomes one harmless part of a ref and of a path."""
    spec = replace(SPEC, item="../../x\0y refs/heads/main")
    (await world.tree(spec) / "a").write_text("a\n")
    await world.saved(spec)
    await world.git.remove_worktree(spec)
    assert set(world.refs()) == {"refs/heads/main", spec.saved_ref}


async def test_a_folder_swapped_for_a_link_is_refused(world: GitWorld, tmp_path: Path) -> None:
    """If something put a link where the worktrees are, nothing is followed out of the root."""
    tree = await world.tree()
    outside = tmp_path / "outside"
    shutil.move(tree.parent, outside)
    tree.parent.symlink_to(outside)
    with pytest.raises(GitFailed, match="leads outside"):
        await world.git.remove_worktree(SPEC)
    assert (outside / tree.name / "README.md").exists()


async def test_a_kill_while_files_are_laid_loses_nothing(world: GitWorld) -> None:
    """A tree whose files were only half laid is finished first: what is missing was not deleted by anybody."""
    tree = await world.tree()
    mirror = world.home / "sluice/mirrors/acme/widgets.git"
    git(mirror, "update-ref", "refs/sluice/laying/PVTI_1", world.head("main") or "")
    (tree / "README.md").unlink()
    work = await world.collect()
    assert work.empty and (tree / "README.md").exists()


async def test_a_token_shows_nowhere(world: GitWorld, tmp_path: Path) -> None:
    """The credential is in no file under the root, the mirror's configuration and the tree included."""
    from bot.git.facade import Git

    async def token(repo: str) -> str:
        return "ghs_secret"

    sluice = Git(tmp_path / "with-token", lambda repo: f"file://{world.remote}", token, ("Sluice", "s@example.com"))
    await sluice.worktree(SPEC)
    files = [path for path in (tmp_path / "with-token").rglob("*") if path.is_file()]
    assert files and not any(b"ghs_secret" in path.read_bytes() for path in files)
