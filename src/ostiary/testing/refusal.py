"""What the test kit refuses: it signs anybody in, so it must never be what people rely on."""

import os

from ostiary.settings.values import is_loopback

# Set by pytest, 8.2 and later, for as long as it runs, and passed on to what it starts.
_PYTEST = "PYTEST_VERSION"


class NotForTests(RuntimeError):
    """The kit was asked for something that no test needs."""


def require_test() -> None:
    """Refuse to run anywhere but in a test.

    Raises:
        NotForTests: pytest does not run here.
    """
    if _PYTEST not in os.environ:
        raise NotForTests(
            "ostiary.testing runs in tests only, under pytest 8.2 or later: its passwords cost "
            "next to nothing to guess. `ostiary serve --dev` is a server to try things with."
        )


def require_loopback(host: str) -> None:
    """Refuse an issuer that others can reach.

    Raises:
        NotForTests: the host is not this machine.
    """
    if not is_loopback(host):
        raise NotForTests(
            f"ostiary.testing stays on this machine: {host!r} is no loopback host. "
            "Leave it out, or write localhost or 127.0.0.1."
        )
