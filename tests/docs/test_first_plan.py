"""docs/first-plan.md is true: its commands are run one after the other, as processes, and print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/first-plan.md").read_text()
PROGRAMS = Path(sys.executable).parent
TASK = re.compile(r"(task(?:-[a-z]+)+)-[0-9a-f]{4}\b")
PEER = '[peers.robo]\nruntime = "scripted"\nscript = "{script}"\n'
PLAY = """
[[play]]
item = "Add a health endpoint to the FastAPI app"
step = "1.1"
steps = [
  { write = "app/health.py", text = "def health():\\n    return 'ok'\\n" },
  { write = "tests/test_health.py", text = "def test_it():\\n    assert True\\n" },
  { say = "Added /health" },
]
[[play]]
item = "Add a health endpoint to the FastAPI app"
step = "2.1"
steps = [{ say = "Looks good" }]
"""


@dataclass
class Walker:
    """Somebody who types what the document shows, in a repository like the one it speaks of."""

    top: Path
    env: dict[str, str]
    tasks: dict[str, str] = field(default_factory=dict)  # as the document calls them: as they are called here

    def follow(self, section: str) -> None:
        for command, shown in commands(section):
            for name in re.findall(r"^git add (.*)$", command):
                self.an_agent_writes(*name.split())
            said = self.type(command)
            if shown:
                assert matches(shown, self.known(said, shown)), f"{command}\nshould print\n{shown}\nand printed\n{said}"

    def type(self, command: str) -> str:
        """A traceback is never an answer."""
        for shown, real in self.tasks.items():
            command = command.replace(shown, real)
        if "a4d82cf" in command:
            command = command.replace("a4d82cf", self.type("git rev-parse --short HEAD").strip())
        done = subprocess.run(["bash", "-c", command], cwd=self.top, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0 and "Traceback" not in done.stderr, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def known(self, said: str, shown: str) -> str:
        """The four digits of a task's id are what they are."""
        for here, there in zip(TASK.finditer(said), TASK.finditer(shown), strict=False):
            if here[1] == there[1]:
                self.tasks[there[0]] = here[0]
        for ours, real in self.tasks.items():
            said = said.replace(real, ours)
        return re.sub(r"Elapsed: \d+s", "Elapsed: 287s", said)

    def an_agent_writes(self, *paths: str) -> None:
        for path in paths:
            (self.top / path).parent.mkdir(exist_ok=True)
            (self.top / path).write_text(f"def test_{len(path)}():\n    assert True\n")


@pytest.fixture
def walker(tmp_path: Path) -> Walker:
    top, home = tmp_path / "shop", tmp_path / "home"
    files = {
        "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        "tests/test_app.py": "def test_it():\n    assert True\n",
        "requirements.txt": "fastapi\npytest\n",
    }
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Mona\n\temail = mona@example.com\n")
    env = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(home), "COLUMNS": "400", "LANG": "C.UTF-8"}
    found = Walker(top, {**env, "CLAUDE_SESSION_ID": "0e0f4a3e"})
    found.type("git init -q -b main && git add -A && git commit -q -m begin")
    return found


@pytest.mark.slow
def test_step_by_step(walker: Walker) -> None:
    """The first walkthrough of the specification: every command, and every line that is shown."""
    walker.follow(section("Step by step"))
    assert (walker.top / ".sluice/retrospectives").is_dir()


@pytest.mark.slow
def test_the_loop_and_the_variations(walker: Walker) -> None:
    """The second walkthrough: an agent that drives, terse, with a person's approval and real tokens asked for."""
    walker.follow(section("The loop, for an agent that drives"))
    walker.follow(section("Variations"))


@pytest.mark.slow
def test_headless(walker: Walker) -> None:
    """To the merge, with an agent of sluice.toml."""
    script = walker.top.parent / "play.toml"
    script.write_text(PLAY)
    (walker.top / "sluice.toml").write_text(PEER.format(script=script))
    walker.follow(section("Headless"))
    assert (walker.top / "app/health.py").exists()


def test_the_specifications_own_words_are_there() -> None:
    """Both its texts, with our name for theirs."""
    for command in (
        "execute dispatched --step-id 1.1 --agent backend-engineer--python",
        "execute gate --phase-id 1 --result pass",
        "execute dispatched --step-id 2.1 --agent code-reviewer",
        "execute approve --phase-id 0 --result approve",
        "execute complete",
        "execute run",
        "execute resume",
        "execute next --all",
        "execute status",
        "execute list",
        'execute amend \\\n    --description "Need migration step for new config table" \\\n    --add-phase',
        "usage",
    ):
        assert f"sluice {command}" in TEXT, command


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def commands(text: str) -> list[tuple[str, str]]:
    """Each with what is shown of its output; empty: nothing is."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = each.splitlines()
            end = next(at for at, line in enumerate(lines) if not line.endswith("\\")) + 1
            command = " ".join(line.rstrip("\\").strip() for line in lines[:end])
            found.append((command, "\n".join(lines[end:])))
    return found


def matches(shown: str, said: str) -> bool:
    parts = [re.escape(part.strip("\n")) for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)]
    return re.fullmatch(r"[\s\S]*?".join(parts), said.strip("\n")) is not None
