"""Where one GitHub has its pages, its API and its repositories."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import UserError

PUBLIC = "https://github.com"
DATA_RESIDENCY = ".ghe.com"
BOARD = re.compile(r"(?:https?://[^/]+/)?(?:orgs|users)/(?P<owner>[^/]+)/projects/(?P<number>\d+)(?:[/?#].*)?")
OF_REPOSITORY = re.compile(r"(?:https?://[^/]+/)?(?P<owner>[^/\s]+)/(?P<name>[^/\s]+)/")
KEY = re.compile(r"(?P<owner>[^/\s]+)/(?P<number>\d+)")


@dataclass(frozen=True)
class Places:
    web: str
    api: str
    git: str


def places_of(url: str) -> Places:
    """github.com, a company on ghe.com, or an Enterprise Server (or localhub), from the address people visit."""
    web = url.strip().rstrip("/")
    parts = urlsplit(web)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise UserError(f"{url!r} is not the address of a GitHub: it looks like {PUBLIC}")
    if parts.hostname == "github.com" or parts.hostname.endswith(DATA_RESIDENCY):
        return Places(web, f"{parts.scheme}://api.{parts.netloc}", web)
    return Places(web, f"{web}/api/v3", web)


def no_board(text: str) -> str:
    """What is wrong with a board that is named so, and how it is named."""
    number = text.strip().rstrip("/").rpartition("/")[2]
    if key := board_key(text):
        meant = f"; this one is {key}"
    elif (owner := OF_REPOSITORY.match(text.strip())) and number.isdecimal():
        repo = f"{owner['owner']}/{owner['name']}"
        meant = (
            f". GitHub has no boards of a repository: one that {repo} links to belongs to its owner, so it is "
            f"{owner['owner']}/{number}, or look for owner and number in its address"
        )
    else:
        meant = ": both are in its address, https://github.com/orgs/OWNER/projects/NUMBER"
    return f"a board is named owner/number, not “{text}”{meant}"


def board_key(text: str) -> str:
    """`owner/number` from that or from the board's address; empty for anything else."""
    found = KEY.fullmatch(text.strip()) or BOARD.fullmatch(text.strip())
    return f"{found['owner']}/{found['number']}" if found else ""
