"""While an agent works, the agents' configuration in its tree is the base branch's, whatever its own branch made of it;
and what would start programs as soon as the agent itself is started is not there at all, unless that is trusted.

What is laid instead is remembered as a commit at refs/sluice/masked/ITEM: its tree is what lies there, its parent what
the branch has. What the agent left as it was laid becomes the branch's own again when the tree is collected.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.policy import is_agent_config, starts_programs
from bot.git.index import Index
from bot.git.layout import masked_ref
from bot.git.mirror import Mirror
from bot.git.process import names

Entries = dict[str, str]  # by path: mode and SHA


async def mask(index: Index, item: str, files: str, base: str, conflicts: Iterable[str], trusted: bool) -> str:
    """What is to be laid for commit `files`: itself, where nothing is to be masked."""
    mirror = index.mirror
    differing = {path for path in await mirror.differing(base, files) if is_agent_config(path)}
    starting = set() if trusted else {path for path in await mirror.paths(files) if starts_programs(path)}
    paths = sorted((differing | starting) - set(conflicts))
    if not paths:
        await mirror.set_refs({masked_ref(item): None})
        return files
    wanted = await _entries(mirror, base, [path for path in paths if trusted or not starts_programs(path)])
    tree = await index.changed(files, {path: wanted.get(path) for path in paths})
    laid = await mirror.commit(tree, (files,), "What lies in the tree instead\n")
    await mirror.set_refs({masked_ref(item): laid})
    return laid


async def masked_paths(mirror: Mirror, item: str) -> tuple[str, ...]:
    laid = await mirror.ref(masked_ref(item))
    return tuple(sorted(await mirror.differing(f"{laid}^", laid))) if laid else ()


async def unmasked(index: Index, item: str, tree: str) -> str:
    """A tree that was collected, with the branch's own files again where the agent left what was laid instead."""
    mirror = index.mirror
    if not (paths := await masked_paths(mirror, item)):
        return tree
    laid = masked_ref(item)
    found, instead, own = [await _entries(mirror, each, paths) for each in (tree, laid, f"{laid}^")]
    same = [path for path in paths if found.get(path) == instead.get(path)]
    return await index.changed(tree, {path: own.get(path) for path in same}) if same else tree


async def _entries(mirror: Mirror, tree: str, paths: Iterable[str]) -> Entries:
    if not (paths := list(paths)):
        return {}
    out = await mirror.git.run(mirror.path, "ls-tree", "-r", "-z", "--full-tree", tree, "--", *paths)
    rows = (row.split("\t", 1) for row in names(out))
    return {path: " ".join(info.split()[::2]) for info, path in rows}
