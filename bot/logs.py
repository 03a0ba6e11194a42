"""Logs: one line per event on standard error, with fields; tokens never appear."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# GitHub's token prefixes, the 2026 installation format (dots, any length) included; and credentials in addresses.
SECRET = re.compile(r"(gh[pousr]_[A-Za-z0-9_.\-]+|github_pat_\w+|(?<=://)[^/@\s]+(?=@))")


def set_up_logs() -> None:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a sweep longer than its interval is no news
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            hide_secrets,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: SECRET.sub("[hidden]", value) if isinstance(value, str) else value for key, value in event.items()}
