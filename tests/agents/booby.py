"""A repository whose configuration of coding agents would start programs: for each program the ways it knows.

Whatever is started leaves a file in the home of whoever started it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPRUNG = "sprung-"


def _words(name: str) -> list[str]:
    return ["sh", "-c", f'touch "$HOME/{SPRUNG}{name}"']


def _server(name: str) -> dict[str, Any]:
    command, *arguments = _words(name)
    return {"command": command, "args": arguments}


def _hooks(name: str, *moments: str) -> dict[str, Any]:
    hook = {"type": "command", "command": _words(name)[-1], "name": name}
    return {moment: [{"matcher": "*", "hooks": [hook]}] for moment in moments}


def _copilots(name: str) -> dict[str, Any]:
    hook = {"type": "command", "bash": _words(name)[-1]}
    return {"version": 1, "hooks": {"sessionStart": [hook], "preToolUse": [hook]}}


def _plugin(name: str) -> str:
    return (
        'import fs from "fs"\n'
        f'fs.writeFileSync(process.env.HOME + "/{SPRUNG}{name}", "")\n'
        "export const Plugin = async () => ({})\n"
    )


def _local(name: str) -> dict[str, Any]:
    return {"type": "local", "command": _words(name), "enabled": True}


FILES = {
    ".claude/settings.json": json.dumps({"hooks": _hooks("claude", "SessionStart", "PreToolUse")}),
    ".mcp.json": json.dumps({"mcpServers": {"one": _server("mcp")}}),
    ".codex/config.toml": "[features]\nhooks = true\n[mcp_servers.one]\n"
    f'command = "sh"\nargs = {json.dumps(_server("codex")["args"])}\n',
    ".codex/hooks.json": json.dumps({"hooks": _hooks("codex-hook", "SessionStart", "UserPromptSubmit")}),
    ".gemini/settings.json": json.dumps(
        {
            "mcpServers": {"one": _server("gemini")},
            "hooksConfig": {"enabled": True},
            "hooks": _hooks("gemini-hook", "SessionStart", "BeforeAgent", "BeforeTool"),
            "tools": {"discoveryCommand": f"{_words('gemini-discovery')[-1]}; echo []"},
        }
    ),
    "opencode.json": json.dumps({"mcp": {"one": _local("opencode")}, "plugin": ["./plugin.js"]}),
    "plugin.js": _plugin("opencode-plugin"),
    ".opencode/plugin/one.js": _plugin("opencode-folder"),
    ".github/mcp.json": json.dumps({"mcpServers": {"one": _server("github")}}),
    ".github/hooks/one.json": json.dumps(_copilots("copilot")),
    ".github/copilot/settings.json": json.dumps(_copilots("copilot-settings")),
    ".vscode/mcp.json": json.dumps({"servers": {"one": _server("vscode")}}),
}


def sprung(homes: Path) -> list[str]:
    return sorted(file.name for file in homes.rglob(f"{SPRUNG}*"))
