"""A slice of `make soak`: a few seeds of it in every run of the tests; and its judge is no yes-man."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localhub.talk import LocalHub
from tests.soak.judge import judge, most_at_once
from tests.soak.runner import play
from tests.soak.schedule import KINDS, Schedule, Task, schedule_of
from tests.soak.stage import Stage

SLICE = (5, 10, 136)  # quick ones, some with kills


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLICE)
def test_a_world_ends_well_whatever_its_seed_lets_go_wrong(hub: LocalHub, tmp_path: Path, seed: int) -> None:
    """No item lost, none twice, one close-out each, nothing left, no limit overrun, each command obeyed once."""
    told = play(seed, hub.url, tmp_path / "world")
    assert not told.wrong, "\n".join((told.line(), *told.wrong, f"again: {told.again}"))


def test_the_seeds_reach_everything() -> None:
    """The same seed is the same schedule; among a hundred there is every kind of item, fault and trouble."""
    found = [schedule_of(seed) for seed in range(1, 101)]
    assert found == [schedule_of(seed) for seed in range(1, 101)]
    assert {task.kind for each in found for task in each.tasks} == set(KINDS)
    assert {len(each.kills) for each in found} == {0, 1, 2}
    assert any(schedule_of(seed).kills for seed in SLICE)
    assert {each.strict for each in found} == {each.hurried for each in found} == {True, False}
    assert any("timeout" in each.faults["kinds"] for each in found)


async def test_the_judge_sees_what_is_twice_and_what_is_left(hub: LocalHub, tmp_path: Path) -> None:
    """Nothing is well before the item is done, all is well when it is, and no longer when somebody meddles."""
    calm = {"seed": 0, "rate": 0.0, "webhooks": 0.0}
    stage = Stage(hub, tmp_path, Schedule(0, (Task("plain"),), calm, (), running=1, strict=False, hurried=False))
    await stage.open()
    try:
        assert "not in Done" in " ".join(await judge(stage))
        for _ in range(20):
            await stage.quiet()
            if not await stage.act() and not await judge(stage):
                break
        assert await judge(stage) == []
        (thing,) = stage.things.values()
        said = {"body": "The work is merged, I say."}
        token = {"authorization": f"Bearer {stage.app['token']}"}
        where = f"/repos/{stage.repo}/issues/{thing.number}/comments"
        (await stage.http.post(where, json=said, headers=token)).raise_for_status()
        (stage.folder / "data" / "worktrees" / "acme" / "forgotten").mkdir(parents=True)
        wrong = " ".join(await judge(stage))
        assert "2 times comment" in wrong and "2 times close-out" in wrong and "1 times worktree" in wrong
    finally:
        await stage.stop()
        await stage.http.aclose()


def test_those_at_work_at_once_are_counted() -> None:
    """Spans that only touch do not share an instant."""
    assert most_at_once([(0, 2), (2, 3), (5, 9), (6, 7), (6.5, 8)]) == 3
    assert most_at_once([(0, 2), (2, 3)]) == 1
