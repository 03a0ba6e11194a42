"""The commands a repository proves its work with: only those it really has, read from its own files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.plans.stack import Facts, is_python_test, package

Kind = Literal["test", "coverage", "lint", "build"]
Scope = Literal["focused", "full", "smoke"]  # the tests of what is changed; everything; the quickest there is

# of a Makefile, where several may stand in a line; of a justfile, where parameters follow
TARGETS = re.compile(r"^([A-Za-z0-9][\w. \t-]*):(?!:?=)", re.MULTILINE)
RECIPE = re.compile(r"^@?([A-Za-z0-9][\w-]*)(?:[ \t][^:\n]*)?:(?!=)", re.MULTILINE)
NO_TEST = "no test specified"  # what npm writes into a new package.json
LINTERS = {"ruff": "ruff check .", "flake8": "flake8"}
OF_PYTHON = {
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "noxfile.py",
    "pytest.ini",
    "requirements.txt",
    "Pipfile",
}


@dataclass(frozen=True)
class Check:
    kind: Kind
    command: str
    language: str = ""  # empty: the whole repository's


def checks_of(facts: Facts) -> tuple[Check, ...]:
    """All of them, the repository's own short words for them (`make test`) first."""
    every = (_make, _python, _node, _go, _rust, _jvm, _ruby, _php, _elixir, _dotnet)
    return tuple(dict.fromkeys(check for each in every for check in each(facts)))


def gate_of(
    checks: tuple[Check, ...], languages: tuple[str, ...], scope: Scope = "focused", of_tests: bool = False
) -> tuple[str, ...]:
    """What must pass behind work in those languages (empty: in any). `of_tests`: the work is tests, so they are counted
    as well, where the repository can."""
    tests = (of_tests and _tests(checks, languages, "coverage")) or _tests(checks, languages)
    if scope == "smoke":
        return _commands(checks, "build")[:1] or _commands(checks, "lint")[:1] or tests[:1]
    if scope == "focused":
        return tests
    return tuple(dict.fromkeys((*_commands(checks, "lint"), *_commands(checks, "build"), *_tests(checks, ()), *tests)))


def _tests(checks: tuple[Check, ...], languages: tuple[str, ...], kind: Kind = "test") -> tuple[str, ...]:
    if whole := _whole(checks, kind):
        return whole
    every = [check for check in checks if check.kind == kind]
    mine = [check for check in every if check.language in languages]
    return tuple(check.command for check in mine or every)


def _commands(checks: tuple[Check, ...], kind: Kind) -> tuple[str, ...]:
    return _whole(checks, kind) or tuple(check.command for check in checks if check.kind == kind)


def _whole(checks: tuple[Check, ...], kind: Kind) -> tuple[str, ...]:
    """The repository's one word for it."""
    return tuple(check.command for check in checks if check.kind == kind and not check.language)[:1]


def _make(facts: Facts) -> Iterator[Check]:
    kinds: dict[str, Kind] = {"test": "test", "tests": "test", "check": "test", "lint": "lint", "build": "build"}
    made = " ".join(TARGETS.findall(facts.texts.get("Makefile", ""))).split()
    for word, targets in (("make", made), ("just", RECIPE.findall(facts.texts.get("justfile", "")))):
        yield from (Check(kind, f"{word} {target}") for target, kind in kinds.items() if target in targets)


def _python(facts: Facts) -> Iterator[Check]:
    for folder in _python_projects(facts):
        found = _python_project(facts.below(folder) if folder else facts)
        yield from (replace(check, command=_in(folder, check.command)) for check in found)


def _python_projects(facts: Facts) -> list[str]:
    """Where tests are run from: the top, but where all tests belong to projects further below, whose own settings count
    only there."""
    folders = {path.rpartition("/")[0] for path in facts.texts if path.rpartition("/")[2] in OF_PYTHON}
    uppermost = _uppermost(folders)
    tests = [path for path in facts.own if is_python_test(path)]
    homes = {next((folder for folder in uppermost if path.startswith(f"{folder}/")), "") for path in tests}
    return sorted(homes) if homes and "" not in homes else [""]


def _python_project(facts: Facts) -> Iterator[Check]:
    named = " ".join(text for path, text in facts.texts.items() if not is_python_test(path))
    tests = [path for path in facts.own if is_python_test(path)]
    if "tox.ini" in facts.files:
        yield Check("test", "tox", "python")
    elif "noxfile.py" in facts.files:
        yield Check("test", "nox", "python")
    elif tests:
        yield Check("test", _python_tests(facts, tests, named), "python")
        if "pytest-cov" in named:
            yield Check("coverage", _python_tests(facts, tests, named).replace("pytest", "pytest --cov", 1), "python")
    for linter, command in LINTERS.items():
        if re.search(rf"(?<![\w-]){linter}(?![\w-])", named) or f".{linter}" in facts.files:
            yield Check("lint", command, "python")


def _python_tests(facts: Facts, tests: list[str], named: str) -> str:
    told = "pytest" in named or "pytest.ini" in facts.files or any(path.endswith("conftest.py") for path in facts.own)
    written = " ".join(text for path, text in facts.texts.items() if is_python_test(path))
    folder = next((each for each in ("tests", "test") if any(path.startswith(f"{each}/") for path in tests)), "")
    if not told and "unittest" in written and "pytest" not in written:
        return f"python -m unittest discover{f' -s {folder}' if folder else ''}"
    return f"pytest {folder}/" if folder else "pytest"


def _node(facts: Facts) -> Iterator[Check]:
    for folder, text in facts.texts_named("package.json"):
        scripts = package(text).get("scripts")
        words: dict[str, Kind] = {"test": "test", "lint": "lint", "build": "build"}
        for word, kind in words.items():
            said = scripts.get(word) if isinstance(scripts, dict) else None
            if isinstance(said, str) and NO_TEST not in said:
                yield Check(kind, _in(folder, _script(facts, folder, word)), "javascript")


def _script(facts: Facts, folder: str, word: str) -> str:
    def beside(name: str) -> bool:
        return name in facts.files or f"{folder}/{name}" in facts.files

    managers = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lockb", "bun run"), ("bun.lock", "bun run"))
    manager = next((manager for lock, manager in managers if beside(lock)), "npm")
    return f"npm run {word}" if manager == "npm" and word != "test" else f"{manager} {word}"


def _go(facts: Facts) -> Iterator[Check]:
    for folder, _ in facts.texts_named("go.mod"):
        yield Check("build", _in(folder, "go build ./..."), "go")
        yield Check("lint", _in(folder, "go vet ./..."), "go")
        if any(path.endswith("_test.go") for path in facts.own):
            yield Check("test", _in(folder, "go test ./..."), "go")


def _rust(facts: Facts) -> Iterator[Check]:
    for folder in _uppermost({folder for folder, _ in facts.texts_named("Cargo.toml")}):
        yield Check("build", _in(folder, "cargo build"), "rust")
        yield Check("test", _in(folder, "cargo test"), "rust")


def _jvm(facts: Facts) -> Iterator[Check]:
    for folder, _ in facts.texts_named("pom.xml")[:1]:
        yield Check("test", _in(folder, "./mvnw test" if "mvnw" in facts.files else "mvn test"), "java")
    for name, language in (("build.gradle", "java"), ("build.gradle.kts", "kotlin")):
        for folder, _ in facts.texts_named(name)[:1]:
            yield Check("test", _in(folder, "./gradlew test" if "gradlew" in facts.files else "gradle test"), language)


def _ruby(facts: Facts) -> Iterator[Check]:
    if "rspec" in facts.texts.get("Gemfile", "") and any(path.startswith("spec/") for path in facts.own):
        yield Check("test", "bundle exec rspec", "ruby")
    elif re.search(r"TestTask|task.+\btest\b", facts.texts.get("Rakefile", "")):
        yield Check("test", "bundle exec rake test" if "Gemfile" in facts.files else "rake test", "ruby")


def _php(facts: Facts) -> Iterator[Check]:
    scripts = package(facts.texts.get("composer.json", "")).get("scripts")
    if isinstance(scripts, dict) and "test" in scripts:
        yield Check("test", "composer test", "php")
    elif "phpunit" in facts.texts.get("composer.json", ""):
        yield Check("test", "vendor/bin/phpunit", "php")


def _elixir(facts: Facts) -> Iterator[Check]:
    if "mix.exs" in facts.files and any(path.endswith("_test.exs") for path in facts.own):
        yield Check("test", "mix test", "elixir")


def _dotnet(facts: Facts) -> Iterator[Check]:
    if any(path.endswith((".sln", "Tests.csproj", "Test.csproj")) for path in facts.own):
        yield Check("test", "dotnet test", "csharp")


def _uppermost(folders: Collection[str]) -> list[str]:
    """Without those that lie in another of them; "" is the top."""
    return (
        [""] if "" in folders else sorted(f for f in folders if not any(f.startswith(f"{other}/") for other in folders))
    )


def _in(folder: str, command: str) -> str:
    return f"(cd {shlex.quote(folder)} && {command})" if folder else command
