"""Bylines: every commit an agent made says whose run it was, in Sluice's own words and under Sluice's own name.

What an agent wrote into its commits is a claim: another author, or trailers like Sluice's, would be believed on GitHub.
So its commits are written again, with their files, order and words, before anything else sees them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.git.mirror import Mirror

MOST, LONGEST = 1_000, 100_000  # commits of one round, and bytes of one: more is no history that anybody reads
LATEST = 1 << 33  # seconds: later is no date
OURS = re.compile(r"^\s*Sluice-[\w-]*\s*:.*\n?", re.IGNORECASE | re.MULTILINE)
# what GitHub would obey in a commit's words: closing other issues at a merge, and leaving the checks out
CLOSING = re.compile(
    r"\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+)(?:[\w.-]*/?[\w.-]*#|GH-|https?://\S+?/(?:issues|pull)/)(?=\d)",
    re.IGNORECASE,
)
SKIPPING = re.compile(r"\[((?:skip|no) ci|ci skip|skip actions|actions skip)\]", re.IGNORECASE)
UNCHECKED = re.compile(r"^\s*skip-checks\s*:.*\n?", re.IGNORECASE | re.MULTILINE)
FIELDS = ("%H", "%T", "%P", "%at", "%B")


@dataclass(frozen=True)
class _Commit:
    sha: str
    tree: str
    parents: str
    seconds: str
    message: str


def worded(message: str, trailers: Mapping[str, str], otherwise: str) -> str:
    """An agent's words may be in it: none that a terminal or GitHub obeys, and no trailer that looks like Sluice's."""
    message = "".join(c for c in message if c in "\n\t" or c.isprintable())
    message = UNCHECKED.sub("", SKIPPING.sub(r"(\1)", CLOSING.sub(r"\1no. ", message)))
    lines = [f"{key}: {' '.join(value.split())}" for key, value in trailers.items()]
    own = OURS.sub("", message).strip() or otherwise
    return "\n\n".join(part for part in (own, "\n".join(lines)) if part) + "\n"


async def signed(mirror: Mirror, known: str, head: str, ref: str, trailers: Mapping[str, str]) -> str | None:
    """The head of the same commits with their bylines; None where nobody could read that many. `ref` is set to it.

    What the remote has is somebody else's, and stays as it is though the agent merged it.
    """
    mine = (head, "--not", known, "--remotes")
    found = (await mirror.git.text(mirror.path, "rev-list", f"--max-count={MOST + 1}", *mine)).split()
    sizes = await mirror.git.text(
        mirror.path, "cat-file", "--batch-check=%(objectsize)", stdin="\n".join(found).encode()
    )
    if not found:
        return head
    if len(found) > MOST or any(int(size) > LONGEST for size in sizes.split()):
        return None
    form = "%x00".join(FIELDS)
    out = await mirror.git.run(
        mirror.path, "log", "-z", "--topo-order", "--reverse", "--encoding=UTF-8", f"--format={form}", *mine
    )
    fields = out.decode("utf-8", "replace").split("\0")
    commits = [_Commit(*fields[at : at + len(FIELDS)]) for at in range(0, len(fields) - 1, len(FIELDS))]
    wanted = _stream(commits, ref, mirror.git.author, trailers)
    return await mirror.git.text(mirror.path, "fast-import", "--quiet", "--force", "--done", stdin=wanted)


def _stream(commits: list[_Commit], ref: str, author: tuple[str, str], trailers: Mapping[str, str]) -> bytes:
    """As `git fast-import` reads it; it answers with the SHA of the last one."""
    marks = {commit.sha: f":{number}" for number, commit in enumerate(commits, 1)}
    name, email = (re.sub(r"[<>\n]", "", text).strip() for text in author)
    lines = list[bytes]()
    for commit in commits:
        seconds = int(commit.seconds) if commit.seconds.isdigit() and int(commit.seconds) < LATEST else 0
        message = worded(commit.message, trailers, "Work in progress").encode("utf-8", "replace")
        parents = [marks.get(sha, sha) for sha in commit.parents.split()]
        who = [f"{role} {name} <{email}> {seconds} +0000" for role in ("author", "committer")]
        head = [f"commit {ref}", f"mark {marks[commit.sha]}", *who, f"data {len(message)}"]
        joined = [f"{'merge' if at else 'from'} {parent}" for at, parent in enumerate(parents)]
        lines += [*(line.encode() for line in head), message, *(line.encode() for line in joined)]
        lines += [f'M 040000 {commit.tree} ""'.encode(), b""]
    return b"\n".join([*lines, f"get-mark {marks[commits[-1].sha]}".encode(), b"done", b""])
