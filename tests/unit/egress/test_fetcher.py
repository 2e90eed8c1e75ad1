import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys

import pytest

from ostiary.egress import fetcher
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress
from ostiary.egress.limits import Limits
from support.listener import listen, respond

JSON = ("application/json",)


def lead(**names):
    """Return a resolver that knows these names; they may have several addresses."""
    asked = []

    async def resolve(host, port):
        asked.append((host, port))
        return names[host.partition(".")[0]].split()

    resolve.asked = asked
    return resolve


@contextlib.asynccontextmanager
async def make_egress(*allow, resolve=None, ca_file=""):
    egress = Egress(allow, str(ca_file), resolve=resolve or lead(app="127.0.0.1"))
    try:
        yield egress
    finally:
        await egress.aclose()


async def refuse(egress, url, reason, **kwargs):
    with pytest.raises(FetchFailed) as caught:
        await egress.fetch(url, accept=JSON, **kwargs)
    assert caught.value.reason is reason, caught.value.detail
    return caught.value.detail


async def test_a_document_is_fetched_with_a_plain_request():
    answer = respond(b'{"a":1}', media_type="Application/JSON; charset=utf-8")
    async with listen(answer) as site, make_egress(f"app.test:{site.port}") as egress:
        url = f"http://app.test:{site.port}/path?query=1#fragment"
        fetched = await egress.fetch(url, accept=("application/jwk-set+json", *JSON))
    assert (fetched.media_type, fetched.body) == ("application/json", b'{"a":1}')
    [request] = site.requests
    line, *headers = request.decode().lower().strip().split("\r\n")
    assert line == "get /path?query=1 http/1.1"
    assert sorted(headers) == [
        "accept-encoding: identity",
        "accept: application/jwk-set+json, application/json",
        f"host: app.test:{site.port}",
        "user-agent: ostiary",
    ]


async def test_https_keeps_the_name_for_host_sni_and_certificate(authority):
    asked_for = []
    tls = authority.server_context("app.test")
    tls.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    async with (
        listen(respond(), tls=tls) as site,
        make_egress("127.0.0.0/8", ca_file=authority.ca_file) as egress,
    ):
        fetched = await egress.fetch(f"https://app.test:{site.port}/", accept=JSON)
    assert fetched.body == b"{}"
    assert asked_for == ["app.test"]
    assert f"Host: app.test:{site.port}".encode() in site.requests[0]


async def test_a_certificate_of_another_name_is_refused(authority):
    async with (
        listen(respond(), tls=authority.server_context("other.test")) as site,
        make_egress("127.0.0.0/8", ca_file=authority.ca_file) as egress,
    ):
        detail = await refuse(egress, f"https://app.test:{site.port}/", Reason.UNREACHABLE)
    assert "certificate" in detail.lower()
    assert site.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(authority):
    async with (
        listen(respond(), tls=authority.server_context("app.test")) as site,
        make_egress("127.0.0.0/8") as egress,
    ):
        await refuse(egress, f"https://app.test:{site.port}/", Reason.UNREACHABLE)
    assert site.requests == []


async def test_an_address_is_verified_against_its_certificate(authority):
    async with (
        listen(respond(), tls=authority.server_context("127.0.0.1")) as site,
        make_egress("127.0.0.0/8", ca_file=authority.ca_file) as egress,
    ):
        assert (await egress.fetch(f"https://127.0.0.1:{site.port}/", accept=JSON)).body == b"{}"


async def test_tls_1_1_is_refused(authority):
    """HT-10."""
    tls = authority.server_context("app.test")
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    async with (
        listen(respond(), tls=tls) as site,
        make_egress("127.0.0.0/8", ca_file=authority.ca_file) as egress,
    ):
        await refuse(egress, f"https://app.test:{site.port}/", Reason.UNREACHABLE)
    assert site.requests == []


async def test_an_ipv6_address_is_reached():
    async with listen(respond(), "::1") as site, make_egress("::1/128") as egress:
        assert (await egress.fetch(f"http://[::1]:{site.port}/", accept=JSON)).body == b"{}"
    assert f"Host: [::1]:{site.port}".encode() in site.requests[0]


async def test_the_next_address_is_tried_where_one_does_not_answer():
    resolve = lead(app="127.0.0.2 127.0.0.1")
    async with (
        listen(respond()) as site,
        make_egress("127.0.0.0/8", resolve=resolve) as egress,
    ):
        assert (await egress.fetch(f"http://app.test:{site.port}/", accept=JSON)).body == b"{}"
    assert resolve.asked == [("app.test", site.port)]


async def test_at_most_three_addresses_are_tried():
    tried = "127.0.0.2 127.0.0.3 127.0.0.4"
    async with (
        listen(respond()) as site,
        make_egress("127.0.0.0/8", resolve=lead(app=f"{tried} 127.0.0.1")) as egress,
    ):
        await refuse(egress, f"http://app.test:{site.port}/", Reason.UNREACHABLE)
    assert site.hits == 0


async def test_addresses_that_are_not_allowed_are_not_tried_beside_good_ones():
    async with (
        listen(respond(), "::1") as canary,
        listen(respond(), port=canary.port) as site,
        make_egress("127.0.0.0/8", resolve=lead(app="::1 127.0.0.1")) as egress,
    ):
        await egress.fetch(f"http://app.test:{site.port}/", accept=JSON)
    assert (canary.hits, site.hits) == (0, 1)


async def test_http_is_for_allowed_targets_only():
    async with make_egress(resolve=lead(app="93.184.216.34")) as egress:
        detail = await refuse(egress, "http://app.test/", Reason.REFUSED)
    assert "may not be reached by http" in detail
    assert "app.test:80, in egress.allow" in detail


async def test_a_refusal_tells_the_operator_what_to_allow():
    async with make_egress(resolve=lead(app="10.1.2.3")) as egress:
        detail = await refuse(egress, "https://app.test:8443/", Reason.REFUSED)
    assert "app.test (10.1.2.3) is not public" in detail
    assert "app.test:8443, in egress.allow" in detail


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (respond(status="204 No Content"), Reason.STATUS),
        (respond(status="302 Found", headers=("Location: http://app.test/",)), Reason.STATUS),
        (respond(status="404 Not Found"), Reason.STATUS),
        (respond(status="500 Internal Server Error"), Reason.STATUS),
        (respond(media_type="text/html"), Reason.MEDIA_TYPE),
        (respond(media_type="application/jsonp"), Reason.MEDIA_TYPE),
        (respond(media_type=None), Reason.MEDIA_TYPE),
        (respond(headers=("Content-Encoding: gzip",)), Reason.ENCODING),
        (respond(headers=("Content-Encoding: br",)), Reason.ENCODING),
        (respond(headers=("Transfer-Encoding: gzip, chunked",), length=False), Reason.PROTOCOL),
        (respond(b"x" * 65_537), Reason.SIZE),
        (respond(b"x" * 65_537, length=False), Reason.SIZE),
        (respond(headers=("Content-Length: 99999999999",), length=False), Reason.SIZE),
        (respond(b"{", headers=("Content-Length: 2",), length=False), Reason.PROTOCOL),
        (respond(headers=("Content-Length: -1",), length=False), Reason.PROTOCOL),
        (
            respond(headers=("Content-Length: 1", "Content-Length: 2"), length=False),
            Reason.PROTOCOL,
        ),
        (b"", Reason.PROTOCOL),
        (b"{}", Reason.PROTOCOL),
        (b"HTTP/1.1\r\n\r\n", Reason.PROTOCOL),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Reason.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n", Reason.PROTOCOL),
    ],
)
async def test_other_answers_are_refused(answer, reason):
    async with listen(answer) as site, make_egress(f"app.test:{site.port}") as egress:
        await refuse(egress, f"http://app.test:{site.port}/", reason)
    assert site.hits == 1


async def test_an_answer_of_exactly_the_limit_is_read():
    body = b"x" * 65_536
    for length in (True, False):
        async with (
            listen(respond(body, length=length)) as site,
            make_egress(f"app.test:{site.port}") as egress,
        ):
            fetched = await egress.fetch(f"http://app.test:{site.port}/", accept=JSON)
        assert fetched.body == body


async def test_a_closed_port_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with make_egress(f"app.test:{port}") as egress:
            await refuse(egress, f"http://app.test:{port}/", Reason.UNREACHABLE)


async def test_an_unknown_name_is_unresolved(monkeypatch):
    def fail(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(fetcher.socket, "getaddrinfo", fail)
    egress = Egress()
    await refuse(egress, "https://nowhere.test/", Reason.UNRESOLVED)
    await egress.aclose()


async def test_the_systems_resolver_is_asked_once(monkeypatch):
    asked = []

    def answer(host, port, **kwargs):
        asked.append((host, port))
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%lo", port, 0, 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    async with listen(respond()) as site:
        egress = Egress(["127.0.0.0/8"])
        monkeypatch.setattr(fetcher.socket, "getaddrinfo", answer)
        fetched = await egress.fetch(f"http://app.test:{site.port}/", accept=JSON)
        await egress.aclose()
    assert fetched.body == b"{}"
    assert asked == [("app.test", site.port)]


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    async with listen(respond()) as proxy, listen(respond()) as site:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            for spelling in (name, name.upper()):
                monkeypatch.setenv(spelling, f"http://127.0.0.1:{proxy.port}")
        async with make_egress(f"app.test:{site.port}") as egress:
            await egress.fetch(f"http://app.test:{site.port}/", accept=JSON)
        assert (proxy.hits, site.hits) == (0, 1)


async def test_cookies_are_not_kept():
    answer = respond(headers=("Set-Cookie: a=b; Path=/",))
    async with listen(answer) as site, make_egress(f"app.test:{site.port}") as egress:
        for _ in range(2):
            await egress.fetch(f"http://app.test:{site.port}/", accept=JSON)
    assert all(b"cookie" not in request.lower() for request in site.requests)
    assert site.hits == 2  # and no connection is used twice


async def test_a_slow_answer_is_given_up():
    async def drip(_reader, writer):
        writer.write(respond(length=False)[:-2])
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listen(drip) as site, make_egress(f"app.test:{site.port}") as egress:
        limits = Limits(total=0.3)
        await refuse(egress, f"http://app.test:{site.port}/", Reason.TIMEOUT, limits=limits)
        await site.until(lambda site: site.open == 0)


async def test_a_name_server_that_does_not_answer_is_given_up():
    async def hang(_host, _port):
        await asyncio.Event().wait()

    async with make_egress(resolve=hang) as egress:
        limits = Limits(total=0.05)
        await refuse(egress, "https://app.test/", Reason.TIMEOUT, limits=limits)
        with pytest.raises(FetchFailed) as caught:
            await egress.check("https://app.test/", limits=limits)
        assert caught.value.reason is Reason.UNRESOLVED


async def test_a_handshake_that_never_ends_is_given_up():
    """The connection is there, and TLS does not begin."""

    async def hang(_reader, _writer):
        await asyncio.Event().wait()

    async with listen(hang) as site, make_egress(f"app.test:{site.port}") as egress:
        limits = Limits(connect=0.1, total=5)
        await refuse(egress, f"https://app.test:{site.port}/", Reason.TIMEOUT, limits=limits)


async def test_ten_requests_run_at_a_time_and_the_others_wait():
    gate = asyncio.Event()

    async def wait(_reader, writer):
        await gate.wait()
        writer.write(respond())
        await writer.drain()

    async with listen(wait) as site, make_egress(f"app.test:{site.port}") as egress:
        url = f"http://app.test:{site.port}/"
        requests = [asyncio.create_task(egress.fetch(url, accept=JSON)) for _ in range(15)]
        await site.until(lambda site: len(site.requests) == fetcher.MAX_CONCURRENT)
        for _ in range(100):
            await asyncio.sleep(0)
        assert site.hits == fetcher.MAX_CONCURRENT
        gate.set()
        fetched = await asyncio.gather(*requests)
    assert [one.body for one in fetched] == [b"{}"] * 15


async def test_waiting_for_a_slot_counts_against_the_limit():
    gate = asyncio.Event()

    async def wait(_reader, _writer):
        await gate.wait()

    async with listen(wait) as site, make_egress(f"app.test:{site.port}") as egress:
        url = f"http://app.test:{site.port}/"
        holders = [asyncio.create_task(egress.fetch(url, accept=JSON)) for _ in range(10)]
        await site.until(lambda site: len(site.requests) == 10)
        await refuse(egress, url, Reason.TIMEOUT, limits=Limits(total=0.05))
        assert site.hits == 10
        for holder in holders:
            holder.cancel()
        await asyncio.gather(*holders, return_exceptions=True)
        # A cancelled request gives its slot back.
        gate.set()
        await site.until(lambda site: site.open == 0)
        await refuse(egress, url, Reason.PROTOCOL)


async def test_check_connects_to_nothing():
    async with listen(respond()) as site, make_egress("127.0.0.0/8") as egress:
        await egress.check(f"http://app.test:{site.port}/")
    assert site.hits == 0


def test_a_ca_file_without_certificates_is_told_at_the_start(tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for ca_file in (empty, tmp_path / "missing.pem"):
        with pytest.raises(ValueError, match=r"egress\.ca_file .* cannot be read"):
            Egress(ca_file=str(ca_file))


def test_the_client_library_is_not_loaded_before_it_is_needed():
    """Start-up time and memory are for those who need it."""
    code = (
        "import sys; import ostiary.egress.fetcher, ostiary.egress.jwks;"
        "ostiary.egress.fetcher.Egress(['127.0.0.0/8']);"
        "sys.exit('httpcore' in sys.modules or 'anyio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
