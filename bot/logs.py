"""Logs: one line per event on standard error, with fields; tokens and keys never appear."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence

import structlog

# GitHub's token prefixes, the 2026 installation format (dots, any length) included; an App's JWT and its private key,
# also with its line ends escaped; what goes into an Authorization header; and credentials in addresses.
SECRET = re.compile(
    r"gh[pousr]_[A-Za-z0-9_.\-]+|github_pat_\w+"
    r"|sk-sluice-[\w\-]+"
    r"|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?<=Basic )[A-Za-z0-9+/=]{8,}|(?<=Bearer )[^\s'\",]{8,}"
    r"|(?<=://)[^/@\s]+(?=@)",
    re.DOTALL,
)
# one of these is in each of them: looking for it takes a hundredth of the time
MARKS = (
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk-sluice-", "eyJ", "-----BEGIN "),
    *("Basic ", "Bearer ", "://"),
)
HIDDEN = "[hidden]"
NOISY = ("asyncio", "dbos", "sqlalchemy", "alembic", "markdown_it")  # say nothing of GitHub


def set_up_logs(level: str = "info", secrets: Sequence[str] = ()) -> None:
    """`secrets`: what is known to be secret, besides what looks like it. With `debug`, libraries speak, too."""
    hidden = Hiding(secrets)
    others = StandardError()
    others.setFormatter(hidden)
    theirs = logging.DEBUG if level == "debug" else logging.WARNING
    logging.basicConfig(handlers=[others], level=theirs, force=True)
    _take_over(logging.getLogger("github.Requester"), others, theirs)
    _take_over(logging.getLogger("dbos"), others, logging.WARNING)
    for library in NOISY:
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a sweep longer than its interval is no news
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
            lambda _logger, _method, line: hidden.text(str(line)),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is then: who runs commands may replace it
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def _take_over(logger: logging.Logger, handler: logging.Handler, level: int) -> None:
    """PyGithub shows what GitHub answered, new tokens included, and has a handler and a level of its own; so has DBOS,
    which shows what its work raised."""
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level)


class StandardError(logging.Handler):
    """As it is at that moment: who runs commands may replace it, and close what was there."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr, flush=True)
        except (OSError, ValueError):  # it is gone, or cannot be formatted
            self.handleError(record)


class Hiding(logging.Formatter):
    """Lines without secrets."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        return self.text(super().format(record))

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return SECRET.sub(HIDDEN, text) if any(mark in text for mark in MARKS) else text
