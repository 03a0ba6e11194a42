"""Who is meant for a step: the speciality its part of the repository asks for, names somebody gave, or peers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.plans.playbook import ENGINEER, Part
from bot.core.plans.sizing import Size
from bot.core.plans.stack import IN_BROWSERS, SEEN_BY_PEOPLE, Stack
from bot.core.queue import plays
from bot.core.run import Peer

STEMS = {"reviewer": "review", "scout": "scout", "planner": "plan", "shipper": "ship"}  # in names of such agents
FEWEST_SCOUTS = 2  # a second pair of eyes, even where one peer is both
ON_SERVERS = {"express", "nestjs", "next"}


@dataclass(frozen=True)
class Cast:
    stack: Stack
    named: tuple[str, ...] = ()  # by a person
    peers: tuple[Peer, ...] = ()  # empty: whoever carries the plan out has its own

    def agents(self, part: Part, areas: tuple[str, ...]) -> tuple[str, ...]:
        """One for each area whose speciality is another; names that a person gave go first."""
        if given := self._given(part.role):
            return given
        if part.agent != ENGINEER:
            return (part.agent or part.role,)
        return tuple(dict.fromkeys(self._engineer(area) for area in areas or ("",)))

    def team(self, part: Part) -> tuple[str, ...]:
        """For each focus that has one, who looks at it: peers that differ, where several take such steps."""
        given = self._given(part.role) or tuple(peer.name for peer in _different(self._able(part.role)))
        most = len(part.focus)
        if not self.peers and not given:
            return tuple(f"{part.agent or part.role}-{n}" for n in range(1, most + 1))
        count = min(most, max(FEWEST_SCOUTS, len(given)))
        names = given or (part.agent or part.role,)
        return tuple(names[at % len(names)] for at in range(count))

    def able(self, role: str) -> tuple[str, ...]:
        return tuple(peer.name for peer in self._able(role))

    def _able(self, role: str) -> list[Peer]:
        return [peer for peer in self.peers if plays(peer, role)]

    def _given(self, role: str) -> tuple[str, ...]:
        """Names that tell their role go there; the others build."""
        if stem := STEMS.get(role):
            return tuple(name for name in self.named if stem in name and not _builds(name))
        return tuple(name for name in self.named if _builds(name) or not any(stem in name for stem in STEMS.values()))

    def _engineer(self, area: str) -> str:
        stack = self.stack
        match area:
            case "frontend" if stack.before:
                return _flavoured("frontend-engineer", stack.before)
            case "infrastructure":
                return "devops-engineer"
            case "documentation":
                return "technical-writer"
            case "tests":
                return _flavoured("test-engineer", stack.behind or stack.before)
        if stack.behind in IN_BROWSERS and stack.before in SEEN_BY_PEOPLE and not set(stack.frameworks) & ON_SERVERS:
            return _flavoured("frontend-engineer", stack.before)
        return _flavoured("backend-engineer", stack.behind) if stack.behind else "engineer"


def areas_for(size: Size, stack: Stack) -> tuple[str, ...]:
    """The parts of the repository that want a specialist of their own."""
    if size.task_type == "documentation":
        return ("documentation",)
    if size.task_type == "test":
        return ("tests",)
    built = [area for area in size.areas if area not in ("documentation", "tests")]
    sides = dict.fromkeys("backend" if area == "database" else area for area in built)
    if "frontend" in sides and not stack.before:
        del sides["frontend"]
    return tuple(sides)


def _builds(name: str) -> bool:
    return "engineer" in name or "build" in name


def _flavoured(speciality: str, flavour: str) -> str:
    return f"{speciality}--{flavour}" if flavour else speciality


def _different(peers: Iterable[Peer]) -> list[Peer]:
    """The first of each runtime and model: several pairs of eyes are worth it where they differ."""
    found: dict[tuple[str, str], Peer] = {}
    for peer in peers:
        found.setdefault((peer.runtime, peer.model), peer)
    return list(found.values())
