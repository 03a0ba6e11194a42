"""A verdict: what one gate says of one head, always with its reason."""

from __future__ import annotations

from dataclasses import dataclass
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
    state: Literal["admitted", "running", "passed", "failed", "unknown"]
    reason: str = ""
    url: str = ""
    detail: str = ""
    run_id: str = ""  # Actions run id and attempt, or the key of the local run

    @property
    def over(self) -> bool:
        return self.state in ("passed", "failed", "unknown")
