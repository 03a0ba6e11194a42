"""The environment and `.env` as sources of settings, ahead of the file. Loaded where one of them says something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.settings.settings import Settings


def gathered(settings: type[Settings], file: Path) -> Settings:
    """From wherever something is said of them: the environment outranks `.env`, and that the file."""

    class Gathered(_Sources, settings):  # type: ignore[valid-type, misc]
        model_config = SettingsConfigDict(toml_file=file)

    found: Settings = Gathered()
    return found


class _Sources(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SLUICE_", env_nested_delimiter="__", env_file=".env", extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        own, file = _OwnDotEnv(settings_cls), TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, _OldNames(settings_cls), own, file


class _OwnDotEnv(DotEnvSettingsSource):
    """A `.env` file is shared with other programs: what does not begin with our prefix is theirs."""

    def __call__(self) -> dict[str, Any]:
        known = self.settings_cls.model_fields
        return {key: value for key, value in super().__call__().items() if key in known or key.startswith("sluice_")}


class _OldNames(EnvSettingsSource):
    """The environment is searched for names that are known; those that were are known for a while."""

    def __call__(self) -> dict[str, Any]:
        old = [row.old for row in getattr(self.settings_cls, "renamed", ())]
        return {name: self.env_vars[f"sluice_{name}"] for name in old if f"sluice_{name}" in self.env_vars}
