"""RFC 9101, 5.2.3: request objects are fetched, and nothing of a failure is told (RO-03, SS-08)."""

import pytest

from ostiary.egress.fetcher import Egress
from ostiary.egress.requests import RemoteRequests
from ostiary.oauth.authorization.request_object import Unreachable
from support.jose import make_key, sign_as
from support.listener import listen, respond

MEDIA_TYPE = "application/oauth-authz-req+jwt"
REQUEST = sign_as(make_key("ES256"))


async def fetch(answer, allow="127.0.0.0/8"):
    async with listen(answer) as site:
        egress = Egress([allow] if allow else [])
        try:
            url = f"http://127.0.0.1:{site.port}/request.jwt"
            return await RemoteRequests(egress).fetch("app", url), site
        finally:
            await egress.aclose()


@pytest.mark.parametrize("media_type", [MEDIA_TYPE, "application/jwt", "application/jose"])
async def test_a_request_object_is_fetched(media_type):
    text, site = await fetch(respond(REQUEST.encode() + b"\n", media_type=media_type))
    assert text == REQUEST
    assert site.hits == 1
    assert site.requests[0].startswith(b"GET /request.jwt HTTP/1.1\r\n")
    assert MEDIA_TYPE.encode() in site.requests[0]


@pytest.mark.parametrize(
    "answer",
    [
        respond(REQUEST.encode(), media_type="text/html"),
        respond(REQUEST.encode(), media_type=MEDIA_TYPE, status="404 Not Found"),
        respond(
            b"",
            media_type=MEDIA_TYPE,
            status="302 Found",
            headers=("Location: http://127.0.0.1:1/",),
        ),
        respond(b"x" * 70_000, media_type=MEDIA_TYPE),
        respond("é".encode(), media_type=MEDIA_TYPE),
        b"220 smtp ready\r\n",
    ],
    ids=["type", "status", "redirect", "size", "letters", "protocol"],
)
async def test_anything_else_is_no_request_object(answer):
    with pytest.raises(Unreachable) as caught:
        await fetch(answer)
    assert str(caught.value) == ""


async def test_ro_03_what_the_operator_does_not_allow_is_not_connected_to():
    async with listen(respond(REQUEST.encode(), media_type=MEDIA_TYPE)) as site:
        egress = Egress()
        with pytest.raises(Unreachable):
            await RemoteRequests(egress).fetch("app", f"https://127.0.0.1:{site.port}/")
        await egress.aclose()
        assert site.hits == 0
