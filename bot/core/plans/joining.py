"""How what a team's members hand on becomes what their step hands on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core.plans.plan import FOLDER, Member, Step


def part_path(path: str, member: str) -> str:
    """Where a member writes its part of a file: `.sluice/found.md` is `.sluice/found.1.1.a.md` for member 1.1.a."""
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}.{member}.{suffix}" if dot and "/" not in suffix else f"{path}.{member}"


def joined(step: Step, texts: Mapping[str, str]) -> dict[str, str]:
    """The step's files, made of its members' parts; `texts`: what there is, by path.

    What an agent is to join is not for us to make. Files of the repository are git's to merge, when members' work comes
    together on the branch: what conflicts there goes back to its member.
    """
    if step.joins == "agent":
        return {}
    made = {}
    for path in (each for each in step.deliverables if each.startswith(f"{FOLDER}/")):
        found = [(member, texts.get(part_path(path, member.id), "").strip()) for member in step.team]
        if parts := [(member, text) for member, text in found if text]:
            made[path] = (_merged(parts) if step.joins == "merge_files" else _one_behind_the_other(parts)) + "\n"
    return made


def _one_behind_the_other(parts: Sequence[tuple[Member, str]]) -> str:
    return "\n\n".join(f"## {member.agent} ({member.id})\n\n{text}" for member, text in parts)


def _merged(parts: Sequence[tuple[Member, str]]) -> str:
    """As one file: its paragraphs in order, those that several wrote alike once."""
    paragraphs = [each.strip("\n") for _, text in parts for each in re.split(r"\n\s*\n", text)]
    return "\n\n".join(dict.fromkeys(paragraphs))
