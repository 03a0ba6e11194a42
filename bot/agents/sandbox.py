"""What a started program can see: with bubblewrap a small world of its own, without it at least a bare environment."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
ETC = (
    "alternatives",
    "ca-certificates.conf",
    "group",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "nsswitch.conf",
    "passwd",
    "resolv.conf",
    "ssl",
    "pki",
)
INSIDE = "1000"  # the user id inside: nobody is root there
DOOR = "/run/sluice/model"  # the socket inside that leads to the model
BRIDGE = Path(__file__).with_name("bridge.py")
TMP, SHARED = 2 << 30, 256 << 20  # bytes of /tmp and /dev/shm: both are memory
PR_SET_DUMPABLE = 4  # linux/prctl.h


@cache
def bubblewrap_works() -> bool:
    """Installed, and the kernel lets us make the namespaces."""
    program = shutil.which("bwrap")
    if not program:
        return False
    probe = [program, "--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "--proc", "/proc", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def hide_this_process() -> None:
    """Shut the bot's environment and memory to other processes of its user: for when no sandbox keeps them apart.

    Nothing is shut to root.
    """
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """An allow-list: nothing of the bot's own environment, no token, gets through."""
    bare = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": "/tmp" if bubblewrap_works() else str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    return bare | dict(extra)


@dataclass(frozen=True)
class World:
    """What there is inside, beside the system."""

    cwd: Path
    writable: Sequence[Path]
    readable: Sequence[Path] = ()
    door: Path | None = None  # there is no network, but for this socket
    offline: bool = False  # there is no network at all
    port: int = 0  # where on 127.0.0.1 the program finds what is behind it


def wrapped(argv: Sequence[str], world: World) -> list[str]:
    """The command inside bubblewrap, or as it is where there is none."""
    if not bubblewrap_works():
        return list(argv)
    words = ["bwrap", "--die-with-parent", "--new-session", "--unshare-user", "--uid", INSIDE, "--gid", INSIDE]
    words += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(SHARED), "--tmpfs", "/dev/shm"]
    words += ["--size", str(TMP), "--tmpfs", "/tmp", *_kernel()]
    for path in _outermost((*SYSTEM, *(f"/etc/{name}" for name in ETC), *_interpreter(), *map(str, world.readable))):
        words += ["--ro-bind-try", path, path]
    for place in world.writable:
        words += ["--bind", str(place), str(place)]
        words += _git_folder(place)
    if world.door:
        words += ["--unshare-net", "--bind", str(world.door), DOOR, "--ro-bind", str(BRIDGE), str(BRIDGE)]
        argv = [sys.executable, "-I", "-S", str(BRIDGE), DOOR, str(world.port), "--", *argv]
    elif world.offline:
        words += ["--unshare-net"]
    words += ["--remount-ro", "/", "--remount-ro", "/dev"]  # they would be memory without a bound
    return [*words, "--chdir", str(world.cwd), "--", *argv]


def _kernel() -> list[str]:
    """The machine's own settings may only be read. They belong to root, and where Sluice is root, so is, to the kernel,
    who is 1000 inside: without this an agent could name the program that root starts when one crashes."""
    if os.getuid() != 0:
        return []
    found = [entry for entry in os.scandir("/proc") if not entry.name.isdigit() and not entry.is_symlink()]
    shut = [entry.path for entry in found if entry.is_dir() or entry.stat().st_mode & 0o222]
    return [word for path in sorted(shut) for word in ("--ro-bind-try", path, path)]


def _outermost(paths: Sequence[str]) -> list[str]:
    """Without those that lie in another one, however they are written: they are there already, and one that is a link
    could not be bound."""
    plain = dict.fromkeys(map(os.path.normpath, paths))
    return [path for path in plain if not any(str(above) in plain for above in Path(path).parents)]


def _interpreter() -> list[str]:
    return list(dict.fromkeys((sys.base_prefix, sys.prefix, os.path.realpath(sys.executable))))


def _git_folder(tree: Path) -> list[str]:
    """The worktree's git folder may be written, but not what git would execute; borrowed objects may be read.

    Where the borrowed objects lie follows from where the tree lies, as bot/git lays it: what the tree's own files say
    about it, an agent may have written.
    """
    words = []
    if _plain(tree / ".git", stat.S_IFDIR):
        for name, kind in (("config", stat.S_IFREG), ("hooks", stat.S_IFDIR)):
            if _plain(path := tree / ".git" / name, kind):
                words += ["--ro-bind", str(path), str(path)]
    owner, _, name = tree.parent.name.partition("__")
    objects = str(tree.parents[2] / "mirrors" / owner / f"{name}.git/objects") if owner and name else ""
    return [*words, "--ro-bind", objects, objects] if objects and os.path.isdir(objects) else words


def _plain(path: Path, kind: int) -> bool:
    """It is there, of this kind, and no symbolic link: bubblewrap would bind what a link points to."""
    try:
        return stat.S_IFMT(path.lstat().st_mode) == kind
    except OSError:
        return False
