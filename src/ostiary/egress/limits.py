"""What an outbound request may cost."""

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """How long a request may take in seconds, and how long its answer may be in bytes.

    `connect` is for each address that is tried, `total` for everything.
    """

    connect: float = 2.0
    total: float = 5.0
    body: int = 65_536
