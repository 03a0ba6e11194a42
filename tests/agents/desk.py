"""A desk for a real program: a scratch repository, a home, and what the endpoint billed, counted as Sluice counts."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.core.tokens import Tokens
from tests.models.record import Record
from tests.models.serving import Models

KEY = "key-of-a-test"


@dataclass(frozen=True)
class Desk:
    """A scratch repository, and a home in which a program keeps what it remembers."""

    models: Models
    folder: Path
    key: str = KEY  # for the model

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def home(self) -> Path:
        return self.folder / "home"


def desk_in(folder: Path, models: Models) -> Desk:
    desk = Desk(models, folder)
    for part in (desk.tree, desk.home):
        part.mkdir()
    subprocess.run(["git", "init", "--quiet", desk.tree], check=True)
    return desk


def truth(record: Record) -> tuple[Tokens, ...]:
    """What the endpoint says it billed."""
    return tuple(
        Tokens(
            model,
            input_total=sum((each.input, each.cache_read, each.cache_write)),
            cache_read=each.cache_read,
            cache_write=each.cache_write,
            cache_write_1h=each.cache_write_1h,
            output=each.output,
        )
        for model, each in sorted(record.billed(asides=False).items())
    )
