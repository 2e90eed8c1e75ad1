"""What is logged, and how: one event a line, on standard error.

Lines are JSON for machines and text on a terminal. Values are cut, and control characters
escaped, so that no value can pass for a line of its own.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from ostiary.settings import Log

_MAX_VALUE = 512
# Of a traceback the end is kept: what was raised, and where.
_TRACEBACK = "traceback"
_MAX_TRACEBACK = 8192


def configure_logs(settings: Log) -> None:
    """Set up logging for this process; every process does so once, at its start."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if text
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    # Local variables hold passwords and tokens: no traceback shows them.
    tracebacks = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    exceptions: tuple[Any, ...] = () if text else (tracebacks,)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _cut,
            *exceptions,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries use the standard one; they speak only when something is wrong.
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)


@contextmanager
def forward_logs() -> Iterator[None]:
    """Log by the standard `logging` for a block: in a program that is somebody else's.

    Where that program has set up structlog, its way holds.
    """
    if structlog.is_configured():
        yield
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _cut,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.reset_defaults()


def _cut(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            shown = value if value.isprintable() else value.encode("unicode_escape").decode()
            event[name] = shown[-_MAX_TRACEBACK:] if name == _TRACEBACK else shown[:_MAX_VALUE]
    return event
