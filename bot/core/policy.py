"""What a repository allows: `.github/sluice.toml` on its default branch. Each field has its default and its doc."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PROTECTED = (
    ".github/**",
    ".claude/**",
    ".codex/**",
    ".gemini/**",
    ".opencode/**",
    ".agents/**",
    ".mcp.json",
    ".vscode/mcp.json",
    "opencode.json",
    "opencode.jsonc",
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    ".gitmodules",
    ".gitattributes",
)
AGENT_FOLDERS = (".claude", ".codex", ".gemini", ".opencode", ".agents", ".github/copilot", ".github/hooks")
AGENT_FILES = (".mcp.json", "opencode.json", "opencode.jsonc", "AGENTS.md", "CLAUDE.md", "GEMINI.md")  # wherever
# files and folders out of which one of these programs starts others as soon as it is started itself
STARTING = (
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".gemini/extensions",
    ".gemini/settings.json",
    ".github/copilot",
    ".github/hooks",
    ".github/mcp.json",
    ".mcp.json",
    ".opencode",
    ".vscode/mcp.json",
    "opencode.json",
    "opencode.jsonc",
)

TIGHTER = "where tighter than what sluice.toml allows"
ANY_TOKENS, ANY_MONEY = {"min": 1, "max": 10**12}, {"min": 0.01, "max": 1_000_000}


@dataclass(frozen=True)
class Merging:
    by: Literal["people", "when-green"] = field(
        default="people",
        metadata={"doc": "who merges: people, or Sluice once every gate passes and a person approved that very head"},
    )
    method: Literal["merge", "squash", "rebase"] = field(
        default="squash", metadata={"doc": "how a pull request is merged"}
    )
    up_to_date: bool = field(
        default=False, metadata={"doc": "bring a branch up to date before merging even where GitHub does not demand it"}
    )


@dataclass(frozen=True)
class Gates:
    checks: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "checks that must pass on the head; empty: those GitHub requires and all that are reported"},
    )
    commands: tuple[str, ...] = field(
        default=(), metadata={"doc": "shell commands Sluice runs in a clean checkout without secrets; each must exit 0"}
    )
    workflows: tuple[str, ...] = field(
        default=(), metadata={"doc": "workflow files dispatched on the pull request's branch; each must succeed"}
    )
    uses: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": "by workflow file, the reusable workflow its run must have used, at one commit: "
            '{ "gate.yml" = "owner/repo/.github/workflows/gate.yml@SHA" }'
        },
    )
    threads: bool = field(default=True, metadata={"doc": "unresolved review threads hold the merge back"})


@dataclass(frozen=True)
class Work:
    setup: tuple[str, ...] = field(
        default=(), metadata={"doc": "shell commands run once in a new worktree, before the agent"}
    )
    rounds: int = field(
        default=3, metadata={"doc": "how often work may be sent back before a person is asked", "min": 0}
    )
    runs_per_item: int = field(
        default=6, metadata={"doc": f"{TIGHTER}, agent runs one item may use for one go-ahead", "min": 1}
    )
    runs_per_day: int = field(
        default=50, metadata={"doc": f"{TIGHTER}, agent runs the repository may use in 24 hours", "min": 1}
    )
    tokens_per_run: int | None = field(
        default=None, metadata={"doc": f"{TIGHTER}, tokens an agent run may read and write", **ANY_TOKENS}
    )
    cost_per_run: float | None = field(
        default=None, metadata={"doc": f"{TIGHTER}, dollars an agent run may cost", **ANY_MONEY}
    )
    tokens_per_item: int | None = field(
        default=None, metadata={"doc": f"{TIGHTER}, tokens for one item in all", **ANY_TOKENS}
    )
    cost_per_item: float | None = field(
        default=None, metadata={"doc": f"{TIGHTER}, dollars for one item in all", **ANY_MONEY}
    )
    tokens_per_day: int | None = field(
        default=None, metadata={"doc": f"{TIGHTER}, tokens the repository may use in 24 hours", **ANY_TOKENS}
    )
    cost_per_day: float | None = field(
        default=None, metadata={"doc": f"{TIGHTER}, dollars the repository may cost in 24 hours", **ANY_MONEY}
    )
    minutes_per_run: float = field(
        default=60.0,
        metadata={"doc": f"{TIGHTER}, an agent run or a gate command is stopped after this long", "min": 1},
    )
    running: int = field(
        default=2, metadata={"doc": f"{TIGHTER}, agents that may work in this repository at once", "min": 1}
    )
    waiting_pulls: int = field(
        default=3, metadata={"doc": "no new work while this many of Sluice's pull requests wait for people", "min": 1}
    )
    protected: tuple[str, ...] = field(
        default=PROTECTED, metadata={"doc": "paths whose change needs a person, before any push"}
    )
    trust_agent_config: bool = field(
        default=False,
        metadata={
            "doc": "start the hooks, servers and plug-ins that the base branch's own agent configuration "
            "(.claude/settings.json, .mcp.json, .opencode/ ...) defines; else agents work without these files"
        },
    )
    accepted_workflows: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "workflow files that lend secrets, a token that may write or machines of your own to the branches "
            "agents' work is pushed to, accepted as they are: while one is not named here nothing new is started"
        },
    )


@dataclass(frozen=True)
class Planning:
    playbook: str = field(
        default="direct",
        metadata={"doc": "direct: one agent does it all; auto: the playbook that fits; or a playbook's name"},
    )
    labels: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"doc": 'by label, the playbook of its items: { "large" = "plan-build-review-ship" }'},
    )
    checklist: bool = field(default=False, metadata={"doc": "each entry of an issue's checklist becomes a step"})
    sub_issues: bool = field(default=False, metadata={"doc": "each open sub-issue becomes a step, side by side"})
    approve: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL", "never"] = field(
        default="HIGH", metadata={"doc": "from which risk on a person approves the plan before anything starts"}
    )


@dataclass(frozen=True)
class Reviewing:
    reviewers: tuple[str, ...] = field(
        default=(), metadata={"doc": "who is asked for a review; empty: whoever gave the go-ahead"}
    )
    bots: tuple[str, ...] = field(default=(), metadata={"doc": "bots whose reviews count as rework"})


@dataclass(frozen=True)
class Policy:
    mode: Literal["preview", "live", "off"] = field(
        default="preview", metadata={"doc": "preview: decide and show, write nothing; live: work; off: stop everything"}
    )
    merge: Merging = Merging()
    gates: Gates = Gates()
    work: Work = Work()
    review: Reviewing = Reviewing()
    plan: Planning = Planning()


PREVIEW = Policy()


def is_agent_config(path: str) -> bool:
    """What coding agents take for instructions or settings of theirs."""
    name = path.casefold().rpartition("/")[2]
    return _within(path, (*AGENT_FOLDERS, *STARTING)) or name in (name.casefold() for name in AGENT_FILES)


def starts_programs(path: str) -> bool:
    """Out of it a coding agent would start programs unasked. What should be a folder and is a link may lead to it."""
    return _within(path, STARTING) or path.casefold() in (*AGENT_FOLDERS, ".github", ".vscode")


def _within(path: str, places: tuple[str, ...]) -> bool:
    folded = path.casefold()
    return any(folded == place or folded.startswith(f"{place}/") for place in places)
