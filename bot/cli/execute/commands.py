"""A gate's commands, run where its user stands, by whoever called `sluice execute`: as their own shell would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

MOST_SHOWN = 4_000  # characters of the output


async def run_in(folder: Path, commands: Sequence[str]) -> tuple[bool, str]:
    """Whether all passed, and the end of what the last one printed; the first that fails is the last that runs."""
    printed = ""
    for command in commands:
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        printed = out.decode(errors="replace")[-MOST_SHOWN:].strip()
        if process.returncode:
            return False, f"{printed}\n`{command}` ended with exit code {process.returncode}".strip()
    return True, printed
