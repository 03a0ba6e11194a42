"""`sluice peer list | show | test`: the agents, what each may do, and whether it works."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.finding import Finding
from bot.cli.given import settings_of
from bot.cli.ledger import ledger_of
from bot.cli.options import AsJson, Config
from bot.cli.output import console, print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.core.run import Peer, Run
    from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)
PeerArgument = Annotated[str, typer.Argument(help="An agent, as sluice.toml names it.", metavar="NAME")]


@app.callback()
def main() -> None:
    """The agents that work for Sluice."""


@app.command("list")
def list_peers(config: Config = FILE, as_json: AsJson = False) -> None:
    """Every agent: how it is driven, in whose name, and how much it does at once."""
    settings = settings_of(config)
    rows = asyncio.run(_rows(settings))
    if as_json:
        print_json({"peers": rows})
        return
    columns = ("name", "runtime", "program", "model", "role", "login", "working", "capacity")
    print_table(columns, [[row[name] for name in columns] for row in rows])


async def _rows(settings: Settings) -> list[dict[str, object]]:
    from bot.equipment import agents_of  # here, so that the other commands start quickly

    agents = agents_of(settings, settings.data_dir)
    async with ledger_of(settings) as ledger:
        working = [run.peer for run in await ledger.running()]
    return [
        {
            "name": peer.name,
            "runtime": peer.runtime,
            "program": _program(peer),
            "model": peer.model or "its own choice",
            "role": peer.role or "any",
            "login": str(agents.login(peer)),
            "working": working.count(peer.name),
            "capacity": peer.capacity,
        }
        for peer in settings.peer_list()
    ]


@app.command()
def show(name: PeerArgument, config: Config = FILE, as_json: AsJson = False) -> None:
    """One agent: its settings, without secrets, and its last runs."""
    settings = settings_of(config)
    _named(settings, name)
    facts, runs = asyncio.run(_facts(settings, name))
    if as_json:
        print_json({"peer": facts, "runs": [_run(run) for run in runs]})
        return
    print_table(("", ""), [[key, value] for key, value in facts.items()])
    for run in runs:
        console.print(" ".join(str(value) for value in _run(run).values()))


async def _facts(settings: Settings, name: str) -> tuple[dict[str, object], list[Run]]:
    from bot.agents.runtimes import unheld

    row = next(row for row in await _rows(settings) if row["name"] == name)
    told = settings.peers[name].model_dump(mode="json", exclude_none=True)  # secrets as stars
    if why := unheld(_named(settings, name)):
        told["permissions"] = why
    async with ledger_of(settings) as ledger:
        runs = [run for run in await ledger.runs() if run.peer == name]
    return {**row, **{key: value for key, value in told.items() if value not in ("", [], {})}}, runs[:10]


def _run(run: Run) -> dict[str, object]:
    return {
        "run": run.key[:8],
        "at": f"{run.admitted_at:%Y-%m-%d %H:%M}",
        "state": run.outcome.ended if run.outcome else run.state,
    }


@app.command()
def test(name: PeerArgument, config: Config = FILE, as_json: AsJson = False) -> None:
    """Let an agent do a small task of two steps in a scratch repository; exit code 1 if it cannot. It costs tokens."""
    settings = settings_of(config)
    peer = _named(settings, name)
    if peer.runtime == "scripted":
        raise UserError(f"agent {name} plays a script, which has nothing for this")
    if not asyncio.run(_test(settings, peer, as_json)):
        raise typer.Exit(1)


async def _test(settings: Settings, peer: Peer, as_json: bool) -> bool:
    from bot.cli.smoke import smoke
    from bot.equipment import agents_of

    found: list[Finding] = []
    kept = settings.data_dir.resolve() / "logs" / f"try-{peer.name}.log"
    with TemporaryDirectory(prefix="sluice-") as folder:
        agents = agents_of(settings, Path(folder))
        try:
            async for finding in smoke(agents, peer, kept):
                found.append(finding)
                if not as_json:
                    console.print(f"{finding.state:<8} {finding.what:<8} {finding.told}")
        finally:
            await agents.close()
    if as_json:
        print_json({"findings": [vars(finding) for finding in found]})
    return all(finding.state != "wrong" for finding in found)


def _named(settings: Settings, name: str) -> Peer:
    found = next((peer for peer in settings.peer_list() if peer.name == name), None)
    if found is None:
        raise UserError(f"there is no agent {name!r} in sluice.toml; there are {', '.join(settings.peers) or 'none'}")
    return found


def _program(peer: Peer) -> str:
    from bot.agents.runtimes import command_of

    return " ".join(command_of(peer)) or peer.script
