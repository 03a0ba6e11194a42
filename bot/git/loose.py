"""Refs read from the files they lie in: a process for each would cost a pass more than all else it does.

Whatever is not plain to see here is git's to say: other formats, names that are expressions, refs of refs.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Final

_NAME = re.compile(r"refs(/[\w+@=-][\w.+@=-]*)+")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Untold(Enum):
    UNTOLD = "only git can say"


UNTOLD: Final = Untold.UNTOLD


def read_ref(git_dir: Path, name: str) -> str | Untold | None:
    """What the ref points at; None: there is no such ref."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith(".lock"):
        return UNTOLD
    try:
        found = (git_dir / name).read_text().strip()
    except FileNotFoundError:  # looked for first: who packs refs writes them down before their files go
        return _packed(git_dir, name)
    except (OSError, ValueError):
        return UNTOLD
    return found if _SHA.fullmatch(found) else UNTOLD


def _packed(git_dir: Path, name: str) -> str | Untold | None:
    """git fetches the refs of a new mirror into this file, and looks there for all that have none of their own."""
    if (git_dir / "reftable").exists():
        return UNTOLD
    try:
        lines = (git_dir / "packed-refs").read_text().splitlines()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return UNTOLD
    found = next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), None)
    return found if found is None or _SHA.fullmatch(found) else UNTOLD
