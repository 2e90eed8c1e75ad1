"""Times as people type them in, for an API that counts seconds since the epoch.

They are those of the zone that somebody lives in, as the console shows times, and of UTC where
no zone is known. Links and programs may give the seconds themselves.
"""

from datetime import datetime

from ostiary.pages.languages import find_zone

TIMES = frozenset({"since", "before"})
"""The numbers of filters and bodies that are times."""

_MAX_DIGITS = 12
# So that it has a date of four digits in any zone.
_LAST = 253_402_214_400


def read_moment(text: str, zone: str | None) -> int:
    """Return the seconds since the epoch that a time stands for.

    Raises:
        ValueError: it is none, before 1970, or after the year 9999.
    """
    seconds = int(text) if is_seconds(text) else _read_date(text, zone)
    if seconds is None or not 0 <= seconds <= _LAST:
        raise ValueError("must be a date with a time, as 2027-06-30T08:00")
    return seconds


def _read_date(text: str, zone: str | None) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    known = moment if moment.tzinfo else moment.replace(tzinfo=find_zone(zone))
    return int(known.timestamp())


def write_moment(at: int, zone: str | None) -> str:
    """Return seconds since the epoch as a field for date and time holds them."""
    local = datetime.fromtimestamp(at, find_zone(zone)).replace(tzinfo=None)
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def is_seconds(text: str) -> bool:
    """Tell whether a text is seconds already."""
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
