"""Commands that only read, for a program that has no other way to look at files. What is not known to is none."""

from __future__ import annotations

import re
import shlex

READERS = ("cat", "grep", "head", "ls", "nl", "pwd", "rg", "sed", "tail", "wc")
SHELL = re.compile(r"(?:/usr)?(?:/bin/)?(?:ba|z)?sh")
LINES = re.compile(r"\d+(,(\d+|\$))?p")  # of sed, which may do much else
STARTS = re.compile(r"--(pre|hostname-bin|search-zip)\b|-\w*z")  # of rg: it starts other programs
QUOTED = re.compile(r"'[^']*'")
BETWEEN = re.compile(r"\|\||&&|[|;]")
PLAIN = re.compile(r"[\w./ ,:=@%+*?|;&-]+")  # nothing the shell would write to, look up or start


def reads(command: str) -> bool:
    line = _inner(command)
    bare = QUOTED.sub("Q", line)
    if not PLAIN.fullmatch(bare) or "&" in bare.replace("&&", ""):
        return False
    held = QUOTED.sub(lambda found: re.sub(r"[|;&]", "_", found[0]), line)
    return all(_reads(shlex.split(part)) for part in BETWEEN.split(held))


def _inner(command: str) -> str:
    """What the shell is given that a program puts around each of its commands."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    return words[2] if len(words) == 3 and SHELL.fullmatch(words[0]) and words[1] in ("-c", "-lc") else command


def _reads(words: list[str]) -> bool:
    if not words or words[0] not in READERS:
        return False
    name, *rest = words
    if name == "sed":
        return len(rest) >= 2 and rest[0] == "-n" and bool(LINES.fullmatch(rest[1])) and not _options(rest[2:])
    return name != "rg" or not any(map(STARTS.match, rest))


def _options(words: list[str]) -> bool:
    return any(word.startswith("-") for word in words)
