"""Permits: how the requests of one run's program are answered, by its peer's policy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.core.permission import NOTHING_SAID, Act, Answer, Permissions, Said, judge, question_of

ANSWERED: Mapping[Answer, str] = {"allowed": "allowed", "refused": "refused", "asked": "a person is asked"}
WHY = "not allowed here: go on without it"  # what the agent is told of a refusal


class Permits:
    """`roots`: where files may be changed; empty: anywhere in the sandbox."""

    def __init__(self, policy: Permissions = "all", said: Said = NOTHING_SAID, roots: Iterable[Path] = ()) -> None:
        self.policy = policy
        self.question = ""  # what a person is to answer before its work goes on
        self._said, self._roots = said, tuple(os.path.realpath(root) for root in roots)

    def judge(self, act: Act, command: str = "") -> Answer:
        """A run asks one question: of what follows it nothing is done."""
        answer = judge(self.policy, act, command, self._said)
        if answer == "asked":
            if self.question:
                return "refused"
            self.question = question_of(command)
        return answer

    def edit(self, paths: Iterable[str]) -> Answer:
        """Not of files elsewhere, or of none that is named: in its own home its program may read what to start."""
        named = list(paths)
        inside = self.policy == "all" or (bool(named) and all(map(self._inside, named)))
        return self.judge("edit" if inside else "other")

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(os.path.join(self._roots[0], path)) if self._roots else path
        return bool(path) and any(os.path.commonpath((root, real)) == root for root in self._roots)
