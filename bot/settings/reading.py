"""Reads the settings, once, at the door: `sluice.toml`, `.env` and the environment (`SLUICE_...`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.renamed import SETTINGS, Renamed
from bot.settings.settings import TABLES, Settings
from bot.whereabouts import FILE, variables


def read_settings(file: Path = FILE, renamed: Sequence[Renamed] = SETTINGS) -> Settings:
    """The settings, or a SettingsError that says which key of which file is wrong."""
    if file != FILE and not file.exists():
        raise SettingsError(
            f"{file} does not exist; docs/sluice.example.toml is one to copy, or name another with --config"
        )
    given = variables()
    try:
        return _of_all(file, renamed) if given is None else _of_the_file(file, renamed, given)
    except ValidationError as error:
        told = "\n".join(f"  {_told(detail)}" for detail in error.errors())
        raise SettingsError(f"{file} (or a SLUICE_ variable) is not right:\n{told}") from None
    except ValueError as error:  # TOML syntax
        raise SettingsError(f"{file}: {error}") from None


def _of_all(file: Path, renamed: Sequence[Renamed]) -> Settings:
    from bot.settings.sources import gathered  # here, for most are given by their file alone

    return gathered(_knowing(renamed), file)


def _of_the_file(file: Path, renamed: Sequence[Renamed], given: Mapping[str, str]) -> Settings:
    """And of the few variables that need no search for others."""
    written = tomllib.loads(file.read_bytes().decode()) if file.is_file() else {}
    return _knowing(renamed).model_validate({**written, **given})


def _knowing(renamed: Sequence[Renamed]) -> type[Settings]:
    if renamed is Settings.renamed:
        return Settings

    class Knowing(Settings):
        pass

    Knowing.renamed = renamed
    return Knowing


def _told(detail: Any) -> str:
    where = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        from bot.policy_file import nearest  # here, for most make no mistake

        return f"unknown key {where}{nearest(str(detail['loc'][-1]), _known(detail['loc']))}"
    return f"{where}: {detail['msg']}"


def _known(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that exist beside the unknown one."""
    model = TABLES.get(str(loc[0]), Settings) if len(loc) > 1 else Settings
    return list(model.model_fields)
