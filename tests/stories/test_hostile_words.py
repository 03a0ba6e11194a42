"""What an agent says goes into a database, a commit, a comment and a terminal; none of them stumbles over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.stories.conftest import MakeWorld

TOKEN = "tok-of-robin"  # among what the settings give to it
WORDS = f"Hi\\0\\ud800 \\33]0;owned\\7\\33[2J\\33[31mred\\33[0m {TOKEN[:5]}\\0{TOKEN[5:]} \\u202egnp.exe"
TALKER = f"""#!/usr/bin/env python3
import json, sys

words = "{WORDS}"
tell = lambda line: print(json.dumps(line), flush=True)
for line in sys.stdin:
    if json.loads(line)["type"] == "user":
        open("fix.txt", "w").write("fixed")
        tell({{"type": "system", "subtype": "init", "session_id": "one", "model": words}})
        content = [{{"type": "text", "text": words}}, {{"type": "tool_use", "name": words, "input": {{"path": words}}}}]
        tell({{"type": "assistant", "message": {{"content": content}}}})
        tell({{"type": "result", "subtype": "success", "is_error": False, "result": words}})
"""


async def test_words_that_break_and_paint(make_world: MakeWorld, tmp_path: Path) -> None:
    """NUL bytes, halves of characters, terminal commands and a secret cut in two: the work goes on, and all that is
    left of them is what a person may read."""
    program = tmp_path / "opt" / "talker"
    program.parent.mkdir()
    program.write_text(TALKER)
    program.chmod(0o755)
    robin: dict[str, Any] = {"runtime": "claude", "command": [str(program)], "env": {"ROBIN_TOKEN": TOKEN}}
    world = await make_world(peers={"robin": robin})
    item = await world.add_issue("Fix it", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    run = (await world.service.ledger.recall(item.card, world.now())).runs[0]
    words = "Hi red [hidden] gnp.exe"
    assert run.outcome and run.outcome.summary == words
    assert [each.event.text for each in await world.service.ledger.events(run.key)] == [words] * 4
    assert not any(TOKEN in text or "\33" in text for text in await world.comments(item))
