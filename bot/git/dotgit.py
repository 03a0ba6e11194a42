"""The tree's own `.git` folder: laid anew before every round, and afterwards read as hostile data.

It borrows the mirror's objects, so an agent has the whole history and can commit, but no ref it moves is anybody
else's. Afterwards git never runs in it: its refs are read here as text, its objects are copied by quarantine.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.plans.plan import FOLDER
from bot.git.removal import discard

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
IGNORED = f"/{FOLDER}/\n"  # beside what the repository itself says: what steps of a plan hand on
_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[user]
\tname = {name}
\temail = {email}
[gc]
\tauto = 0
[maintenance]
\tauto = false
[commit]
\tgpgSign = false
"""


@dataclass(frozen=True)
class DotGit:
    """What a fresh `.git` says."""

    objects: Path  # of the mirror
    head: str
    branch: str | None  # None: detached
    author: tuple[str, str]
    refs: Mapping[str, str] = field(default_factory=dict)
    merging: str | None = None  # the second parent of a merge the agent is to finish


def lay(tree: Path, index: Path, told: DotGit, scratch: Path) -> None:
    """Throw the tree's `.git` away, whatever it has become, and put a fresh one there."""
    scratch.mkdir(mode=0o700)
    for folder in ("objects/info", "objects/pack", "refs/heads", "hooks", "info"):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    name, email = (_quoted(text) for text in told.author)
    refs = dict(told.refs) | ({f"refs/heads/{told.branch}": told.head} if told.branch else {})
    _write(scratch / "config", _CONFIG.format(name=name, email=email))
    _write(scratch / "info/exclude", IGNORED)
    _write(scratch / "objects/info/alternates", f"{told.objects}\n")
    _write(scratch / "packed-refs", "".join(f"{sha} {ref}\n" for ref, sha in sorted(refs.items())))
    _write(scratch / "HEAD", f"ref: refs/heads/{told.branch}\n" if told.branch else f"{told.head}\n")
    if told.merging:
        _write(scratch / "MERGE_HEAD", f"{told.merging}\n")
        _write(scratch / "MERGE_MSG", "Merge the base branch\n")
    shutil.copy2(index, scratch / "index")
    tree.chmod(0o755)
    discard(tree / ".git", scratch.with_name(f"{scratch.name}-old"))
    scratch.rename(tree / ".git")


def heads(tree: Path, branch: str) -> list[str]:
    """The commits HEAD and the branch point to, as the agent left them. Unchecked: they are only candidates."""
    dotgit = tree / ".git"
    if not is_plain_folder(dotgit):
        return []
    head = _read(dotgit, "HEAD")
    own = f"refs/heads/{branch}"
    found = [_resolve(dotgit, head.removeprefix("ref: ")) if head.startswith("ref: ") else head, _resolve(dotgit, own)]
    return list(dict.fromkeys(sha for sha in found if _SHA.fullmatch(sha)))


def is_plain_folder(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def _resolve(dotgit: Path, ref: str) -> str:
    """A ref's SHA from its own file or from packed-refs; empty when there is none."""
    if not ref.startswith("refs/") or ".." in ref or "\0" in ref:
        return ""
    if loose := _read(dotgit, ref):
        return loose
    rows = (line.split(" ", 1) for line in _read(dotgit, "packed-refs", 10_000_000).splitlines())
    return next((row[0] for row in rows if len(row) == 2 and row[1] == ref), "")


def _read(dotgit: Path, name: str, limit: int = 1000) -> str:
    """A small plain file under `.git`; empty when it is anything else, or reached through a symbolic link."""
    path = dotgit / name
    if not all(is_plain_folder(parent) for parent in path.parents if parent.is_relative_to(dotgit)):
        return ""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with open(fd, "rb") as file:
        plain = stat.S_ISREG(os.fstat(fd).st_mode)
        return file.read(limit).decode("utf-8", "replace").strip() if plain else ""


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{plain}"'
