"""The client of the kill test and the benchmarks tells apart what a client has to tell apart."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from support.keepalive import Connection, Lost, NotSent, Unreadable, write_form, write_request
from support.process import free_port

HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


@asynccontextmanager
async def serving(*answers: bytes):
    """Answer one request after the other with these bytes, then close the connection.

    A bar in an answer is a pause.
    """
    left, seen = list(answers), []

    async def serve(reader, writer):
        try:
            while left:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                for part in left.pop(0).split(b"|"):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.001)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        connection = Connection(server.sockets[0].getsockname()[1])
        yield connection, seen
        connection.close()


REQUEST = write_request("GET", "/", "localhost")


async def test_answers_come_over_one_connection():
    async with serving(HELLO, HELLO) as (connection, seen):
        answer = await connection.ask(REQUEST)
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.header("content-type") == "text/plain"
        port = connection._wire.transport.get_extra_info("sockname")
        await connection.ask(REQUEST)
        assert connection._wire.transport.get_extra_info("sockname") == port
        assert len(seen) == 2


async def test_answer_in_pieces():
    head, _, body = HELLO.partition(b"\r\n\r\n")
    pieces = head[:20] + b"|" + head[20:] + b"\r\n|\r\n" + body[:2] + b"|" + body[2:]
    async with serving(pieces, HELLO) as (connection, _):
        assert (await connection.ask(REQUEST)).body == b"hello"
        assert (await connection.ask(REQUEST)).body == b"hello"


async def test_several_headers_of_a_name():
    answer = HELLO.replace(b"Content-Type", b"Set-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\nX")
    async with serving(answer) as (connection, _):
        assert (await connection.ask(REQUEST)).all("Set-Cookie") == ["a=1; Path=/", "b=2"]


async def test_no_body():
    async with serving(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", HELLO) as (
        connection,
        _,
    ):
        assert (await connection.ask(REQUEST)).status == 304
        assert (await connection.ask(REQUEST)).status == 200


async def test_closed_connection_is_opened_again():
    closing = HELLO.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    async with serving(closing, HELLO) as (connection, seen):
        await connection.ask(REQUEST)
        await connection.ask(REQUEST)
        assert len(seen) == 2


async def test_nobody_listens():
    with pytest.raises(NotSent):
        await Connection(free_port()).ask(REQUEST)


@pytest.mark.parametrize("sent", [b"", HELLO[:30], HELLO[:-2]])
async def test_answer_that_was_cut_off_is_lost(sent):
    async with serving(sent) as (connection, _):
        with pytest.raises(Lost) as lost:
            await connection.ask(REQUEST)
        assert not lost.value.late


async def test_answer_that_takes_too_long_is_lost():
    async with serving(HELLO[:-1], HELLO) as (connection, _):
        with pytest.raises(Lost) as lost:
            await connection.ask(REQUEST, seconds=0.05)
        assert lost.value.late
        # What comes too late is not taken for the answer to the next request.
        assert (await connection.ask(REQUEST)).body == b"hello"


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\n\r\n", HELLO + b"more"],
)
async def test_what_is_no_answer(answer):
    async with serving(answer) as (connection, _):
        with pytest.raises(Unreadable):
            await connection.ask(REQUEST)


def test_form_is_written_as_browsers_do():
    assert write_form("/token", "localhost:1", {"scope": "a b", "x": "ü"}) == (
        b"POST /token HTTP/1.1\r\n"
        b"Host: localhost:1\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 18\r\n"
        b"\r\n"
        b"scope=a+b&x=%C3%BC"
    )
