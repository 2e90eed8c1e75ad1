"""Listening sockets: one per worker and address, among which the kernel spreads connections.

With one shared socket the workers race for each connection, and one of them wins most.
"""

import contextlib
import errno
import os
import socket
import time
from collections.abc import Sequence

import msgspec

BACKLOG = 2048
_PATIENCE = 2.0  # seconds that a process which just ended may still hold the address
_PAUSE = 0.05
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class ListenError(Exception):
    """The address cannot be listened on; the message says what to change."""


class Address(msgspec.Struct, frozen=True):
    """One address to listen on."""

    family: int
    host: str
    port: int


def resolve(host: str, port: int) -> tuple[Address, ...]:
    """Find the addresses of a host that are free, and choose a port where `port` is 0.

    `localhost` is both loopback addresses, where the machine has both: browsers and
    programs differ in which one they try.

    Raises:
        ListenError: there is none, or it is taken, or not allowed.
    """
    if host == "localhost":
        found = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    else:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ListenError(f"cannot listen on {host}: {error.strerror}") from None
        found = list(dict.fromkeys((family, str(sockaddr[0])) for family, *_, sockaddr in answers))
    addresses: list[Address] = []
    for family, literal in found:
        try:
            chosen = _probe(Address(family, literal, port))
        except OSError as error:
            if error.errno in _ABSENT and len(found) > 1:
                continue
            raise ListenError(_explain(error, literal, port)) from None
        port = port or chosen
        addresses.append(Address(family, literal, port))
    if not addresses:
        raise ListenError(f"cannot listen on {host}: this machine has no such address")
    return tuple(addresses)


def open_listeners(addresses: Sequence[Address]) -> list[socket.socket]:
    """Open a worker's own sockets: a share of what arrives at each address is theirs.

    Raises:
        ListenError: an address was taken meanwhile.
    """
    listeners: list[socket.socket] = []
    try:
        for address in addresses:
            listeners.append(_bind(address, shared=True))
            listeners[-1].listen(BACKLOG)
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise ListenError(_explain(error, address.host, address.port)) from None
    return listeners


def _probe(address: Address) -> int:
    # A shared port can be taken twice, by two servers that know nothing of each other.
    # Asking for it alone first tells.
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with contextlib.closing(_bind(address, shared=False)) as probe:
                return int(probe.getsockname()[1])
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


def _bind(address: Address, *, shared: bool) -> socket.socket:
    listener = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if address.family == socket.AF_INET6:
            # `::` means every address, those of IPv4 too.
            only = address.host != "::"
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        listener.bind((address.host, address.port))
    except OSError:
        listener.close()
        raise
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"cannot listen on {place}: another process does; stop it, or choose another port"
    if error.errno == errno.EACCES:
        return f"cannot listen on {place}: ports below 1024 need a privilege; choose another port"
    if error.errno in _ABSENT:
        return f"cannot listen on {place}: this machine has no such address"
    return f"cannot listen on {place}: {os.strerror(error.errno or 0)}"
