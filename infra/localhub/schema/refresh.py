"""Fetches GitHub's official schema from npm and stores it compact: `python -m localhub.schema.refresh`.

Descriptions are four fifths of the text and nobody here reads them, so they go. The version stands beside the
schema; when a newer one already has a field of `extensions.graphql`, delete the field there.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import Node, Visitor, parse, print_ast, visit
from graphql.utilities import strip_ignored_characters

PACKAGE = "@octokit/graphql-schema"
FOLDER = Path(__file__).parent


def refresh(folder: Path = FOLDER) -> str:
    """Stores the newest schema in `folder` and says its version."""
    with tempfile.TemporaryDirectory() as scratch:
        version, archive = download(Path(scratch))
        sdl = schema_in(archive)
    (folder / "github.graphql.gz").write_bytes(gzip.compress(compact(sdl).encode(), mtime=0))
    (folder / "VERSION").write_text(f"{PACKAGE} {version}\n")
    return version


def download(into: Path) -> tuple[str, Path]:
    command = ["npm", "pack", PACKAGE, "--json", "--pack-destination", str(into)]
    packed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
    return packed["version"], next(into.glob("*.tgz"))


def schema_in(archive: Path) -> str:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/schema.graphql")
        if member is None:
            raise FileNotFoundError(f"{archive.name} holds no package/schema.graphql")
        return member.read().decode()


def compact(sdl: str) -> str:
    return strip_ignored_characters(print_ast(visit(parse(sdl, no_location=True), WithoutDescriptions())))


class WithoutDescriptions(Visitor):
    def enter(self, node: Any, *_: object) -> Node | None:
        described = getattr(node, "description", None) is not None
        return replace(node, description=None) if described else None


if __name__ == "__main__":
    print(refresh())
