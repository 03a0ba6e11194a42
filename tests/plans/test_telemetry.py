"""A completed task as OpenTelemetry spans, sent to a collector on this machine."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.plans.execution import Execution
from bot.core.plans.happened import GateJudged, Happened, Recorded
from bot.core.plans.plan import Plan
from bot.core.plans.spans import TASK, spans
from bot.filing import filer
from tests.core.test_any_plan import plans, walk
from tests.core.test_learning import MENDED, PLAN
from tests.plans.shop import BUILD, Shop

collecting = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


@dataclass
class Collector:
    url: str
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        asked = [collecting.ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span for each in asked for of in each.resource_spans for scope in of.scope_spans for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.bodies.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    found = Collector(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def carried_out(shop: Shop) -> None:
    shop.save()
    shop.execute("start")
    shop.execute("dispatched", "--step-id", "1.1", "--agent", BUILD.agent)
    shop.write("app/middleware.py")
    shop.execute("record", "--step-id", "1.1")
    shop.execute("gate", "--phase-id", "1", "--result", "pass")
    shop.execute("dispatched", "--step-id", "2.1")
    shop.execute("record", "--step-id", "2.1")


def test_a_completed_task_is_sent_and_sent_again_it_is_the_same(shop: Shop, collector: Collector) -> None:
    """The task, its steps and its gate, with their own times; a collector that is away is told of and stops nothing."""
    shop.monkeypatch.setenv("SLUICE_TELEMETRY__OTLP_URL", collector.url)
    carried_out(shop)
    assert shop.execute("complete").code == 0
    names = {span.name: span for span in collector.spans}
    assert set(names) == {
        "Add request logging middleware to the FastAPI app",
        "step 1.1 backend-engineer--python",
        "gate of phase 1",
        "step 2.1 code-reviewer",
    }
    task, step = names["Add request logging middleware to the FastAPI app"], names["step 1.1 backend-engineer--python"]
    assert step.parent_span_id == task.span_id and step.trace_id == task.trace_id
    [recorded] = [each for each in shop.happened() if isinstance(each, Recorded) and each.step == "1.1"]
    assert abs(step.end_time_unix_nano / 1e9 - recorded.at.timestamp()) < 1e-3
    assert task.start_time_unix_nano <= step.start_time_unix_nano < step.end_time_unix_nano <= task.end_time_unix_nano
    shop.execute("complete")
    assert len({span.span_id for span in collector.spans}) == 4 and len(collector.spans) == 8
    shop.monkeypatch.setenv("SLUICE_TELEMETRY__OTLP_URL", "http://127.0.0.1:9")
    away = shop.execute("complete")
    assert away.code == 0 and "did not take the spans" in away.err


def test_a_cancelled_task_is_sent_too(shop: Shop, collector: Collector) -> None:
    """As failed, with what was done of it."""
    shop.monkeypatch.setenv("SLUICE_TELEMETRY__OTLP_URL", collector.url)
    shop.save()
    shop.execute("start")
    assert shop.execute("cancel").code == 0
    [task] = collector.spans
    assert task.status.code == task.status.STATUS_CODE_ERROR


def test_an_item_is_filed_by_the_service_whatever_is_in_the_way(collector: Collector, tmp_path: Path) -> None:
    """Its files and its spans; a disk that takes nothing and a collector that is away keep no item from going on."""
    account = Account(walk_of(PLAN), MENDED)
    filer(tmp_path / "data", collector.url)(account)
    assert len(collector.spans) == 5 and len(list((tmp_path / "data").rglob("task-a-0001.*"))) == 2
    (tmp_path / "full").write_text("no folder")
    filer(tmp_path / "full", "http://127.0.0.1:9")(account)
    filer(tmp_path / "data", "http://127.0.0.1:9")(account)


@dataclass(frozen=True)
class Account:
    execution: Execution
    happened: tuple[Happened, ...]


def test_each_attempt_and_verdict_has_the_time_it_took() -> None:
    """An attempt from when it was given out, a gate from when it was due; what failed is marked."""
    task = walk_of(PLAN)
    found = spans(task, MENDED)
    assert [(each.name, (each.end - each.begin).total_seconds(), each.failed) for each in found] == [
        ("Fix it", 600, False),
        ("step 1.1 ada", 120, False),
        ("gate of phase 1", 60, True),
        ("step 1.1 ada", 240, False),
        ("gate of phase 1", 60, False),
    ]
    assert found[1].attributes["gen_ai.usage.input_tokens"] == 990


def walk_of(plan: Plan) -> Any:
    from bot.core.plans.execution import carried_out as after_all

    return after_all(plan, MENDED)


@settings(max_examples=60)
@given(st.data(), plans())
def test_any_tasks_spans_lie_within_it(data: st.DataObject, plan: Plan) -> None:
    """One for each attempt and verdict, none of them before it began or after it was over, and no key twice."""
    way = walk(data, plan)
    task, *inside = spans(way.e, way.happened)
    assert task.key == TASK and len({each.key for each in inside}) == len(inside)
    assert len(inside) == sum(isinstance(each, Recorded | GateJudged) for each in way.happened)
    assert all(task.begin <= each.begin <= each.end <= task.end for each in inside)
