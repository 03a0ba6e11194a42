"""The parent of whatever Sluice starts: it dies with its lease and takes everything below it along.

Run as `python -I -S shim.py INPUT FILE_SIZE USER -- PROGRAM ARGUMENT...`; USER 0 is its own. Its standard input is the
lease: when it closes (the bot ended, or wants an end) or TERM comes, every descendant gets TERM and, two seconds later,
KILL, those included that called setsid: as subreaper the shim inherits every orphan. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38  # linux/prctl.h
LIMITS = ((resource.RLIMIT_NOFILE, 65_536), (resource.RLIMIT_NPROC, 8_192))
GRACE = 2.0  # seconds between TERM and KILL
prctl = ctypes.CDLL(None).prctl
asked_to_end = False


def main(given: list[str]) -> int:
    source, size, user, command = given[0], int(given[1]), int(given[2]), given[4:]
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, _note_end)
    with open(source, "rb", opener=_at_once) as stdin:
        try:
            before = partial(_before, size, user)
            child = subprocess.Popen(command, stdin=stdin, start_new_session=True, preexec_fn=before)
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", flush=True)
            return 127
    code = _wait(child.pid)
    _end_all()
    return 143 if code is None else code


def _at_once(path: str, flags: int) -> int:
    """A pipe whose other end is gone already is not waited for: nobody would look at the lease meanwhile."""
    opened = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(opened, True)
    return opened


def _note_end(*_: object) -> None:
    global asked_to_end
    asked_to_end = True


def _before(size: int, user: int) -> None:
    """In the child, before it becomes the program. Address space is not limited: Node reserves more than there is."""
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after that: another user's life is not tied to anybody's any more
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, size), *LIMITS):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _wait(pid: int) -> int | None:
    """The child's exit code (128 + signal when it was killed); None when the lease ended first."""
    while not asked_to_end:
        for ended, status in _reaped():
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
        lease, _, _ = select.select([0], [], [], 0.05)
        if lease and not os.read(0, 1024):
            return None
    return None


def _end_all() -> None:
    """TERM, then KILL, until no descendant is left."""
    started = time.monotonic()
    while pids := descendants(os.getpid()):
        grace = time.monotonic() - started < GRACE
        for pid in pids:
            if not (grace and _is_sandbox(pid)):
                _signal(pid, signal.SIGTERM if grace else signal.SIGKILL)
        time.sleep(0.05)
        _reaped()


def _is_sandbox(pid: int) -> bool:
    """bubblewrap takes its whole world along at once; it ends by itself when the program inside has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "bwrap"
    except OSError:
        return False


def _reaped() -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found.append((pid, status))


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it ended by itself
    except PermissionError:
        pass  # another user's: its own parent ends it


def descendants(root: int) -> list[int]:
    """Every living process below `root`, from /proc; zombies are left out."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    below, found = {root}, []
    while fresh := [pid for pid, parent in parents.items() if parent in below and pid not in below]:
        below.update(fresh)
        found += fresh
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
