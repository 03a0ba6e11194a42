"""Which steps may change the same files, as far as their plan says; of the others nothing is known beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.plans.plan import FOLDER, Step


@dataclass(frozen=True)
class Busy:
    """Somebody else who changes files at this moment."""

    who: str  # "#12"
    paths: tuple[str, ...]  # paths and patterns


def held_by(step: Step, others: Iterable[Busy]) -> str:
    """Why the step waits for an agent of another item, in words; empty: it need not, as far as is known."""
    mine = touches(step) if step.changes else ()
    met = ((each.who, path) for each in others for path in each.paths if any(may_meet(path, own) for own in mine))
    who, path = next(met, ("", ""))
    return f"an agent of {who} changes {path}, which it may change too" if who else ""


def meeting(one: Step, other: Step) -> str:
    """The path or pattern both may change; empty: none that is known of."""
    if not (one.changes and other.changes) or one.id == other.id:
        return ""
    theirs = touches(other)
    return next((mine for mine in touches(one) if any(may_meet(mine, each) for each in theirs)), "")


def touches(step: Step) -> tuple[str, ...]:
    """What it says that it changes: its deliverables in the repository, and where it may work."""
    own = [path for path in step.deliverables if not path.startswith(f"{FOLDER}/")]
    return tuple(dict.fromkeys((*own, *step.allowed_paths)))


def may_meet(one: str, other: str) -> bool:
    """Whether a file could fit both patterns: by what they say before their first wildcard, so rather yes than no."""
    first, second = _fixed(one), _fixed(other)
    if one == first and other == second:
        return _below(one, other) or _below(other, one)
    return first.startswith(second) or second.startswith(first)


def _fixed(pattern: str) -> str:
    cut = min((at for at, c in enumerate(pattern) if c in "*?["), default=len(pattern))
    return pattern[:cut]


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
