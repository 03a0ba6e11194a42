"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ItemArgument = Annotated[str, typer.Argument(help="An issue: 12, #12, owner/name#12, or a card's id.", metavar="ITEM")]
