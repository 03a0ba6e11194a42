"""`sluice peer`: what is set up, and whether it works, with real programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agents.desk import KEY
from tests.agents.programs import program
from tests.models.scenario import Edit, Refusal, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.test_cli import Told, sluice

pytestmark = pytest.mark.slow


def settings(folder: Path, **peers: dict[str, Any]) -> Path:
    """A settings file, and a home without a login."""
    lines = [f'data_dir = "{folder / "data"}"', '[boards."acme/1"]']
    for name, peer in peers.items():
        lines += [f"[peers.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in peer.items())]
    (folder / "sluice.toml").write_text("\n".join(lines) + "\n")
    return folder / "sluice.toml"


def claude(url: str) -> dict[str, Any]:
    return {"runtime": "claude", "command": program("claude"), "api_key": KEY, "api_url": url}


async def findings(config: Path, name: str, code: int) -> dict[str, tuple[str, str]]:
    told: Told = await sluice("peer", "test", name, "--json", config=config)
    assert told.code == code, told
    return {each["what"]: (each["state"], each["told"]) for each in told.json["findings"]}


async def test_an_agent_that_works_does_both_steps(tmp_path: Path, nearby: Models) -> None:
    """In one session, in whose name is said, and what it took."""
    turns = [
        Turn([Write("hello.txt", "hello\n")]), Turn(say="Done."),
        Turn([Edit("hello.txt", "hello\n", "hello\nagain\n")]), Turn(say="Done."),
    ]  # fmt: skip
    config = settings(tmp_path, robin=claude(nearby.play("smoke", Scenario(turns))))
    found = await findings(config, "robin", 0)
    assert found["login"] == ("ok", "an API key of Sluice's settings")
    assert found["step 1"][0] == found["step 2"][0] == "ok"
    assert "2,100 for the second step" in found["tokens"][1]
    shown = (await sluice("peer", "show", "robin", config=config)).out
    assert "claude" in shown and KEY not in shown


async def test_doctor_knows_whether_each_agent_could_start(tmp_path: Path) -> None:
    """Of each its program, version and login, or what is missing and how it is mended."""
    loud = tmp_path / "copilot"
    loud.write_text("#!/bin/sh\nexit 3\n")
    loud.chmod(0o755)
    config = settings(
        tmp_path,
        works={"runtime": "claude", "command": program("claude"), "api_key": KEY},
        absent={"runtime": "codex", "command": ["/nowhere/codex"], "api_key": KEY},
        stranger={"runtime": "claude", "command": program("claude")},
        aimless={"runtime": "acp", "command": program("opencode"), "api_key": KEY, "api_url": "http://127.0.0.1:9"},
        broken={"runtime": "acp", "command": [str(loud)], "api_key": KEY, "api_url": "http://a", "model": "m"},
        loose={"runtime": "acp", "command": ["/bin/true"], "permissions": "ask"},
    )
    nowhere = '[github]\napi_url = "http://127.0.0.1:9"\ntoken = "none"\nlogin = "sluice[bot]"\n'
    config.write_text(config.read_text() + nowhere)
    answer = await sluice("doctor", "--json", config=config)
    assert answer.code == 1, answer
    told = answer.json["findings"]
    found = {each["what"].removeprefix("agent "): (each["state"], each["told"]) for each in told}
    assert found["works"][0] == "ok" and "(Claude Code); claude, an API key" in found["works"][1]
    assert found["absent"] == ("wrong", "agent absent: the program '/nowhere/codex' is not there")
    assert found["stranger"][0] == "warning" and "set peers.stranger.api_key, or run `claude`" in found["stranger"][1]
    assert found["aimless"] == ("wrong", "with an api_key or api_url it needs peers.aimless.model")
    assert found["loose"][0] == "warning" and "holds it as far as it asks" in found["loose"][1]
    assert found["broken"] == ("wrong", f"{loud} --version tells nothing")


async def test_what_fails_says_what_mends_it(tmp_path: Path, nearby: Models) -> None:
    """A wrong key, a provider that says to wait, a program that is not there, no login, one that does nothing."""
    wrong = nearby.play("wrong", Scenario([Turn(refusals=[Refusal(401)] * 20)]))
    unknown_model = nearby.play("unknown model", Scenario([Turn(refusals=[Refusal(404)] * 20)]))
    busy = nearby.play("busy", Scenario([Turn(refusals=[Refusal(429, 7_200)] * 20)]))
    config = settings(
        tmp_path,
        wrong=claude(wrong),
        lost=claude(unknown_model),
        busy=claude(busy),
        absent={"runtime": "claude", "command": ["/nowhere/claude"], "api_key": KEY},
        stranger={"runtime": "claude", "command": program("claude")},
        idle={"runtime": "command", "command": ["true"]},
    )
    assert "set peers.wrong.api_key, or run `claude`" in (await findings(config, "wrong", 1))["step 1"][1]
    lost = (await findings(config, "lost", 1))["step 1"][1]
    assert "mend peers.lost.model or peers.lost.api_url" in lost
    assert Path(lost.rpartition("what it printed is in ")[2]).read_text(), "it is gone"
    assert "it was told to wait: " in (await findings(config, "busy", 1))["step 1"][1]
    assert "'/nowhere/claude' is not there" in (await findings(config, "absent", 1))["program"][1]
    assert "set peers.stranger.api_key, or run `claude`" in (await findings(config, "stranger", 1))["login"][1]
    assert "hello.txt is not as it was asked for" in (await findings(config, "idle", 1))["step 1"][1]
    unknown = await sluice("peer", "test", "nobody", config=config)
    assert unknown.code == 2 and "there are wrong, lost, busy, absent, stranger, idle" in unknown.err
