"""One line of what `sluice doctor` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    what: str
    state: Literal["ok", "warning", "wrong"]
    told: str
