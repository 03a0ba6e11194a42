"""A provider that says to wait until then: a real agent's item waits, or a peer takes it over, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.tokens import by_model
from tests.agents.desk import truth
from tests.agents.test_whole_life import both, peer
from tests.models.record import Record
from tests.models.scenario import Refusal, Run, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.conftest import MakeWorld

pytestmark = pytest.mark.slow
BEGUN = Turn([Write("half.txt", "half\n")])
BUSY = Refusal(429, after=3_000)
MENDED = [Turn([Run("sed -i s/widgts/widgets/ widgets.py")]), Turn(say="Done after all.")]


@both
async def test_it_is_waited_for_and_nothing_is_used_up(name: str, make_world: MakeWorld, nearby: Models) -> None:
    """Past the moment its provider named it goes on by itself, in its session, and it was one attempt all the same."""
    busy = Turn(MENDED[0].calls, refusals=[BUSY])
    url = nearby.play(f"busy-{name}", Scenario([BEGUN, busy, MENDED[1], MENDED[1]]))
    world = await make_world(peers={"robin": peer(name, url)})
    item = await world.add_issue("Spell the name", edits=False)
    await world.settle()
    assert await world.column(item) == "In Progress"
    said = await world.reason(item)
    assert "agent robin waits for its provider, which takes work again at" in said
    assert refused(nearby.record(f"busy-{name}")) == 1, "it was asked again before its time"

    world.turned += timedelta(seconds=2_000)
    await world.settle()
    assert await world.reason(item) == said and refused(nearby.record(f"busy-{name}")) == 1
    world.turned += timedelta(seconds=1_005)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert world.service and (await world.service.ledger.tallies())[item.card].attempts == 1
    turns = [asked.request.turn for asked in nearby.record(f"busy-{name}").asked]
    assert turns.count(0) == 1, "it began anew"
    spent = await world.service.ledger.spent()
    assert by_model(each.tokens for each in spent) == truth(nearby.record(f"busy-{name}"))


async def test_a_peer_takes_it_over_at_once(make_world: MakeWorld, nearby: Models) -> None:
    """Another program goes on with what lies in the same worktree; each one's tokens are its own."""
    first = nearby.play("left", Scenario([BEGUN, Turn(refusals=[BUSY] * 9)]))
    then = nearby.play("taken", Scenario(MENDED))
    peers = {"robin": peer("claude", first, fallbacks=["rita"]), "rita": peer("codex", then)}
    world = await make_world(peers=peers)
    item = await world.add_issue("Spell the name", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    head = (await world.pull(item))["head"]["sha"]
    assert await world.file("half.txt", head) == "half\n"
    assert "return 'widgets'" in (await world.file("widgets.py", head) or "")
    assert world.service
    for who, record in (("robin", "left"), ("rita", "taken")):
        spent = [each.tokens for each in await world.service.ledger.spent() if each.peer == who]
        assert by_model(spent) == truth(nearby.record(record))


def refused(record: Record) -> int:
    return sum(asked.status == 429 for asked in record.asked)
