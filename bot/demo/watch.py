"""What an onlooker sees: the board and its pull requests on GitHub, and what Sluice says of itself."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from bot.demo.processes import command, environment
from bot.demo.world import ORG, REPO, World

GLANCE = 0.5  # seconds between two looks at GitHub
ASKING = 2.0  # seconds between two questions to Sluice, each of which starts a process

BOARD = """query($org: String!, $number: Int!, $owner: String!, $name: String!) {
  organization(login: $org) { projectV2(number: $number) { items(first: 50) { nodes {
    id
    status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
    content { ... on Issue { number } }
  } } } }
  repository(owner: $owner, name: $name) { pullRequests(first: 50) { nodes { number title state createdAt mergedAt } } }
}"""


@dataclass(frozen=True)
class PullSeen:
    number: int
    state: str
    created_at: str  # ISO 8601, so that earlier is smaller
    merged_at: str | None


@dataclass
class Seen:
    """The newest of everything, by item title."""

    columns: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    pulls: dict[str, PullSeen] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # of `sluice board show --json`

    def merged(self, title: str) -> bool:
        return title in self.pulls and self.pulls[title].state == "MERGED"


async def look(world: World, seen: Seen) -> None:
    """Look at GitHub for ever, as ann."""
    titles = {card: title for title, card in world.cards.items()}
    owner, name = REPO.split("/")
    while True:
        number = world.project.number
        data = await world.people["ann"].graphql(BOARD, org=ORG, number=number, owner=owner, name=name)
        for node in data["organization"]["projectV2"]["items"]["nodes"]:
            title = titles.get(node["id"])
            if title:
                seen.columns[title] = (node["status"] or {}).get("name", "")
                seen.numbers |= {title: node["content"]["number"]} if node["content"].get("number") else {}
        for node in data["repository"]["pullRequests"]["nodes"]:
            seen.pulls[node["title"]] = PullSeen(node["number"], node["state"], node["createdAt"], node["mergedAt"])
        await asyncio.sleep(GLANCE)


async def ask(world: World, seen: Seen) -> None:
    """Ask Sluice for ever, over its command line."""
    while True:
        answer = await board_show(world)
        seen.rows |= {row["title"]: row for row in answer}
        await asyncio.sleep(ASKING)


async def board_show(world: World) -> list[dict[str, Any]]:
    """`sluice board show --json`; nothing when it fails, for the next answer will do."""
    process = await asyncio.create_subprocess_exec(
        command("sluice"),
        *("board", "show", "--json", "--config", str(world.config)),
        cwd=world.folder,
        env=environment(world.folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    items: list[dict[str, Any]] = json.loads(out)["items"] if process.returncode == 0 else []
    return items
