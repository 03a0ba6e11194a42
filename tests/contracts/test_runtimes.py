"""Stories of the runtimes: an assignment goes in, an outcome comes back, and the work lies in the worktree."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agents import Agents, Launcher, Model
from bot.agents.errors import LaunchFailed
from bot.agents.runtimes import command_of
from bot.agents.sandbox import bubblewrap_works
from bot.agents.scripts import ACP_PLAYER
from bot.core.events import HEARD, Event
from bot.core.run import Assignment, Limits, Peer
from bot.git.removal import remove
from tests.contracts.git_world import REPO, SPEC, GitWorld, git

pytestmark = pytest.mark.slow

LIMITS = Limits(wall_seconds=30, stall_seconds=30)


@pytest.fixture(params=["bubblewrap", "shim only"])
def agents(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agents:
    if request.param == "bubblewrap" and not bubblewrap_works():
        pytest.skip("bubblewrap is not installed")
    if request.param == "shim only":
        monkeypatch.setenv("PATH", "/nonexistent")  # so that bubblewrap is not found
    bubblewrap_works.cache_clear()
    request.addfinalizer(bubblewrap_works.cache_clear)
    bubblewrap_works()  # and remembers it
    monkeypatch.undo()
    root = tmp_path / "sluice"
    return Agents(Launcher(root), root)


@pytest.fixture
async def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


async def assignment(world: GitWorld, peer: Peer, **changes: object) -> Assignment:
    tree = await world.tree()
    given = Assignment("run1", peer, 7, "Fix the typo", 1, "Please fix the typo.", str(tree))
    return replace(given, **changes)  # type: ignore[arg-type]


def program(tmp_path: Path, body: str) -> Peer:
    """A peer of the `command` runtime: a Python program somewhere on the machine."""
    file = tmp_path / "opt/agent.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/usr/bin/env python3\nimport json, os, sys\nfrom pathlib import Path\n{body}\n")
    file.chmod(0o755)
    return Peer("robin", "command", (str(file),), limits=LIMITS)


def script(tmp_path: Path, text: str) -> Peer:
    file = tmp_path / "script.toml"
    file.write_text(text)
    return Peer("player", "scripted", script=str(file), limits=LIMITS)


async def test_a_command_gets_its_brief_and_gives_its_result(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """A program reads its brief from a file or its input, works in the tree, and says in a file what it did."""
    peer = program(
        tmp_path,
        'brief = Path(os.environ["SLUICE_BRIEF"]).read_text()\n'
        'Path("fix.txt").write_text(brief + sys.stdin.read())\n'
        'Path(os.environ["SLUICE_RESULT"]).write_text(json.dumps({"summary": "Fixed it.", "status": "finished"}))',
    )
    outcome = await agents.run(await assignment(world, peer))
    assert (outcome.ended, outcome.summary, outcome.exit_code) == ("finished", "Fixed it.", 0)
    work = await world.collect()
    assert [file.path for file in work.files] == ["fix.txt"]
    assert (Path(world.git.worktrees()[0]) / "fix.txt").read_text() == "Please fix the typo." * 2


@pytest.mark.parametrize(
    "body, words",
    [
        ('print("out of luck"); sys.exit(3)', "out of luck"),
        ('Path(os.environ["SLUICE_RESULT"]).write_text(\'{"status": "failed", "summary": "No idea."}\')', "No idea."),
    ],
    ids=["exit code", "its own word"],
)
async def test_a_command_that_fails_says_so(
    agents: Agents, world: GitWorld, tmp_path: Path, body: str, words: str
) -> None:
    """A non-zero exit code, or the program's own word, makes a failed run, with the reason at hand."""
    outcome = await agents.run(await assignment(world, program(tmp_path, body)))
    assert outcome.ended == "failed" and words in outcome.summary
    assert Path(outcome.log).exists()


@pytest.mark.parametrize(
    "result",
    [
        "'[' * 500_000",
        "'not json'",
        "'[1, 2]'",
        "json.dumps({'summary': 'x' * 900_000})",
        "json.dumps({'summary': 'x' * 50_000_000})",
        "os.urandom(1000).decode('latin-1')",
    ],
)
async def test_a_hostile_result_is_only_a_poor_summary(
    agents: Agents, world: GitWorld, tmp_path: Path, result: str
) -> None:
    """Whatever a program writes as its result, the run ends as its exit code says, with a bounded summary."""
    body = f'Path(os.environ["SLUICE_RESULT"]).write_text({result})'
    outcome = await agents.run(await assignment(world, program(tmp_path, body)))
    assert outcome.ended == "finished" and len(outcome.summary) <= HEARD


async def test_a_result_that_links_elsewhere_is_not_read(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """A result that is a link to another file tells nothing of that file."""
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"summary": "treasure"}))
    peer = program(tmp_path, f'os.symlink("{secret}", os.environ["SLUICE_RESULT"])')
    assert "treasure" not in (await agents.run(await assignment(world, peer))).summary


async def test_skills_lie_in_its_home_and_not_in_its_work(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """An agent finds what it may be taught where programs look for it, and nothing of that comes with its result."""
    body = 'Path("known.txt").write_text(" ".join(sorted(os.listdir(os.environ["HOME"] + "/.claude/skills"))))'
    outcome = await agents.run(await assignment(world, program(tmp_path, body)))
    assert outcome.ended == "finished", outcome.summary
    assert [file.path for file in (await world.collect()).files] == ["known.txt"]
    known = (Path(world.git.worktrees()[0]) / "known.txt").read_text()
    assert known == "address-review implement repair-gate report resolve-conflict"


DEEP = """
for start in (".", os.environ["HOME"], os.path.dirname(os.environ["SLUICE_QUESTION"])):
    os.chdir(start)
    for _ in range(1500):
        os.mkdir("d")
        os.chdir("d")
"""


async def test_folders_however_deep_hold_nothing_up(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Deeper than a path can be long, in its tree, its home and its desk: the run ends, and nothing of them stays."""
    outcome = await agents.run(await assignment(world, program(tmp_path, f"here = os.getcwd(){DEEP}os.chdir(here)")))
    assert outcome.ended == "finished", outcome.summary
    assert not list((agents.root / "desks").iterdir())
    agents.homes.forget("")
    assert not (agents.root / "homes").exists() or not list((agents.root / "homes").iterdir())
    await world.collect()
    [tree] = world.git.worktrees()
    remove(tree)
    assert not tree.exists()


ASKS = {"status": "asks", "question": "Which colour?"}


@pytest.mark.parametrize(
    "body",
    [
        f'Path(os.environ["SLUICE_RESULT"]).write_text(json.dumps({ASKS}))',
        'Path(os.environ["SLUICE_QUESTION"]).write_text("Which colour?\\n")',
        'told = sys.stdin.read(); Path(told.split()[-1]).write_text("Which colour?")',
    ],
    ids=["in its result", "in the file that is named in its environment", "in the file that its brief names"],
)
async def test_a_question_ends_the_run(agents: Agents, world: GitWorld, tmp_path: Path, body: str) -> None:
    """A program asks a person by its result, or by a file whose path it is told."""
    given = await assignment(world, program(tmp_path, body), brief="Ask in $SLUICE_QUESTION")
    outcome = await agents.run(given)
    assert (outcome.ended, outcome.question) == ("asked", "Which colour?")
    assert (await agents.run(replace(given, peer=program(tmp_path, "")))).ended == "finished", "asked once more"


async def test_a_hostile_question_is_none(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """A link to a secret, or more than anybody would read, asks nothing."""
    secret = tmp_path / "secret"
    secret.write_text("treasure")
    for body in (f'os.symlink("{secret}", os.environ["SLUICE_QUESTION"])', "os.mkfifo(os.environ['SLUICE_QUESTION'])"):
        outcome = await agents.run(await assignment(world, program(tmp_path, body)))
        assert (outcome.ended, outcome.question) == ("finished", "")
    body = 'Path(os.environ["SLUICE_QUESTION"]).write_text("x" * 900_000)'
    assert len((await agents.run(await assignment(world, program(tmp_path, body)))).question) == HEARD


async def test_what_a_killed_life_left_is_not_waited_for(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Sluice was killed while it talked with a program: the pipe it left keeps nobody from starting that run again."""
    left = agents.root / "runs" / "run1.input"
    left.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(left)
    outcome = await agents.run(await assignment(world, program(tmp_path, "print('there')")))
    assert outcome.ended == "finished"


TALKS = """
session = sys.argv[sys.argv.index("--resume") + 1] if "--resume" in sys.argv else "s1"
for line in sys.stdin:
    told = json.loads(line)
    if told["type"] == "user":
        Path("heard.txt").open("a").write(told["message"]["content"] + "\\n")
        print(json.dumps({"type": "system", "subtype": "init", "session_id": session}), flush=True)
        if "wait" not in told["message"]["content"]:
            print(json.dumps({"type": "result", "subtype": "success", "session_id": session}), flush=True)
"""


async def test_an_interrupted_session_is_told_so(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Sluice dies while an agent works: entered again, the run's own session goes on, and is not told its task again;
    the next run is told what is new."""
    peer = replace(program(tmp_path, TALKS), runtime="claude")
    given = await assignment(world, peer, item="i1", brief="wait", dossier="news", interrupted="interrupted")
    begun = asyncio.Event()
    running = asyncio.create_task(agents.run(given, lambda _: begun.set()))
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for run in ("run1", "run2"):
        again = Agents(agents.launcher, agents.root)  # as another process would
        assert (await again.run(replace(given, run=run))).ended == "finished"
    assert (Path(given.worktree) / "heard.txt").read_text().split() == ["wait", "interrupted", "news"]


async def test_a_program_that_is_missing(agents: Agents, world: GitWorld) -> None:
    """A peer whose program is not installed is a sentence about that program."""
    given = await assignment(world, Peer("robin", "command", ("no-such-agent",)))
    with pytest.raises(LaunchFailed, match="no-such-agent"):
        await agents.run(given)


async def test_an_unknown_runtime(agents: Agents, world: GitWorld) -> None:
    """A runtime nobody knows is named, with those there are."""
    with pytest.raises(LaunchFailed, match="telepathy"):
        await agents.run(await assignment(world, Peer("robin", "telepathy")))


async def test_a_script_is_played(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Every step of an edit script does what it says, and its own commits are kept."""
    peer = script(
        tmp_path,
        """
        [[play]]
        item = "Fix the typo"
        steps = [
            {write = "docs/new.md", text = "new\\n"},
            {append = "docs/new.md", text = "newer\\n"},
            {replace = "README.md", old = "two", new = "2"},
            {commit = "Rewrite the documents"},
            {delete = "src/app.py"},
            {run = "echo made > made.txt"},
            {wait = 0.01},
            {say = "All done."},
        ]
        """,
    )
    outcome = await agents.run(await assignment(world, peer))
    assert (outcome.ended, outcome.summary) == ("finished", "All done.")
    work = await world.collect()
    head = await world.git.save(SPEC)
    assert [file.path for file in work.files] == ["README.md", "docs/new.md", "made.txt", "src/app.py"]
    assert world.file(head, "docs/new.md") == "new\nnewer" and world.file(head, "README.md") == "one\n2\nthree"
    assert git(world.remote, "log", "-1", "--format=%s %an", f"{head}^") == "Rewrite the documents Sluice"


async def test_a_script_is_played_by_the_protocol(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """The honest twin of agents that speak ACP works in the worktree, is heard, and its session goes on."""
    script(
        tmp_path,
        """
        [[play]]
        item = 7
        steps = [{write = "a", text = "1"}, {commit = "Add a"}, {say = "Done."}]
        [[play]]
        item = 7
        round = 2
        steps = [{append = "a", text = "2"}, {say = "Done again."}]
        """,
    )
    peer = Peer("player", "acp", script=str(tmp_path / "script.toml"), limits=LIMITS)
    given = await assignment(world, peer, item="item-1")
    events: list[Event] = []
    assert (await agents.run(given, events.append)).summary == "Done."
    assert (await agents.run(replace(given, round=2, dossier="Once more."), events.append)).summary == "Done again."
    assert (Path(given.worktree) / "a").read_text() == "12"
    assert [each.target for each in events if each.kind in ("changed", "tool")] == ["a", "Add a", "a"]
    assert agents.homes.of("item-1", "player").session.id == "play-1"


async def test_each_round_has_its_play(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """A second round plays its own steps; a round the script does not know changes nothing and says so."""
    peer = script(
        tmp_path,
        """
        [[play]]
        item = 7
        steps = [{write = "a", text = "1"}]
        [[play]]
        item = 7
        round = 2
        steps = [{write = "a", text = "2"}]
        [[play]]
        item = 8
        steps = [{write = "b", text = "8"}]
        """,
    )
    given = await assignment(world, peer)
    said = [(await agents.run(replace(given, round=round))).summary for round in (1, 2, 3)]
    assert (Path(given.worktree) / "a").read_text() == "2" and not (Path(given.worktree) / "b").exists()
    assert "nothing" in said[2] and "nothing" not in said[0]


@pytest.mark.parametrize(
    "step, code", [("{exit = 4}", 4), ('{run = "exit 5"}', 1), ('{replace="README.md",old="x9",new=""}', 1)]
)
async def test_a_script_can_fail(agents: Agents, world: GitWorld, tmp_path: Path, step: str, code: int) -> None:
    """A play that exits, or a step that does not work, fails the run."""
    outcome = await agents.run(await assignment(world, script(tmp_path, f"[[play]]\nitem = 7\nsteps = [{step}]")))
    assert (outcome.ended, outcome.exit_code) == ("failed", code)


async def test_a_script_that_cannot_be_read(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """A broken edit script is named."""
    with pytest.raises(LaunchFailed, match=r"script\.toml"):
        await agents.run(await assignment(world, script(tmp_path, "[[play")))


async def test_set_up_runs_once_for_each_tree(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Set-up commands run before the first round only, again when they change, and again in a new tree."""
    peer = script(tmp_path, "")
    given = await assignment(world, peer, setup=("echo one >> count.log", "echo two >> count.log"))
    count = Path(given.worktree) / "count.log"
    for _ in range(2):
        await agents.run(given)
    assert count.read_text().split() == ["one", "two"]
    await agents.run(replace(given, setup=("echo three >> count.log",)))
    assert count.read_text().split() == ["one", "two", "three"]
    await world.saved()
    await world.git.remove_worktree(SPEC)
    await world.tree()
    await agents.run(replace(given, setup=("echo three >> count.log",)))
    assert count.read_text().split() == ["three"]


async def test_setting_up_takes_of_the_runs_own_time(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """However many commands a repository has for it: a run's time is one."""
    peer = replace(program(tmp_path, "import time; time.sleep(9)"), limits=Limits(wall_seconds=3, stall_seconds=9))
    outcome = await agents.run(await assignment(world, peer, setup=("sleep 0.7", "sleep 0.7")))
    assert outcome.ended == "timed_out" and outcome.seconds < 2.2


async def test_a_failing_set_up_is_a_failed_run(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """When set-up fails the agent is not started, the outcome says which command, and the next round tries again."""
    peer = script(tmp_path, '[[play]]\nitem = 7\nsteps = [{write = "a", text = "1"}]')
    given = await assignment(world, peer, setup=("echo no network; false",))
    for _ in range(2):
        outcome = await agents.run(given)
        assert outcome.ended == "failed" and "echo no network; false" in outcome.summary
        assert not (Path(given.worktree) / "a").exists()


async def test_a_gate_command_judges_a_checkout(agents: Agents, world: GitWorld) -> None:
    """A gate sees the commit's files and its history, and its exit code is the judgement."""
    head = world.head("main") or ""
    path = await world.git.checkout(REPO, head, "gate")
    ended = await agents.gate("g1", "git log --format=%H && test -f README.md", path, LIMITS)
    assert ended.code == 0 and head in ended.tail
    assert (await agents.gate("g2", "exit 7", path, LIMITS)).code == 7


async def test_agents_stay_within_their_time(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """A run over its time ends as timed out, whatever it was doing, and its half-done work is still there."""
    peer = program(tmp_path, 'Path("half").write_text("done"); import time; time.sleep(60)')
    given = await assignment(world, replace(peer, limits=Limits(wall_seconds=1.0, stall_seconds=30)))
    outcome = await agents.run(given)
    assert (outcome.ended, outcome.exit_code) == ("timed_out", None)
    assert [file.path for file in (await world.collect()).files] == ["half"]


async def test_set_up_and_gate_commands_get_nothing_of_sluices(
    agents: Agents, world: GitWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a variable nor the key of the agent's model; a home of their own, of which nothing stays; and a bound."""
    monkeypatch.setenv("SLUICE_GITHUB__TOKEN", "a treasure")
    told = "env; tr '\\0' '\\n' < /proc/$PPID/environ; echo $HOME; touch $HOME/x"
    peer = Peer("player", "scripted", script=str(tmp_path / "script.toml"), limits=LIMITS)
    (tmp_path / "script.toml").write_text("play = []")
    keeping = Agents(agents.launcher, agents.root, {"player": Model("http://127.0.0.1:9", "a treasure")})
    given = await assignment(world, peer, setup=(f"({told}) > told",))
    await keeping.run(given)
    path = await world.git.checkout(REPO, world.head("main") or "", "gate")
    gate = await keeping.gate("g1", told, path, LIMITS)
    homes = []
    for said in ((Path(given.worktree) / "told").read_text(), gate.tail):
        assert "treasure" not in said
        homes.append(Path(said.split()[-1]))
    assert len(set(homes)) == 2 and not any(home.exists() for home in homes)
    fills = "for i in $(seq 900); do head -c 1000000 /dev/zero > $i; done; sleep 20"
    full = await keeping.gate("g2", fills, path, replace(LIMITS, disk_bytes=10_000_000))
    assert full.ended == "failed" and "are allowed" in full.why


async def test_a_program_below_a_linked_folder(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """It finds what lies beside it by the name it was started with."""
    for folder in ("far", "near"):  # what is near is in reach, and would show the link
        (tmp_path / folder).mkdir()
    (tmp_path / "far/linked").symlink_to(ACP_PLAYER.parent)
    (tmp_path / "near/steps.json").write_text('[{"write": "fix.txt", "text": "fixed"}]')
    command = (sys.executable, "-I", "-S", f"{tmp_path}/far/linked/{ACP_PLAYER.name}", f"{tmp_path}/near/steps.json")
    outcome = await agents.run(await assignment(world, Peer("robin", "acp", command, limits=LIMITS)))
    assert outcome.ended == "finished", outcome.summary
    assert [file.path for file in (await world.collect()).files] == ["fix.txt"]


async def test_a_program_by_way_of_another_folder(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Sluice's own interpreter, written in another way than Sluice itself was started, is there."""
    beside = Path(sys.prefix).parent
    python = f"{beside}/../{beside.name}/{Path(sys.prefix).name}/bin/python"
    peer = Peer("robin", "command", ("env", python, "-c", "print('here')"), limits=LIMITS)
    outcome = await agents.run(await assignment(world, peer))
    assert outcome.ended == "finished", outcome.summary


async def test_a_command_finds_what_its_settings_give_it(world: GitWorld, tmp_path: Path) -> None:
    """What `env` names is in the environment of a program that is not talked with as well."""
    root = tmp_path / "sluice"
    agents = Agents(Launcher(root), root, {"robin": Model(env={"SHOP": "open"})})
    outcome = await agents.run(await assignment(world, program(tmp_path, 'sys.exit(os.environ["SHOP"] != "open")')))
    assert outcome.ended == "finished", outcome.summary


async def test_arguments_follow_the_command(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """What the settings add stands behind the program's own words, whatever it is by default."""
    peer = program(tmp_path, 'Path("words.txt").write_text(" ".join(sys.argv[1:]))')
    peer = replace(peer, arguments=("--careful", "two words"))
    assert (await agents.run(await assignment(world, peer))).ended == "finished"
    assert (Path(world.git.worktrees()[0]) / "words.txt").read_text() == "--careful two words"
    assert command_of(Peer("robin", "claude", arguments=("--careful",))) == ("claude", "--careful")


async def test_how_it_ended_stands_last_behind_what_it_used(agents: Agents, world: GitWorld, tmp_path: Path) -> None:
    """Whatever the runtime, and however it ended: once."""
    spend = '{spend = {model = "m", input_total = 1200, output = 30}}'
    said: list[Event] = []
    peer = script(tmp_path, f'[[play]]\nitem = 7\nsteps = [{spend}, {{say = "Done."}}]')
    await agents.run(await assignment(world, peer), said.append)
    assert [(each.kind, each.text, each.target) for each in said[-2:]] == [
        ("usage", "1,200 tokens read, 30 written", "m"),
        ("finished", "Done.", ""),
    ]
    said.clear()
    failing = await assignment(world, program(tmp_path, ""), run="run2", setup=("echo broken; false",))
    await agents.run(failing, said.append)
    assert [each.kind for each in said] == ["finished"] and "broken" in said[0].text


OFFLINE = (
    'python3 -c "import socket; print([name for _, name in socket.if_nameindex()]); '
    "socket.create_connection(('127.0.0.1', {}), 5)\""
)


async def test_what_runs_an_agents_code_reaches_no_more_than_the_agent(
    agents: Agents, world: GitWorld, tmp_path: Path
) -> None:
    """Set-up and gate commands have no network where the agent has none; without a sandbox they do not run."""
    peer = replace(script(tmp_path, "play = []"), offline=True)
    path = await world.git.checkout(REPO, world.head("main") or "", "gate")
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = OFFLINE.format(server.getsockname()[1])
        given = await assignment(world, peer, setup=(line,))
        assert (await agents.gate("g0", line, path, LIMITS)).code == 0
        if not bubblewrap_works():
            with pytest.raises(LaunchFailed, match="commands_network"):
                await agents.gate("g1", line, path, LIMITS, offline=True)
            return
        gate = await agents.gate("g1", line, path, LIMITS, offline=True)
        outcome = await agents.run(given)
    assert gate.code == 1 and outcome.failure == "setup"
    assert all("['lo']" in said and "Refused" in said for said in (gate.tail, outcome.summary))
