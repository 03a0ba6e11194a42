"""Renders what the documents take from the code: settings, policy, commands, stages and the map of files.

`python -m bot.reference --write` refreshes the marked blocks of README.md, bot/ARCHITECTURE.md and docs/plans.md, and
the schema of plans; without `--write` it only says which of them are out of date.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from bot.core.plans.playbook import Part, Playbook, Stretch, When
from bot.core.policy import Policy
from bot.core.stage import MOVES, Stage
from bot.core.trust import needed_for
from bot.core.usage import USAGE
from bot.github.permissions import EVENTS, LEVELS, PERMISSIONS
from bot.plan_files.record import SCHEMA, plan_schema
from bot.settings import BoardSettings, PeerSettings, Settings
from webhooks.metrics import NAMES

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "bot/ARCHITECTURE.md", ROOT / "docs/plans.md")
CODE = ("bot", "webhooks")
SAMPLE = ROOT / "bot/demo/acme-widgets"  # the demo's repository: files it is made of, no modules of ours
NAMED: dict[str, tuple[str, type[BaseModel]]] = {
    "boards": ('"owner/number"', BoardSettings),
    "peers": ("NAME", PeerSettings),
}  # tables with names of their own


def main(given: list[str]) -> int:
    """1 when a document differs from the code and was not written."""
    fresh = {document: rendered(document.read_text()) for document in DOCUMENTS} | {ROOT / SCHEMA: plan_schema()}
    stale = [document for document, text in fresh.items() if document.read_text() != text]
    for document in stale:
        if "--write" in given:
            document.write_text(fresh[document])
        print(f"{document.relative_to(ROOT)} {'refreshed' if '--write' in given else 'is out of date'}")
    return 1 if stale and "--write" not in given else 0


def rendered(text: str) -> str:
    """The document with each marked block as the code has it now."""
    for name, block in BLOCKS.items():
        marks = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text = marks.sub(lambda found, block=block: f"{found[1]}\n{block()}\n\n{found[2]}", text)  # type: ignore[misc]
    return text


def permissions() -> str:
    """What an App needs, with the reason."""
    rows = [(f"{each.of}: {each.name}", LEVELS[each.level].lower(), each.why) for each in PERMISSIONS]
    return _table(("permission", "level", "what for"), rows)


def events() -> str:
    return ", ".join(f"`{event}`" for event in EVENTS)


def metrics() -> str:
    rows = [(f"`{name}`", ", ".join(labels), said) for name, (said, labels) in NAMES.items()]
    return _table(("name", "labels", "what it is"), rows)


def settings() -> str:
    rows = [(f"`{key}`", _code(default), said) for key, default, said in _settings(Settings, "")]
    return _table(("key", "default", "what it is"), rows)


def policy() -> str:
    rows = [(f"`{key}`", _code(default), said) for key, default, said in _policy(Policy, "")]
    return _table(("key", "default", "what it is"), rows)


def playbooks() -> str:
    """The keys of a playbook."""
    tables = (("", Playbook), ("when.", When), ("phases[].", Stretch), ("phases[].steps[].", Part))
    rows = [
        (f"`{prefix}{each.name}`", _code(None if each.default is dataclasses.MISSING else each.default), said)
        for prefix, shape in tables
        for each in dataclasses.fields(shape)
        if (said := each.metadata.get("doc", ""))
        and not dataclasses.is_dataclass(each.default)
        and each.name != "phases"
    ]
    return _table(("key", "default", "what it is"), rows)


def commands() -> str:
    rows = [(f"`{usage.line}`", usage.does, _who(verb, usage.line)) for verb, usage in USAGE.items()]
    return _table(("comment", "what it does", "role needed"), rows)


def lifecycle() -> str:
    """The usual moves of the table, as a Mermaid diagram."""
    begins = [f"    [*] --> {name}" for name in ("Draft", "Waiting", "Ready")]
    usual = [(here, there, why) for here, targets in MOVES.items() for there, why in targets.items() if why]
    moves = [f"    {here.__name__} --> {there.__name__}: {why}" for here, there, why in usual]
    return "\n".join(("```mermaid", "stateDiagram-v2", *begins, *moves, "    Done --> [*]", "```"))


def moves() -> str:
    """Every lawful move."""
    return _table(("from", "to"), [(here.__name__, _names(targets)) for here, targets in MOVES.items()])


def files() -> str:
    """Every module and its one job, which is the first sentence of its docstring."""
    lines: list[str] = []
    folder = ""
    for path in sorted(_modules(), key=lambda path: (str(path.parent), path.name)):
        job = _job(path)
        if not job:
            continue
        if str(path.parent) != folder:
            folder = str(path.parent)
            lines += ["", f"**{folder}/**", ""]
        lines.append(f"- `{path.name}` {job}")
    return "\n".join((*lines[1:], ""))


BLOCKS: Mapping[str, Callable[[], str]] = {
    "permissions": permissions,
    "events": events,
    "metrics": metrics,
    "settings": settings,
    "policy": policy,
    "playbooks": playbooks,
    "commands": commands,
    "lifecycle": lifecycle,
    "moves": moves,
    "files": files,
}


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any, str]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if name in NAMED:
            placeholder, part = NAMED[name]
            yield from _settings(part, f"{name}.{placeholder}.")
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _settings(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.default, field.description or ""


def _policy(shape: type, prefix: str) -> Iterator[tuple[str, Any, str]]:
    hints = get_type_hints(shape)
    for field in dataclasses.fields(shape):
        if dataclasses.is_dataclass(field.default):
            yield from _policy(hints[field.name], f"{prefix}{field.name}.")
            continue
        said = field.metadata["doc"]
        choices = get_args(hints[field.name]) if get_origin(hints[field.name]) is Literal else ()
        if not all(choice in said for choice in choices):
            said += f" ({', '.join(choices)})"
        made = field.default_factory
        yield f"{prefix}{field.name}", field.default if made is dataclasses.MISSING else made(), said


def _who(verb: str, line: str) -> str:
    alone = needed_for(verb).name.lower()
    return f"{alone}; `all`: {needed_for(f'{verb} all').name.lower()}" if "[all]" in line else alone


def _modules() -> Iterator[Path]:
    for top in CODE:
        for path in (ROOT / top).rglob("*.py"):
            if not path.is_relative_to(SAMPLE):
                yield path.relative_to(ROOT)


def _job(path: Path) -> str:
    said = ast.get_docstring(ast.parse((ROOT / path).read_text())) or ""
    return " ".join(said.split("\n\n")[0].split())


def _names(stages: Iterable[type[Stage]]) -> str:
    return ", ".join(stage.__name__ for stage in stages)


def _code(value: Any) -> str:
    """A default as TOML would have it; nothing for one that is absent or empty."""
    match value:
        case None | () | [] | "":
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case tuple() | list():
            return ", ".join(f"`{each}`" for each in value)
    return f"`{value}`"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
