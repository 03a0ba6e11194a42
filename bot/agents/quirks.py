"""How agents of the Agent Client Protocol differ: data alone, a row for each that was tried. The rest go by `GENERIC`.

`{url}`, `{key}`, `{model}`, `{home}`, `{desk}` and `{trusted}` are filled in; what would hold an empty one is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from bot.agents.seat import Seat


@dataclass(frozen=True)
class Restraint:
    words: tuple[str, ...] = ()
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Quirks:
    """`restraints`: by permission policy, words and settings that add to the others, where its program can be told."""

    words: tuple[str, ...] = ()  # of the command line, unless the peer's own command has them
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # JSON, laid into the home
    mode: str = ""  # of the session, where the one it begins with would ask less than it may do
    resumes: bool = True  # if it says it can; False: what it says is not so
    notice: str = ""  # how it begins what it says on its own account, in the midst of the model's words
    error: str = ""  # and how, when it could not ask the model, and ends its turn as if all were well
    needs_model: bool = False  # once its model is not at its provider's own address
    restraints: Mapping[str, Restraint] = field(default_factory=dict)
    sheds: tuple[str, ...] = ()  # what of its home is not worth keeping: it makes it anew

    def words_for(self, seat: Seat) -> tuple[str, ...]:
        return (*self.words, *self._restraint(seat).words)

    def laid(self, seat: Seat) -> Iterator[tuple[str, str]]:
        """Name and content of each file."""
        more = self._restraint(seat).files
        for name, content in self.files.items():
            yield name, json.dumps(_filled({**content, **more.get(name, {})}, _given(seat)))

    def _restraint(self, seat: Seat) -> Restraint:
        return self.restraints.get(seat.permits.policy, Restraint())

    def environment(self, seat: Seat) -> dict[str, str]:
        filled: dict[str, str] = _filled(self.env, _given(seat))
        return filled


GEMINI_NET = ("web_fetch", "google_web_search")
OPENCODE_REST = {
    "edit": "allow",
    "webfetch": "deny",
    "websearch": "deny",
    "external_directory": {"*": "ask", "{desk}/*": "allow"},
}
GENERIC = Quirks()
QUIRKS: Mapping[str, Quirks] = {
    "gemini": Quirks(
        words=("--acp",),
        env={
            "GOOGLE_GEMINI_BASE_URL": "{url}",
            "GEMINI_API_KEY": "{key}",
            "GEMINI_MODEL": "{model}",
            "GEMINI_CLI_NO_RELAUNCH": "true",
            "GEMINI_CLI_TRUST_WORKSPACE": "{trusted}",
        },
        files={
            ".gemini/settings.json": {
                "security": {"auth": {"selectedType": "{gemini_login}"}, "folderTrust": {"enabled": True}},
                "general": {"enableAutoUpdate": False, "disableAutoUpdate": True, "maxAttempts": 2},
                "privacy": {"usageStatisticsEnabled": False},
                "telemetry": {"enabled": False},
            }
        },
        resumes=False,  # loading a session overwrites it
        restraints={
            "edits": Restraint(
                files={".gemini/settings.json": {"tools": {"exclude": ["run_shell_command", *GEMINI_NET]}}}
            ),
            "ask": Restraint(files={".gemini/settings.json": {"tools": {"exclude": [*GEMINI_NET]}}}),
        },
    ),
    "opencode": Quirks(
        words=("acp",),
        env={
            "OPENCODE_CONFIG": "{home}/opencode.json",
            **dict.fromkeys(
                (
                    "OPENCODE_DISABLE_AUTOUPDATE",
                    "OPENCODE_DISABLE_MODELS_FETCH",
                    "OPENCODE_DISABLE_LSP_DOWNLOAD",
                    "OPENCODE_DISABLE_DEFAULT_PLUGINS",
                    "OPENCODE_DISABLE_SHARE",
                ),
                "1",
            ),
        },
        files={
            "opencode.json": {
                "model": "{opencode_model}",
                "share": "disabled",
                "autoupdate": False,
                "snapshot": False,
                "permission": {"edit": "allow", "bash": "allow", "external_directory": "allow"},
                "agent": {"title": {"disable": True}},  # a title costs tokens that no transcript tells
                "enabled_providers": ["{sluice}"],
                "provider": {
                    "{sluice}": {
                        "npm": "@ai-sdk/openai-compatible",
                        "name": "{sluice}",
                        "options": {"baseURL": "{url}/v1", "apiKey": "{key}"},
                        "models": {"{model}": {"name": "{model}", "tool_call": True}},
                    }
                },
            }
        },
        needs_model=True,
        restraints={
            "edits": Restraint(files={"opencode.json": {"permission": {"bash": "deny", **OPENCODE_REST}}}),
            "ask": Restraint(files={"opencode.json": {"permission": {"bash": "ask", **OPENCODE_REST}}}),
        },
    ),
    "copilot": Quirks(
        words=("--acp",),
        env={
            "COPILOT_HOME": "{home}/.copilot",
            "COPILOT_AUTO_UPDATE": "false",
            "COPILOT_OFFLINE": "{offline}",
            "COPILOT_PROVIDER_TYPE": "{openai}",
            "COPILOT_PROVIDER_BASE_URL": "{url}/v1",
            "COPILOT_PROVIDER_API_KEY": "{key}",
            "COPILOT_MODEL": "{model}",
        },
        notice="Info: ",
        error="Error: ",
        needs_model=True,
        sheds=(".cache/copilot",),  # itself, unpacked: 235 MB
        restraints={
            "edits": Restraint(("--deny-tool", "shell", "--deny-tool", "url")),
            "ask": Restraint(("--deny-tool", "url")),
        },
    ),
}


def _given(seat: Seat) -> Mapping[str, str]:
    """Words that make sense only with a URL are empty without one, and go with what holds them."""
    with_url = {"sluice": "sluice", "openai": "openai", "offline": "true", "gemini_login": "gemini-api-key"}
    model = seat.peer.model
    return {name: word if seat.url else "" for name, word in with_url.items()} | {
        "trusted": "true" if seat.trusted else "",
        "url": seat.url,
        "key": seat.key,
        "home": str(seat.home),
        "desk": str(seat.desk),
        "model": model,
        "opencode_model": f"sluice/{model}" if seat.url and model else model,
    }


def _filled(content: Any, given: Mapping[str, str]) -> Any:
    """The same with its gaps filled; `None` for what would hold an empty one."""
    match content:
        case str():
            gaps = [name for _, name, _, _ in Formatter().parse(content) if name]
            return content.format_map(given) if all(given[name] for name in gaps) else None
        case Mapping():
            filled = ((_filled(key, given), _filled(value, given)) for key, value in content.items())
            return {key: value for key, value in filled if key is not None and value is not None}
        case list():
            return [each for each in (_filled(each, given) for each in content) if each is not None]
    return content
