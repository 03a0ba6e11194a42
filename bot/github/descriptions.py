"""The description of a pull request: Sluice's part stands between two marks, and what people write around it stays."""

from __future__ import annotations

BEGIN, END = "<!-- sluice:text -->", "<!-- sluice:end of text -->"


def marked(text: str) -> str:
    return f"{BEGIN}\n{text}\n{END}"


def text_of(description: str) -> str | None:
    """Sluice's part; None when somebody took it, or a mark of it, out."""
    _, begun, rest = description.replace("\r\n", "\n").partition(BEGIN)
    text, ended, _ = rest.partition(END)
    return text.strip() if begun and ended else None


def with_text(description: str, text: str) -> str | None:
    """The description with another text in Sluice's part; None when there is no such part."""
    if text_of(description) is None:
        return None
    before, _, rest = description.replace("\r\n", "\n").partition(BEGIN)
    return before + marked(text) + rest.partition(END)[2]
