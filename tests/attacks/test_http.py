"""HTTP, proxies and exhaustion, against a worker process over real connections."""

import json
import time
from contextlib import ExitStack

import pytest

from support.bounded import bounded_server
from support.tree import read_memory
from support.wire import Wire, ask, wait_for

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
TICK = 0.02


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with bounded_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    with bounded_server(
        tmp_path_factory.mktemp("hasty"),
        head_seconds=1,
        body_seconds=1,
        body_rate=0,
        idle_seconds=0.5,
        linger_seconds=0.2,
        write_seconds=0.5,
        tick_seconds=TICK,
    ) as running:
        yield running


@pytest.fixture
def wire(server):
    with Wire(server.port) as connection:
        yield connection


def tell(reply):
    assert reply.status == 200, reply
    return json.loads(reply.body)


def refused(wire, status):
    reply = wire.receive()
    assert (reply.status, reply.headers["connection"]) == (status, "close")
    return wire.closes()


# Requests that two readers could understand differently.

CHUNKED = b"Transfer-Encoding: chunked\r\n"
EMPTY = b"0\r\n\r\n"
AMBIGUOUS = {
    "length and chunked": (POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n" + EMPTY, 400),
    "chunked and length": (POST + CHUNKED + b"Content-Length: 5\r\n\r\n" + EMPTY, 400),
    "two lengths": (POST + b"Content-Length: 0\r\nContent-Length: 36\r\n\r\n", 400),
    "two equal lengths": (POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
    "list of lengths": (POST + b"Content-Length: 0, 0\r\n\r\n", 400),
    "signed length": (POST + b"Content-Length: +0\r\n\r\n", 400),
    "negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "hexadecimal length": (POST + b"Content-Length: 0x0\r\n\r\n", 400),
    "empty length": (POST + b"Content-Length:\r\n\r\n", 400),
    "endless length": (POST + b"Content-Length: 99999999999999999999999999\r\n\r\n", 400),
    "long length": (POST + b"Content-Length: 9999999999\r\n\r\n", 413),
    "underlined length": (POST + b"Content_Length: 36\r\n\r\n", 200),
    "chunked twice": (POST + CHUNKED + CHUNKED + b"\r\n" + EMPTY, 400),
    "chunked and identity": (POST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + EMPTY, 400),
    "gzip": (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "gzip and chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + EMPTY, 501),
    "not quite chunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n" + EMPTY, 501),
    "quoted chunked": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n' + EMPTY, 501),
    "vertical tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + EMPTY, 400),
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nHost: a\r\n" + CHUNKED + b"\r\n" + EMPTY,
        505,
    ),
    "space before colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n" + EMPTY, 400),
    "space in name": (POST + b"X Thing: y\r\n\r\n", 400),
    "no name": (POST + b": y\r\n\r\n", 400),
    "no colon": (POST + b"X-Thing\r\n\r\n", 400),
    "folded line": (POST + b"X-Thing: y\r\n Content-Length: 36\r\n\r\n", 400),
    "folded first line": (b"POST / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "bare line feed": (POST + b"X-Thing: y\nContent-Length: 36\r\n\r\n", 400),
    "bare carriage return": (POST + b"X-Thing: y\rContent-Length: 36\r\n\r\n", 400),
    "line feeds only": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "null": (POST + b"X-Thing: y\x00\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: evil.test\r\n\r\n", 400),
    "two equal hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "userinfo in target": (b"GET http://a@evil.test/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "fragment in target": (b"GET /#/../admin HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "octets in target": (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "no version": (b"GET / \r\nHost: a\r\n\r\n", 400),
}
CHUNKS = {
    "hexadecimal prefix": b"0x3\r\nabc\r\n" + EMPTY,
    "sign": b"+3\r\nabc\r\n" + EMPTY,
    "blank": b" 3\r\nabc\r\n" + EMPTY,
    "line feed": b"3\nabc\r\n" + EMPTY,
    "too short": b"2\r\nabc\r\n" + EMPTY,
    "overflow": b"fffffffffffffffff\r\nabc\r\n" + EMPTY,
    "line feed in extension": b"3;a\nabc\r\n" + EMPTY,
    "length in trailer": b"0\r\nContent-Length: 36\r\n\r\n",
}


@pytest.mark.parametrize(("request_", "status"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ht_smuggling_in_the_head(wire, request_, status):
    wire.send(request_ + SMUGGLED)
    if status != 200:
        assert refused(wire, status)
    else:
        # The header is dropped, and so what follows is a request of the same sender.
        assert [name for name, _ in tell(wire.receive())["headers"]] == ["host"]
        assert tell(wire.receive())["path"] == "/smuggled"


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_ht_smuggling_in_the_chunks(wire, chunks):
    wire.send(POST + CHUNKED + b"\r\n" + chunks + SMUGGLED)
    assert refused(wire, 400)


def test_ht_01_the_target_decides_the_host_and_nothing_else_does(wire):
    told = tell(
        wire.ask(
            b"GET http://a.test/x HTTP/1.1\r\nHost: b.test\r\nX-Forwarded-Host: c.test\r\n"
            b"Forwarded: host=d.test\r\nX-Original-Host: e.test\r\n\r\n"
        )
    )
    assert told["headers"] == [["x-original-host", "e.test"], ["host", "a.test"]]


@pytest.mark.parametrize(
    "name", [b"X_Forwarded_For", b"X-Forwarded_For", b"Content_Length", b"Authorization_", b"_"]
)
def test_ht_02_headers_with_underscores_are_dropped(wire, name):
    told = tell(wire.ask(b"GET / HTTP/1.1\r\nHost: a\r\n" + name + b": 192.0.2.1\r\n\r\n"))
    assert told["headers"] == [["host", "a"]]
    assert told["client"] == "127.0.0.1"


FORWARDED = (
    b"X-Forwarded-For: 192.0.2.1",
    b"X-Forwarded-Proto: https",
    b"X-Forwarded-Host: evil.test",
    b"X-Forwarded-Port: 1",
    b"X-Real-IP: 192.0.2.1",
    b"Forwarded: for=192.0.2.1;proto=https;host=evil.test",
)


def test_ht_03_nobody_is_believed_by_default(wire):
    told = tell(wire.ask(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"\r\n".join(FORWARDED) + b"\r\n\r\n"))
    assert (told["client"], told["scheme"]) == ("127.0.0.1", "http")
    assert told["headers"] == [["host", "a"]]


def test_ht_03_only_trusted_proxies_are_believed(tmp_path):
    request = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"\r\n".join(FORWARDED) + b"\r\n\r\n"
    with bounded_server(tmp_path, proxies=["127.0.0.2/32"]) as running:
        trusted = tell(ask(running.port, request, source="127.0.0.2"))
        untrusted = tell(ask(running.port, request, source="127.0.0.3"))
        plain = tell(ask(running.port, GET, source="127.0.0.2"))
    assert (trusted["client"], trusted["scheme"]) == ("192.0.2.1", "https")
    assert (untrusted["client"], untrusted["scheme"]) == ("127.0.0.3", "http")
    assert (plain["client"], plain["scheme"]) == ("127.0.0.2", "http")
    assert trusted["headers"] == untrusted["headers"] == [["host", "a"]]


def test_ht_03_what_one_request_says_does_not_count_for_the_next(tmp_path):
    with (
        bounded_server(tmp_path, proxies=["127.0.0.0/8"]) as running,
        Wire(running.port) as wire,
    ):
        for client in ("192.0.2.1", "192.0.2.2"):
            field = f"X-Forwarded-For: 198.51.100.1, {client}".encode()
            told = tell(wire.ask(b"GET / HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n\r\n"))
            assert told["client"] == client
        trailer = b"0\r\nX-Forwarded-For: 192.0.2.3\r\n\r\n"
        assert tell(wire.ask(POST + CHUNKED + b"\r\n" + trailer))["client"] == "127.0.0.1"
        assert tell(wire.ask(GET))["client"] == "127.0.0.1"


@pytest.mark.parametrize("name", [b"Authorization", b"X-Client-Cert", b"Host", b"Content-Length"])
def test_ht_04_no_header_is_removed_because_another_one_says_so(wire, name):
    fields = b"Authorization: x\r\nX-Client-Cert: y\r\nContent-Length: 3\r\n"
    told = tell(wire.ask(POST + fields + b"Connection: " + name + b"\r\n\r\nabc"))
    assert told["body"] == "abc"
    assert [header for header, _ in told["headers"]] == [
        "host",
        "authorization",
        "x-client-cert",
        "content-length",
        "connection",
    ]


@pytest.mark.parametrize(
    "preface", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00\x00\x12\x04" + b"\x00" * 23]
)
def test_ht_09_http_2_is_not_spoken(wire, preface):
    wire.send(preface)
    assert refused(wire, 400)


# Sizes.


def fill(size, head=b"GET / HTTP/1.1\r\nHost: a\r\n"):
    return head + b"X: " + b"y" * (size - len(head) - 7) + b"\r\n\r\n"


def test_do_02_url(wire):
    for size, status in ((8192, 200), (8193, 414)):
        target = b"/" + b"x" * (size - 1)
        assert wire.ask(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n").status == status
    assert wire.closes()


def test_do_02_url_in_pieces(wire):
    wire.send(b"GET /").send_until_refused(lambda: b"x" * 1000)
    assert refused(wire, 414)


def test_do_02_head(wire):
    assert len(fill(16_384)) == 16_384
    for size, status in ((16_384, 200), (16_385, 431)):
        assert wire.ask(fill(size)).status == status
    assert wire.closes()


@pytest.mark.parametrize("piece", [b"x", b"x" * 1000, b"X: y\r\n", b"X: y\r\n" * 200])
def test_do_02_head_in_pieces(server, piece):
    with Wire(server.port) as wire:
        wire.send(GET[:-2])
        if piece.startswith(b"x"):
            wire.send(b"X: ")
        wire.send_until_refused(lambda: piece)
        assert refused(wire, 431)


def test_do_02_head_that_begins_behind_another_request(server):
    first = POST + b"Content-Length: 10000\r\n\r\n" + b"x" * 10_000
    with Wire(server.port) as wire:
        # A head within the limit is not charged for what came before it.
        wire.send(first + fill(15_000)[:5_000], fill(15_000)[5_000:])
        assert [wire.receive().status for _ in range(2)] == [200, 200]
    with Wire(server.port) as wire:
        wire.send(first + GET[:-2] + b"X: ")
        assert wire.receive().status == 200
        wire.send_until_refused(lambda: b"y" * 1000)
        assert refused(wire, 431)


def test_do_02_number_of_headers(wire):
    for count, status in ((99, 200), (100, 431)):
        fields = b"".join(b"X-%d: y\r\n" % n for n in range(count))
        assert wire.ask(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n").status == status
    assert wire.closes()


def test_do_02_announced_body_of_100_megabytes(wire):
    wire.send(POST + b"Content-Length: 100000000\r\n\r\n")
    assert refused(wire, 413)


ENDLESS = {
    "large chunks": (b"ffff\r\n" + b"x" * 65_535 + b"\r\n", 413),
    "small chunks": (b"1\r\nx\r\n" * 1000, 413),
    "chunk extensions": (b"y" * 1000, 400),
    "extended small chunks": (b"1;" + b"y" * 1000 + b"\r\nx\r\n", 400),
    "zeros": (b"0" * 1000, 400),
    "trailers": (b"X: y\r\n" * 200, 400),
    "long trailer": (b"y" * 1000, 400),
}


@pytest.mark.parametrize(("piece", "status"), ENDLESS.values(), ids=ENDLESS)
def test_do_02_endless_chunked_body(server, piece, status):
    ask(server.port, GET)
    before = read_memory(server.pid).resident
    with Wire(server.port) as wire:
        wire.send(POST + CHUNKED + b"\r\n")
        if piece.startswith(b"y"):
            wire.send(b"1;")
        elif piece.startswith(b"X"):
            wire.send(b"0\r\n")
        wire.send_until_refused(lambda: piece)
        assert refused(wire, status)
        held = tell(ask(server.port, GET))["body_bytes_held"]
    assert held == 0
    assert read_memory(server.pid).resident - before < 5_000_000


def test_do_02_unfinished_bodies_in_all(tmp_path):
    body = POST + b"Content-Length: 60000\r\n\r\n" + b"x" * 50_000
    with bounded_server(tmp_path, body_bytes_held=120_000) as running, ExitStack() as stack:
        wires = [stack.enter_context(Wire(running.port)) for _ in range(3)]
        for number, wire in enumerate(wires[:2], 1):
            wire.send(body)
            wait_for(
                lambda number=number: (
                    tell(ask(running.port, GET))["body_bytes_held"] == number * 50_000
                ),
                "the body to be held",
            )
        wires[2].send(body)
        assert refused(wires[2], 503)
        assert wires[2].closes()
        for wire in wires[:2]:
            assert len(tell(wire.ask(b"x" * 10_000))["body"]) == 60_000
        assert tell(ask(running.port, GET))["body_bytes_held"] == 0


# Time.


@pytest.mark.parametrize("sent", [b"GET /", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
def test_do_01_dripping_head(hasty, sent):
    with Wire(hasty.port) as wire:
        wire.send(sent).send_until_refused(drip)
        assert refused(wire, 408)


@pytest.mark.parametrize(
    "head", [b"Content-Length: 60000\r\n\r\n", CHUNKED + b"\r\nea60\r\n"], ids=["length", "chunked"]
)
def test_do_01_dripping_body(hasty, head):
    with Wire(hasty.port) as wire:
        wire.send(POST + head).send_until_refused(drip)
        assert refused(wire, 408)


def test_do_01_body_below_the_least_rate(tmp_path):
    with (
        bounded_server(
            tmp_path, body_rate=1_000_000, body_rate_after=0.2, tick_seconds=TICK
        ) as running,
        Wire(running.port) as wire,
    ):
        wire.send(POST + b"Content-Length: 60000\r\n\r\n")
        wire.send_until_refused(drip)
        assert refused(wire, 408)


def test_do_01_body_that_stops_behind_an_early_answer(hasty):
    with Wire(hasty.port) as wire:
        head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        assert wire.ask(head).status == 200
        assert wire.closes()


def test_do_01_nothing_is_sent_at_all(hasty):
    with Wire(hasty.port) as wire:
        assert wire.closes()


def test_do_01_only_blank_lines_are_sent(hasty):
    with Wire(hasty.port) as wire:
        wire.send_until_refused(lambda: drip(b"\r\n"))
        assert wire.closes()


def test_do_01_idle_connection(hasty):
    with Wire(hasty.port) as wire:
        assert wire.ask(GET).status == 200
        assert wire.closes()


def test_do_01_head_that_stops_while_an_answer_is_made(hasty):
    with Wire(hasty.port) as wire:
        wire.send(b"GET /sleep/1.5 HTTP/1.1\r\nHost: a\r\n\r\n" + GET[:-2])
        reply = wire.receive()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert wire.closes()


def test_do_01_an_answer_may_take_longer_than_any_request(hasty):
    with Wire(hasty.port) as wire:
        request = b"GET /sleep/1.2 HTTP/1.1\r\nHost: a\r\n\r\n"
        assert tell(wire.ask(request))["path"] == "/sleep/1.2"


def test_do_01_refused_sender_that_never_stops_sending(hasty):
    with Wire(hasty.port) as wire:
        wire.send(POST + b"Content-Length: 99999999\r\n\r\n")
        wait_for(wire.has_news, "the refusal")
        wire.send_until_closed(drip)


def test_do_01_slow_reader(hasty):
    with Wire(hasty.port, receive_buffer=4096) as wire:
        wire.send(b"GET /bytes/30000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: connections(hasty) == 2, "the slow reader to come")
        wait_for(lambda: connections(hasty) == 1, "the slow reader to be sent away")


def test_do_01_slow_reader_of_many_small_answers(hasty):
    request = b"GET /bytes/50000 HTTP/1.1\r\nHost: a\r\n\r\n"
    with Wire(hasty.port, receive_buffer=4096) as wire:
        wire.socket.settimeout(0.05)
        wire.send_until_closed(lambda: request * 8)
        wait_for(lambda: connections(hasty) == 1, "the slow reader to be sent away")


def test_do_01_reader_that_is_slow_but_reads(hasty):
    size = 20_000_000
    with Wire(hasty.port) as wire:
        wire.send(b"GET /bytes/%d HTTP/1.1\r\nHost: a\r\n\r\n" % size)
        received = 0
        while received < size:
            part = wire.socket.recv(400_000)
            assert part, f"closed after {received} bytes"
            received += len(part)
            drip()


def test_do_01_many_slow_connections_do_not_keep_others_out(tmp_path):
    addresses = [f"127.0.0.{n}" for n in range(2, 10)]
    with bounded_server(tmp_path, connections_per_address=50) as running, ExitStack() as stack:
        for address in addresses:
            for _ in range(50):
                stack.enter_context(Wire(running.port, source=address)).send(b"G")
        for address in addresses:
            assert ask(running.port, GET, source=address).status == 429
        for _ in range(100):
            assert ask(running.port, GET).status == 200
        stack.close()
        for address in addresses:
            wait_for(
                lambda address=address: ask(running.port, GET, source=address).status == 200,
                "the address to be admitted again",
            )


def test_do_01_many_slow_connections_are_all_ended(hasty):
    with ExitStack() as stack:
        slow = [stack.enter_context(Wire(hasty.port)) for _ in range(300)]
        for wire in slow:
            wire.send(b"G")
        for wire in slow:
            assert refused(wire, 408)
    wait_for(lambda: connections(hasty) == 1, "all of them to be forgotten")


def test_do_01_idle_connections_make_room_when_it_gets_tight(tmp_path):
    with (
        bounded_server(
            tmp_path, connections=20, pressed_idle_seconds=2, tick_seconds=TICK
        ) as running,
        ExitStack() as stack,
    ):
        idle = [stack.enter_context(Wire(running.port)) for _ in range(20)]
        for wire in idle:
            assert wire.ask(GET).status == 200
        reply = ask(running.port, GET)
        assert (reply.status, reply.headers["retry-after"]) == (503, "5")
        wait_for(lambda: ask(running.port, GET).status == 200, "room")


def test_do_01_loopback_and_trusted_proxies_may_have_many_connections(tmp_path):
    for number, options in enumerate(
        ({"exempt_loopback": True}, {"proxies": ["127.0.0.1/32"]}, {})
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with (
            bounded_server(folder, connections_per_address=2, **options) as running,
            ExitStack() as stack,
        ):
            wires = [stack.enter_context(Wire(running.port)) for _ in range(4)]
            statuses = [wire.ask(GET).status for wire in wires]
        assert statuses == ([200] * 4 if options else [200, 200, 429, 429])


def test_refusals_are_counted_by_status(tmp_path):
    with bounded_server(tmp_path, connections_per_address=1) as running:
        with Wire(running.port) as wire:
            wire.send(b"GET /")
            assert ask(running.port, GET).status == 429
        wait_for(lambda: ask(running.port, GET).status == 200, "the address to be free")
        ask(running.port, b"NONSENSE")
        told = tell(ask(running.port, GET))["refusals"]
    assert told["400"] == 1
    assert told["429"] >= 1


def drip(data=b"x"):
    time.sleep(TICK / 2)
    return data


def connections(running):
    return tell(ask(running.port, GET))["connections"]
