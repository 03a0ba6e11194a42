"""What was asked of the endpoint, and what it billed: the truth that tests compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from typing import Literal

from pydantic import TypeAdapter

from tests.models.scenario import Billed

Speaker = Literal["system", "user", "model"]


@dataclass(frozen=True)
class Request:
    """One request, whatever its dialect."""

    model: str
    system: str
    user: list[str]  # what each message of the user's says, results of tools included
    opening: str  # of that, what came before the model first spoke
    turn: int  # how often the model has spoken
    tools: list[str]
    stream: bool
    priced: bool = True  # whether the answer is to tell what it cost


def request_of(
    model: str, said: Sequence[tuple[Speaker, str]], tools: Sequence[str], *, stream: bool, priced: bool = True
) -> Request:
    """What the model said in one breath, a sentence and two calls perhaps, is one turn."""
    voices = [voice for voice, _ in groupby(voice for voice, _ in said if voice != "system")]
    opening = takewhile(lambda each: each[0] != "model", said)
    return Request(
        model,
        system="\n".join(text for voice, text in said if voice == "system"),
        user=[text for voice, text in said if voice == "user"],
        opening="\n".join(text for voice, text in opening if voice == "user"),
        turn=voices.count("model"),
        tools=list(tools),
        stream=stream,
        priced=priced,
    )


@dataclass
class Asked:
    """A request, with the answer's status. `attempt` counts the same turn being asked for again."""

    dialect: str
    branch: str  # "main", "aside", or a sub-agent's prompt
    attempt: int
    status: int
    bytes: int
    headers: Mapping[str, str]
    request: Request
    billed: Billed | None = None  # once the answer began


@dataclass
class Record:
    """Everything asked within one scenario, in order."""

    asked: list[Asked] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)  # method and path of what no dialect here knows

    def attempts(self, branch: str, turn: int) -> int:
        return sum(each.branch == branch and each.request.turn == turn for each in self.asked)

    def billed(self, *, asides: bool = True) -> dict[str, Billed]:
        """By model."""
        sums: dict[str, Billed] = {}
        for each in self.asked:
            if each.billed and (asides or each.branch != "aside"):
                before = sums.get(each.request.model, Billed(0, output=0))
                sums[each.request.model] = _sum(before, each.billed)
        return sums

    def said(self) -> str:
        """Everything a program ever sent as text."""
        return "\n".join(text for each in self.asked for text in (each.request.system, *each.request.user))


def _sum(one: Billed, other: Billed) -> Billed:
    return Billed(**{kind: count + vars(other)[kind] for kind, count in vars(one).items()})


RECORD = TypeAdapter(Record)  # to JSON and back
