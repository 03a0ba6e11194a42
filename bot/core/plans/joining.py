"""How what a team's members hand on becomes what their step hands on."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.plans.plan import FOLDER, Step


def part_path(path: str, member: str) -> str:
    """Where a member writes its part of a file: `.sluice/found.md` is `.sluice/found.1.1.a.md` for member 1.1.a."""
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}.{member}.{suffix}" if dot and "/" not in suffix else f"{path}.{member}"


def joined(step: Step, texts: Mapping[str, str]) -> dict[str, str]:
    """The step's files, made of its members' parts one behind the other; `texts`: what there is, by path.

    What an agent is to join, and files of the repository, are not for us to make.
    """
    if step.joins == "agent":
        return {}
    made = {}
    for path in (each for each in step.deliverables if each.startswith(f"{FOLDER}/")):
        parts = [(member, texts.get(part_path(path, member.id), "").strip()) for member in step.team]
        if any(text for _, text in parts):
            made[path] = (
                "\n\n".join(f"## {member.agent} ({member.id})\n\n{text}" for member, text in parts if text) + "\n"
            )
    return made
