"""What Sluice writes to the remote: saved work, the item's branch, and their end. Each expects what was last seen."""

from __future__ import annotations

from bot.core.worktree import Push, WorkSpec
from bot.errors import NotKept
from bot.git.errors import GitFailed
from bot.git.layout import check_branch, local_ref, seen_ref
from bot.git.mirror import Mirror
from bot.git.process import Answer


async def save(mirror: Mirror, spec: WorkSpec) -> str:
    """Keep what was collected under the saved ref: no branch, so it starts no workflow. Read back before it counts."""
    head = await collected(mirror, spec)
    seen = await mirror.ref(seen_ref(spec.item))
    if seen == head and await mirror.remote_ref(spec.saved_ref) == head:
        return head
    answer = await mirror.push(head, spec.saved_ref, seen)
    there = await mirror.remote_ref(spec.saved_ref)
    if there != head and _refused(answer):
        raise NotKept(f"{spec.repo} refuses to keep the work of {spec.branch} at {spec.saved_ref}: {why(answer)}")
    if there != head:
        raise GitFailed(
            f"{spec.saved_ref} of {spec.repo} should hold {head} but holds {there or 'nothing'}: "
            f"another Sluice may be at work on this item. {why(answer)}"
        )
    await mirror.set_refs({seen_ref(spec.item): head})
    return head


async def push(mirror: Mirror, spec: WorkSpec, expected: str | None) -> Push:
    """Set the item's branch to what was collected. Somebody else's commit is left alone: the lease sees to that, and
    the remote is asked what it has only when it refused."""
    if spec.branch == spec.base:
        return Push("refused", expected, f"{spec.branch} is the base branch, which Sluice never pushes to")
    ref = f"refs/heads/{check_branch(spec.branch)}"
    head = await collected(mirror, spec)
    goes_on = await _goes_on_from(mirror, expected, head)
    answer = await mirror.push(head, ref, expected) if goes_on else None
    there = await mirror.remote_ref(ref) if answer is None or answer.code else head
    if there == head:
        return Push("pushed", head)
    if answer is None or there != expected:
        return Push("moved", there, "the branch has commits that this work does not go on from")
    if _refused(answer):
        return Push("refused", there, why(answer))
    raise GitFailed(f"the push of {spec.branch} to {spec.repo} failed: {why(answer)}")


async def drop_saved(mirror: Mirror, spec: WorkSpec) -> None:
    there = await mirror.remote_ref(spec.saved_ref)
    if there:
        await delete(mirror, spec.saved_ref, there)
    await mirror.set_refs({seen_ref(spec.item): None})


async def delete(mirror: Mirror, ref: str, expected: str) -> bool:
    """Delete a remote ref if it still is at `expected`; True also when it was gone already."""
    answer = await mirror.push("", ref, expected)
    if answer.code == 0:
        return True
    there = await mirror.remote_ref(ref)
    if there == expected:
        raise GitFailed(f"{ref} of {mirror.repo} could not be deleted: {why(answer)}")
    return there is None


async def collected(mirror: Mirror, spec: WorkSpec) -> str:
    """What was collected here; else what was saved, under a former name of the repository, which has another mirror."""
    await mirror.ready()
    local = local_ref(spec.item)
    if head := await mirror.ref(local):
        return head
    if await mirror.remote_ref(spec.saved_ref):
        await mirror.fetch(f"+{spec.saved_ref}:{local}", f"+{spec.saved_ref}:{seen_ref(spec.item)}")
        return await mirror.need(local)
    raise GitFailed(f"nothing was collected for {spec.branch} of {spec.repo} yet")


def why(answer: Answer) -> str:
    """What the remote said, without git's own advice."""
    said = [line for line in answer.err.splitlines() if line.startswith(("remote:", "fatal:", "error:"))]
    refused = [line for line in answer.out.decode("utf-8", "replace").splitlines() if line.startswith("!")]
    return "\n".join((*said, *refused))[-2000:]


def _refused(answer: Answer) -> bool:
    """The remote's own rules said no; a stale lease is git's word for something else."""
    return b"[remote rejected]" in answer.out


async def _goes_on_from(mirror: Mirror, expected: str | None, head: str) -> bool:
    if expected is None:
        return True
    if await mirror.commit_at(expected) is None:
        await mirror.fetch()
    return await mirror.commit_at(expected) is not None and await mirror.contains(expected, head)
