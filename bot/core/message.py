"""A message: what a person said to the agent with a command, and which run heard it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Message:
    id: str  # of the order it came with
    author: str
    text: str
    at: datetime
    subject: str = ""  # the comment's node id, for the answer's reaction
    answers: str = ""  # the agent's question, where it answers one
    run: str = ""  # the run that was at work then; empty: none was
    heard_by: str = ""  # the run whose agent heard it; empty: none has
    told: bool = False  # its author has been shown that it was heard
