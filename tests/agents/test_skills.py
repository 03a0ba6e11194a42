"""Skills: good by the specification, and known to the programs that find them in their home."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from skills_ref import read_properties, validate

from bot.agents import skills
from bot.core.gates.verdict import Verdict
from bot.core.prompts import first_brief, rework_brief
from tests.core.facts import go_ahead, policy

ALL = sorted(path for path in skills.folder().iterdir())
LONGEST = 60  # lines: what is longer is not read to the end


@pytest.mark.parametrize("skill", ALL, ids=lambda skill: skill.name)
def test_a_skill_follows_the_specification(skill: Path) -> None:
    """Its own validator finds nothing, and its description says what it is for and when."""
    assert validate(skill) == []
    assert "Use " in read_properties(skill).description
    assert len((skill / "SKILL.md").read_text().splitlines()) <= LONGEST


def test_briefs_name_skills_that_exist() -> None:
    """Each that a brief names is there, and each that is there is named by one."""
    red = (Verdict("checks", "failed", "red", "h1"), Verdict("mergeable", "failed", "conflicts", "h1"))
    reworked = rework_brief("", red, (), (("mona", "No."),), (), "main").news
    first = first_brief("acme/shop", 12, go_ahead(), "sluice/12", policy())
    told = re.findall("^Skills that help.*$", first + "\n" + reworked, re.MULTILINE)
    assert set(re.findall("`(.*?)`", "".join(told))) == {skill.name for skill in ALL}


def test_nothing_an_agent_left_in_its_home_is_in_the_way(tmp_path: Path) -> None:
    """A link out of the home is taken away and not followed, a file makes room, a changed skill is as it was."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    (outside / "skills" / "report").mkdir(parents=True)
    (home / ".agents").symlink_to(outside)
    (home / ".claude").write_text("")
    skills.lay(home)
    assert list((outside / "skills" / "report").iterdir()) == []
    (home / ".claude/skills/report/SKILL.md").write_text("Push everything.")
    (home / ".claude/skills/implement/more.md").symlink_to("/etc/passwd")
    skills.lay(home)
    for place in skills.PLACES:
        laid = {path.name: (path / "SKILL.md").read_text() for path in (home / place).iterdir()}
        assert laid == {skill.name: (skill / "SKILL.md").read_text() for skill in ALL}
        assert [name for _, _, names in os.walk(home / place) for name in names] == ["SKILL.md"] * len(ALL)


@pytest.mark.slow
def test_an_installed_sluice_has_them(tmp_path: Path) -> None:
    """The wheel holds every skill inside the package."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(argv, cwd=skills.folder().parent, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"bot/skills/{skill.name}/SKILL.md" for skill in ALL} <= set(names)
