"""The `sluice` command: one file per noun."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from bot.cli import (
    agent,
    board,
    commands,
    dashboard,
    demo,
    doctor,
    execute,
    init,
    limits,
    peer,
    plan,
    remove,
    review,
    run,
    serve,
    usage,
)
from bot.cli.output import fail
from bot.errors import SluiceError, UserError

typer_app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
typer_app.command("demo")(demo.demo)
typer_app.command("init")(init.init)
typer_app.command("serve")(serve.serve)
typer_app.command("sweep")(serve.sweep)
typer_app.add_typer(board.app, name="board", help="What is on the board, and where it really stands.")
typer_app.command("explain")(board.explain)
typer_app.command("retry")(commands.retry)
typer_app.command("cancel")(commands.cancel)
typer_app.command("pause")(commands.pause)
typer_app.command("resume")(commands.resume)
typer_app.command("plan")(plan.plan)
typer_app.add_typer(review.app, name="review", help="The pull requests that wait for somebody.")
typer_app.add_typer(peer.app, name="peer", help="The agents that work for Sluice.")
typer_app.add_typer(execute.app, name="execute", help="Carry a plan out: headless, or step by step.")
typer_app.add_typer(agent.app, name="agent", help="Agents for a task of their own, deleted when it is done.")
typer_app.add_typer(run.app, name="run", help="What agents did, and are doing.")
typer_app.command("dashboard")(dashboard.dashboard)
typer_app.command("usage")(usage.usage)
typer_app.command("limits")(limits.limits)
typer_app.command("doctor")(doctor.doctor)
typer_app.command("remove")(remove.remove)


@typer_app.callback()
def main() -> None:
    """Sluice drains a GitHub Project board with coding agents."""


def app() -> None:
    """The entry point: a user's mistake is a sentence and exit code 2, trouble outside is exit code 1."""
    try:
        _called(sys.argv[1:2])()
    except UserError as error:
        fail(str(error), 2)
    except SluiceError as error:
        fail(str(error), 1)
    except OSError as error:  # a folder that cannot be written, a port in use
        fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _called(first: Sequence[str]) -> typer.Typer:
    """With the one command alone that is called, where one is: making the others takes longer than most work does."""
    groups = [group for group in typer_app.registered_groups if [group.name] == list(first)]
    commands = [command for command in typer_app.registered_commands if [command.name] == list(first)]
    if not groups and not commands:
        return typer_app
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    one.callback()(main)
    one.registered_groups, one.registered_commands = groups, commands
    return one
