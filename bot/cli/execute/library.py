"""Documents that no commit has, one's own packs among them: where steps with a worktree of their own find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.plans.plan import FOLDER

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.core.plans.delegation import Document

FOUND_IN = f"{FOLDER}/knowledge"


async def uncommitted(sit: Sitting, base: str) -> dict[str, str]:
    """Their texts, by the path they were named with."""
    named = (*sit.e.plan.knowledge, *(path for step in sit.e.plan.steps for path in step.knowledge))
    files = {path: sit.place.top / path for path in named}
    return {
        path: file.read_text(errors="replace")
        for path, file in files.items()
        if file.is_file() and await sit.files.show(base, path) is None
    }


def laid(texts: Mapping[str, str]) -> dict[str, str]:
    """By the path they are found at."""
    return {_place(path): text for path, text in texts.items()}


def as_found(known: Iterable[Document], texts: Mapping[str, str]) -> list[Document]:
    """Each that is only named, by the path it is found at."""
    return [replace(each, path=_place(each.path)) if each.path in texts and not each.text else each for each in known]


def _place(path: str) -> str:
    return path if path.startswith(f"{FOLDER}/") else f"{FOUND_IN}/{path}"
