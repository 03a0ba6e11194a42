"""What a repository is made of, told by its files: languages and frameworks, the most used first."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

MOST_TEXTS, DEEPEST = 40, 3  # manifests that are read, and how far below the top
MANIFESTS = (
    "Makefile", "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "noxfile.py", "pytest.ini", "requirements.txt",
    "requirements-dev.txt", "dev-requirements.txt", "Pipfile", "package.json", "go.mod", "Cargo.toml", "Gemfile",
    "Rakefile", "composer.json", "mix.exs", "pom.xml", "build.gradle", "build.gradle.kts", "justfile",
)  # fmt: skip
NOT_OURS = {
    "node_modules", "vendor", "third_party", ".venv", "venv", "dist", "build", "target", ".git", ".sluice",
    "__pycache__", "site-packages",
}  # fmt: skip
LANGUAGES = {
    ".py": "python", ".go": "go", ".rs": "rust", ".ts": "typescript", ".tsx": "typescript", ".js": "javascript",
    ".jsx": "javascript", ".mjs": "javascript", ".java": "java", ".kt": "kotlin", ".rb": "ruby", ".php": "php",
    ".cs": "csharp", ".ex": "elixir", ".exs": "elixir", ".swift": "swift", ".scala": "scala", ".c": "c", ".cpp": "cpp",
    ".vue": "javascript", ".svelte": "javascript",
}  # fmt: skip
OF_MANIFESTS = {
    "pyproject.toml": "python", "setup.py": "python", "requirements.txt": "python", "Pipfile": "python",
    "go.mod": "go", "Cargo.toml": "rust", "Gemfile": "ruby", "composer.json": "php", "mix.exs": "elixir",
    "pom.xml": "java", "build.gradle": "java", "build.gradle.kts": "kotlin",
}  # fmt: skip
FRAMEWORKS = {
    "python": ("fastapi", "django", "flask", "starlette", "aiohttp", "typer", "sqlalchemy", "pandas", "torch"),
    "javascript": ("react", "vue", "svelte", "angular", "next", "express", "nestjs"),
    "go": ("gin-gonic", "echo", "fiber"),
    "rust": ("axum", "actix-web", "tokio"),
    "ruby": ("rails", "sinatra"),
    "php": ("laravel", "symfony"),
    "java": ("spring",),
    "elixir": ("phoenix",),
}
SEEN_BY_PEOPLE = ("react", "vue", "svelte", "angular", "next")  # in a browser
IN_BROWSERS = ("typescript", "javascript")


@dataclass(frozen=True)
class Facts:
    """A repository, as far as plans look at it."""

    paths: tuple[str, ...] = ()  # of its files
    texts: Mapping[str, str] = field(default_factory=dict)  # of those `to_read` names

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def folders(self) -> frozenset[str]:
        return frozenset(str(parent) for path in self.paths for parent in PurePosixPath(path).parents) - {"."}

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Without what others wrote, or a program."""
        return tuple(path for path in self.paths if NOT_OURS.isdisjoint(path.split("/")[:-1]))

    def below(self, folder: str) -> Facts:
        """That folder alone, as if it were the repository."""
        start = f"{folder}/"
        texts = {path.removeprefix(start): text for path, text in self.texts.items() if path.startswith(start)}
        return Facts(tuple(path.removeprefix(start) for path in self.paths if path.startswith(start)), texts)

    def texts_named(self, name: str) -> list[tuple[str, str]]:
        """Folder ("" is the top) and text of each manifest of that name, the uppermost first."""
        found = [(path.rpartition("/")[0], text) for path, text in self.texts.items() if path.endswith(name)]
        exact = [(folder, text) for folder, text in found if (f"{folder}/{name}" if folder else name) in self.texts]
        return sorted(exact, key=lambda each: (each[0].count("/") + bool(each[0]), each[0]))


@dataclass(frozen=True)
class Stack:
    languages: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        return (*self.languages, *self.frameworks)

    @property
    def behind(self) -> str:
        """The language of what runs on a server or a machine; empty: unknown."""
        return next((each for each in self.languages if each not in IN_BROWSERS), self._first)

    @property
    def before(self) -> str:
        """The framework or language of what people see in a browser; empty: there is nothing like that."""
        framework = next((each for each in self.frameworks if each in SEEN_BY_PEOPLE), "")
        return framework or next((each for each in self.languages if each in IN_BROWSERS), "")

    @property
    def _first(self) -> str:
        return self.languages[0] if self.languages else ""


def to_read(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files whose texts a plan is made from: manifests, and one test, for how tests are written here."""
    own = [path for path in Facts(paths).own if path.count("/") < DEEPEST]
    manifests = [path for path in own if path.rpartition("/")[2] in MANIFESTS]
    shallow = sorted(manifests, key=lambda path: (path.count("/"), path))[:MOST_TEXTS]
    test = next((path for path in sorted(Facts(paths).own) if is_python_test(path)), None)
    return (*shallow, *((test,) if test else ()))


def is_python_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def stack_of(facts: Facts) -> Stack:
    """Counted by files; a manifest speaks for a language whose files are yet to come."""
    counted = Counter(LANGUAGES[suffix] for path in facts.own if (suffix := _suffix(path)) in LANGUAGES)
    counted.update(OF_MANIFESTS[name] for path in facts.own if (name := path.rpartition("/")[2]) in OF_MANIFESTS)
    if not counted and any(path.endswith("package.json") for path in facts.own):
        counted["javascript"] = 1
    languages = tuple(sorted(counted, key=lambda name: (-counted[name], name)))
    least = max(counted.values(), default=0) / 50  # a script among hundreds of files is no language of the repository
    languages = tuple(each for each in languages if counted[each] > least)
    return Stack(languages, _frameworks(facts, languages))


def _frameworks(facts: Facts, languages: tuple[str, ...]) -> tuple[str, ...]:
    named = " ".join(_dependencies(path, text) for path, text in facts.texts.items()).casefold()
    groups = dict.fromkeys("javascript" if each == "typescript" else each for each in languages)
    known = [framework for group in groups for framework in FRAMEWORKS.get(group, ())]
    return tuple(each for each in known if re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", named))


def _dependencies(path: str, text: str) -> str:
    """Where a manifest names what it builds upon; of a test nothing counts."""
    if is_python_test(path):
        return ""
    if not path.endswith("package.json"):
        return text
    read = package(text)
    parts = [read.get(key) for key in ("dependencies", "devDependencies", "peerDependencies")]
    return " ".join(name for part in parts if isinstance(part, dict) for name in part).replace("@", " ")


def package(text: str) -> dict[str, object]:
    """A package.json; empty where it is none."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix
