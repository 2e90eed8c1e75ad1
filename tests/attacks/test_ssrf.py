"""SSRF: whatever address a stranger registers, nothing inside is reached."""

import asyncio
import gzip

import pytest

from ostiary.egress import fetcher
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress
from ostiary.egress.jwks import RemoteKeys
from ostiary.egress.limits import Limits
from ostiary.jose.errors import KeysUnavailable
from support.jose import NOW
from support.listener import listen, respond

ACCEPT = ("application/json",)


@pytest.fixture
async def canaries():
    """Listeners inside, on one port of 127.0.0.1 and ::1; nobody may ever come by."""
    async with (
        listen(respond(b'{"secret":1}')) as v4,
        listen(respond(b'{"secret":1}'), "::1", port=v4.port) as v6,
    ):
        yield v4
        assert v4.hits == v6.hits == 0, "a canary was hit"


@pytest.fixture
def names(monkeypatch):
    """Answers of the name server: a list of addresses for each question about a name."""
    answers = {}

    def look_up(host, port, **_kwargs):
        addresses = answers[host]
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(0, 0, 0, "", (one, port)) for one in address.split()]

    monkeypatch.setattr(fetcher.socket, "getaddrinfo", look_up)
    return answers


@pytest.fixture
async def egress():
    """Egress as it comes: nothing beyond the public Internet is allowed."""
    egress = Egress()
    yield egress
    await egress.aclose()


async def refuse(egress, url, *reasons, **kwargs):
    """Refuse at save and at fetch."""
    with pytest.raises(FetchFailed) as caught:
        await egress.fetch(url, accept=ACCEPT, **kwargs)
    assert caught.value.reason in reasons
    assert str(caught.value) == "fetch_failed"
    return caught.value


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_ss_01_literal_addresses(egress, canaries, names, scheme, host):
    url = f"{scheme}://{host}:{canaries.port}/latest/meta-data"
    await refuse(egress, url, Reason.REFUSED, Reason.URL)
    with pytest.raises(FetchFailed):
        await egress.check(url)


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("localhost", "127.0.0.1"),
        ("localhost", "::1"),
        ("localtest.me", "127.0.0.1"),
        ("metadata.google.internal", "169.254.169.254"),
        ("metadata", "169.254.169.254"),
        ("instance-data.ec2.internal", "fd00:ec2::254"),
        ("printer.local", "fe80::1%eth0"),
        ("db", "10.0.0.5"),
        ("mapped.test", "::ffff:127.0.0.1"),
        ("nat64.test", "64:ff9b::7f00:1"),
        ("several.test", "127.0.0.1 ::1 10.0.0.1 0.0.0.0"),
        ("nothing.test", ""),
    ],
)
async def test_ss_01_names_of_private_addresses(egress, canaries, names, host, addresses):
    names[host] = [addresses]
    for scheme in ("https", "http"):
        url = f"{scheme}://{host}:{canaries.port}/"
        await refuse(egress, url, Reason.REFUSED)
        with pytest.raises(FetchFailed):
            await egress.check(url)


@pytest.mark.parametrize(
    "url",
    [
        "gopher://127.0.0.1:{port}/_GET",
        "file:///etc/passwd",
        "unix:/run/docker.sock",
        "http+unix://%2Frun%2Fdocker.sock/",
        "ftp://127.0.0.1:{port}/",
        "dict://127.0.0.1:{port}/",
        "ldap://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "127.0.0.1:{port}",
        "https://public.test@127.0.0.1:{port}/",
        "https://public.test:443@127.0.0.1:{port}/",
        "https://public.test\\@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}\\.public.test/",
        "https://127.0.0.1:{port}%23.public.test/",
        "https://[::1%25lo]:{port}/",
        "https://public.test:{port}\r\nHost: 127.0.0.1/",
        "https:// 127.0.0.1:{port}/",
        "https://127.0.0.1\t:{port}/",
    ],
)
async def test_ss_01_other_schemes_and_disguises(egress, canaries, names, url):
    names["public.test"] = ["127.0.0.1"]
    await refuse(egress, url.format(port=canaries.port), Reason.URL)


async def test_ss_01_plain_http_to_the_public_internet(egress, names):
    names["public.test"] = ["93.184.216.34"]
    await refuse(egress, "http://public.test/", Reason.REFUSED)
    await refuse(egress, "http://93.184.216.34/", Reason.REFUSED)


async def test_ss_01_allowing_one_target_opens_no_other(canaries, names):
    names["idp.internal"] = names["other.internal"] = ["127.0.0.1"]
    async with listen(respond()) as site:
        egress = Egress([f"idp.internal:{site.port}"])
        await egress.fetch(f"http://idp.internal:{site.port}/", accept=ACCEPT)
        for url in (
            f"http://idp.internal:{canaries.port}/",
            f"https://idp.internal:{canaries.port}/",
            f"http://other.internal:{site.port}/",
            f"http://127.0.0.1:{site.port}/",
            f"http://idp.internal.:{site.port}/",
        ):
            await refuse(egress, url, Reason.REFUSED, Reason.URL)
        await egress.aclose()
        assert site.hits == 1


async def test_ss_02_a_name_that_moves_after_the_check(canaries, names):
    """The second answer leads inside: nobody asks for it, and the first is connected to."""
    async with listen(respond()) as site:
        names["rebind.test"] = ["127.0.0.1", "::1"]
        egress = Egress(["127.0.0.0/8"])
        # The canary has the same port on ::1, and the site has it on 127.0.0.1.
        async with listen(respond(), "::1", port=site.port) as inside:
            await egress.fetch(f"http://rebind.test:{site.port}/", accept=ACCEPT)
            assert (site.hits, inside.hits) == (1, 0)
            assert names["rebind.test"] == ["::1"]
            await refuse(egress, f"http://rebind.test:{site.port}/", Reason.REFUSED)
            assert (site.hits, inside.hits) == (1, 0)
        await egress.aclose()


async def test_ss_02_a_name_that_leads_inside_from_the_second_request_on(egress, canaries, names):
    names["rebind.test"] = ["93.184.216.34", "127.0.0.1"]
    url = f"https://rebind.test:{canaries.port}/"
    await egress.check(url)  # at save
    await refuse(egress, url, Reason.REFUSED)  # at fetch


async def test_ss_02_a_good_address_beside_a_bad_one(canaries, names):
    """Only the checked address is tried, also where it does not answer."""
    names["mixed.test"] = ["127.0.0.2 ::1"]
    egress = Egress(["127.0.0.2/32"])
    await refuse(egress, f"http://mixed.test:{canaries.port}/", Reason.UNREACHABLE)
    await egress.aclose()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
@pytest.mark.parametrize("path", ["http://127.0.0.1:{port}/", "http://[::1]:{port}/", "/again"])
async def test_ss_03_redirects(canaries, names, status, path):
    names["site.test"] = ["127.0.0.1"]
    location = path.format(port=canaries.port)
    async with listen(respond(status=status, headers=(f"Location: {location}",))) as site:
        egress = Egress([f"site.test:{site.port}"])
        await refuse(egress, f"http://site.test:{site.port}/", Reason.STATUS)
        await egress.aclose()
        assert site.hits == 1


@pytest.mark.parametrize(
    "header", ["Refresh: 0; url={url}", "Link: <{url}>; rel=preload", "Content-Location: {url}"]
)
async def test_ss_03_redirects_in_disguise(canaries, names, header):
    names["site.test"] = ["127.0.0.1"]
    extra = header.format(url=f"http://127.0.0.1:{canaries.port}/")
    async with listen(respond(b"{}", headers=(extra,))) as site:
        egress = Egress([f"site.test:{site.port}"])
        await egress.fetch(f"http://site.test:{site.port}/", accept=ACCEPT)
        await egress.aclose()


async def drip_headers(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await drip(writer)


async def drip_body(_reader, writer):
    writer.write(respond(headers=("Content-Length: 60000",), length=False)[:-2])
    await drip(writer)


async def drip_chunks(_reader, writer):
    writer.write(respond(headers=("Transfer-Encoding: chunked",), length=False)[:-2])
    while True:
        await drip_once(writer, b"1\r\nx\r\n")


async def say_nothing(reader, _writer):
    await reader.read()  # until the other side hangs up


async def continue_forever(_reader, writer):
    while True:
        await drip_once(writer, b"HTTP/1.1 100 Continue\r\n\r\n")


async def drip(writer):
    while True:
        await drip_once(writer, b"x")


async def drip_once(writer, text):
    writer.write(text)
    await writer.drain()
    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "answer", [drip_headers, drip_body, drip_chunks, say_nothing, continue_forever]
)
async def test_ss_04_slow_answers(names, answer):
    names["site.test"] = ["127.0.0.1"]
    async with listen(answer) as site:
        egress = Egress([f"site.test:{site.port}"])
        await refuse(
            egress, f"http://site.test:{site.port}/", Reason.TIMEOUT, limits=Limits(total=0.3)
        )
        await egress.aclose()
        await site.until(lambda site: site.open == 0)  # and the connection is closed


def test_ss_04_the_limits():
    assert (Limits().connect, Limits().total, Limits().body) == (2.0, 5.0, 65_536)
    assert fetcher.MAX_CONCURRENT == 10


async def test_ss_04_endless_bodies(names):
    names["site.test"] = ["127.0.0.1"]
    sent = 0

    async def flood(_reader, writer):
        nonlocal sent
        writer.write(respond(length=False)[:-2])
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with listen(flood) as site:
        egress = Egress([f"site.test:{site.port}"])
        await refuse(egress, f"http://site.test:{site.port}/", Reason.SIZE)
        await egress.aclose()
        await site.until(lambda site: site.open == 0)
    # What was sent beyond the limit sat in buffers of the network, and nowhere else.
    assert sent < 64 * 1024 * 1024


@pytest.mark.parametrize("named", [True, False])
async def test_ss_04_a_compressed_bomb(names, named):
    names["site.test"] = ["127.0.0.1"]
    bomb = gzip.compress(b"{}" + b" " * 50_000_000)
    assert len(bomb) < 65_536
    headers = ("Content-Encoding: gzip",) if named else ()
    async with listen(respond(bomb, headers=headers)) as site:
        egress = Egress([f"site.test:{site.port}"])
        url = f"http://site.test:{site.port}/"
        if named:
            await refuse(egress, url, Reason.ENCODING)
        else:
            # Without the header it is bytes like others, and nobody unpacks them.
            assert (await egress.fetch(url, accept=ACCEPT)).body == bomb
        await egress.aclose()


@pytest.mark.parametrize(
    "media_type", ["text/html", "text/plain", "application/octet-stream", "image/png", "", None]
)
async def test_ss_04_wrong_media_types(names, media_type):
    names["site.test"] = ["127.0.0.1"]
    async with listen(respond(media_type=media_type)) as site:
        egress = Egress([f"site.test:{site.port}"])
        await refuse(egress, f"http://site.test:{site.port}/", Reason.MEDIA_TYPE)
        await egress.aclose()


@pytest.mark.parametrize("answer", [b"<html>old</html>", b"220 smtp ready\r\n", b"\0" * 1000])
async def test_ss_04_other_protocols(names, answer):
    names["site.test"] = ["127.0.0.1"]
    async with listen(answer) as site:
        egress = Egress([f"site.test:{site.port}"])
        await refuse(egress, f"http://site.test:{site.port}/", Reason.PROTOCOL)
        await egress.aclose()


class Clock:
    def now(self):
        return NOW


async def test_ss_05_a_flood_of_unfamiliar_kids(names):
    names["site.test"] = ["127.0.0.1"]
    async with listen(respond(b'{"keys":[]}')) as site:
        egress = Egress([f"site.test:{site.port}"])
        keys = RemoteKeys(egress, Clock())
        url = f"http://site.test:{site.port}/jwks"
        found = await asyncio.gather(*(keys.key_set("evil", url, f"k{n}") for n in range(1000)))
        assert all(one.keys == () for one in found)
        assert site.hits == 1
        await egress.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "https://${application.session.host}/",
        "https://{{host}}/",
        "https://%(host)s/",
        "https://{host}/",
        "https://{0.__class__}/",
    ],
)
async def test_ss_06_placeholders_in_the_host(egress, names, url):
    await refuse(egress, url, Reason.URL)


async def test_ss_06_placeholders_in_the_path_are_sent_as_they_stand(names):
    names["site.test"] = ["127.0.0.1"]
    async with listen(respond()) as site:
        egress = Egress([f"site.test:{site.port}"])
        await egress.fetch(f"http://site.test:{site.port}/$HOME/%(x)s?a=$(id)", accept=ACCEPT)
        await egress.aclose()
        assert site.requests[0].startswith(b"GET /$HOME/%(x)s?a=$(id) HTTP/1.1\r\n")


async def test_ss_08_all_failures_read_alike(names):
    """Neither the answer nor where it came from shows in what is sent back."""
    names["site.test"] = ["127.0.0.1"]
    names["inside.test"] = ["10.0.0.1"]
    secret = b"root:x:0:0:secret"
    told = set()
    answers = [
        respond(secret, status="500 Internal Server Error"),
        respond(secret, media_type="text/plain"),
        respond(secret),
        respond(secret, headers=("Content-Encoding: gzip",)),
        secret,
    ]
    for answer in answers:
        async with listen(answer) as site:
            egress = Egress([f"site.test:{site.port}"])
            told.add(await told_by(egress, f"http://site.test:{site.port}/jwks"))
            told.add(await told_by(egress, "https://inside.test/jwks"))
            told.add(await told_by(egress, "https://127.0.0.1:1/jwks"))
            told.add(await told_by(egress, "gopher://x/"))
            await egress.aclose()
    assert len(told) == 1
    assert "secret" not in told.pop()


async def told_by(egress, url):
    with pytest.raises(KeysUnavailable) as caught:
        await RemoteKeys(egress, Clock()).key_set("evil", url, "kid")
    return f"{caught.value.message} {caught.value.rule} {caught.value!r}"


async def test_ss_08_the_detail_for_the_operator_holds_nothing_of_the_body(names):
    names["site.test"] = ["127.0.0.1"]
    for answer in (respond(b"secret", status="500 secret"), b"secret secret secret\r\n"):
        async with listen(answer) as site:
            egress = Egress([f"site.test:{site.port}"])
            url = f"http://site.test:{site.port}/"
            error = await refuse(egress, url, Reason.STATUS, Reason.PROTOCOL)
            await egress.aclose()
            assert "secret" not in error.detail


async def test_ss_04_slow_receivers_take_all_places_and_no_time_of_others(names):
    """Who waits for nobody in particular is served when it is their turn."""
    names["slow.test"] = names["good.test"] = ["127.0.0.1"]
    async with listen(say_nothing) as slow, listen(respond(b"{}")) as good:
        allowed = [f"slow.test:{slow.port}", f"good.test:{good.port}"]
        egress = Egress(allowed, patient=True)
        waiting = [
            asyncio.create_task(
                egress.fetch(
                    f"http://slow.test:{slow.port}/", accept=ACCEPT, limits=Limits(total=2.0)
                )
            )
            for _ in range(fetcher.MAX_CONCURRENT)
        ]
        await slow.until(lambda site: site.open == fetcher.MAX_CONCURRENT)
        url = f"http://good.test:{good.port}/"
        # The places are free again when an impatient one would have given up.
        fetched = await egress.fetch(url, accept=ACCEPT, limits=Limits(total=1.5))
        assert fetched.body == b"{}"
        failed = await asyncio.gather(*waiting, return_exceptions=True)
        assert {getattr(one, "reason", None) for one in failed} == {Reason.TIMEOUT}
        await egress.aclose()


async def test_ss_08_where_a_name_leads_is_not_told(names):
    """Whoever owns a name may point it at another one, to have that looked up from inside."""
    names["evil.test"] = ["10.1.2.3"]
    egress = Egress()
    error = await refuse(egress, "https://evil.test/", Reason.REFUSED)
    assert "10.1.2.3" in error.detail
    assert error.told == "refused: the address leads to where this server may not go"
    del names["evil.test"]
    allowed = Egress(["127.0.0.1:1"])
    error = await refuse(allowed, "http://127.0.0.1:1/", Reason.UNREACHABLE)
    assert "127.0.0.1" not in error.told
    await egress.aclose()
    await allowed.aclose()
