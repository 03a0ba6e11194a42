"""What a repository is made of and which commands prove it, told by its own files."""

from __future__ import annotations

import json

import pytest

from bot.core.plans.checks import Scope, checks_of, gate_of
from bot.core.plans.stack import Facts, stack_of, to_read

PYTEST = {"requirements.txt": "fastapi\npytest\n"}
FASTAPI = Facts(("app/main.py", "tests/test_main.py", "requirements.txt"), PYTEST)


def node(paths: tuple[str, ...] = (), **scripts: str) -> Facts:
    text = json.dumps({"scripts": scripts, "dependencies": {"react": "19"}})
    return Facts(("package.json", "src/app.tsx", *paths), {"package.json": text})


@pytest.mark.parametrize(
    ("facts", "gate"),
    [
        (FASTAPI, ("pytest tests/",)),
        (Facts(("a.py", "test_a.py", "pyproject.toml"), {"pyproject.toml": "[tool.pytest.ini_options]"}), ("pytest",)),
        (Facts(("a.py", "test/test_a.py"), {"test/test_a.py": "import unittest"}),
         ("python -m unittest discover -s test",)),
        (Facts(("Makefile", *FASTAPI.paths), {**PYTEST, "Makefile": "test:\n\tpytest\nX := 1\n"}), ("make test",)),
        (node(test="vitest"), ("npm test",)),
        (node(("pnpm-lock.yaml",), test="vitest"), ("pnpm test",)),
        (node(test='echo "Error: no test specified" && exit 1'), ()),
        (Facts(("go.mod", "a.go", "a_test.go"), {"go.mod": "module a"}), ("go test ./...",)),
        (Facts(("go.mod", "a.go"), {"go.mod": "module a"}), ()),
        (Facts(("Cargo.toml", "src/lib.rs"), {"Cargo.toml": "[package]"}), ("cargo test",)),
        (Facts(("pom.xml", "mvnw"), {"pom.xml": ""}), ("./mvnw test",)),
        (Facts(("Gemfile", "spec/a_spec.rb"), {"Gemfile": "gem 'rspec'"}), ("bundle exec rspec",)),
        (Facts(("w/package.json",), {"w/package.json": '{"scripts": {"test": "jest"}}'}), ("(cd w && npm test)",)),
        (Facts(("api/pyproject.toml", "api/tests/test_a.py", "w/test_b.py", "w/setup.py"),
               {"api/pyproject.toml": "pytest", "w/setup.py": ""}), ("(cd api && pytest tests/)", "(cd w && pytest)")),
        (Facts(("api/pyproject.toml", "api/test_a.py", "test_b.py"), {"api/pyproject.toml": "pytest"}), ("pytest",)),
        (Facts(("setup.py", "lib/setup.py", "lib/tests/test_a.py"), {"setup.py": "", "lib/setup.py": ""}), ("pytest",)),
        (Facts(("a/Cargo.toml", "a/x/Cargo.toml", "b/Cargo.toml"),
               {"a/Cargo.toml": "", "a/x/Cargo.toml": "", "b/Cargo.toml": ""}),
         ("(cd a && cargo test)", "(cd b && cargo test)")),
        (Facts(("Makefile",), {"Makefile": "lint test: deps\n\tx\nbuild ::= 1\n"}), ("make test",)),
        (Facts(("justfile",), {"justfile": "run test:\n  x\n@test *args='':\n  pytest\n"}), ("just test",)),
        (Facts(("justfile",), {"justfile": "run test:\n  x\ntest := 'y'\n"}), ()),
        (Facts(("node_modules/x/test_a.py", "README.md")), ()),
        (Facts(("package.json",), {"package.json": "[not json"}), ()),
        (Facts(), ()),
    ],
)  # fmt: skip
def test_a_gate_is_a_command_that_the_repository_has(facts: Facts, gate: tuple[str, ...]) -> None:
    """Its own short word for it first; nothing where there is nothing."""
    assert gate_of(checks_of(facts), ()) == gate


@pytest.mark.parametrize(
    ("scope", "gate"),
    [
        ("focused", ("npm test",)),
        ("full", ("ruff check .", "npm run lint", "npm run build", "pytest tests/", "npm test")),
        ("smoke", ("npm run build",)),
    ],
)
def test_scope_of_a_gate(scope: Scope, gate: tuple[str, ...]) -> None:
    """The tests of what is changed, all there is, or the quickest there is."""
    web = json.dumps({"scripts": {"test": "jest", "lint": "eslint .", "build": "vite build"}})
    texts = {"requirements.txt": "pytest\nruff\n", "package.json": web}
    checks = checks_of(Facts(("tests/test_a.py", "a.py", "src/app.ts", *texts), texts))
    assert gate_of(checks, ("javascript",), scope) == gate


@pytest.mark.parametrize(
    ("facts", "named", "behind", "before"),
    [
        (FASTAPI, ("python", "fastapi"), "python", ""),
        (node(), ("typescript", "react"), "typescript", "react"),
        (Facts(("pyproject.toml",), {"pyproject.toml": 'dependencies = ["flask-x", "django>5"]'}), ("python", "django"),
         "python", ""),
        (Facts(("a.go", "b.go", "web/x.vue")), ("go", "javascript"), "go", "javascript"),
        (Facts((*(f"a{n}.py" for n in range(60)), "one.js")), ("python",), "python", ""),
        (Facts(("README.md",)), (), "", ""),
    ],
)  # fmt: skip
def test_languages_and_frameworks(facts: Facts, named: tuple[str, ...], behind: str, before: str) -> None:
    """The most used first; a script among hundreds of files is no language of the repository."""
    stack = stack_of(facts)
    assert (stack.named, stack.behind, stack.before) == (named, behind, before)


def test_what_is_read_is_little() -> None:
    """Manifests near the top, and one test; nothing of what others wrote."""
    paths = (
        "a/b/c/d/package.json",
        "node_modules/x/package.json",
        "web/package.json",
        "pyproject.toml",
        "tests/test_b.py",
    )
    assert to_read(paths) == ("pyproject.toml", "web/package.json", "tests/test_b.py")
