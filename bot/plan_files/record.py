"""`plan.json`, written and read: validated against the published schema, and against what can be carried out."""

from __future__ import annotations

import json
from typing import Any

from bot.core.plans.plan import Plan, problems
from bot.plan_files.reading import MARK
from bot.shapes import adapter, schema, shaped

SCHEMA = "docs/plan.schema.json"


def record(plan: Plan) -> str:
    return json.dumps(plain(plan), indent=2, ensure_ascii=False) + "\n"


def plain(plan: Plan) -> Any:
    """For JSON."""
    return adapter(Plan).dump_python(plan, mode="json")


def read_record(text: str) -> Plan | str:
    """The plan, or what is wrong with it and where."""
    try:
        data = json.loads(text.removeprefix(MARK))
        json.dumps(data, ensure_ascii=False).encode()  # half of a character can be written in JSON, and nowhere else
    except (ValueError, RecursionError) as error:
        return f"not valid JSON: {error}"
    if not isinstance(data, dict):
        return "no plan: that is an object with a task_id, a summary and phases"
    return read_plain(data)


def read_plain(data: Any) -> Plan | str:
    found = shaped(Plan, data)
    if isinstance(found, str):
        return found
    return "; ".join(problems(found)[:3]) or found


def plan_schema() -> str:
    """The JSON schema, as it is published."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema(Plan), "title": "A plan of Sluice"}
    return json.dumps(made, indent=2) + "\n"
