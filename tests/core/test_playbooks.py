"""Playbooks as files: the shipped ones, a team's own, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.plans.joining import joined
from bot.core.plans.plan import Member, Step
from bot.core.plans.playbook import Playbook
from bot.errors import UserError
from bot.playbook_files import OWN, playbooks_of, read_playbook, shipped

OURS = """
about = "Ours."
[when]
complexity = ["medium"]
[[phases]]
name = "Build"
gate = "tests"
[[phases.steps]]
task = "{task}"
[[phases.steps]]
task = "Look"
after = [1]
changes = false
deliverables = [".sluice/look.md"]
"""


def test_five_are_shipped() -> None:
    """Each is chosen by itself for some work, and says what it is for."""
    names = ["build-review", "direct", "plan-build-review-ship", "scout-builder", "scout-plan-build"]
    assert [each.name for each in shipped()] == names
    assert all(each.when.conditions and each.about and not each.own for each in shipped())


def test_who_only_looks_hands_something_on() -> None:
    """Scouts, planners and shippers write a file for those who come after them, and change nothing else."""
    looking = [step for each in shipped() for phase in each.phases for step in phase.steps if not step.changes]
    assert looking and all(path.startswith(".sluice/") for step in looking for path in step.deliverables)
    assert all(step.deliverables for step in looking if step.role != "reviewer")


def test_a_teams_own_are_found_and_go_before_the_shipped(tmp_path: Path) -> None:
    """One of the same name takes the place of a shipped one."""
    folder = tmp_path / OWN
    folder.mkdir(parents=True)
    (folder / "ours.toml").write_text(OURS)
    (folder / "direct.toml").write_text(OURS)
    found = {each.name: each for each in playbooks_of(tmp_path)}
    assert len(found) == len(shipped()) + 1 and found["ours"].own and found["direct"].about == "Ours."


@pytest.mark.parametrize(
    ("instead", "by", "said"),
    [
        ('task = "Look"', 'tsk = "Look"', "unknown key phases[0].steps[1].tsk; did you mean task?"),
        ('gate = "tests"', 'gate = "mine"', "phases[0].gate: input should be '' or 'tests'"),
        ('about = "Ours."', "", "about: field required"),
        ('name = "Build"', 'name = "Build', "not valid TOML"),
        ('about = "Ours."', 'about = "Ours."\nown = false', "unknown key own; a playbook is called as its file is"),
        ("after = [1]", "after = [2]", "phases[0].steps[1].after: only steps before it"),
        (".sluice/look.md", "/etc/look.md", "step 1.2: '/etc/look.md' is no path inside the repository"),
        (
            'complexity = ["medium"]',
            'areas = ["backedn"]',
            "when.areas: there is no area backedn; did you mean backend?",
        ),
        ("after = [1]", f"focus = {[str(n) for n in range(27)]}", "phases[0].steps[1].focus: a team has at most 26"),
        ('complexity = ["medium"]', 'complexity = "medium"', "when.complexity: input should be a valid tuple"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, instead: str, by: str, said: str) -> None:
    """File and key."""
    assert isinstance(read_playbook("ours", OURS), Playbook)
    (tmp_path / OWN).mkdir(parents=True)
    (tmp_path / OWN / "ours.toml").write_text(OURS.replace(instead, by))
    with pytest.raises(UserError) as wrong:
        playbooks_of(tmp_path)
    assert str(wrong.value).startswith(f"{OWN}/ours.toml: {said}")


def test_parts_of_a_team_become_one_file() -> None:
    """In order, each under its name; what nobody wrote is left out, and what an agent is to join is left alone."""
    team = (Member("1.1.a", "claude", "look"), Member("1.1.b", "codex", "look"), Member("1.1.c", "gemini", "look"))
    step = Step("1.1", "scout", "look", deliverables=(".sluice/found.md", "src/a.py"), team=team, changes=False)
    texts = {".sluice/found.1.1.a.md": "a.py:3\n", ".sluice/found.1.1.c.md": "b.py:7\n", "src/a.py": "1"}
    assert joined(step, texts) == {".sluice/found.md": "## claude (1.1.a)\n\na.py:3\n\n## gemini (1.1.c)\n\nb.py:7\n"}
    assert joined(Step("1.1", "scout", "look", team=team, joins="agent"), texts) == {}


def test_parts_of_a_team_are_merged_as_one_text() -> None:
    """What is distinct is taken together in order, what several wrote alike is there once, and nobody is named."""
    team = (Member("1.1.a", "claude", "look"), Member("1.1.b", "codex", "look"))
    step = Step("1.1", "scout", "look", deliverables=(".sluice/found.md",), team=team, joins="merge_files")
    parts = {".sluice/found.1.1.a.md": "# Found\n\na.py:3\n", ".sluice/found.1.1.b.md": "# Found\n\nb.py:7\n\na.py:3"}
    assert joined(step, parts) == {".sluice/found.md": "# Found\n\na.py:3\n\nb.py:7\n"}
