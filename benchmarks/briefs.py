"""How much an agent is given to read, first and when its work comes back, beside pasting what a brief only names.

In tokens as far as that can be told without a model's own tokenizer: four characters are one.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.figure import Figure, beside
from bot.core.gates.verdict import Verdict
from bot.core.prompts import Brief, first_brief, rework_brief
from bot.core.pull import Remark
from bot.core.run import Run
from tests.core import facts

CHARACTERS = 4  # of a token, about
ISSUE = (
    "When a basket is empty the total shows NaN.\n\n" * 8 + "## Acceptance criteria\n- it shows 0\n- a test holds it\n"
)
LOG = "\n".join(f"tests/test_basket.py:{line}: AssertionError: expected 0, got NaN" for line in range(2_000))
REMARKS = tuple(Remark("shop/basket.py", line, "mona", "This also happens for a refund.") for line in (12, 48, 90))
NAMED = (".github/CONTRIBUTING.md", ".github/STYLE.md", "bot/ARCHITECTURE.md")  # stand for a repository's instructions


async def measure() -> list[Figure]:
    go, policy = facts.go_ahead(body=ISSUE), facts.policy(commands=("make test",))
    first = first_brief(facts.REPO, 12, go, facts.BRANCH, policy)
    again = _came_back(first, facts.built())
    pasted = sum(len(path.read_text()) for name in NAMED if (path := Path(name)).is_file())
    whole = len(again.whole) + len(LOG) + pasted
    return [
        _figure("brief, first dispatch", len(first), "with the instructions pasted", len(first) + pasted),
        _figure("brief, rework in the same session", len(again.news), "with instructions and log pasted", whole),
        _figure("brief, rework anew", len(again.whole), "with instructions and log pasted", whole),
    ]


def _came_back(first: str, run: Run) -> Brief:
    red = Verdict("command:make test", "failed", "`make test` ended with exit code 1", "h1", detail=LOG)
    return rework_brief(first, (red,), REMARKS, (), (run,))


def _figure(name: str, characters: int, peer: str, peers: int) -> Figure:
    return beside(name, characters // CHARACTERS, "tokens, about", peer, peers // CHARACTERS, target=2_500)
