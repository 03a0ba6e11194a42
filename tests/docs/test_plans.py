"""docs/plans.md is true: its commands run, they print what it shows, and its playbook is one."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import command_line
from bot.core.plans.playbook import Playbook
from bot.core.policy import Policy
from bot.playbook_files import read_playbook, shipped
from bot.policy_file import read_policy

TEXT = (Path(__file__).parents[2] / "docs/plans.md").read_text()
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]


@pytest.fixture(autouse=True)
def fastapi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository of the first walkthrough."""
    for path, text in {"app/main.py": "", "tests/test_a.py": "", "requirements.txt": "fastapi\npytest\n"}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)


def says(command: str) -> str:
    told = CliRunner().invoke(command_line(), shlex.split(command)[1:], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("sluice plan ")])
def test_commands_run(command: str) -> None:
    """In a repository like the one it speaks of."""
    assert says(command)


def test_the_first_prints_what_is_shown() -> None:
    """But for the four digits of the task's id."""
    [shown] = re.findall(r"^```\n(Task: .*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    digits = re.compile(r"(Task ID: task-[a-z-]+-)[0-9a-f]{4}$", re.MULTILINE)
    assert digits.sub(r"\1", says(COMMANDS[0])) == digits.sub(r"\1", shown)


def test_the_policy_and_the_playbook_can_be_read() -> None:
    """Somebody may copy it."""
    policy, example = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    assert isinstance(read_policy(policy), Policy)
    assert isinstance(read_playbook("ours", example), Playbook), read_playbook("ours", example)


def test_every_shipped_playbook_is_told() -> None:
    """With the phases it has."""
    for each in shipped():
        [row] = re.findall(rf"^\| `{each.name}` \| .* \| (.+) \|$", TEXT, re.MULTILINE)
        assert each.name == "direct" or all(phase.name in row for phase in each.phases)
