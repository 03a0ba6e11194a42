"""Reads workflow files: text in, what `core.exposure` judges out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from bot.core.exposure import Exposure, Workflow, exposures

MOST = 500_000  # characters: no workflow is longer


@lru_cache(64)  # every look at every item that may start asks, and they hardly ever change
def exposures_in(files: tuple[tuple[str, str], ...]) -> tuple[Exposure, ...]:
    """What the files, by name, would lend to a branch of an agent's."""
    return exposures(Workflow(name, text, _read(text)) for name, text in files)


def _read(text: str) -> Mapping[str, Any] | None:
    if len(text) > MOST:
        return None
    try:
        data = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


class _Loader(yaml.SafeLoader):
    """As GitHub reads them: `on` is a word here, and nothing is a date."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in rows if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
