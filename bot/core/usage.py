"""The commands people may write in a comment: how each is written, what it does, and what may follow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.spend import amount


@dataclass(frozen=True)
class Usage:
    line: str
    does: str
    accepts: Callable[[str], bool]  # what follows the verb

    def __str__(self) -> str:
        return f"`{self.line}` – {self.does}"


def usage_of(verb: str) -> Usage | None:
    """None: there is no such command. `all` belongs to what follows the verb."""
    return USAGE.get(verb.removesuffix(" all"))


def _one_word(args: str) -> bool:
    return len(args.split()) == 1


def _number(args: str) -> bool:
    return args.replace(".", "", 1).isdecimal()


def _nothing(args: str) -> bool:
    return not args


def _few(args: str) -> bool:
    return len(args.split()) <= 1


def _any(args: str) -> bool:
    return True


def _flag(name: str) -> Callable[[str], bool]:
    return lambda args: args in ("", name)


USAGE: dict[str, Usage] = {
    "help": Usage("/sluice help", "this list", _nothing),
    "status": Usage("/sluice status", "where this stands", _nothing),
    "explain": Usage("/sluice explain", "why nothing is happening, or why something is", _nothing),
    "retry": Usage("/sluice retry [--fresh]", "try again; `--fresh` starts over on a new branch", _flag("--fresh")),
    "cancel": Usage(
        "/sluice cancel [--close]", "stop; the branch is kept, `--close` closes the pull request", _flag("--close")
    ),
    "pause": Usage("/sluice pause [all]", "hold this item, or everything", _nothing),
    "resume": Usage("/sluice resume [all]", "go on", _nothing),
    "assign": Usage("/sluice assign AGENT", "let this agent do it", _one_word),
    "priority": Usage("/sluice priority NUMBER", "a lower number comes first", _number),
    "approve": Usage(
        "/sluice approve [WORDS]", "approve exactly what is shown now; of a phase of a plan the words are seen to", _any
    ),
    "plan": Usage("/sluice plan [PLAYBOOK]", "make a plan of several steps, or show the one there is", _few),
    "amend": Usage("/sluice amend WHAT", "add a phase to the plan, behind the present one", bool),
    "reject": Usage("/sluice reject REASON", "send the work back", bool),
    "tell": Usage("/sluice tell TEXT", "say something to the agent, at its work if it can be reached there", bool),
    "answer": Usage("/sluice answer TEXT", "answer what the agent asked; it goes on where it was", bool),
    "merge": Usage("/sluice merge", "merge exactly this head once its checks pass", _nothing),
    "budget": Usage(
        "/sluice budget +AMOUNT",
        "let this item use more: `+5` dollars, `+500k` or `+2M` tokens; it goes on if it was stopped for that",
        lambda args: amount(args) is not None,
    ),
    "update": Usage("/sluice update", "bring the branch up to date", _nothing),
}
