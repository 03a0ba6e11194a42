"""Missed webhooks: what never came in is asked for again, and nothing else, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.missed import MOST, TRIES, Attempt, LastLook, Missed, first_look, gap, read_from

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SINCE = LastLook(NOW - timedelta(hours=1))


def attempt(guid: str, minutes_ago: float = 30, ok: bool = False, id: int = 0, elsewhere: bool = False) -> Attempt:
    return Attempt(id or int(10_000 - 10 * minutes_ago), guid, NOW - timedelta(minutes=minutes_ago), ok, elsewhere)


def missing(guid: str, asked: int = 0, minutes_ago: float = 120) -> Missed:
    return Missed(guid, 1, NOW - timedelta(minutes=minutes_ago), asked)


def asked(
    *log: Attempt, last: LastLook = SINCE, arrived: tuple[str, ...] = (), after_a_start: bool = True
) -> list[str]:
    return [each.guid for each in gap(last, log, arrived, NOW, after_a_start).ask]


def test_attempts_of_one_delivery_are_one() -> None:
    """One success of several attempts is enough; of what never came in, the newest attempt is asked for."""
    log = (attempt("a", 10, ok=True), attempt("b", 20), attempt("a", 30), attempt("b", 40))
    found = gap(SINCE, log, {"a"}, NOW, True)
    assert [(each.guid, each.attempt) for each in found.ask] == [("b", log[1].id)]
    assert found.missed == 1 and found.look.until == log[0].at


def test_what_counts_is_the_ledger() -> None:
    """A success nobody kept is missed; a failure that was kept is not."""
    assert asked(attempt("kept", 10), attempt("gone", 20, ok=True), arrived=("kept",)) == ["gone"]


def test_what_a_scan_sees_is_counted_and_left_to_it() -> None:
    """A missed push is part of the gap, but the sweep knows by itself."""
    found = gap(SINCE, (attempt("push", 5, elsewhere=True), attempt("words", 6)), (), NOW, True)
    assert [each.guid for each in found.ask] == ["words"]
    assert found.missed == 2 and [each.guid for each in found.look.missed] == ["words"]


def test_the_same_gap_is_counted_once() -> None:
    """The next look reads a little further back than the last one ended, and remembers what is still to come."""
    first = gap(SINCE, (attempt("a", 5), attempt("b", 5.5, elsewhere=True)), (), NOW, True)
    assert read_from(first.look) < first.look.until
    log = (attempt("a", 4, id=99_999), attempt("a", 5), attempt("b", 5.5, elsewhere=True))
    second = gap(first.look, log, (), NOW, False)
    assert (first.missed, second.missed) == (2, 0)
    assert [(each.guid, each.attempt, each.asked) for each in second.look.missed] == [("a", 99_999, 2)]


def test_an_attempt_that_was_listed_late_is_seen() -> None:
    """One that began before the newest of the last look and ended after it."""
    late = attempt("slow", 60.2)
    assert asked(attempt("other", 30, ok=True), late, arrived=("other",)) == ["slow"]
    assert asked(attempt("old", 62)) == []


def test_while_nothing_gets_through_one_is_tried() -> None:
    """Asking for all would be in vain; after a start nobody knows, so everything is asked for."""
    log = (attempt("b", 10), attempt("a", 20))
    assert asked(*log, after_a_start=False) == ["a"]
    assert asked(*log, after_a_start=True) == ["a", "b"]
    assert asked(attempt("c", 5, ok=True), *log, arrived=("c",), after_a_start=False) == ["a", "b"]


def test_another_is_tried_next_time() -> None:
    """A delivery that is refused for its own sake does not stand in the way of the others."""
    known = LastLook(SINCE.until, (missing("poison", asked=1), missing("fine")))
    assert asked(attempt("poison", 5), last=known, after_a_start=False) == ["fine"]


def test_it_has_an_end() -> None:
    """After enough tries, or when GitHub has forgotten it, a delivery is given up."""
    known = LastLook(SINCE.until, (missing("a", asked=TRIES), missing("b", minutes_ago=3 * 24 * 60), missing("c")))
    found = gap(known, (), (), NOW, False)
    assert [each.guid for each in found.ask] == ["c"] == [each.guid for each in found.look.missed]
    assert found.lost == 2
    assert asked(last=known, arrived=("c",)) == []


def test_a_long_gap_is_asked_for_in_parts() -> None:
    """Oldest first, the rest at the next look."""
    log = [attempt(f"d{n}", n / 10) for n in range(MOST + 20)]
    found = gap(SINCE, log, (), NOW, True)
    assert len(found.ask) == MOST and found.ask[0].guid == f"d{MOST + 19}"
    after = gap(found.look, (), {each.guid for each in found.ask}, NOW, False)
    assert len(after.ask) == 20 and after.missed == 0


def test_a_new_ledger_owes_nothing() -> None:
    """What was sent before it is not asked for; an empty log is read whole next time."""
    look = first_look((attempt("old", 3),), NOW)
    assert asked(attempt("new", 2.9), attempt("old", 3), last=look) == ["new"]
    assert first_look((), NOW).until < NOW - timedelta(days=2)
