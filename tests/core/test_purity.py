"""Who may know whom: the judgement imports nothing but itself, and imports run downwards only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
CORE = TOP / "bot" / "core"
IMPURE = {"os", "time", "random", "secrets", "socket", "asyncio", "subprocess", "uuid", "tempfile", "io"}


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_core_imports_itself_and_the_standard_library(path: Path) -> None:
    """No clock, file, socket or library can reach the judgement."""
    names = {name for node in ast.walk(ast.parse(path.read_text())) for name in _imported(node)}
    foreign = {n for n in names if not n.startswith("bot.core") and n.split(".")[0] not in sys.stdlib_module_names}
    assert not foreign
    assert not {"os", "time", "random", "secrets", "socket", "asyncio", "subprocess", "uuid"} & {
        n.split(".")[0] for n in names
    }


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_core_reads_no_clock(path: Path) -> None:
    """Time is an argument, and nothing is read from disk."""
    tree = ast.walk(ast.parse(path.read_text()))
    called = {node.func for node in tree if isinstance(node, ast.Call)}
    names = {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in called}
    assert not names & {"now", "utcnow", "read_text", "read_bytes", "open", "getenv"}


def test_imports_run_downwards() -> None:
    """The layers of the house, held by import-linter."""
    lint = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{TOP}:{TOP / 'infra'}", "NO_COLOR": "1"},
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


HEAVY = ("alembic", "dbos", "github", "gql", "fastapi", "markdown_it", "httpx", "structlog", "psycopg", "genai_prices")


@pytest.mark.parametrize(
    ("needed", "heavy"),
    [
        ("bot.cli; bot.cli.command_line()", ("pydantic", "rich", "sqlalchemy", *HEAVY)),
        ("bot.ledger.open", ("sqlalchemy.orm", *HEAVY)),
    ],
    ids=["--help", "a look into the ledger"],
)
def test_a_light_command_is_quick(needed: str, heavy: tuple[str, ...]) -> None:
    """Whoever asks for little waits for that alone, not for what other commands work with."""
    loaded = f"import sys, {needed}; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", loaded], cwd=TOP, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
