"""How a program's requests are answered: which files it may change, and which commands only read. No program runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.agents.permits import Permits
from bot.agents.reading import reads
from bot.agents.runtimes import unheld
from bot.core.permission import Permissions
from bot.core.run import Peer, Runtime


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("src/shop.py", "allowed"),
        ("{tree}/src/shop.py", "allowed"),
        ("../home/.profile", "refused"),
        ("out/.profile", "refused"),
        ("/etc/passwd", "refused"),
        ("", "refused"),
    ],
)
def test_files_are_changed_in_the_worktree(tmp_path: Path, path: str, answer: str) -> None:
    """Not in its home, where its program reads what to start, nor through a link that leads there."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "out").symlink_to(tmp_path)
    assert Permits("edits", roots=(tree,)).edit([path.format(tree=tree)]) == answer
    assert Permits("all", roots=(tree,)).edit([path]) == "allowed"


def test_a_run_asks_one_question() -> None:
    """Its turn is ended for it; what it asks for meanwhile it does not get."""
    permits = Permits("ask")
    assert [permits.judge("command", line) for line in ("make", "make test")] == ["asked", "refused"]
    assert permits.question.endswith("make")


@pytest.mark.parametrize(
    ("runtime", "program", "policy", "told"),
    [
        ("claude", "claude", "edits", False),
        ("acp", "gemini", "ask", False),
        ("acp", "stranger", "ask", True),
        ("acp", "stranger", "all", False),
    ],
)
def test_who_may_do_more_unasked_is_told(runtime: Runtime, program: str, policy: Permissions, told: bool) -> None:
    """An agent nobody here knows is held as far as it asks, and no policy says otherwise."""
    assert bool(unheld(Peer("robin", runtime, (program,), permissions=policy))) is told


@pytest.mark.parametrize(
    ("command", "harmless"),
    [
        ("/bin/bash -lc 'cat notes.txt'", True),
        ("cat a | head -5 && ls -la", True),
        ("""bash -lc "sed -n '1,20p' a.py" """, True),
        ("""bash -lc "rg -n 'a|b;c' . | head" """, True),
        ("cat a & rm b", False),
        ("cat a; rm b", False),
        ("cat a\nrm b", False),
        ("cat $(rm x)", False),
        ("cat `rm x`", False),
        ("cat a > b", False),
        ("grep 'a'$(rm x)", False),
        ("PATH=. cat a", False),
        ("./cat a", False),
        ("rg --pre x y", False),
        ("rg -zn x y", False),
        ("sed -i s/a/b/ x", False),
        ("sed -n 1p -e w x", False),
        ("sed -n '1e rm x' y", False),
        ("./bash -c 'cat a'", False),
        ("cat 'a", False),
        ("", False),
    ],
)
def test_commands_that_only_read(command: str, harmless: bool) -> None:
    """A few are known, plain and in a row; whatever could write or start something is none of them."""
    assert reads(command) is harmless
