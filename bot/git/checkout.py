"""Throw-away checkouts of one commit, for gate commands: nothing an agent left in its tree is in them."""

from __future__ import annotations

from pathlib import Path

from bot.git import dotgit
from bot.git.errors import GitFailed
from bot.git.index import Index
from bot.git.layout import Layout
from bot.git.mirror import Mirror
from bot.git.removal import discard, remove


async def checkout(mirror: Mirror, layout: Layout, sha: str, name: str, author: tuple[str, str]) -> Path:
    """A fresh folder with the commit's files and a `.git` of its own at that commit."""
    head = await mirror.need(sha)
    path, scratch = layout.checkout(mirror.repo, name), layout.scratch()
    discard(path, layout.scratch())
    path.mkdir(parents=True)
    index = scratch.with_name(f"{scratch.name}-index")
    await Index(mirror, path, index).lay(head)
    told = dotgit.DotGit(objects=mirror.path / "objects", head=head, branch=None, author=author)
    dotgit.lay(path, index, told, scratch)
    index.unlink()
    return path


async def remove_checkout(layout: Layout, path: Path) -> None:
    place = (layout.root / "checkouts").resolve()
    if not path.parent.resolve().is_relative_to(place) or path.parent.resolve() == place:
        raise GitFailed(f"{path} is not one of Sluice's checkouts")
    aside = layout.scratch()
    discard(path, aside)
    remove(aside)
