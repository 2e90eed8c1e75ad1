"""Times as people give them to commands."""

import re
from datetime import UTC, datetime

from ostiary.cli.answer import ExitCode, Failure

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_past(text: str, now: int, option: str) -> int:
    """Read a time: a span before now, a day, or a moment with its offset from UTC.

    Raises:
        Failure: it is none of them.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now - int(span[1]) * _UNITS[span[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(
            "usage",
            f"{option} wants a span such as 15m, 12h or 30d, a day such as 2027-06-30,"
            " or a moment such as 2027-06-30T08:00:00Z.",
            exit_code=ExitCode.USAGE,
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
