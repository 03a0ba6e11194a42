"""What an earlier init, or somebody's own hand, left in the settings: an identity may be gone on with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.settings import read_settings

SECRETS = ("token", "private_key", "webhook_secret")


@dataclass(frozen=True)
class Earlier:
    written: Mapping[str, Any]  # [github], as it stands in the file
    outside: Mapping[str, Any]  # what belongs to it and comes from the environment
    boards: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """An init came to its end; else this is only the identity it got to."""
        return bool(self.boards)

    @property
    def identity(self) -> bool:
        known = {**self.written, **self.outside}
        return bool(known.get("token") or known.get("app_id"))


def earlier(config: Path) -> Earlier | None:
    """SettingsError when the file is there and wrong: it is not init's to throw away."""
    if not config.exists():
        return None
    settings = read_settings(config)
    written = tomllib.loads(config.read_text("utf-8")).get("github", {})
    secrets = {name: secret for name in SECRETS if (secret := getattr(settings.github, name)) and name not in written}
    outside = {name: secret.get_secret_value() for name, secret in secrets.items()}
    return Earlier(written, outside, tuple(settings.boards))
