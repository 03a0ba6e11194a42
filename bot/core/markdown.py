"""What a reader on GitHub sees of somebody's Markdown: the text that is given to agents, and no more than that.

Gone are tags with all their attributes, images' alternative texts, titles of links and images, definitions of links
(the link says where it leads instead) and of footnotes nobody refers to, and what follows the language of a code block.
Code is shown and stays as it is; where it is doubtful whether something is code, it is none. `<details>` is one click
away for a reader, and `hidden` or a style hides nothing on GitHub: such text stays.

A library would tell exactly how one program reads it. Here the doubt matters more, and the judgement imports none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.core.foreign import clean, faced, without_comments

FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)")
TRACE = "\0"
INSIDE = r"(?:\s|>|[-*+]\s|\d+[.)]\s)*"  # quotes and lists
LIKE_HTML = re.compile(INSIDE + f"[<{TRACE}]")
LIKE_A_FENCE = re.compile(INSIDE + r"(?:`{3,}(?!.*`)|~{3,})")
LIKE_ORDER = re.compile(INSIDE + r"(?=<[?!])")
LONG_HTML = re.compile(INSIDE + r"<(?:[?!]|(?:pre|script|style|textarea)\b)", re.IGNORECASE)  # blank lines end it not
ORDER = re.compile(r"<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<![A-Za-z].*?>", re.DOTALL)  # to programs: nobody sees it
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
QUOTED = r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'" + r"|\((?:\\.|[^()\\])*\)"
DEFINITION = re.compile(
    rf"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*\[((?!\^)(?:\\.|[^\[\]\\])+)\]:[ \t]*\n?[ \t>]*(<[^<>\n]*>|[^\s<]\S*)"
    rf"(?:(?:[ \t]+|[ \t]*\n[ \t>]*)(?:{QUOTED}))?[ \t]*$\n?",
    re.MULTILINE,
)
FOOTNOTE = re.compile(r"^[ \t>]*(\[\^[^\]\s]+\]):(?:.|\n)*", re.MULTILINE)
TARGET = re.compile(
    r"\(\s*(<[^<>\n]*>|(?!<)[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)" + rf"(?:\s+(?:{QUOTED}))?\s*\)",
)
LABEL = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]")
AUTOLINK = re.compile(r"<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:|[\w.+-]+@)[^\s<>]*>")
ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
TAG = re.compile(rf"<(?:[A-Za-z][A-Za-z0-9-]*(?:{ATTRIBUTE})*\s*/?|/[A-Za-z][A-Za-z0-9-]*\s*)>")
RAW_TAG = re.compile(r"<[A-Za-z/?!][^>]*(?:>|\Z)")  # as browsers read what is HTML anyway
ADDRESS = re.compile(r"""\s(?:href|src)\s*=\s*["']?(https?://[^\s"'<>]+)""", re.IGNORECASE)


def shown(text: str) -> str:
    marked = without_comments(faced(text), TRACE)  # a line that began with a comment was HTML
    parts = [part if code else (part, doubtful) for part, code, doubtful in _parts(marked)]
    known = _Links()
    plain = "\n".join(part[0] for part in parts if isinstance(part, tuple))
    without = [part if isinstance(part, str) else (known.collect(part[0], plain), part[1]) for part in parts]
    seen = "\n".join(part if isinstance(part, str) else known.seen(*part) for part in without)
    return clean(seen.replace(TRACE, ""))


def _parts(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Code blocks, and what stands between blank lines; of each whether it is code, and whether it may be HTML."""
    lines, begun = text.split("\n"), list[str]()
    doubt = endless = False
    at = 0
    while at < len(lines):
        line = lines[at]
        html = doubt or any(map(LIKE_HTML.match, begun))
        end = None if html else _end_of_code(lines, at)
        if end is not None:
            yield "\n".join(begun), False, html
            begun = []
            opening = FENCE.match(line)
            assert opening  # `_end_of_code` saw it
            word = LANGUAGE.match(opening[3].strip())
            yield "\n".join((opening[1] + opening[2] + (word[0] if word else ""), *lines[at + 1 : end])), True, False
            at = end
            continue
        if (hidden := LIKE_ORDER.match(line)) and not ORDER.match(line, hidden.end()):
            at = _end_of_order(lines, at, hidden.end())
            continue
        fence = LIKE_A_FENCE.match(line)
        doubt = doubt or bool(fence or LONG_HTML.match(line))
        begun.append(fence[0] if fence and not endless else line)
        endless = endless or bool(LONG_HTML.match(line))
        if not line.strip() and not endless:
            yield "\n".join(begun[:-1]), False, html or doubt
            begun = [""]
        at += 1
    yield "\n".join(begun), False, doubt or any(map(LIKE_HTML.match, begun))


def _end_of_code(lines: list[str], start: int) -> int | None:
    """The line behind the code block that begins here; None: none does, or it might end sooner than it seems."""
    opening = FENCE.fullmatch(lines[start])
    if not opening:
        return None
    indent, mark = len(opening[1]), opening[2]
    closing = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*")
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if line.strip() and not line.startswith(" " * indent):
            return None
        if closing.fullmatch(line):
            return at + 1
    return None if indent else len(lines)


def _end_of_order(lines: list[str], start: int, column: int) -> int:
    """The line behind it; what never ends hides all that follows."""
    rest = "\n".join(lines[start:])
    order = ORDER.match(rest, column)
    return start + rest[: order.end()].count("\n") + 1 if order else len(lines)


@dataclass
class _Links:
    """Where links lead whose targets are defined elsewhere."""

    targets: dict[str, str] = field(default_factory=dict)

    def collect(self, part: str, everything: str) -> str:
        """The part without its definitions."""

        def take(found: re.Match[str]) -> str:
            self.targets.setdefault(_name(found[1]), _target(found[2]))
            return ""

        def keep_if_used(found: re.Match[str]) -> str:
            return found[0] if everything.count(found[1]) > 1 else ""

        return FOOTNOTE.sub(keep_if_used, DEFINITION.sub(take, part))

    def seen(self, part: str, doubtful: bool) -> str:
        """From left to right: code and links before tags, as far as they come before them."""
        out, at = list[str](), 0
        while at < len(part):
            found, at = self._next(part, at, doubtful)
            out.append(found)
        return "".join(out)

    def _next(self, part: str, at: int, doubtful: bool) -> tuple[str, int]:
        match part[at]:
            case "\\" if not doubtful:
                return part[at : at + 2], at + 2
            case "`":
                return _code_span(part, at, doubtful)
            case "<":
                return _tag(part, at, doubtful)
            case "!" if part[at + 1 : at + 2] == "[":
                return self._link(part, at + 1, doubtful, image=True)
            case "[":
                return self._link(part, at, doubtful)
            case _:
                return part[at], at + 1

    def _link(self, part: str, at: int, doubtful: bool, image: bool = False) -> tuple[str, int]:
        end = _closing(part, at)
        if end is None:
            return "!" * image + part[at], at + 1
        words, behind = part[at + 1 : end], end + 1
        label = LABEL.match(part, behind)
        if target := TARGET.match(part, behind):
            to, behind = _target(target[1]), target.end()
        elif label and _name(label[1] or words) in self.targets:
            to, behind = self.targets[_name(label[1] or words)], label.end()
        elif _name(words) in self.targets:
            to = self.targets[_name(words)]
        else:
            return "!" * image + part[at], at + 1
        return f"![]({to})" if image else f"[{self.seen(words, doubtful)}]({to})", behind


def _name(label: str) -> str:
    return " ".join(label.split()).casefold()


def _target(target: str) -> str:
    """Words are no address."""
    bare = target.strip("<>")
    return "" if re.search(r"\s", bare) else bare


def _closing(part: str, at: int) -> int | None:
    """Where the bracket that opens here is closed."""
    depth = 0
    while at < len(part):
        if part[at] == "`":
            at = _code_span(part, at, False)[1] - 1
        elif part[at] == "\\":
            at += 1
        elif part[at] in "[]":
            depth += 1 if part[at] == "[" else -1
            if depth == 0:
                return at
        at += 1
    return None


def _code_span(part: str, at: int, doubtful: bool) -> tuple[str, int]:
    """On one line and in one cell, or it might be none."""
    mark = re.match("`+", part[at:])
    assert mark
    rest = part[at + len(mark[0]) :].split("\n", 1)[0]
    closing = re.search(rf"(?<!`){mark[0]}(?!`)", rest)
    if doubtful or closing is None or "|" in rest[: closing.start()]:
        return mark[0], at + len(mark[0])
    end = at + len(mark[0]) + closing.end()
    return part[at:end], end


def _tag(part: str, at: int, doubtful: bool) -> tuple[str, int]:
    """Nothing is left of it but where it leads; of one that never ends, nothing that follows."""
    if link := AUTOLINK.match(part, at):
        return link[0], link.end()
    if order := ORDER.match(part, at):
        return "", order.end()
    if part.startswith("<!--", at) and not doubtful:
        return "", at + len("<!--")
    if part[at + 1 : at + 2] in ("!", "?"):
        return "", len(part)
    if tag := TAG.match(part, at) or (RAW_TAG.match(part, at) if doubtful else None):
        address = ADDRESS.search(tag[0])
        return f"<{address[1]}>" if address else "", tag.end()
    return "<", at + 1
