"""A scenario as plain data: what the model says and does turn by turn, at what cost, and what goes wrong first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ConfigDict, TypeAdapter


@dataclass(frozen=True)
class Billed:
    """What one answer costs, each kind of token apart: the four add up to everything that was read and written."""

    input: int = 1_000  # read, and not from the cache
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0  # of cache_write; only Anthropic has it
    output: int = 50  # reasoning included
    reasoning: int = 0  # of the output

    def without_writes(self) -> Billed:
        """Where nobody tells what went into the cache, it was simply read."""
        return replace(self, input=self.input + self.cache_write, cache_write=0, cache_write_1h=0)


@dataclass(frozen=True)
class Read:
    """Several programs change no file that they have not read. `path` is relative to the folder they work in."""

    read: str
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Edit:
    """Whole lines of a file become others."""

    path: str
    old: str
    new: str
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Write:
    """A whole file, which is new."""

    path: str
    text: str
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Run:
    """A line for the shell."""

    command: str
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Use:
    """A tool by the very name the program gives it: those of MCP servers, and whatever has no neutral name here."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Delegate:
    """A sub-agent: whose first message holds `prompt` gets `turns` instead of the scenario's own."""

    prompt: str
    turns: list[Turn]
    background: bool = False  # the conversation goes on meanwhile, and is told of the end in a turn more
    __pydantic_config__ = ConfigDict(extra="forbid")


Call = Read | Edit | Write | Run | Use | Delegate


@dataclass(frozen=True)
class Refusal:
    """An answer that is an error, and costs nothing."""

    status: int = 529
    after: int | None = None  # seconds, told in each dialect's own way
    why: str = "as the scenario has it"
    used_up: bool = False  # with 429: not too many calls at once, but all a subscription gives until `after`


@dataclass(frozen=True)
class Turn:
    """One answer of the model: words, then tools, after as many refusals as there are."""

    calls: list[Call] = field(default_factory=list)
    say: str = ""
    billed: Billed = Billed()
    delay: float = 0  # seconds before the first byte
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """`aside` answers requests that offer no tools: titles, summaries, whatever a program asks beside its work."""

    turns: list[Turn]
    aside: Turn = Turn(say="An aside", billed=Billed(input=10, output=5))

    def branch(self, opening: str, tools: Sequence[str]) -> tuple[str, list[Turn]]:
        """Whose conversation it is: nobody's, a sub-agent's by the prompt it was given, or the main one."""
        if not tools:
            return "aside", [self.aside] * 1_000
        for delegated in _delegated(self.turns):
            if delegated.prompt in opening:
                return delegated.prompt, delegated.turns
        return "main", self.turns


def _delegated(turns: list[Turn]) -> Iterator[Delegate]:
    for turn in turns:
        for call in turn.calls:
            if isinstance(call, Delegate):
                yield call
                yield from _delegated(call.turns)


SCENARIO = TypeAdapter(Scenario)  # to JSON and back
