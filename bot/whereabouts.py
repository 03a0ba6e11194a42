"""Where the ledger lies and which task is meant: all that a quick command asks of the settings.

It needs nothing of their tables, and what reads those takes a third of such a command's time. So three keys are read
here, as `bot.settings` would, and whatever is not as plain as that is left to it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bot.renamed import SETTINGS

FILE = Path("sluice.toml")
DOT_ENV = Path(".env")
PREFIX = "SLUICE_"


@dataclass(frozen=True)
class Whereabouts:
    data_dir: Path = Path(".sluice")
    database: str | None = None
    task_id: str = ""

    def ledger_url(self) -> str:
        if self.database:
            return self.database.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{(self.data_dir / 'ledger.db').resolve()}"


VARIABLES = {f"{PREFIX}{each.name.upper()}": each.name for each in fields(Whereabouts)}


def whereabouts(file: Path = FILE) -> Whereabouts:
    """As `read_settings` would tell, and a SettingsError where these keys are wrong."""
    given = _plainly(file)
    if given is not None:
        return Whereabouts(**given | {"data_dir": Path(given.get("data_dir", Whereabouts.data_dir))})
    from bot.settings import read_settings

    return read_settings(file).whereabouts


def variables() -> Mapping[str, str] | None:
    """What the environment gives, by key; None: more than these three, or in other ways."""
    given = {name: value for name, value in os.environ.items() if name[: len(PREFIX)].upper() == PREFIX}
    if DOT_ENV.exists() or not given.keys() <= VARIABLES.keys():
        return None
    return {VARIABLES[name]: value for name, value in given.items()}


def _plainly(file: Path) -> dict[str, Any] | None:
    """None: the settings are to be read in full."""
    told = variables()
    if told is None or SETTINGS or (file != FILE and not file.is_file()):
        return None
    try:
        written = tomllib.loads(file.read_bytes().decode()) if file.is_file() else {}
    except ValueError:
        return None
    ours = set(VARIABLES.values())
    keys = {key: value for key, value in written.items() if key in ours or not isinstance(value, dict)}
    known = keys.keys() <= ours and all(isinstance(value, str) for value in keys.values())
    return {**keys, **told} if known else None
