"""Stories of what Sluice writes to the remote: pushes, saved work, claims. Nobody else's commit is ever overwritten."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.worktree import ClaimNote
from bot.errors import NotKept
from bot.git.errors import GitFailed
from bot.git.facade import Git
from tests.contracts.git_world import REPO, SPEC, GitWorld, git

pytestmark = pytest.mark.slow

NOTE = ClaimNote("laptop", "2026-11-21T12:00:00+00:00")


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


async def test_a_branch_is_pushed_once(world: GitWorld) -> None:
    """Work becomes the item's branch; pushing it again changes nothing and says pushed."""
    (await world.tree() / "a").write_text("a\n")
    head = (await world.collect()).head
    for expected in (None, None, head):
        push = await world.git.push(SPEC, expected)
        assert (push.outcome, push.head) == ("pushed", head)
    assert world.head(SPEC.branch) == head


async def test_somebody_elses_commit_is_left_alone(world: GitWorld) -> None:
    """A branch that has moved is reported, not overwritten, whatever was expected of it."""
    (await world.tree() / "a").write_text("a\n")
    await world.collect()
    theirs = world.person_pushes(SPEC.branch, {"theirs": "t\n"})
    for expected in (None, world.head("main"), theirs):
        push = await world.git.push(SPEC, expected)
        assert (push.outcome, push.head) == ("moved", theirs)
    assert world.head(SPEC.branch) == theirs


async def test_a_branch_that_vanished_is_not_made_again(world: GitWorld) -> None:
    """A push that expects a branch finds it deleted: that is a person's doing."""
    (await world.tree() / "a").write_text("a\n")
    head = (await world.collect()).head
    assert (await world.git.push(SPEC, head)).outcome == "moved"
    assert world.head(SPEC.branch) is None


async def test_the_base_is_never_pushed_to(world: GitWorld) -> None:
    """An item whose branch is its base is refused."""
    spec = replace(SPEC, branch="main")
    (await world.tree(spec) / "a").write_text("a\n")
    await world.collect(spec)
    assert (await world.git.push(spec, world.head("main"))).outcome == "refused"
    assert "a" not in git(world.remote, "ls-tree", "--name-only", "main").split()


async def test_a_remote_that_refuses_says_why(world: GitWorld) -> None:
    """What the remote's rules say about a push comes back as the reason."""
    hook = world.remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'workflows may not be changed' >&2\nexit 1\n")
    hook.chmod(0o755)
    (await world.tree() / "a").write_text("a\n")
    await world.collect()
    push = await world.git.push(SPEC, None)
    assert (push.outcome, push.head) == ("refused", None) and "workflows may not be changed" in push.reason
    with pytest.raises(NotKept, match="workflows may not be changed"):
        await world.git.save(SPEC)


async def test_saved_work_of_another_machine_is_not_overwritten(world: GitWorld) -> None:
    """Of two machines that save the same item, the one that did not see the other's work fails and says so."""
    other = world.another("elsewhere")
    (await world.tree() / "a").write_text("a\n")
    (await other.worktree(SPEC)).path.joinpath("b").write_text("b\n")
    await other.collect(SPEC, "Other", {})
    theirs = await other.save(SPEC)
    await world.collect()
    with pytest.raises(GitFailed, match="another Sluice"):
        await world.git.save(SPEC)
    assert world.refs()[SPEC.saved_ref] == theirs


async def test_saved_work_is_dropped(world: GitWorld) -> None:
    """Saved work goes when it is no longer needed; saving again works afterwards."""
    (await world.tree() / "a").write_text("a\n")
    saved = await world.saved()
    for _ in range(2):
        await world.git.drop_saved(SPEC)
        assert SPEC.saved_ref not in world.refs()
    assert await world.git.save(SPEC) == saved


async def test_a_branch_is_deleted_only_where_it_stood(world: GitWorld) -> None:
    """A merged branch goes, one with a new commit stays, one that is gone is no error."""
    old = world.person_pushes(SPEC.branch, {"a": "a\n"})
    new = world.person_pushes(SPEC.branch, {"b": "b\n"})
    assert not await world.git.delete_branch(REPO, SPEC.branch, old)
    assert world.head(SPEC.branch) == new
    assert await world.git.delete_branch(REPO, SPEC.branch, new)
    assert world.head(SPEC.branch) is None
    assert await world.git.delete_branch(REPO, SPEC.branch, new)


async def test_of_two_claims_one_wins(world: GitWorld) -> None:
    """Two Sluices claim an issue at once: one holds it, the other is told so and can read by whom."""
    other = world.another("elsewhere")
    rival = ClaimNote("server", NOTE.expires)
    won = await asyncio.gather(world.git.claim(REPO, "I_1", NOTE, None), other.claim(REPO, "I_1", rival, None))
    assert sum(note is not None for note in won) == 1
    held = next(note for note in won if note)
    assert await other.read_claim(REPO, "I_1") == held == await world.git.read_claim(REPO, "I_1")
    assert await world.git.read_claim(REPO, "I_2") is None


async def test_a_claim_is_taken_over_by_compare_and_set(world: GitWorld) -> None:
    """An expired claim passes to whoever names the note last seen; its former holder has lost it."""
    other = world.another("elsewhere")
    first = await world.git.claim(REPO, "I_1", NOTE, None)
    assert first
    renewed = await world.git.claim(REPO, "I_1", replace(NOTE, expires="2026-11-21T13:00:00+00:00"), first.sha)
    assert renewed and await other.claim(REPO, "I_1", ClaimNote("server", NOTE.expires), first.sha) is None
    theirs = await other.claim(REPO, "I_1", ClaimNote("server", NOTE.expires), renewed.sha)
    assert theirs and theirs.instance == "server"
    assert await world.git.claim(REPO, "I_1", NOTE, renewed.sha) is None
    assert not await world.git.release(REPO, "I_1", renewed.sha)
    assert await other.release(REPO, "I_1", theirs.sha)
    assert await world.git.read_claim(REPO, "I_1") is None


async def test_a_note_nobody_can_read_has_expired(world: GitWorld) -> None:
    """A claim that holds nonsense does not lock the issue for ever."""
    git(world.remote, "update-ref", "refs/sluice/claim/I_1", world.head("main") or "")
    note = await world.git.read_claim(REPO, "I_1")
    assert note and note.expires.startswith("1970")
    assert await world.git.claim(REPO, "I_1", NOTE, note.sha)


async def test_the_token_travels_in_a_header(tmp_path: Path) -> None:
    """Over HTTP the remote gets the token as GitHub wants it, without being asked for it first."""
    heard = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def token(repo: str) -> str:
        return f"ghs_for_{repo}"

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        sluice = Git(tmp_path, lambda repo: f"http://127.0.0.1:{port}/{repo}.git", token, ("Sluice", "s@example.com"))
        with pytest.raises(GitFailed, match="403") as failure:
            await sluice.fetch(REPO)
    sent = base64.b64encode(b"x-access-token:ghs_for_acme/widgets").decode()
    assert f"Authorization: Basic {sent}" in heard[0]
    assert sent not in str(failure.value) and "ghs_" not in str(failure.value)


async def test_a_remote_that_is_away_is_a_failure(world: GitWorld) -> None:
    """When the remote does not answer nothing is concluded from it."""
    (await world.tree() / "a").write_text("a\n")
    await world.collect()
    world.remote.rename(world.remote.with_name("away.git"))
    with pytest.raises(GitFailed):
        await world.git.save(SPEC)
    with pytest.raises(GitFailed):
        await world.git.push(SPEC, None)
    with pytest.raises(GitFailed):
        await world.git.claim(REPO, "I_1", NOTE, None)
    with pytest.raises(GitFailed):
        await world.git.remove_worktree(SPEC)
    assert world.git.has_worktree(SPEC)
