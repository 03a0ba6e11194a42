"""How risky, how large and of what kind a piece of work is, told by its words."""

from __future__ import annotations

from time import process_time

import pytest

from bot.core.plans.gaps import gaps
from bot.core.plans.mentioned import mentioned
from bot.core.plans.risk import risk_of
from bot.core.plans.sizing import checklist, size_of
from bot.core.plans.stack import Facts


@pytest.mark.parametrize(
    ("summary", "body", "agents", "risk", "because"),
    [
        ("Add request logging middleware", "", 1, "LOW", "nothing it names is sensitive"),
        ("Remove trailing whitespace", "", 1, "LOW", "`Remove`: it takes something away"),
        ("Add a login page", "", 1, "MEDIUM", "`login`: it touches who may do what"),
        ("Delete expired passwords from the database", "", 1, "HIGH", "`database`: it touches stored data"),
        ("Drop the users table in production", "", 1, "CRITICAL", "`Drop the users table`: it destroys"),
        ("Tidy up", "It changes how payments are made", 1, "LOW", "`payments`: it touches money"),
        ("Pin actions in .github/workflows/ci.yml", "", 1, "MEDIUM", "`.github/workflows/ci.yml` is a sensitive path"),
        ("Rename a function", "", 6, "MEDIUM", "6 agents work on it"),
        ("Review how passwords are kept in the database", "", 1, "MEDIUM", "it reads rather than changes"),
        ("Author names are shown twice", "", 1, "LOW", "nothing it names is sensitive"),
        ("Find and drop the users table in production", "", 1, "CRITICAL", "`drop the users table`: it destroys"),
        ("Review and delete the database", "", 1, "MEDIUM", "`delete`: it takes something away"),
        ("Delete all inactive users", "", 1, "HIGH", "`Delete all inactive users`: it destroys"),
        ("Add a migration for the new table", "", 1, "MEDIUM", "`migration`: it changes the shape of stored data"),
        ("Read it from db/migrate/2020_add.rb", "", 1, "LOW", "`db/migrate/2020_add.rb` is a sensitive path"),
        ("Add caching to CI.", "", 1, "MEDIUM", "`CI`: it touches what checks every change"),
        ("Shorten AGENTS.md", "", 1, "MEDIUM", "`AGENTS.md` is a sensitive path"),
        ("Give secrets a page", "", 1, "MEDIUM", "`secrets`: it touches secrets"),
        ("Fix the git checkout of forks", "", 1, "LOW", "nothing it names is sensitive"),
        ("删除生产数据库", "", 1, "MEDIUM", "its words are not of the English"),
    ],
)
def test_risk_has_reasons(summary: str, body: str, agents: int, risk: str, because: str) -> None:
    """Words and paths count, many agents too; work that only reads counts half."""
    found, reasons = risk_of(summary, body, agents)
    assert found == risk and any(reason.startswith(because) for reason in reasons), reasons


@pytest.mark.parametrize(
    ("summary", "kind", "complexity"),
    [
        ("Add request logging middleware to the FastAPI app", "new-feature", "medium"),
        ("Fix the crash at start", "bug-fix", "light"),
        ("Update the README", "documentation", "light"),
        ("Migrate codebase to new SDK", "migration", "heavy"),
        ("Extract the parser into its own module", "refactor", "medium"),
        ("Add tests for the parser", "test", "medium"),
        ("Analyse the response times", "data-analysis", "medium"),
        ("Add a page, its API and the table behind it", "new-feature", "heavy"),
    ],
)
def test_kind_and_size_of_work(summary: str, kind: str, complexity: str) -> None:
    """Told by the summary; what reaches over the repository or several of its parts is heavy."""
    size = size_of(summary)
    assert (size.task_type, size.complexity) == (kind, complexity) and size.why


def test_many_parts_are_heavy() -> None:
    """A checklist tells how much there is; what is ticked is done."""
    text = "\n".join(("- [x] done", *(f"- [ ] part {n}" for n in range(6)), "1. [ ] last", "- no box"))
    assert checklist(text) == (*(f"part {n}" for n in range(6)), "last")
    assert size_of("Do it", text).complexity == "heavy"


def test_long_texts_are_read_in_no_time() -> None:
    """Somebody's issue of sixty thousand odd characters holds nobody up."""
    begun = process_time()
    for odd in ("\n", " ", "a/", "all ", "- [ ] ", "drop a ", "`", "1. [ ] x\n"):
        text = odd * (65_000 // len(odd))
        size_of(text[:200], text)
        risk_of(text[:200], text)
        mentioned(text, Facts(("a/b.py",)))
        gaps(text)
    assert process_time() - begun < 5
