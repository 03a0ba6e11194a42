"""Refs read from the files they lie in: a process for each would cost a pass more than all else it does.

Whatever is not plain to see here is git's to say: refs that were packed, other formats, names that are expressions.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Final

_NAME = re.compile(r"refs(/[\w+@-][\w.+@-]*)+")
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
        return UNTOLD if any((git_dir / other).exists() for other in ("packed-refs", "reftable")) else None
    except (OSError, ValueError):
        return UNTOLD
    return found if _SHA.fullmatch(found) else UNTOLD
