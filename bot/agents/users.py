"""Without bubblewrap, where Sluice is root: each run works as a user of its own, who has no name and owns nothing else.

Its places are given to that user before it starts, and shut afterwards. The rest of Sluice's folder is
shut to everybody.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

FIRST, COUNT = 60_578, 606  # user ids that no distribution gives to anybody
OPEN = (
    "worktrees",
    "homes",
    "desks",
    "checkouts",
    "scratch",
    "mirrors",
)  # a run's places, and what it borrows, lie there


def user_for(key: str, root: Path, program: str, places: Sequence[Path]) -> int:
    """The user id for that run; 0 where there can be none: Sluice is not root, or the user could not get there."""
    found = shutil.which(program)
    reached = found and all(map(_reachable, (root, Path(found), Path(os.path.realpath(found)))))
    ours = all(place.resolve().is_relative_to(root) for place in places)  # never a login that others use, too
    return FIRST + zlib.crc32(key.encode()) % COUNT if os.geteuid() == 0 and reached and ours else 0


def users_work(root: Path) -> bool:
    return os.geteuid() == 0 and _reachable(root)


def hand_over(root: Path, places: Sequence[Path], user: int) -> None:
    """Nothing runs there now. A file that has another name elsewhere is given away only if a run made it."""
    _shut(root)
    for place in places:
        for parent in place.parents:
            if parent.is_relative_to(root):
                parent.chmod(0o711)
        for path, known in _below(place):
            if known.st_nlink == 1 or stat.S_ISDIR(known.st_mode) or FIRST <= known.st_uid < FIRST + COUNT:
                os.chown(path, user, user, follow_symlinks=False)
        place.chmod(0o700)


def take_back(places: Sequence[Path]) -> None:
    for place in places:
        with contextlib.suppress(FileNotFoundError):
            os.chown(place, 0, 0, follow_symlinks=False)


def _shut(root: Path) -> None:
    """The databases, logs and outcomes; homes and trees were shut when they were taken back."""
    root.chmod(0o711)
    for path in root.iterdir():
        known = path.lstat()
        if stat.S_ISREG(known.st_mode):
            path.chmod(0o600)
        elif stat.S_ISDIR(known.st_mode):
            path.chmod(0o711 if path.name in OPEN else 0o700)


def _below(place: Path) -> Iterator[tuple[str, os.stat_result]]:
    yield str(place), place.lstat()
    for parent, folders, files in os.walk(place):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            yield path, os.lstat(path)


def _reachable(path: Path) -> bool:
    """Everybody may go there."""
    return all(above.stat().st_mode & stat.S_IXOTH for above in path.parents)
