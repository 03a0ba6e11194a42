"""The index behind the board's filter. GitHub's is some seconds behind the board; a test sets by how much.

Without a lag the filter sees the cards themselves. With one, every change of a card leaves a copy of it, and the filter
sees the newest copy that is old enough: a card that was just added is not found, one that was just moved is found
where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from localhub.model import Issue, ProjectItem

if TYPE_CHECKING:
    from localhub.model import Project


@dataclass
class BoardIndex:
    lag: timedelta = timedelta(0)
    copies: dict[ProjectItem, list[tuple[datetime, ProjectItem]]] = field(default_factory=dict)

    def fall_behind(self, lag: timedelta, boards: Iterable[Project], now: datetime) -> None:
        """From now on the index lags; what is on the boards at this moment it has seen."""
        self.lag, self.copies = lag, {}
        for item in (item for board in boards for item in board.items):
            self.note(item, now - lag)

    def note(self, item: ProjectItem, now: datetime) -> None:
        """The card or its content has changed."""
        if self.lag:
            self.copies.setdefault(item, []).append((now, frozen(item)))

    def seen(self, item: ProjectItem, now: datetime) -> ProjectItem | None:
        """The card as the index has it; None for one that it has not seen yet."""
        if not self.lag:
            return item
        old_enough = [each for at, each in self.copies.get(item, []) if at <= now - self.lag]
        return old_enough[-1] if old_enough else None


def frozen(item: ProjectItem) -> ProjectItem:
    twin, content = copy(item), copy(item.content)
    content.assignees = list(content.assignees)
    if isinstance(content, Issue):
        content.labels = list(content.labels)
    twin.content, twin.values = content, {name: copy(value) for name, value in item.values.items()}
    return twin
