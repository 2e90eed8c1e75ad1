"""How much of everything one peer gets."""

import msgspec

from ostiary.settings import Limits


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds that a worker puts on its connections.

    Times are in seconds and checked once per `tick_seconds`, so they are exact to a tick.
    """

    # One request.
    url_bytes: int = 8 * 1024
    head_bytes: int = 16 * 1024
    headers: int = 100
    head_seconds: float = 10
    body_seconds: float = 20
    body_rate: int = 500  # bytes a second, asked for once `body_rate_after` has passed
    body_rate_after: float = 5
    # One connection.
    pipelined: int = 8
    idle_seconds: float = 75
    write_seconds: float = 30  # for the reader to take the rest, or 16 kB of it
    linger_seconds: float = 2  # after an early answer, for the sender to read it
    # One address; an IPv6 address counts with its /64 network.
    connections_per_address: int = 500
    exempt_loopback: bool = False
    # All of the worker.
    connections: int = 4096
    pressed_idle_seconds: float = 2  # once three quarters of the connections are taken
    body_bytes_held: int = 64 * 1024 * 1024  # of bodies that are still arriving
    tick_seconds: float = 1


def share_bounds(limits: Limits, workers: int, *, dev: bool) -> Bounds:
    """Make the bounds of one of several workers, among which the kernel spreads connections."""
    return Bounds(
        connections=max(1, limits.connections // workers),
        connections_per_address=max(1, -(-limits.connections_per_address // workers)),
        idle_seconds=limits.idle_seconds,
        exempt_loopback=dev,
    )


def body_limit(path: str) -> int:
    """Tell how many bytes the body of a request to `path` may have."""
    return 256 * 1024 if path.startswith("/api/") else 64 * 1024
