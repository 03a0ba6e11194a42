"""`sluice agent ...`: agents as temporary resources: created for a task, commanded, looked at, deleted when done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.options import AsJson, Config
from bot.cli.output import console, print_json, print_table
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.crew.crew import Crew

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="An agent's name or id.", metavar="AGENT")]
Task = Annotated[str, typer.Argument(help="What it is to do.", metavar="TASK")]
COLUMNS = ("name", "status", "progress", "peer", "model", "tokens", "cost", "context_used")


@app.callback()
def main(run: Annotated[str, typer.Option("--inside-run", envvar="SLUICE_RUN", hidden=True)] = "") -> None:
    """Agents for a task of their own; each works in the background, in a worktree of its own."""
    from bot.orchestrator import refuse_inside

    refuse_inside(bool(run))


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    task: Annotated[str, typer.Argument(help="What it is to do; absent: it waits for a command.")] = "",
    model: Annotated[str, typer.Option("--model", help="Where its program takes one; else the peer's own.")] = "",
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", help="It is stopped when it has read and written this many.")
    ] = None,
    peer: Annotated[str, typer.Option("--peer", help="Whose program does it; absent: the first in sluice.toml.")] = "",
    after: Annotated[
        list[str] | None, typer.Option("--after", help="An agent it waits for, and whose work it goes on from.")
    ] = None,
    base: Annotated[str, typer.Option("--base", help="The branch it begins from; absent: the present one.")] = "",
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Create an agent; it begins at once, and the command returns."""
    from bot.orchestrator import create as create_one

    told = _do(
        config,
        lambda crew: create_one(
            crew, name, task, model=model, max_tokens=max_tokens, peer=peer, after=after or (), base=base
        ),
    )
    _say(told, as_json)


@app.command()
def command(name: Name, task: Task, config: Config = FILE, as_json: AsJson = False) -> None:
    """Give an agent one more task; it remembers the earlier ones."""
    mate = _do(config, lambda crew: crew.command(name, task))
    _say({"agent_id": mate.id, "status": "commanded", "message": "Agent received task"}, as_json)


@app.command()
def status(
    name: Annotated[str, typer.Argument(help="An agent's name or id; absent: all.", metavar="AGENT")] = "",
    tail: Annotated[int, typer.Option("--tail", min=0, help="With so many of the last things that happened.")] = 0,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """How one stands, or all of them; what nothing tells is "unknown"."""
    from bot.orchestrator import status_of

    if not name:
        list_agents(False, config, as_json)
        return
    told = status_of(_do(config, lambda crew: crew.look(name)), tail)
    events = told.pop("events", []) if not as_json else []
    _say(told, as_json)
    for line in events:
        console.print(line)


@app.command()
def output(name: Name, config: Config = FILE, as_json: AsJson = False) -> None:
    """What an agent read, what it changed, and its own words."""
    from bot.orchestrator import output_of

    _say(output_of(_do(config, lambda crew: crew.look(name))), as_json)


@app.command("list")
def list_agents(
    deleted: Annotated[bool, typer.Option("--all", help="Those that were deleted, too.")] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """The agents of this repository."""
    from bot.orchestrator import status_of

    crew = _do(config, lambda crew: crew.all(deleted))
    rows = [status_of(told) | ({"deleted": told.mate.left} if told.mate.deleted_at else {}) for told in crew]
    if as_json:
        print_json({"agents": rows})
    elif rows:
        print_table(COLUMNS, [[row[column] for column in COLUMNS] for row in rows])
    else:
        console.print("no agents")


@app.command()
def watch(
    interval: Annotated[float, typer.Option("--interval", min=0.2, help="Seconds between two looks.")] = 15.0,
    once: Annotated[bool, typer.Option("--once", help="One look.")] = False,
    config: Config = FILE,
    as_json: AsJson = False,
) -> None:
    """Who works, who waits for whom, who holds others up, what was used and what happened last, until all are over."""
    from bot.cli.fleet import follow

    asyncio.run(follow(Path(config), interval, once, as_json))


@app.command()
def interrupt(name: Name, config: Config = FILE, as_json: AsJson = False) -> None:
    """End what an agent is at; its work is kept, and the next command goes on from there."""
    from bot.orchestrator import status_of

    _say(status_of(_do(config, lambda crew: crew.interrupt(name))), as_json)


@app.command()
def delete(name: Name, config: Config = FILE, as_json: AsJson = False) -> None:
    """Delete an agent: its work is saved and its branch named first; its record stays."""
    from bot.orchestrator import deleted

    _say(deleted(_do(config, lambda crew: crew.delete(name))), as_json)


@app.command("delete-all")
def delete_all(config: Config = FILE, as_json: AsJson = False) -> None:
    """Delete all agents of this repository."""
    from bot.orchestrator import deleted

    gone = [deleted(mate) for mate in _do(config, lambda crew: crew.delete_all())]
    if as_json:
        print_json({"agents": gone})
    else:
        console.print("\n".join(each["message"] for each in gone) or "no agents")


@app.command()
def commands(
    write: Annotated[Path, typer.Option("--write", help="The repository they are laid into.")] = Path(),
) -> None:
    """Lay the slash commands and the orchestrator's definition into a repository's .claude folder, for Claude Code."""
    from bot.cli.slash import lay

    for path in lay(write):
        console.print(str(path))


def _say(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for key, value in told.items():
        if value not in ("", []):
            console.print(f"{key}: {', '.join(value) if isinstance(value, list) else value}")


def _do(config: Path, verb: Callable[[Crew], Awaitable[T]]) -> T:
    from bot.orchestrator import crew_at

    async def run() -> T:
        async with crew_at(Path(config)) as crew:
            return await verb(crew)

    return asyncio.run(run())
