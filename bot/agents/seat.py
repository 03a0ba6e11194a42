"""A seat: where a program works in one run, and what it is given. A launch: how it is started there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from bot.agents.permits import Permits
from bot.agents.talk import Talk
from bot.core.events import Event
from bot.core.run import Peer

Note = Callable[[Event], None]


@dataclass(frozen=True)
class Model:
    """Where a peer's model is, and the key for it. Both empty: its program has a login of its own."""

    url: str = ""
    key: str = field(default="", repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)  # what else its program is given


@dataclass(frozen=True)
class Seat:
    """All paths are absolute, and the same inside the sandbox."""

    peer: Peer
    program: tuple[str, ...]  # the beginning of its command line, found on this machine
    tree: Path
    home: Path  # HOME; kept for this item and peer, so that a session can be gone on with
    brief: str  # what it is told first; the dossier, when `session` goes on
    session: str = ""  # the program's own id of what it did before; empty: anew
    url: str = ""  # where its model is; empty: where the program itself looks for it, with its own login
    key: str = ""  # goes with `url`
    desk: Path = Path()  # beside the tree: where it leaves what is no part of its work
    trusted: bool = False  # it may take its settings, hooks and servers from the repository as well
    permits: Permits = field(default_factory=Permits)


@dataclass(frozen=True)
class Ending:
    """How the program itself says its work ended; what was done is read from git."""

    how: Literal["finished", "failed", "limited"]
    summary: str  # its last words
    failure: str = ""  # failed: the class, e.g. "login", "model", "turns"
    until: datetime | None = None  # limited: when its provider takes work again, where it says so


class Driver(Talk, Protocol):
    """Leads the talk of one run, from the brief to the end."""

    session: str  # empty until the program has told it
    ending: Ending | None  # None: it has said nothing about an end

    def tell(self, text: str) -> bool: ...  # reaches it in the middle of its turn; False: it cannot now
    def interrupt(self) -> None: ...  # its turn ends soon, and so does the program


@dataclass(frozen=True)
class Launch:
    argv: Sequence[str]
    driver: Driver
    env: Mapping[str, str] = field(default_factory=dict)
    readable: Sequence[Path] = ()  # beside the program's own folder
