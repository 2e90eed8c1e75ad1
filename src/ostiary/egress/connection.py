"""One request over one connection to a checked address. Imported with the first request."""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.limits import Limits
from ostiary.egress.target import Target
from ostiary.egress.wanted import Wanted


class Pinned(httpcore.AsyncNetworkBackend):
    """Connects to given addresses, whatever the name in the request resolves to by now.

    The name stays in the Host header, in SNI and in the check of the certificate.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        """Try the addresses in this order."""
        self._addresses = tuple(addresses)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the point of it
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                return await self._network.connect_tcp(
                    address,
                    port,
                    timeout=timeout,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def make_ssl_context(ca_file: str) -> ssl.SSLContext:
    """Trust the system's authorities, and those of `ca_file` besides; TLS 1.2 and 1.3.

    Raises:
        OSError: the file cannot be read, or holds no certificates.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


async def send(
    target: Target,
    addresses: Iterable[str],
    *,
    ssl_context: ssl.SSLContext,
    wanted: Wanted,
    limits: Limits,
) -> tuple[int, str, bytes]:
    """Send a request and return status, media type and body of the answer.

    Raises:
        FetchFailed: there is no answer, or not one of the kind that is wanted.
    """
    host = f"[{target.host}]" if ":" in target.host else target.host
    url = httpcore.URL(
        scheme=target.scheme, host=host, port=target.port, target=target.path.encode("ascii")
    )
    headers = [
        ("Accept", ", ".join(wanted.accept) or "*/*"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "Ostiary"),
        *wanted.headers,
    ]
    body = wanted.form if wanted.json is None else wanted.json
    if body is not None:
        form = wanted.json is None
        headers += [
            ("Content-Type", "application/x-www-form-urlencoded" if form else "application/json"),
            ("Content-Length", str(len(body))),
        ]
    pool = httpcore.AsyncConnectionPool(
        ssl_context=ssl_context,
        max_connections=1,
        max_keepalive_connections=0,
        network_backend=Pinned(addresses),
    )
    extensions = {"timeout": {"connect": limits.connect}}
    try:
        async with (
            pool,
            pool.stream(
                "GET" if body is None else "POST",
                url,
                headers=headers,
                content=body,
                extensions=extensions,
            ) as answer,
        ):
            media_type = _read_head(answer, wanted, limits.body)
            return answer.status, media_type, await _read_body(answer, limits.body)
    except httpcore.ConnectTimeout as error:
        raise FetchFailed(Reason.TIMEOUT, f"no connection in {limits.connect} s") from error
    except httpcore.NetworkError as error:
        raise FetchFailed(Reason.UNREACHABLE, str(error)) from error
    except httpcore.ProtocolError as error:
        raise FetchFailed(Reason.PROTOCOL, "the answer is no HTTP/1.1") from error


def _read_head(answer: httpcore.Response, wanted: Wanted, max_bytes: int) -> str:
    """Refuse by status and header what is not to be read at all."""
    if answer.status not in wanted.statuses:
        raise FetchFailed(Reason.STATUS, f"the answer has the status {answer.status}")
    headers = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    encoding = headers.get(b"content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise FetchFailed(Reason.ENCODING, "the answer is compressed, though identity was asked")
    media_type = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    if wanted.accept and media_type not in wanted.accept:
        raise FetchFailed(Reason.MEDIA_TYPE, f"the answer is not {' or '.join(wanted.accept)}")
    length = headers.get(b"content-length", "0")
    if not length.isdecimal() or int(length) > max_bytes:
        raise FetchFailed(Reason.SIZE, f"the answer is longer than {max_bytes} bytes")
    return media_type


async def _read_body(answer: httpcore.Response, max_bytes: int) -> bytes:
    body = b""
    async for chunk in answer.aiter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise FetchFailed(Reason.SIZE, f"the answer is longer than {max_bytes} bytes")
    return body
