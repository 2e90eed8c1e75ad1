"""What every record has in common."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One row of one table."""


class Versioned(Record, frozen=True, kw_only=True):
    """A record that changes: `version` rises by one with each update.

    An update names the version that it was decided on, and loses against another
    one that came first.
    """

    version: int = 1
