"""The README is true: what it takes from the code is fresh, and every command it shows exists."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from bot.cli import command_line
from bot.core.comments import help_text
from bot.core.policy import Policy
from bot.core.stage import COLUMN, MOVES
from bot.core.usage import USAGE
from bot.github.permissions import EVENTS
from bot.reference import DOCUMENTS, lifecycle, rendered
from bot.settings import BoardSettings, PeerSettings, Settings
from webhooks.hints import READERS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SHELL = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_comes_from_the_code_is_fresh(document: Path) -> None:
    """`python -m bot.reference --write` would change nothing."""
    text = document.read_text()
    assert text == rendered(text), f"{document.name} is out of date: run `python -m bot.reference --write`"


def test_it_begins_with_what_it_is_and_two_commands() -> None:
    """Whoever reads one screen knows what Sluice is, how to see it work, and how to check it."""
    assert SHELL[:2] == ["make demo", "make test"]
    introduction = README.split("\n\n")[1]
    assert len(re.findall(r"[.](?=\s|$)", introduction)) == 3


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("sluice ")])
def test_every_command_shown_exists(line: str) -> None:
    """The command line understands what the README tells people to type."""
    told = CliRunner().invoke(command_line(), [*shlex.split(line)[1:], "--help"])
    assert told.exit_code == 0, told.output


def test_every_target_shown_exists() -> None:
    """`make` knows the targets the documents name."""
    documents = README + (ROOT / ".github/CONTRIBUTING.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", documents, re.MULTILINE))
    assert named and named <= targets


def test_every_command_of_sluice_is_shown() -> None:
    """What the program can do is in the README, down to the subcommands."""
    groups = {group.name: group.typer_instance for group in command_line().registered_groups if group.typer_instance}
    single = [str(command.name) for command in command_line().registered_commands]
    nested = [
        f"{name} {command.name or command.callback.__name__}"  # type: ignore[union-attr]
        for name, group in groups.items()
        for command in group.registered_commands
    ]
    missing = [name for name in (*single, *nested) if not any(f"sluice {name}" in line for line in SHELL)]
    assert missing == []


def test_every_setting_is_told() -> None:
    """Each key of `sluice.toml` has a row with a description."""
    rows = dict(re.findall(r"^\| `([^`]+)` \| .* \| (.+) \|$", README, re.MULTILINE))
    expected = [*_keys(Settings), *_keys(BoardSettings, 'boards."owner/number".'), *_keys(PeerSettings, "peers.NAME.")]
    assert [key for key in expected if not rows.get(key)] == []


def test_every_policy_key_is_told() -> None:
    """Each key of `.github/sluice.toml` has a row."""
    tables = {field.name: field.default for field in fields(Policy) if field.name != "mode"}
    expected = ["mode"] + [f"{name}.{key.name}" for name, table in tables.items() for key in fields(table)]  # type: ignore[arg-type]
    assert [key for key in expected if f"| `{key}` |" not in README] == []


def test_every_comment_command_is_told() -> None:
    """The README and the help on GitHub tell every command the parser knows, in its words."""
    assert [usage for usage in USAGE.values() if f"`{usage.line}` | {usage.does} |" not in README] == []
    assert [usage for usage in USAGE.values() if str(usage) not in help_text()] == []


def test_the_events_to_subscribe_to_are_those_that_are_read() -> None:
    """An event nobody reads is not asked for, and none that is read is left out."""
    always = {"installation", "installation_repositories"}  # every App gets these unasked
    assert set(EVENTS) == {cause.partition(".")[0] for cause in READERS} - always


def test_the_diagram_shows_every_stage_of_sluices_work() -> None:
    """What has a column of Sluice's own is in the picture, and every stage is in the table of moves."""
    picture = lifecycle()
    assert [stage.__name__ for stage in COLUMN if f" {stage.__name__}" not in picture] == []
    assert [stage.__name__ for stage in MOVES if f"| {stage.__name__} |" not in README] == []


def test_links_lead_somewhere() -> None:
    """Every relative link of the documents names a file that is there."""
    documents = [*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *ROOT.glob("bot/*.md")]
    links = [(d, link) for d in documents for link in re.findall(r"\]\(([^)#]+)\)", d.read_text())]
    broken = [(d.name, link) for d, link in links if "://" not in link and not (d.parent / link).exists()]
    assert links and broken == []


def _keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            keys += _keys(type(field.default), f"{prefix}{name}.")
        elif name not in ("boards", "peers"):
            keys.append(f"{prefix}{name}")
    return keys
