"""Homes: each item and peer has one, kept until the item is over, so that a session can be gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.agents.erasing import erase
from bot.core.tokens import Tokens
from bot.core.worktree import ref_part


@dataclass(frozen=True)
class Session:
    """A program's own, as far as it told its id, and the last run that it was part of."""

    id: str = ""
    run: str = ""


@dataclass(frozen=True)
class Home:
    """`path` is the agent's; what lies beside it is Sluice's and out of the agent's reach."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "home"

    @property
    def session(self) -> Session:
        """Without an id there is none to go on with. What cannot be read, after a crash of the machine, is none."""
        try:
            return Session(**json.loads((self.folder / "session.json").read_text()))
        except (OSError, ValueError, TypeError):
            return Session()

    def keep_session(self, session: Session) -> None:
        if session != self.session:
            _write(self.folder / "session.json", json.dumps(asdict(session)))

    def baseline(self, run: str, billed: Callable[[], tuple[Tokens, ...]]) -> tuple[Tokens, ...]:
        """What had been billed when this run began; a run entered again began when it first did."""
        file = self.folder / "baseline.json"
        if file.exists() and (kept := json.loads(file.read_text()))["run"] == run:
            return tuple(Tokens(**each) for each in kept["billed"])
        found = billed()
        _write(file, json.dumps({"run": run, "billed": [asdict(each) for each in found]}))
        return found


class Homes:
    def __init__(self, root: Path) -> None:
        self._root = root.resolve() / "homes"

    def of(self, item: str, peer: str) -> Home:
        home = Home(self._root / ref_part(item) / ref_part(peer))
        home.path.mkdir(parents=True, exist_ok=True)
        return home

    def forget(self, item: str) -> None:
        """Its own, and those of the steps of its plan."""
        for home in (self._root / ref_part(item), *self._root.glob(f"{ref_part(f'{item}.')}*")):
            erase(home)


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    partial = file.with_suffix(".partial")
    partial.write_text(text)
    os.replace(partial, file)
