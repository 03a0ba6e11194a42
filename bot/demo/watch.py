"""What an onlooker sees: the board and its pull requests on GitHub, and what Sluice says of itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bot.cli.board import shown
from bot.cli.ledger import ledger_of
from bot.demo.world import ORG, REPO, World
from bot.ledger.tallies import Tally
from bot.settings import Settings

GLANCE = 0.5  # seconds between two looks at GitHub

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
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # as `sluice board show --json` prints them

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
    """Read for ever what `sluice board show` reads; a process for each question would slow down what is watched."""
    async with ledger_of(Settings.model_construct(data_dir=world.data, database=None)) as ledger:
        while True:
            tallies = await ledger.tallies()
            for row in await ledger.items():
                seen.rows[row.item.title] = shown(row, tallies.get(row.item.id, Tally(0, 0)))
            await asyncio.sleep(GLANCE)
