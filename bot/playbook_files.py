"""Reads playbooks: those that are shipped, and a team's own in `.github/sluice/playbooks/`. Text in, a Playbook out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from bot.core.plans.plan import problems
from bot.core.plans.planner import MEMBERS, Request, make_plan
from bot.core.plans.playbook import Playbook
from bot.core.plans.sizing import AREAS
from bot.errors import UserError
from bot.policy_file import nearest
from bot.shapes import shaped

SHIPPED = Path(__file__).parent / "playbooks"
OWN = ".github/sluice/playbooks"  # in a repository
NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


@lru_cache(256)
def read_playbook(name: str, text: str, own: bool = True) -> Playbook | str:
    """The playbook, or what is wrong with it and where. It is called as its file is."""
    if not NAME.fullmatch(name):
        return f"its name must be of small letters, digits and hyphens: {name!r}"
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return f"not valid TOML: {error}"
    if taken := next((key for key in ("name", "own") if key in data), None):
        return f"unknown key {taken}; a playbook is called as its file is"
    found = shaped(Playbook, {**data, "name": name, "own": own})
    return found if isinstance(found, str) else _wrong(found) or found


@lru_cache
def shipped() -> tuple[Playbook, ...]:
    return _all((file.stem, file.read_text(), str(file)) for file in sorted(SHIPPED.glob("*.toml")))


def playbooks_of(top: Path) -> tuple[Playbook, ...]:
    """All that may be used in a repository that lies here; its own take the place of shipped ones of the same name."""
    files = sorted((top / OWN).glob("*.toml"))
    own = _all(((file.stem, file.read_text(errors="replace"), f"{OWN}/{file.name}") for file in files), own=True)
    return together(own)


def playbooks_in(texts: Mapping[str, str]) -> tuple[tuple[Playbook, ...], str]:
    """The same of files by path; and what is wrong with a team's own, with which the shipped ones alone are left."""
    mine = {path: text for path, text in sorted(texts.items()) if is_own(path)}
    try:
        own = _all(((Path(path).stem, text, path) for path, text in mine.items()), own=True)
    except UserError as error:
        return shipped(), str(error)
    return together(own), ""


def is_own(path: str) -> bool:
    return path.startswith(f"{OWN}/") and path.endswith(".toml")


def together(own: Iterable[Playbook]) -> tuple[Playbook, ...]:
    return tuple({each.name: each for each in (*shipped(), *own)}.values())


def _all(files: Iterable[tuple[str, str, str]], own: bool = False) -> tuple[Playbook, ...]:
    found = []
    for name, text, file in files:
        read = read_playbook(name, text, own)
        if isinstance(read, str):
            raise UserError(f"{file}: {read}")
        found.append(read)
    return tuple(found)


def _wrong(playbook: Playbook) -> str:
    """A plan is made by it for trial: what is wrong with that is wrong with the playbook."""
    if unknown := next((area for area in playbook.when.areas if area not in AREAS), None):
        return f"when.areas: there is no area {unknown}{nearest(unknown, AREAS)}"
    for at, phase in enumerate(playbook.phases):
        for number, step in enumerate(phase.steps, 1):
            if any(not 1 <= other < number for other in step.after):
                return f"phases[{at}].steps[{number - 1}].after: only steps before it in its phase can be waited for"
            if len(step.focus) > len(MEMBERS):
                return f"phases[{at}].steps[{number - 1}].focus: a team has at most {len(MEMBERS)} members"
    trial = make_plan(
        Request("try it", datetime(2026, 1, 1, tzinfo=UTC), playbooks=(playbook,), playbook=playbook.name)
    )
    return "; ".join(problems(trial)[:3])
