"""Questions at a terminal. Without one, whoever needs an answer is told which option gives it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from bot.cli.output import console
from bot.errors import UserError


class Questions:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def text(self, what: str, option: str, default: str | None = None) -> str:
        if not self.terminal:
            if default is not None:
                return default
            raise UserError(f"nobody can be asked here: {option}")
        with _interruptible():
            return str(typer.prompt(what, default=default, show_default=bool(default))).strip()

    def secret(self, what: str, option: str) -> str:
        """It is not shown while it is typed."""
        if not self.terminal:
            raise UserError(f"nobody can be asked here: {option}")
        with _interruptible():
            return str(typer.prompt(what, hide_input=True)).strip()

    def yes(self, what: str, default: bool, otherwise: bool | None = None) -> bool:
        """`otherwise`: what holds where nobody can be asked, if it is not the default."""
        if not self.terminal:
            return default if otherwise is None else otherwise
        with _interruptible():
            return bool(typer.confirm(what, default=default))

    def one_of(self, what: str, choices: Sequence[str], option: str, default: int | None = None) -> int:
        """The place of the one that was chosen by its number."""
        if not self.terminal:
            if default is not None:
                return default
            raise UserError(f"nobody can be asked here: {option}")
        console.print(what)
        for number, choice in enumerate(choices, start=1):
            console.print(f"  {number}  {choice}")
        while True:
            told = self.text("Number", option, None if default is None else str(default + 1))
            if told.isdecimal() and 1 <= int(told) <= len(choices):
                return int(told) - 1
            console.print(f"a number from 1 to {len(choices)}, please")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends a question at once; asyncio's own handler would wait for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
