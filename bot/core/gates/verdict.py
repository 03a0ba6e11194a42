"""A verdict: what one gate says of one head, always with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["passed", "failed", "unknown"]
WaitsFor = Literal["nobody", "machine", "person"]


@dataclass(frozen=True)
class Verdict:
    """`unknown` never passes: it waits, for a machine or for a person."""

    gate: str
    state: State
    reason: str
    head: str
    waits_for: WaitsFor = "nobody"
    url: str = ""
    detail: str = ""  # the log's relevant lines, for the dossier
    key: str = ""  # what makes a failure new evidence: run id and attempt, review ids
    again_at: datetime | None = None  # when it is tried again by itself

    @property
    def passed(self) -> bool:
        return self.state == "passed"

    @property
    def failed(self) -> bool:
        return self.state == "failed"


@dataclass(frozen=True)
class GateRun:
    """A gate Sluice runs itself (a command) or had dispatched (a workflow): a row of the ledger."""

    gate: str  # "command:make test" or "workflow:gate.yml"
    head: str
    state: Literal["admitted", "running", "passed", "failed", "unknown", "unstarted"]
    reason: str = ""
    url: str = ""
    detail: str = ""
    run_id: str = ""  # Actions run id and attempt, or the key of the local run
    key: str = ""  # the row's; a workflow gets it as `gate_id`, and its run's name shows it
    since: datetime | None = None  # when it was last asked for
    used: tuple[str, ...] = ()  # the reusable workflows its run used: owner/repo/path@sha

    @property
    def over(self) -> bool:
        """`unstarted`: GitHub did not start it, which says nothing of the head and is tried again."""
        return self.state in ("passed", "failed", "unknown", "unstarted")
