"""From a seed to a schedule: what stands on the board, what goes wrong, and when the process is killed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

Kind = Literal["plain", "red", "changes", "after", "cancel", "shelve", "nothing"]
KINDS: tuple[Kind, ...] = ("plain", "red", "changes", "after", "cancel", "shelve", "nothing")
PATIENT = ("status", "status_after", "reset", "reset_after", "secondary", "delay")
NEVER = ("timeout", "timeout_after")
EFFECTS = 30  # a life of a small world has about so many points at which it can be killed


@dataclass(frozen=True)
class Task:
    """One card. The agent changes a file of its own in every round; only `nothing` is idle."""

    kind: Kind

    @property
    def title(self) -> str:
        return f"The {self.kind} one"

    @property
    def file(self) -> str:
        return f"notes/{self.kind}.txt"

    @property
    def rounds(self) -> int:
        """How often the agent is given the work."""
        return 2 if self.kind in ("red", "changes") else 1

    @property
    def merges(self) -> bool:
        return self.kind in ("plain", "red", "changes", "after")

    @property
    def ordered(self) -> bool:
        """Somebody gives a command."""
        return self.kind in ("cancel", "shelve")


@dataclass(frozen=True)
class Schedule:
    seed: int
    tasks: tuple[Task, ...]
    faults: dict[str, Any]  # as localhub's schedule of faults is ordered
    kills: tuple[int, ...]  # each life but the last ends at the so-manieth point before or after an effect
    running: int  # agents at once
    strict: bool  # branches must be up to date
    hurried: bool  # GitHub's minute is short

    @property
    def told(self) -> str:
        kinds = " ".join(task.kind for task in self.tasks)
        marks = [
            f"{self.running} at once",
            *(["strict"] if self.strict else []),
            *(["hurried"] if self.hurried else []),
        ]
        return f"{kinds}; {', '.join(marks)}"


def schedule_of(seed: int) -> Schedule:
    luck = Random(f"schedule {seed}")
    kinds = luck.sample(KINDS, luck.choice((2, 2, 3)))
    faults = {
        "seed": seed,
        "rate": luck.choice((0.03, 0.08, 0.15)),
        "webhooks": luck.choice((0.1, 0.3, 0.6)),
        "most": 25,
        "seconds": 0.1,
        "wait": luck.choice((5, 30, 90)),
        "kinds": [*PATIENT, *(NEVER if luck.random() < 0.2 else ())],
    }
    kills = tuple(luck.randint(1, EFFECTS) for _ in range(luck.choice((0, 0, 0, 1, 2))))
    return Schedule(
        seed,
        tuple(Task(kind) for kind in kinds),
        faults,
        kills,
        running=luck.choice((1, 2, 3)),
        strict=luck.random() < 0.25,
        hurried=luck.random() < 0.25,
    )
