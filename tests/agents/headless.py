"""Real coding agents without a terminal: how each is started so that it talks to the scripted endpoint alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.agents.programs import program
from tests.models.serving import Models

PATIENCE = 120  # seconds; some start slowly where much else runs
KEY = "key-of-a-test"


@dataclass(frozen=True)
class Ended:
    code: int
    events: list[dict[str, Any]]
    errors: str
    session: str  # to go on with


@dataclass(frozen=True)
class Desk:
    """A scratch repository, and a home in which a program keeps what it remembers."""

    models: Models
    folder: Path
    key: str = KEY  # for the model

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def run(self, name: str, prompt: str, url: str, *, resume: str = "") -> Ended:
        """From start to end; with `resume`, a session goes on."""
        recipe = RECIPES[name]
        env = ["env", "-i", *(f"{key}={value}" for key, value in (self._env() | recipe.env(self, url)).items())]
        argv = [*self.models.inside, *env, *program(name), *recipe.words(prompt, resume)]
        done = subprocess.run(
            argv, cwd=self.tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        events = [json.loads(line) for line in lines]
        session = next((event[recipe.session] for event in events if recipe.session in event), "")
        return Ended(done.returncode, events, done.stderr, session)

    def _env(self) -> dict[str, str]:
        """Nothing of whoever runs the tests; what is dropped in a temporary folder goes with the test."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home), "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8", "TERM": "dumb",
        }  # fmt: skip


def desk_in(folder: Path, models: Models) -> Desk:
    desk = Desk(models, folder)
    for part in (desk.tree, desk.home, folder / "tmp"):
        part.mkdir()
    subprocess.run(["git", "init", "--quiet", desk.tree], check=True)
    return desk


@dataclass(frozen=True)
class Recipe:
    """Words after the program's name, and its environment; files it wants are laid as that is asked for."""

    words: Callable[[str, str], list[str]]
    env: Callable[[Desk, str], dict[str, str]]
    session: str  # the key under which the session's id stands in the events


def _claude_words(prompt: str, resume: str) -> list[str]:
    return [
        "-p", prompt, "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
        "--allowedTools", "Bash", "--setting-sources", "user", "--strict-mcp-config",
        *(["--resume", resume] if resume else []),
    ]  # fmt: skip


def _claude_env(desk: Desk, url: str) -> dict[str, str]:
    return {
        "CLAUDE_CONFIG_DIR": str(desk.home / ".claude"),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": desk.key,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",  # of its own it would try for minutes
    }


def _codex_words(prompt: str, resume: str) -> list[str]:
    return ["exec", "--json", "--sandbox", "workspace-write", *(["resume", resume] if resume else []), prompt]


def _codex_env(desk: Desk, url: str) -> dict[str, str]:
    """Its own folder must not lie below the temporary one: its sandbox would not find itself."""
    settings = {
        "model": "gpt-5.5", "model_provider": "scripted", "check_for_update_on_startup": False,
        "features": {"plugins": False, "apps": False}, "analytics": {"enabled": False},
        "model_providers": {"scripted": {
            "name": "scripted", "base_url": f"{url}/v1", "env_key": "SCRIPTED_KEY", "wire_api": "responses",
            "request_max_retries": 2, "stream_max_retries": 2,
        }},
        "shell_environment_policy": {"inherit": "core"},
    }  # fmt: skip
    home = desk.home / ".codex"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text("".join(_toml(settings)))
    return {"CODEX_HOME": str(home), "SCRIPTED_KEY": desk.key}


def _toml(table: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """Enough of it for these settings: values are written in TOML as they are in JSON."""
    if name:
        yield f"[{name}]\n"
    yield from (f"{key} = {json.dumps(value)}\n" for key, value in table.items() if not isinstance(value, dict))
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _toml(value, f"{name}.{key}".lstrip("."))


def _gemini_words(prompt: str, resume: str) -> list[str]:
    return [
        "-p", prompt, "-m", "gemini-2.5-pro", "--output-format", "stream-json", "--approval-mode", "yolo",
        "--skip-trust",
        *(["--resume", resume] if resume else []),
    ]  # fmt: skip


def _gemini_env(desk: Desk, url: str) -> dict[str, str]:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }
    (desk.home / ".gemini").mkdir(exist_ok=True)
    (desk.home / ".gemini" / "settings.json").write_text(json.dumps(settings))
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": desk.key, "GEMINI_CLI_NO_RELAUNCH": "true"}


def _opencode_words(prompt: str, resume: str) -> list[str]:
    """A session without a title is given one by the model, and no transcript tells what that cost."""
    return [
        "run",
        "--format",
        "json",
        "--auto",
        "--title",
        "a test",
        *(["--session", resume] if resume else []),
        prompt,
    ]


def _opencode_env(desk: Desk, url: str) -> dict[str, str]:
    provider = {
        "npm": "@ai-sdk/openai-compatible", "name": "Scripted", "options": {"baseURL": f"{url}/v1", "apiKey": desk.key},
        "models": {"scripted-1": {"name": "Scripted", "tool_call": True}},
    }  # fmt: skip
    settings = {
        "model": "scripted/scripted-1", "share": "disabled", "autoupdate": False, "snapshot": False,
        "enabled_providers": ["scripted"], "provider": {"scripted": provider},
    }  # fmt: skip
    file = desk.home / "opencode.json"
    file.write_text(json.dumps(settings))
    off = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS", "SHARE")
    return {"OPENCODE_CONFIG": str(file), "npm_config_registry": "http://127.0.0.1:9"} | {
        f"OPENCODE_DISABLE_{each}": "1" for each in off
    }


def _copilot_words(prompt: str, resume: str) -> list[str]:
    return ["-p", prompt, "--output-format", "json", "--allow-all-tools", *(["--resume", resume] if resume else [])]


def _copilot_env(desk: Desk, url: str) -> dict[str, str]:
    return {
        "COPILOT_HOME": str(desk.home / ".copilot"),
        "COPILOT_OFFLINE": "true",
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_PROVIDER_API_KEY": desk.key,
        "COPILOT_MODEL": "scripted-1",
    }


RECIPES: Mapping[str, Recipe] = {
    "claude": Recipe(_claude_words, _claude_env, "session_id"),
    "codex": Recipe(_codex_words, _codex_env, "thread_id"),
    "gemini": Recipe(_gemini_words, _gemini_env, "session_id"),
    "opencode": Recipe(_opencode_words, _opencode_env, "sessionID"),
    "copilot": Recipe(_copilot_words, _copilot_env, "sessionId"),
}
