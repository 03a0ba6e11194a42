"""The seven rules: what reaches whoever drives a plan by hand is little, and what was used is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.plans.happened import Dispatched, Recorded
from bot.core.tokens import Tokens
from tests.plans.shop import BUILD, LOOK, PLAN, TASK, Shop

SESSION = "0e0f4a3e-1111-2222-3333-444455556666"


def test_a_terse_dispatch_is_a_pointer_to_a_file(shop: Shop) -> None:
    """The prompt never passes through whoever drives: it lies in the file, whole."""
    shop.save()
    full = shop.execute("start").out
    terse = shop.execute("next", "--terse").out
    assert terse.splitlines()[-1] == "Prompt-File: .sluice/current-dispatch.prompt.md"
    assert "Delegation Prompt" not in terse and len(terse) < len(full)
    prompt = (shop.folder / "current-dispatch.prompt.md").read_text()
    assert prompt.startswith("# Agent Task: 1.1 — Add request logging middleware") and prompt in full
    told = shop.execute("next", "--all", "--terse").json
    assert [each["prompt_file"] for each in told] == [".sluice/current-dispatch.prompt.md"]


def test_tasks_at_work_beside_each_other_have_a_file_each(shop: Shop) -> None:
    """And so have steps that begin side by side."""
    steps = (replace(BUILD, deliverables=()), replace(BUILD, id="1.2", deliverables=()))
    shop.save(phases=(replace(PLAN.phases[0], steps=steps),))
    shop.save(task_id="task-other-0001")
    for task in (TASK, "task-other-0001"):
        shop.execute("start", "--task-id", task)
    one = shop.execute("next", "--terse", "--output", "json", "--task-id", TASK).json["prompt_file"]
    assert one == f".sluice/executions/{TASK}/current-dispatch.prompt.md"
    both = shop.execute("next", "--terse", "--all", "--task-id", TASK).json
    assert [each["prompt_file"].rpartition("/")[2] for each in both] == ["1.1.prompt.md", "1.2.prompt.md"]
    assert all((shop.top / each["prompt_file"]).exists() for each in both)


def test_the_file_of_a_step_at_work_is_not_written_over(shop: Shop) -> None:
    """Whoever has it may not have read it yet, when another shell asks for the next step."""
    steps = (replace(BUILD, deliverables=()), replace(BUILD, id="1.2", deliverables=()))
    shop.save(phases=(replace(PLAN.phases[0], steps=steps),))
    first = shop.execute("start", "--terse", "--output", "json").json["prompt_file"]
    shop.execute("dispatched", "--step-id", "1.1")
    second = shop.execute("next", "--terse", "--output", "json").json["prompt_file"]
    told = [(shop.top / file).read_text().partition(" —")[0] for file in (first, second)]
    assert told == ["# Agent Task: 1.1", "# Agent Task: 1.2"]


def test_knowledge_is_given_whole_once_and_by_its_path_afterwards(shop: Shop) -> None:
    """A document of the first step's is only named to the second; the ledger remembers, and not the caller."""
    shop.write("docs/house.md", "Log in one line.\n")
    phases = (replace(PLAN.phases[0], gate=None), PLAN.phases[1])
    shop.save(phases=phases, knowledge=("docs/house.md",))
    assert "Log in one line." in shop.execute("start").out
    assert "Log in one line." in shop.execute("next").out  # asking changes nothing
    shop.execute("dispatched", "--step-id", "1.1")
    given = next(each for each in shop.happened() if isinstance(each, Dispatched))
    assert given.delivered == ("docs/house.md",)
    shop.write("app/middleware.py")
    shop.execute("record", "--step-id", "1.1")
    later = shop.execute("next").out
    assert "Log in one line." not in later
    assert "- `docs/house.md`: an earlier step was given it whole" in later


def test_side_by_side_too_it_is_given_whole_once(shop: Shop) -> None:
    """Of two steps that begin at the same time the second is told where it lies."""
    shop.write("docs/house.md", "Log in one line.\n")
    steps = (replace(BUILD, deliverables=()), replace(BUILD, id="1.2", deliverables=()))
    shop.save(phases=(replace(PLAN.phases[0], steps=steps),), knowledge=("docs/house.md",))
    shop.execute("start")
    prompts = [each["prompt"] for each in shop.execute("next", "--all").json]
    assert ["Log in one line." in each for each in prompts] == [True, False]
    assert "- `docs/house.md`: an earlier step was given it whole" in prompts[1]


def test_real_tokens_come_from_the_session_in_the_steps_time(shop: Shop, tmp_path: Path) -> None:
    """What the cache took is counted, each message once, and what was said before the step began is not its."""
    began = datetime.now(UTC) - timedelta(minutes=5)
    _session(shop, tmp_path, began)
    shop.save()
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("app/middleware.py")
    words = ("--session-id", SESSION, "--step-started-at", f"{began:%Y-%m-%dT%H:%M:%SZ}")
    assert shop.execute("record", "--step-id", "1.1", "--outcome", "Added it", *words).err == ""
    told = next(each for each in shop.happened() if isinstance(each, Recorded))
    assert told.used == (Tokens("claude-x", 3 + 100 + 40, cache_read=40, cache_write=100, output=7),)
    assert told.session == SESSION and told.since == began.replace(microsecond=0)
    assert told.seconds and 290 < told.seconds < 330
    assert "Real tokens: 150 (1 step with real data) | Estimated tokens: " in shop.sluice("usage").out


def test_steps_of_one_session_are_billed_what_was_said_in_their_time(shop: Shop, tmp_path: Path) -> None:
    """Without `--step-started-at` from when each was dispatched; times that overlap bill no message twice; and the
    transcripts lie where the program was told to keep them."""
    shop.save(phases=(replace(PLAN.phases[0], steps=(replace(BUILD, deliverables=()),), gate=None), PLAN.phases[1]))
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    began = datetime.now(UTC)
    _session(shop, tmp_path, began - timedelta(minutes=1))
    shop.monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home/.claude"))
    shop.monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    shop.write("app/middleware.py")
    assert shop.execute("record", "--step-id", "1.1", "--session-id", SESSION).err == ""
    shop.execute("dispatched", "--step-id", "2.1")
    words = ("--session-id", SESSION, "--step-started-at", f"{began - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    assert "nothing more is known of session" in shop.execute("record", "--step-id", "2.1", *words).err
    assert [each.used != () for each in shop.happened() if isinstance(each, Recorded)] == [True, False]
    assert "Real tokens: 150 (1 step with real data)" in shop.sluice("usage").out


def test_without_a_session_tokens_are_estimated_and_usage_says_so(shop: Shop) -> None:
    """`none yet`, and what to pass; a session nobody knows is said at once."""
    shop.save()
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    shop.write("app/middleware.py")
    said = shop.execute("record", "--step-id", "1.1", "--session-id", "nobody-knows-it")
    assert said.code == 0 and "nothing more is known of session nobody-knows-it" in said.err
    used = shop.sluice("usage", "--task-id", TASK).out
    assert used.startswith(f"Task {TASK}: Real tokens: none yet: pass --session-id and --step-started-at to ")
    told = shop.sluice("usage", "--json").json["tasks"]
    assert [(row["task_id"], row["real"], row["steps"]) for row in told] == [(TASK, 0, 0)]
    assert told[0]["estimated"] > 10
    assert shop.sluice("usage", "--task-id", "task-x").code == 2


def test_what_the_caller_says_of_tokens_is_an_estimate(shop: Shop) -> None:
    """`--tokens` and `--duration` are taken, and never called real."""
    shop.save(phases=(replace(PLAN.phases[1], number=1, steps=(replace(LOOK, id="1.1"),)),))
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1")
    (shop.top.parent / "long.txt").write_text("All of it.\n")
    words = ("--tokens", "1234", "--duration", "5.5", "--outcome-spillover-path", str(shop.top.parent / "long.txt"))
    assert shop.execute("record", "--step-id", "1.1", *words).code == 0
    told = next(each for each in shop.happened() if isinstance(each, Recorded))
    assert (told.used, told.estimated, told.seconds, told.outcome) == ((), 1234, 5.5, "All of it.\n")


def _session(shop: Shop, tmp_path: Path, began: datetime) -> None:
    """Claude Code's transcript, in the folder it makes of the repository's path."""
    shop.monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "home/.claude/projects" / str(shop.top).replace("/", "-")
    folder.mkdir(parents=True)
    usage = {"input_tokens": 3, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 40, "output_tokens": 7}
    rows = [("m1", began + timedelta(minutes=1)), ("m1", began + timedelta(minutes=1)), ("m0", began - timedelta(1))]
    with (folder / f"{SESSION}.jsonl").open("w") as file:
        for name, at in rows:
            said = {"id": name, "model": "claude-x", "usage": usage}
            file.write(json.dumps({"type": "assistant", "timestamp": at.isoformat(), "message": said}) + "\n")
