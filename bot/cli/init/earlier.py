"""What an earlier init, or somebody's own hand, left in the settings: an identity may be gone on with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli.init.files import SECRET, put
from bot.settings import read_settings

SECRETS = ("token", "private_key", "webhook_secret")


@dataclass(frozen=True)
class Earlier:
    written: Mapping[str, Any]  # [github], as it stands in the file
    outside: Mapping[str, Any]  # what belongs to it and comes from the environment
    tables: frozenset[str]  # what else stands there

    @property
    def identity(self) -> bool:
        known = {**self.written, **self.outside}
        return bool(known.get("token") or known.get("app_id"))

    @property
    def begun(self) -> bool:
        """It is no more than the identity an init got to: nothing is lost by going on with it."""
        return self.identity and self.tables == {"github"}


def put_settings(config: Path, text: str) -> None:
    """In the place of what is there, which is kept beside it, unless it is no more than init's own beginning."""
    left = earlier(config)
    put(config, text, SECRET, keep=left is not None and not left.begun)


def earlier(config: Path) -> Earlier | None:
    """SettingsError when the file is there and wrong: it is not init's to throw away."""
    if not config.exists():
        return None
    settings = read_settings(config)
    tables = tomllib.loads(config.read_text("utf-8"))
    written = tables.get("github", {})
    secrets = {name: secret for name in SECRETS if (secret := getattr(settings.github, name)) and name not in written}
    outside = {name: secret.get_secret_value() for name, secret in secrets.items()}
    return Earlier(written, outside, frozenset(tables))
