"""The `sluice` command: one file per noun. What is called is loaded alone: all of them take longer than most work."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from bot.errors import SluiceError, UserError

if TYPE_CHECKING:
    import typer

YOUNG = 10_000  # new objects before they are searched for garbage: after every 700, a start is a seventh slower


@dataclass(frozen=True)
class Noun:
    """A word behind `sluice`, and the module that has its function of that name; with `told`, its own commands."""

    word: str
    module: str
    told: str = ""


NOUNS = (
    Noun("demo", "demo"),
    Noun("init", "init"),
    Noun("serve", "serve"),
    Noun("sweep", "serve"),
    Noun("board", "board", "What is on the board, and where it really stands."),
    Noun("explain", "board"),
    Noun("retry", "commands"),
    Noun("cancel", "commands"),
    Noun("pause", "commands"),
    Noun("resume", "commands"),
    Noun("plan", "plan"),
    Noun("review", "review", "The pull requests that wait for somebody."),
    Noun("peer", "peer", "The agents that work for Sluice."),
    Noun("execute", "execute", "Carry a plan out: headless, or step by step."),
    Noun("agent", "agent", "Agents for a task of their own, deleted when it is done."),
    Noun("run", "run", "What agents did, and are doing."),
    Noun("dashboard", "dashboard"),
    Noun("usage", "usage"),
    Noun("limits", "limits"),
    Noun("doctor", "doctor"),
    Noun("remove", "remove"),
)


def app() -> None:
    """The entry point: a user's mistake is a sentence and exit code 2, trouble outside is exit code 1."""
    gc.set_threshold(YOUNG)
    try:
        command_line(sys.argv[1:])()
    except UserError as error:
        _fail(str(error), 2)
    except SluiceError as error:
        _fail(str(error), 1)
    except OSError as error:  # a folder that cannot be written, a port in use
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """With the one command alone that is called, where one is; else with all."""
    import typer

    called = [noun for noun in NOUNS if [noun.word] == list(words[:1])]
    made = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    made.callback()(main)
    for noun in called or NOUNS:
        module = import_module(f"bot.cli.{noun.module}")
        if noun.told:
            made.add_typer(_with(module.app, words[1:2] if called else ()), name=noun.word, help=noun.told)
        else:
            made.command(noun.word)(getattr(module, noun.word))
    return made


def main() -> None:
    """Sluice drains a GitHub Project board with coding agents."""


def _with(group: typer.Typer, words: Sequence[str]) -> typer.Typer:
    """The same with one of its commands alone, where that is called."""
    import typer

    called = [command for command in group.registered_commands if [command.name] == list(words)]
    if not called or group.registered_callback is None:  # of one command and nothing else a Typer makes no group
        return group
    one = typer.Typer(no_args_is_help=True)
    one.registered_callback, one.registered_commands = group.registered_callback, called
    return one


def _fail(message: str, code: int) -> None:
    from bot.cli.output import fail

    fail(message, code)
