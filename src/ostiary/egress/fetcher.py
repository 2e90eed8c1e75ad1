"""Fetching from an address that somebody else chose."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import msgspec

from ostiary.egress.addresses import AllowList, is_public
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.limits import Limits
from ostiary.egress.target import Address, Target, parse_target
from ostiary.egress.wanted import Wanted

MAX_CONCURRENT = 10
LOOPBACK = ("127.0.0.0/8", "::1/128")
"""What is allowed besides in development: addresses of this machine."""

_MAX_ADDRESSES = 3
_RESOLVER_THREADS = 4

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer. `media_type` is in lower case and without parameters."""

    status: int = 200
    media_type: str
    body: bytes


class Egress:
    """Fetches from the public Internet and from what the operator allows; nothing else.

    At most ten requests run at a time; names are resolved in threads of their own, so
    that a slow name server holds up nobody else.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        ca_file: str = "",
        *,
        resolve: Resolve | None = None,
        patient: bool = False,
    ) -> None:
        """Take the settings `egress.allow` and `egress.ca_file`.

        Who is `patient` has all of the time from when it is their turn: for what nobody waits
        for, so that slow receivers make no request to others fail.

        Raises:
            ValueError: an entry of `allow` is neither a network nor host:port, or the file
                holds no certificates.
        """
        self._allowed = AllowList(allow)
        self._patient = patient
        self._ca_file = ca_file
        if ca_file:
            _require_certificates(ca_file)
        self._resolve = resolve or self._look_up
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="egress")
        self._ssl_context: ssl.SSLContext | None = None

    async def fetch(
        self, url: str, *, accept: tuple[str, ...], limits: Limits | None = None
    ) -> Fetched:
        """Get a document of one of the media types `accept`.

        Raises:
            FetchFailed: the address is refused, or does not answer within the limits.
        """
        return await self.send(url, Wanted(accept=accept), limits=limits)

    async def send(self, url: str, wanted: Wanted, *, limits: Limits | None = None) -> Fetched:
        """Send any request, and take one of the answers that are wanted.

        Raises:
            FetchFailed: the address is refused, or does not answer within the limits.
        """
        limits = limits or Limits()
        target = parse_target(url)
        try:
            async with self._turn(limits):
                addresses = await self._checked(target)
                return await self._exchange(target, addresses, wanted, limits)
        except TimeoutError as error:
            raise FetchFailed(
                Reason.TIMEOUT, f"{target.host} did not answer in {limits.total} s"
            ) from error

    @asynccontextmanager
    async def _turn(self, limits: Limits) -> AsyncIterator[None]:
        """Wait for one of the places, and bound the time.

        Raises:
            TimeoutError: it is over.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None if self._patient else limits.total) as bound, self._slots:
            if self._patient:
                bound.reschedule(loop.time() + limits.total)
            yield

    async def check(self, url: str, *, limits: Limits | None = None) -> None:
        """Refuse an address that would not be fetched from, without connecting to it.

        Raises:
            FetchFailed: the address is refused, or its name does not resolve now.
        """
        limits = limits or Limits()
        target = parse_target(url)
        try:
            async with asyncio.timeout(limits.total):
                await self._checked(target)
        except TimeoutError as error:
            raise FetchFailed(
                Reason.UNRESOLVED, f"{target.host} did not resolve in {limits.total} s"
            ) from error

    async def aclose(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _checked(self, target: Target) -> tuple[str, ...]:
        """Resolve once, and return the addresses that may be connected to."""
        if target.address is not None:
            found: tuple[Address, ...] = (target.address,)
        else:
            found = _read_addresses(await self._resolve(target.host, target.port))
        good = [str(address) for address in found if self._permits(target, address)]
        if not good:
            refused = ", ".join(str(address) for address in found) or "no address"
            hint = "is not public" if target.scheme == "https" else "may not be reached by http"
            raise FetchFailed(
                Reason.REFUSED,
                f"{target.host} ({refused}) {hint}; allow its network, or"
                f" {target.host}:{target.port}, in egress.allow",
            )
        return tuple(good[:_MAX_ADDRESSES])

    def _permits(self, target: Target, address: Address) -> bool:
        if self._allowed.names(target) or self._allowed.holds(address):
            return True
        return target.scheme == "https" and is_public(address)

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _get_addresses, host, port)
        except (OSError, UnicodeError) as error:
            raise FetchFailed(Reason.UNRESOLVED, f"the name {host} does not resolve") from error
        return found

    async def _exchange(
        self, target: Target, addresses: tuple[str, ...], wanted: Wanted, limits: Limits
    ) -> Fetched:
        loop = asyncio.get_running_loop()
        # The client library and the certificates cost time and memory: not before they are
        # needed, and not on the event loop.
        context = await loop.run_in_executor(self._threads, self._prepare)
        from ostiary.egress import connection  # noqa: PLC0415 - as above

        status, media_type, body = await connection.send(
            target, addresses, ssl_context=context, wanted=wanted, limits=limits
        )
        return Fetched(status=status, media_type=media_type, body=body)

    def _prepare(self) -> ssl.SSLContext:
        from ostiary.egress import connection  # noqa: PLC0415 - see _exchange

        if self._ssl_context is None:
            self._ssl_context = connection.make_ssl_context(self._ca_file)
        return self._ssl_context


def _require_certificates(ca_file: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(
            f"egress.ca_file {ca_file!r} cannot be read, or holds no certificates in PEM form"
        ) from error


def _get_addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


def _read_addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    return tuple(dict.fromkeys(ipaddress.ip_address(text) for text in texts))
