"""Who comes first: priority, then board order; and which peer takes an item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from bot.core.item import Face, Item
from bot.core.run import Peer

LAST = float("inf")
BUILDER = "builder"  # the role of the one step an ordinary item has


def rank(item: Item) -> tuple[float, int]:
    """Lower is earlier: the priority (none comes after every number), then the place on the board."""
    return (LAST if item.priority is None else item.priority, item.position)


def priority_of(text: str | None) -> float | None:
    """A priority from a board field: a number, or a name that holds one (`P1`) or begins like a known level."""
    if not text:
        return None
    digits = "".join(c for c in text if c.isdigit() or c == ".").strip(".")
    if digits:
        try:
            return float(digits)
        except ValueError:
            return None
    levels = ("urgent", "critical", "high", "medium", "normal", "low")
    return next((float(i) for i, level in enumerate(levels) if text.casefold().startswith(level)), None)


def priority_on(face: Face, field: str) -> float | None:
    """What the card itself says."""
    return priority_of({name.casefold(): value for name, value in face.fields.items()}.get(field.casefold()))


def plays(peer: Peer, role: str) -> bool:
    """Who names no role takes a step of any."""
    return peer.role in ("", role)


def takers(
    peers: Iterable[Peer],
    repo: str,
    labels: tuple[str, ...],
    fields: Mapping[str, str],
    wanted: str | None,
    role: str = BUILDER,
) -> list[Peer]:
    """The peers that may take a step of that role, best first: the one asked for, else all that match role,
    repository, labels and fields.

    `fields` are the values of the card's board fields by name.
    """
    said = {name.casefold(): value.casefold() for name, value in fields.items()}
    able = [peer for peer in peers if plays(peer, role) and _takes(peer, repo, labels, said)]
    if wanted:
        return [peer for peer in able if peer.name == wanted]
    return sorted(able, key=lambda peer: not (peer.labels or peer.fields))  # one that asks for more is the better match


def fall_backs(
    peers: Iterable[Peer],
    name: str,
    repo: str,
    labels: tuple[str, ...],
    fields: Mapping[str, str],
    role: str = BUILDER,
) -> list[Peer]:
    """Who takes that one's work while its provider says to wait, as the settings order them."""
    able = {peer.name: peer for peer in takers(peers, repo, labels, fields, None, role)}
    mine = next((peer for peer in peers if peer.name == name), None)
    return [able[other] for other in (mine.fallbacks if mine else ()) if other in able]


def _takes(peer: Peer, repo: str, labels: tuple[str, ...], said: Mapping[str, str]) -> bool:
    known_repo = not peer.repositories or any(fnmatchcase(repo.casefold(), r.casefold()) for r in peer.repositories)
    labelled = not peer.labels or bool(set(peer.labels) & set(labels))
    return known_repo and labelled and all(_says(said, name, values) for name, values in peer.fields)


def _says(said: Mapping[str, str], name: str, values: tuple[str, ...]) -> bool:
    return said.get(name.casefold(), "") in {value.casefold() for value in values}
