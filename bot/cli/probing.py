"""What `sluice doctor --write` finds: each kind of write is tried once, and one that failed says what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bot.cli.finding import Finding
from bot.cli.granting import Granting
from bot.core.board import Board
from bot.errors import SluiceError, UserError
from bot.git.facade import Git
from bot.github.installations import Installations
from bot.github.permissions import CONTENTS
from bot.github.probe import Tried


@dataclass(frozen=True)
class Writing:
    """What was asked for: an issue of one's own (owner/name#number), or a scratch issue."""

    issue: str = ""

    def place(self, repositories: Sequence[str]) -> tuple[str, int | None] | None:
        """Where to write for a board that has to do with these repositories; the first is as good as any."""
        if not self.issue:
            return (repositories[0], None) if repositories else None
        repo, _, number = self.issue.partition("#")
        if repo.count("/") != 1 or not number.isdecimal():
            raise UserError(f"an issue is named owner/name#number, not {self.issue!r}")
        return repo, int(number)


async def probed(
    github: Installations, git: Git, grants: Granting, board: Board, place: tuple[str, int | None]
) -> AsyncIterator[Finding]:
    repo, number = place
    tried = [*await github.probe(board, repo, number), await _ref(git, repo)]
    for each in tried:
        if each.error:
            on = board.key if each.needs.of == "organization" else repo
            yield Finding(f"may {each.what}", "wrong", f"{each.error}; {grants.remedy(each.needs, on)}")
    done = [each.what for each in tried if not each.error]
    if done:
        yield Finding(f"writing in {repo}", "ok", f"could {', '.join(done)}")


async def _ref(git: Git, repo: str) -> Tried:
    """As git does it, with the token git gets."""
    what = "set a ref under refs/sluice and delete it"
    try:
        await git.probe(repo)
    except SluiceError as error:
        return Tried(what, CONTENTS, str(error))
    return Tried(what, CONTENTS)
