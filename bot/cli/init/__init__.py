"""`sluice init`: from nothing to two files that work, and a look by `sluice doctor`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.cli.init.given import Given
from bot.cli.options import Config
from bot.cli.output import fail
from bot.whereabouts import FILE

NO_REPOS: list[str] = []


def init(
    board: Annotated[str, typer.Option("--board", help="The board: owner/number, or its address.")] = "",
    repo: Annotated[
        list[str], typer.Option("--repo", help="A repository to work in, owner/name; the first takes drafts.")
    ] = NO_REPOS,
    app: Annotated[bool, typer.Option("--app", help="Be a GitHub App of your own, made in the browser.")] = False,
    token_env: Annotated[str, typer.Option("--token-env", help="Be whose token this variable holds.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="App: whose it is, if not the board's owner.")] = "",
    webhook: Annotated[
        str,
        typer.Option("--webhook", help="App: https://HOST/webhooks/github as GitHub reaches it; none: sweeps alone."),
    ] = "",
    board_token_env: Annotated[
        str, typer.Option("--board-token-env", help="The variable with the token of a person's board.")
    ] = "",
    column: Annotated[
        list[str], typer.Option("--column", help="What a column is for: ready=To do (in_progress, in_review, ...).")
    ] = NO_REPOS,
    add_columns: Annotated[
        bool, typer.Option("--add-columns", help="Give the board the columns it lacks; no card moves.")
    ] = False,
    agent: Annotated[str, typer.Option("--agent", help="The program that does the work, with its arguments.")] = "",
    probe: Annotated[
        bool | None, typer.Option("--probe/--no-probe", help="Let doctor try to write, on a scratch issue.")
    ] = None,
    github_url: Annotated[str, typer.Option("--github-url", help="Another GitHub than github.com.")] = "",
    port: Annotated[int, typer.Option("--port", help="App: where the page is shown on this machine; 0: any.")] = 0,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="App: open the page, or only say where it is.")
    ] = None,
    patience: Annotated[float, typer.Option("--patience", help="App: minutes to wait for the browser.")] = 20,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there; it is kept as *.old.")] = False,
    config: Config = FILE,
) -> None:
    """Set Sluice up for a board: an identity, sluice.toml, and a policy to commit; then look at it with doctor."""
    given = Given(
        config, github_url, board, tuple(repo), app, owner, webhook, token_env, board_token_env, tuple(column),
        add_columns, agent, probe, port, browser, patience * 60, force,
    )  # fmt: skip
    from bot.cli.init.course import run  # here, so that the other commands start quickly

    try:
        raise typer.Exit(asyncio.run(run(given)))
    except (KeyboardInterrupt, typer.Abort):
        kept = f"another `sluice init` goes on from {config}" if config.exists() else "nothing is written"
        fail(f"stopped; {kept}", 130)
