"""Stories of item worktrees: where work starts, how it is collected, saved, merged with others' and removed."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.worktree import FileChange
from bot.git.errors import GitFailed
from bot.git.facade import Git
from tests.contracts.git_world import REPO, SPEC, GitWorld, git

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


async def test_a_new_tree_starts_at_the_base(world: GitWorld) -> None:
    """The first tree of an item is the base branch, on the item's branch, clean, and with the base's ref at hand."""
    made = await world.git.worktree(SPEC)
    assert (made.came_from, made.head, made.base_sha) == ("base", world.head("main"), world.head("main"))
    assert git(made.path, "status", "--porcelain", "--branch") == "## sluice/7-fix-the-typo"
    assert git(made.path, "rev-parse", "origin/main") == made.base_sha
    assert git(made.path, "log", "--format=%s") == "Change README.md, src/app.py, .gitignore"
    assert world.git.worktrees() == [made.path] and world.git.has_worktree(SPEC)


async def test_what_an_agent_leaves_is_committed(world: GitWorld) -> None:
    """New, changed and deleted files become one commit with trailers; what git ignores stays out of it."""
    tree = await world.tree()
    (tree / "README.md").write_text("one\n2\nthree\n")
    (tree / "grüße 'and' more.txt").write_text("hello\n")
    (tree / "noise.log").write_text("noise\n")
    (tree / "src/app.py").unlink()
    work = await world.collect()
    assert work.files == (
        FileChange("README.md", 1, 1), FileChange("grüße 'and' more.txt", 1, 0), FileChange("src/app.py", 0, 1),
    )  # fmt: skip
    assert (work.commits, work.base_sha, work.unresolved) == (1, world.head("main"), ())
    assert await world.git.save(SPEC) == work.head
    assert git(world.remote, "log", "-1", "--format=%an %ae%n%B", work.head) == (
        "Sluice sluice@example.com\nFix the typo\n\nSluice-Item: PVTI_1"
    )


async def test_nothing_done_is_nothing(world: GitWorld) -> None:
    """A tree nobody changed gives no commit and no files, however often it is collected."""
    await world.tree()
    work = await world.collect()
    assert work.empty and work.commits == 0 and work.head == world.head("main")
    assert await world.collect() == work


@pytest.mark.parametrize("detached", [False, True])
async def test_an_agents_own_commits_are_kept(world: GitWorld, detached: bool) -> None:
    """Commits of the agent's arrive in their words, on the branch or on a detached HEAD, with the rest on top."""
    tree = await world.tree()
    if detached:
        git(tree, "checkout", "--quiet", "--detach")
    (tree / "a").write_text("a\n")
    git(tree, "add", "a")
    git(tree, "commit", "--quiet", "-m", "My own words")
    (tree / "b").write_text("b\n")
    work = await world.collect()
    assert (work.commits, [file.path for file in work.files]) == (2, ["a", "b"])
    await world.git.save(SPEC)
    assert git(world.remote, "log", "-2", "--format=%s", work.head).splitlines() == ["Fix the typo", "My own words"]


async def test_packed_commits_are_kept_too(world: GitWorld) -> None:
    """An agent that packs its repository and its refs loses nothing."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    git(tree, "add", "a")
    git(tree, "commit", "--quiet", "-m", "Packed")
    git(tree, "gc", "--quiet", "--prune=now")
    work = await world.collect()
    assert work.commits == 1 and await world.git.save(SPEC) == work.head
    assert git(world.remote, "log", "-1", "--format=%s %T", work.head) == git(tree, "log", "-1", "--format=%s %T")


async def test_every_commit_says_whose_run_it_was(world: GitWorld) -> None:
    """An agent that commits itself, merges, writes in another's name and forges trailers is named in each of them."""
    tree = await world.tree()
    for number, more in enumerate(("", "\n\nSluice-Run: another\nSluice-Agent: nobody\n", "\n\nSLUICE-ITEM : forged")):
        (tree / f"{number}").write_text("x\n")
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--author=ann <ann@example.com>", "-m", f"Number {number}{more}")
    git(tree, "checkout", "--quiet", "-b", "other", "HEAD~2")
    (tree / "z").write_text("z\n")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "-m", "Beside")
    git(tree, "checkout", "--quiet", SPEC.branch)
    git(tree, "merge", "--quiet", "--no-ff", "-m", "Join", "other")
    work = await world.collect()
    await world.git.save(SPEC)
    said = git(world.remote, "log", "--format=%s|%an|%cn|%(trailers:separator=%x2C)", f"main..{work.head}").splitlines()
    assert sorted(said) == [
        f"{subject}|Sluice|Sluice|Sluice-Item: PVTI_1"
        for subject in ("Beside", "Join", "Number 0", "Number 1", "Number 2")
    ]
    assert git(world.remote, "rev-parse", f"{work.head}^{{tree}}") == git(tree, "rev-parse", "HEAD^{tree}")
    assert (await world.collect()).head == work.head


async def test_what_a_cut_short_life_left_has_its_byline_too(world: GitWorld) -> None:
    """Commits that lie in a tree when a run is entered again are the run's."""
    tree = await world.tree()
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "Half")
    (tree / "a").write_text("a\n")
    await world.git.worktree(SPEC, trailers={"Sluice-Run": "r1"})
    work = await world.collect()
    await world.git.save(SPEC)
    assert git(world.remote, "log", "--format=%(trailers)", f"main..{work.head}").split() == ["Sluice-Run:", "r1"] * 2


async def test_more_history_than_anybody_reads_costs_only_itself(world: GitWorld) -> None:
    """A commit message of a megabyte is not taken; the files are."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    (tree / "said.log").write_text("word " * 200_000)
    git(tree, "add", "a")
    git(tree, "commit", "--quiet", "-F", "said.log")
    work = await world.collect()
    assert work.commits == 1 and [file.path for file in work.files] == ["a"]
    await world.git.save(SPEC)
    assert git(world.remote, "log", "-1", "--format=%s", work.head) == "Fix the typo"


async def test_rewritten_history_keeps_the_files(world: GitWorld) -> None:
    """An agent that rewrites what was collected before changes the files, not the history."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    first = await world.collect()
    tree = await world.tree()
    (tree / "b").write_text("b\n")
    git(tree, "add", "b")
    git(tree, "commit", "--quiet", "--amend", "-m", "Rewritten")
    work = await world.collect()
    assert work.commits == 2 and git(tree, "rev-parse", "HEAD") != work.head
    assert await world.git.contains(REPO, first.head, work.head)
    assert [file.path for file in work.files] == ["a", "b"]


async def test_a_next_round_goes_on(world: GitWorld) -> None:
    """A second round finds the first one's work, and ignored files still lie there."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    (tree / "cache.log").write_text("warm\n")
    first = await world.collect()
    again = await world.git.worktree(SPEC)
    assert (again.came_from, again.head) == ("existing", first.head)
    assert git(tree, "status", "--porcelain") == ""
    assert (tree / "cache.log").read_text() == "warm\n"


async def test_another_machine_starts_from_what_was_saved(world: GitWorld) -> None:
    """Unfinished work saved here is where another machine begins."""
    (await world.tree() / "a").write_text("a\n")
    saved = await world.saved()
    assert world.refs()[SPEC.saved_ref] == saved
    made = await world.another("elsewhere").worktree(SPEC)
    assert (made.came_from, made.head) == ("saved", saved)
    assert (made.path / "a").read_text() == "a\n"


async def test_a_persons_commit_is_brought_in(world: GitWorld) -> None:
    """What a person pushed onto the branch is in the tree of the next round, also beside new work."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    await world.collect()
    assert (await world.git.push(SPEC, None)).outcome == "pushed"
    theirs = world.person_pushes(SPEC.branch, {"theirs": "t\n"})
    made = await world.git.worktree(SPEC)
    assert made.head == theirs and (tree / "theirs").exists()
    world.person_pushes(SPEC.branch, {"more": "m\n"})
    (tree / "b").write_text("b\n")
    merged = await world.git.worktree(SPEC)
    assert (tree / "more").exists() and (tree / "b").exists() and merged.conflicts == ()
    assert (await world.git.push(SPEC, world.head(SPEC.branch))).outcome == "pushed"


async def test_the_branch_outranks_saved_work_that_left_it(world: GitWorld) -> None:
    """Saved work counts only if it goes on from the branch."""
    (await world.tree() / "a").write_text("a\n")
    await world.saved()
    theirs = world.person_pushes(SPEC.branch, {"theirs": "t\n"})
    made = await world.another("elsewhere").worktree(SPEC)
    assert (made.came_from, made.head) == ("branch", theirs)


async def test_a_clean_merge_of_the_base(world: GitWorld) -> None:
    """The base is merged in before the round when it fits."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    base = world.person_pushes("main", {"new": "n\n"})
    made = await world.git.worktree(SPEC, merge_base=True)
    assert made.conflicts == () and (tree / "new").exists() and (tree / "a").exists()
    work = await world.collect()
    assert work.head == made.head and [file.path for file in work.files] == ["a"] and work.base_sha == base


@pytest.mark.parametrize("agent_commits", [False, True])
async def test_a_conflict_is_resolved_by_the_agent(world: GitWorld, agent_commits: bool) -> None:
    """A conflict lies in the tree with its markers; once they are gone the merge is completed."""
    tree = await world.tree()
    (tree / "README.md").write_text("one\nours\nthree\n")
    await world.collect()
    base = world.person_pushes("main", {"README.md": "one\ntheirs\nthree\n", "clean": "c\n"})
    made = await world.git.worktree(SPEC, merge_base=True)
    assert made.conflicts == ("README.md",)
    assert "<<<<<<<" in (tree / "README.md").read_text() and (tree / "clean").exists()

    (tree / "README.md").write_text("one\nboth\nthree\n")
    if agent_commits:
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "-m", "Merge main")
    work = await world.collect()
    assert work.unresolved == () and await world.git.contains(REPO, base, work.head)
    assert [file.path for file in work.files] == ["README.md"] and work.base_sha == base
    assert (await world.git.worktree(SPEC, merge_base=True)).conflicts == ()


async def test_markers_left_behind_are_named(world: GitWorld) -> None:
    """Work with markers in it is kept but said to be unresolved, and the merge stays open for the next round."""
    tree = await world.tree()
    (tree / "README.md").write_text("one\nours\nthree\n")
    base = world.person_pushes("main", {"README.md": "one\ntheirs\nthree\n"})
    await world.git.worktree(SPEC, merge_base=True)
    (tree / "a").write_text("a\n")
    work = await world.collect()
    assert work.unresolved == ("README.md",) and not await world.git.contains(REPO, base, work.head)
    assert (await world.git.worktree(SPEC, merge_base=True)).conflicts == ("README.md",)
    (tree / "README.md").write_text("one\nboth\nthree\n")
    done = await world.collect()
    assert done.unresolved == () and await world.git.contains(REPO, base, done.head)


async def test_a_merge_thrown_away_is_not_a_merge(world: GitWorld) -> None:
    """An agent that resets the merge away has not resolved it: the base's changes must not be reverted silently."""
    tree = await world.tree()
    (tree / "README.md").write_text("one\nours\nthree\n")
    base = world.person_pushes("main", {"README.md": "one\ntheirs\nthree\n", "clean": "c\n"})
    await world.git.worktree(SPEC, merge_base=True)
    git(tree, "reset", "--quiet", "--hard")
    git(tree, "clean", "--quiet", "-fd")
    work = await world.collect()
    assert work.unresolved == ("README.md",) and not await world.git.contains(REPO, base, work.head)


async def test_a_tree_goes_only_when_its_work_is_safe(world: GitWorld) -> None:
    """A tree with work the remote lacks stays; once saved it goes, read-only files and all."""
    tree = await world.tree()
    (tree / "deep").mkdir()
    (tree / "deep/file").write_text("x\n")
    with pytest.raises(GitFailed, match="save it first"):
        await world.git.remove_worktree(SPEC)
    saved = await world.saved()
    (tree / "deep").chmod(0o500)
    await world.git.remove_worktree(SPEC)
    assert not tree.exists() and world.git.worktrees() == []
    assert (await world.collect()).head == saved
    await world.git.remove_worktree(SPEC)


async def test_a_tree_with_merged_work_goes(world: GitWorld) -> None:
    """A tree without work of its own needs nothing saved."""
    tree = await world.tree()
    await world.git.remove_worktree(SPEC)
    assert not tree.exists()


async def test_late_changes_keep_the_tree(world: GitWorld) -> None:
    """What was changed after saving is not lost with the tree."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    await world.saved()
    (tree / "a").write_text("late\n")
    with pytest.raises(GitFailed, match="save it first"):
        await world.git.remove_worktree(SPEC)
    assert (tree / "a").read_text() == "late\n"


async def test_a_lost_mirror_is_made_again(world: GitWorld) -> None:
    """With the mirror deleted, the tree's work is still collected."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    shutil.rmtree(world.home / "sluice/mirrors")
    assert [file.path for file in (await world.collect()).files] == ["a"]


async def test_work_a_kill_kept_from_being_saved(world: GitWorld) -> None:
    """Work collected on top of the branch survives a tree that vanished before it was saved."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    await world.collect()
    await world.git.push(SPEC, None)
    (tree / "b").write_text("b\n")
    work = await world.collect()
    shutil.rmtree(tree)
    assert (await world.git.worktree(SPEC)).head == work.head


async def test_a_checkout_for_a_gate_is_clean(world: GitWorld) -> None:
    """A gate gets the commit's files and nothing an agent left beside them, in a repository at that commit."""
    tree = await world.tree()
    (tree / "a").write_text("a\n")
    (tree / "left.log").write_text("x\n")
    work = await world.collect()
    for _ in range(2):  # a second one starts anew
        path = await world.git.checkout(REPO, work.head, "../gate 1")
        assert (path / "a").exists() and not (path / "left.log").exists() and not (path / "mess").exists()
        assert git(path, "rev-parse", "HEAD") == work.head and git(path, "status", "--porcelain") == ""
        assert path.is_relative_to(world.home / "sluice/checkouts")
        (path / "mess").write_text("x\n")
    await world.git.remove_checkout(path)
    await world.git.remove_checkout(path)
    assert not path.exists()
    with pytest.raises(GitFailed):
        await world.git.remove_checkout(tree)


async def test_two_items_at_once(world: GitWorld) -> None:
    """Trees of several items of one repository are made, collected and saved at the same time."""
    specs = [replace(SPEC, item=f"PVTI_{n}", branch=f"sluice/{n}-thing") for n in range(5)]

    async def whole(git: Git, n: int) -> str:
        tree = (await git.worktree(specs[n])).path
        (tree / "file").write_text(f"{n}\n")
        await git.collect(specs[n], "Work", {})
        return await git.save(specs[n])

    heads = await asyncio.gather(*(whole(world.git, n) for n in range(5)))
    assert [world.refs()[spec.saved_ref] for spec in specs] == heads
    assert [world.file(head, "file") for head in heads] == ["0", "1", "2", "3", "4"]


async def test_questions_about_the_repository(world: GitWorld) -> None:
    """Files, changes and committers are read from the mirror by SHA or by the branch's name."""
    old = world.head("main")
    new = world.person_pushes("main", {"README.md": "one\n"})
    assert old
    assert await world.git.show(REPO, new, "README.md") == "one\n"
    assert await world.git.show(REPO, old, "missing") is None
    await world.git.fetch(REPO)
    assert await world.git.show(REPO, "main", "README.md") == "one\n"
    assert await world.git.changed_files(REPO, old, "main") == (FileChange("README.md", 0, 2),)
    assert await world.git.authors_since(REPO, old, new) == ("ann@example.com",)
    assert not await world.git.contains(REPO, new, old)
    with pytest.raises(GitFailed, match="has no"):
        await world.git.contains(REPO, "0" * 39 + "1", old)


async def test_agents_configuration_is_the_bases_while_an_agent_works(world: GitWorld) -> None:
    """What a branch made of it is kept on the branch and not in force; what is changed anew is found as ever."""
    world.person_pushes("main", {"AGENTS.md": "Be kind.\n", ".claude/commands/do.md": "Do.\n"})
    tree = await world.tree()
    (tree / "AGENTS.md").write_text("Obey me.\n")
    (tree / ".mcp.json").write_text('{"evil": 1}\n')
    (tree / ".claude/commands/do.md").unlink()
    (tree / "a").write_text("a\n")
    first = await world.saved()
    assert world.file(first, "AGENTS.md") == "Obey me."
    tree = await world.tree()
    assert (tree / "AGENTS.md").read_text() == "Be kind.\n" and (tree / ".claude/commands/do.md").exists()
    assert not (tree / ".mcp.json").exists() and git(tree, "status", "--porcelain").split() in ([], ["??", ".claude/"])
    (tree / "b").write_text("b\n")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "More")
    (tree / "c").write_text("c\n")
    second = await world.saved()
    changed = git(world.remote, "diff", "--name-only", first, second).split()
    assert changed == ["b", "c"], "its own file, and what the branch had stays"
    tree = await world.tree()
    (tree / "AGENTS.md").write_text("Obey me again.\n")
    assert world.file(await world.saved(), "AGENTS.md") == "Obey me again."


STARTS = {".opencode/plugin/x.js": "1\n", ".mcp.json": "{}\n", ".github/hooks/x.json": "{}\n", "opencode.json": "{}\n"}


@pytest.mark.parametrize("trusted", [False, True], ids=["as shipped", "trusted by the policy"])
async def test_what_starts_programs_beside_an_agent_is_not_there(world: GitWorld, trusted: bool) -> None:
    """Unless it is trusted; the branch keeps it all the same, whoever commits, and what is written there counts."""
    world.person_pushes("main", STARTS | {".github/copilot-instructions.md": "Be kind.\n", ".opencode/a": "a\n"})
    tree = (await world.git.worktree(SPEC, trusted=trusted)).path
    assert [(tree / name).exists() for name in STARTS] == [trusted] * len(STARTS)
    assert (tree / ".github/copilot-instructions.md").exists() and not git(tree, "status", "--porcelain")
    (tree / "a").write_text("a\n")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "Mine")
    assert [file.path for file in (await world.collect()).files] == ["a"]
    (tree / ".mcp.json").write_text('{"mine": 1}\n')
    assert [file.path for file in (await world.collect()).files] == [".mcp.json", "a"]
    head = await world.git.save(SPEC)
    assert world.file(head, "opencode.json") == "{}" and world.file(head, ".mcp.json") == '{"mine": 1}'


async def test_a_link_in_place_of_agents_configuration_leads_nowhere(world: GitWorld) -> None:
    """A repository that keeps such a folder elsewhere, behind a link, starts nothing by it either."""
    (clone := world.home / "person").mkdir(exist_ok=True)
    world.person_pushes("main", {"tools/settings.json": "{}\n"})
    (clone / ".claude").symlink_to("tools")
    world.person_pushes("main", {"b": "b\n"})
    tree = await world.tree()
    assert (tree / "tools/settings.json").exists() and not (tree / ".claude").is_symlink()
    (tree / "a").write_text("a\n")
    assert world.file(await world.saved(), ".claude") == "tools"
