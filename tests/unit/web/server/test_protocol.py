"""HTTP/1.1 against a worker process: what it accepts, and how it answers."""

import json
import socket

import pytest

from support.bounded import bounded_server
from support.wire import Wire, ask, wait_for

HOST = b"Host: a\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with bounded_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def wire(server):
    with Wire(server.port) as connection:
        yield connection


def get(path=b"/", *fields):
    return b"GET %b HTTP/1.1\r\n%b%b\r\n" % (path, HOST, b"".join(f + b"\r\n" for f in fields))


def post(body, *fields, path=b"/"):
    head = b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n" % (path, HOST, len(body))
    return head + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


def chunked(*chunks, path=b"/", trailers=b""):
    head = b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (path, HOST)
    return (
        head + b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in chunks) + b"0\r\n%b\r\n" % trailers
    )


def test_a_request_reaches_the_application_as_it_was_sent(wire):
    reply = wire.ask(get(b"/a%20b?c=d%20e", b"DPoP: x", b"User-Agent: y", b"X-Thing: z"))
    told = json.loads(reply.body)
    assert (told["method"], told["path"], told["raw_path"]) == ("GET", "/a b", "/a%20b")
    assert told["query"] == "c=d%20e"
    assert told["headers"] == [
        ["host", "a"],
        ["dpop", "x"],
        ["user-agent", "y"],
        ["x-thing", "z"],
    ]
    assert (told["client"], told["scheme"], told["http_version"]) == ("127.0.0.1", "http", "1.1")


def test_answers_carry_a_date_and_do_not_name_the_product(wire):
    reply = wire.ask(get())
    assert reply.headers["date"].endswith(" GMT")
    assert set(reply.headers) == {"date", "content-type", "content-length"}


def test_refusals_are_short_dated_and_close(wire):
    reply = wire.ask(b"GET / HTTP/1.1\r\n\r\n")
    assert reply.status == 400
    assert reply.body == b"There is no Host header.\n"
    assert reply.headers["connection"] == "close"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["date"].endswith(" GMT")
    assert "server" not in reply.headers
    assert wire.closes()


def test_a_connection_is_kept_for_further_requests(wire):
    for body in (b"one", b"", b"three" * 1000):
        assert json.loads(wire.ask(post(body)).body)["body"] == body.decode()


def test_a_request_may_arrive_byte_by_byte(wire):
    request = post(b"hello", b"X-Thing: y")
    reply = wire.ask(*(request[n : n + 1] for n in range(len(request))))
    assert json.loads(reply.body)["body"] == "hello"


@pytest.mark.parametrize("size", [1, 16 * 1024, 64 * 1024])
def test_a_body_up_to_the_limit_arrives_whole(wire, size):
    assert len(json.loads(wire.ask(post(b"x" * size)).body)["body"]) == size
    assert len(json.loads(wire.ask(chunked(b"x" * size)).body)["body"]) == size


def test_the_limit_of_a_body_is_by_path(wire):
    body = b"x" * 256 * 1024
    assert len(json.loads(wire.ask(post(body, path=b"/api/v1/x")).body)["body"]) == len(body)
    assert wire.ask(post(body + b"x", path=b"/api/v1/x")).status == 413


def test_the_limit_of_a_body_is_by_the_path_that_the_application_sees(wire):
    head = b"POST /%61pi/../x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n"
    assert wire.ask(head + b"x" * 70_000).status == 200
    with_slashes = b"POST //api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n"
    assert wire.ask(with_slashes).status == 413


def test_a_body_in_many_small_chunks_arrives_whole(wire):
    sizes = [json.loads(wire.ask(chunked(*[b"xyz"] * 1000)).body)["body"] for _ in range(2)]
    assert sizes == ["xyz" * 1000] * 2


def test_trailers_do_not_become_headers(wire):
    trailers = b"Authorization: x\r\nX-Forwarded-For: 192.0.2.1\r\nHost: b\r\nX-Thing: y\r\n"
    first = json.loads(wire.ask(chunked(b"abc", trailers=trailers)).body)
    second = json.loads(wire.ask(get()).body)
    assert first["headers"] == [["host", "a"], ["transfer-encoding", "chunked"]]
    assert second["headers"] == [["host", "a"]]
    assert (first["body"], second["client"]) == ("abc", "127.0.0.1")


def test_rfc9110_10_1_1_the_body_is_asked_for_when_it_is_wanted(wire):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert wire.ask(head % 5).status == 100
    assert json.loads(wire.ask(b"hello").body)["body"] == "hello"
    assert wire.ask(head % 70_000).status == 413


def test_rfc9112_9_6_close_is_answered_and_kept(wire):
    assert wire.ask(get(b"/", b"Connection: close")).headers["connection"] == "close"
    assert wire.closes()


def test_rfc9112_9_3_http_1_0_is_answered_and_closed(wire):
    reply = wire.ask(b"GET / HTTP/1.0\r\n\r\n")
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert wire.closes()


def test_rfc9110_9_3_2_head_has_no_body(wire):
    reply = wire.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").receive(head=True)
    assert int(reply.headers["content-length"]) > 0
    assert wire.ask(get()).status == 200


def test_rfc9112_3_2_2_the_authority_of_the_target_replaces_host(wire):
    told = json.loads(wire.ask(b"GET http://evil.test/x?y HTTP/1.1\r\nHost: a\r\n\r\n").body)
    assert told["headers"] == [["host", "evil.test"]]
    assert (told["path"], told["query"]) == ("/x", "y")


@pytest.mark.parametrize(
    ("method", "status"), [(b"TRACE", 501), (b"CONNECT", 501), (b"PROPFIND", 501), (b"get", 400)]
)
def test_methods_that_nobody_needs_are_refused(wire, method, status):
    target = b"a:80" if method == b"CONNECT" else b"/"
    assert wire.ask(b"%b %b HTTP/1.1\r\nHost: a\r\n\r\n" % (method, target)).status == status
    assert wire.closes()


def test_rfc9110_7_8_an_upgrade_is_ignored_and_its_body_kept(server):
    upgrade = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMA")
    bodies = {b"hello": post(b"hello", *upgrade)}
    bodies[b"abcdef"] = chunked(b"abc", b"def").replace(
        b"\r\n\r\n", b"\r\n%b\r\n\r\n" % b"\r\n".join(upgrade), 1
    )
    bodies[b""] = get(b"/", *upgrade)
    for body, request in bodies.items():
        for cut in (0, request.index(b"\r\n\r\n") + 4, len(request) - 2):
            reply = ask(server.port, request[:cut], request[cut:])
            assert json.loads(reply.body)["body"] == body.decode()
            assert reply.headers["connection"] == "close"


def test_nothing_behind_an_upgrade_is_taken_for_a_request(wire):
    smuggled = get(b"/smuggled")
    for request in (
        post(b"hello", b"Connection: Upgrade", b"Upgrade: x"),
        get(b"/", b"Connection: Upgrade", b"Upgrade: x"),
    ):
        with Wire(wire.socket.getpeername()[1]) as own:
            assert json.loads(own.ask(request + smuggled).body)["path"] == "/"
            assert own.closes()


def test_rfc9112_9_3_2_pipelined_requests_are_answered_in_order(wire):
    wire.send(get(b"/sleep/0.05") + post(b"x", path=b"/b") + get(b"/c"))
    assert [json.loads(wire.receive().body)["path"] for _ in range(3)] == [
        "/sleep/0.05",
        "/b",
        "/c",
    ]
    assert wire.ask(get()).status == 200


def test_many_pipelined_requests_close_the_connection_after_the_first(wire):
    wire.send(get(b"/sleep/0.05") * 5000)
    answered = [wire.receive() for _ in range(9)]
    assert [reply.status for reply in answered] == [200] * 9
    assert answered[-1].headers["connection"] == "close"
    assert wire.closes()


def test_a_malformed_request_does_not_disturb_the_answers_before_it(wire):
    wire.send(get(b"/sleep/0.05") + get(b"/bytes/100000") + b"NONSENSE\r\n\r\n")
    assert json.loads(wire.receive().body)["path"] == "/sleep/0.05"
    assert len(wire.receive().body) == 100_000
    assert wire.closes()


def test_a_pipelined_request_with_too_long_a_body_is_refused_in_its_turn(wire):
    wire.send(get(b"/sleep/0.05") + post(b"x" * 10, path=b"/b").replace(b"h: 10", b"h: 99999"))
    assert wire.receive().status == 200
    assert wire.closes()


def test_a_pipelined_request_with_a_body_that_grows_too_long_is_refused_in_its_turn(wire):
    wire.send(get(b"/sleep/0.1") + chunked(b"x" * 70_000, path=b"/b"))
    assert wire.receive().status == 200
    reply = wire.receive()
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert wire.closes()


def test_an_answer_before_the_body_leaves_the_connection_usable(wire):
    reply = wire.ask(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    assert reply.status == 200
    assert json.loads(wire.ask(b"hello" + get(b"/next")).body)["path"] == "/next"


def test_a_body_too_long_behind_an_early_answer_closes(wire):
    head = b"POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert wire.ask(head).status == 200
    wire.send(b"11170\r\n" + b"x" * 70_000)
    assert wire.closes()


def test_the_answer_to_a_body_that_is_still_being_sent_can_be_read(wire):
    # Closing with unread bytes would reset the connection, and the answer with it.
    wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n")
    for _ in range(100):
        wire.send(b"x" * 65_536)
    assert wire.receive().status == 413


def test_a_client_that_goes_away_in_its_body_leaves_nothing_behind(server):
    with Wire(server.port) as first:
        first.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", b"x" * 50_000)
        wait_for(
            lambda: json.loads(ask(server.port, get()).body)["body_bytes_held"] == 50_000,
            "the body to be held",
        )
    wait_for(
        lambda: json.loads(ask(server.port, get()).body)["body_bytes_held"] == 0,
        "the body to be let go of",
    )


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00", b"\xff" * 100]
)
def test_what_is_not_http_is_answered_as_a_bad_request(wire, garbage):
    assert wire.ask(garbage).status == 400
    assert wire.closes()


def test_blank_lines_before_a_request_are_skipped(wire):
    assert wire.ask(b"\r\n\r\n", get()).status == 200


def test_an_answer_of_unknown_length_is_sent_in_chunks(wire):
    reply = wire.ask(get(b"/stream/3"))
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.body == b"part 0;part 1;part 2;"
    head = wire.send(b"HEAD /stream/3 HTTP/1.1\r\nHost: a\r\n\r\n").receive(head=True)
    assert "transfer-encoding" not in head.headers
    assert wire.ask(get()).status == 200


def test_rfc9112_6_3_to_http_1_0_it_ends_with_the_connection(wire):
    answer = wire.send(b"GET /stream/3 HTTP/1.0\r\n\r\n").receive_all()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body == b"part 0;part 1;part 2;"


@pytest.mark.parametrize(
    ("path", "mistake"),
    [
        (b"/sleep/nonsense", "ValueError"),
        (b"/header/a%0d%0aSet-Cookie:%20x", "holds a control character"),
        (b"/header/a%0aSet-Cookie:%20x", "holds a control character"),
        (b"/header/a%0db", "holds a control character"),
        (b"/header/a%00b", "holds a control character"),
        (b"/header/a%1fb%7f", "holds a control character"),
    ],
)
def test_a_mistake_of_the_application_is_answered_as_one(tmp_path, path, mistake):
    with bounded_server(tmp_path, mistakes=True) as running:
        with Wire(running.port) as wire:
            reply = wire.ask(get(path))
            assert (reply.status, reply.headers["connection"]) == (500, "close")
            assert reply.body == b"Internal Server Error"
            assert "set-cookie" not in reply.headers
            assert wire.closes()
        assert mistake in running.process.output()


def test_an_answer_shorter_than_promised_ends_the_connection(tmp_path):
    with bounded_server(tmp_path, mistakes=True) as running:
        with Wire(running.port) as wire:
            answer = wire.send(get(b"/short/x") + get()).receive_all()
        assert answer.endswith(b"\r\n\r\nk")
        assert "shorter than its Content-Length" in running.process.output()


def test_a_mistake_of_the_server_is_answered_and_logged(tmp_path):
    with bounded_server(tmp_path, mistakes=True) as running:
        with Wire(running.port) as wire:
            assert wire.ask(post(b"x", path=b"/mistake")).status == 500
            assert wire.closes()
        assert "LookupError: the limit is lost" in running.process.output()


def test_ipv6_and_mapped_addresses(tmp_path):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback address")
    with bounded_server(tmp_path, listen="::") as running:
        with socket.create_connection(("::1", running.port), 10) as six:
            six.sendall(get())
            assert b'"client": "::1"' in six.recv(65_536)
        assert json.loads(ask(running.port, get()).body)["client"] == "127.0.0.1"
