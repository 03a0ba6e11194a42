"""Surveys a repository that lies on this machine, as plans look at it: its files, its manifests, and its knowledge."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.core.plans.library import TEAMS, WRITTEN, Tagged, tags_of
from bot.core.plans.stack import Facts, to_read
from bot.errors import UserError

KNOWLEDGE = (TEAMS, ".sluice/knowledge")  # the team's, and one's own
MOST_FILES, MOST_TEXT = 50_000, 200_000  # paths, and characters of a manifest
LISTED = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


def facts_of(top: Path) -> Facts:
    """Of the files as they are now, committed or not, but for those that git ignores."""
    listed = subprocess.run(LISTED, cwd=top, capture_output=True, check=False)
    if listed.returncode:
        raise UserError(f"git cannot list the files of {top}: {listed.stderr.decode(errors='replace').strip()}")
    paths = tuple(sorted(listed.stdout.decode("utf-8", "replace").split("\0")[:-1]))[:MOST_FILES]
    return Facts(paths, {path: text for path in to_read(paths) if (text := _text(top / path)) is not None})


def documents(top: Path, named: Iterable[str], packs: Iterable[str], here: Path) -> tuple[str, ...]:
    """The paths in the repository: each document that is named (from `here`), then those of each pack."""
    found = [_named(top, here, path) for path in named]
    found += [path for pack in packs for path in _pack(top, pack)]
    return tuple(dict.fromkeys(found))


def library(top: Path) -> tuple[Tagged, ...]:
    """The documents that lie beside the packs: they are matched by their tags."""
    files = (file for folder in KNOWLEDGE for file in _written(top / folder))
    return tuple(Tagged(_inside(top, file), tags_of(file.name, _text(file) or "")) for file in files)


def _named(top: Path, here: Path, path: str) -> str:
    file = (here / path).resolve()
    if not file.is_file():
        raise UserError(f"--knowledge {path}: there is no such file")
    if not file.is_relative_to(top):
        raise UserError(f"--knowledge {path}: it lies outside of the repository, where no agent can read it")
    return _inside(top, file)


def _pack(top: Path, name: str) -> list[str]:
    folders = [top / folder / name for folder in KNOWLEDGE if (top / folder / name).is_dir()]
    found = [_inside(top, file) for folder in folders for file in _written(folder)]
    if not found or "/" in name or name.startswith("."):
        places = " and ".join(f"{folder}/{name}/" for folder in KNOWLEDGE)
        raise UserError(f"--knowledge-pack {name}: no documents in {places}; there are {_packs(top) or 'no packs'}")
    return found


def _packs(top: Path) -> str:
    return ", ".join(sorted({each.name for folder in KNOWLEDGE for each in (top / folder).glob("*/")}))


def _written(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (each for each in sorted(folder.iterdir()) if each.is_file() and each.suffix in WRITTEN)


def _inside(top: Path, file: Path) -> str:
    return file.relative_to(top).as_posix()


def _text(file: Path) -> str | None:
    try:
        return file.read_text(errors="replace")[:MOST_TEXT]
    except OSError:  # listed by git, and gone since, or a link to nowhere
        return None
