"""The claim two Sluices with two ledgers can see: a remote ref for each issue, taken and given up by compare-and-set.

The ref points to a commit without files whose message is the note as JSON.
"""

from __future__ import annotations

import json
from datetime import datetime

from bot.core.worktree import ClaimNote, ref_part
from bot.git.errors import GitFailed
from bot.git.mirror import Mirror
from bot.git.push import delete, why

_UNREADABLE = ClaimNote(instance="unreadable", expires="1970-01-01T00:00:00+00:00")  # anybody may take it over


async def claim(mirror: Mirror, issue: str, note: ClaimNote, expected: str | None) -> ClaimNote | None:
    """The note now held by us, or None when somebody else holds the issue. `expected`: the note's SHA last seen."""
    await mirror.ready()
    empty_tree = await mirror.git.text(mirror.path, "mktree")
    text = json.dumps({"instance": note.instance, "expires": note.expires})
    sha = await mirror.commit(empty_tree, (), f"{text}\n")
    answer = await mirror.push(sha, _ref(issue), expected)
    if answer.code == 0:
        return ClaimNote(note.instance, note.expires, sha)
    there = await mirror.remote_ref(_ref(issue))
    if there == sha:
        return ClaimNote(note.instance, note.expires, sha)
    if there == expected:
        raise GitFailed(f"{mirror.repo} did not take the claim on issue {issue}: {why(answer)}")
    return None


async def read_claim(mirror: Mirror, issue: str) -> ClaimNote | None:
    ref = _ref(issue)
    sha = await mirror.remote_ref(ref)
    if sha is None:
        return None
    if await mirror.commit_at(sha) is None:
        await mirror.fetch_only(f"+{ref}:{ref}")
    return _parsed(await mirror.git.text(mirror.path, "log", "-1", "--format=%B", sha), sha)


async def release(mirror: Mirror, issue: str, expected: str) -> bool:
    """Give the claim up if it is still ours. True also when nobody holds it."""
    return await delete(mirror, _ref(issue), expected)


def _parsed(text: str, sha: str) -> ClaimNote:
    try:
        data = json.loads(text)
        if datetime.fromisoformat(data["expires"]).tzinfo is not None:
            return ClaimNote(str(data["instance"]), data["expires"], sha)
    except (ValueError, TypeError, KeyError):
        pass
    return ClaimNote(_UNREADABLE.instance, _UNREADABLE.expires, sha)


def _ref(issue: str) -> str:
    return f"refs/sluice/claim/{ref_part(issue)}"
