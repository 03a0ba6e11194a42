"""`sluice demo`: a board drained on this machine, with a GitHub of its own."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from bot.cli.options import Config
from bot.whereabouts import FILE


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running at the end, and say where.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end, and nothing else.")] = False,
    faults: Annotated[
        int | None, typer.Option("--faults", help="Let GitHub fail now and then; the seed says when and how.")
    ] = None,
    peer: Annotated[
        str | None,
        typer.Option(
            "--peer",
            help="Let a real agent do the work: one of sluice.toml, or claude, codex, gemini, opencode or copilot, "
            "if it is installed. It costs tokens.",
        ),
    ] = None,
    config: Config = FILE,
) -> None:
    """Drain a board before your eyes: no account, no network, and, without --peer, no model."""
    from bot.demo.performance import perform  # here, for the demo itself uses other commands of this package
    from bot.demo.processes import end_the_rest

    hired = None
    if peer:
        from bot.demo.hired import hire

        hired, said = hire(peer, config)
        print(said, file=sys.stderr)
    try:
        raise typer.Exit(asyncio.run(perform(keep, json_, faults, hired)))
    except asyncio.CancelledError:  # somebody asked the process to end
        raise typer.Exit(143) from None
    finally:
        end_the_rest()
