"""Messages as text: secrets are told apart, and the commands send the same."""

import json
import shlex

import pytest

from ostiary.playground.message import Answer, Request, write
from ostiary.playground.transcript import describe

ISSUER = "https://id.example"
SECRET = "s3cret+with/odd characters ü'\"$"
REQUEST = Request(
    method="POST",
    path="/oauth/v2/token",
    parameters=(("grant_type", "x"), ("code", SECRET), ("scope", ""), ("note", "it's & more")),
    basic=("a:b", SECRET),
)
ANSWER = Answer(
    status=200,
    headers=(("content-type", "application/json"), ("x-frame-options", "DENY")),
    body=json.dumps({"access_token": "token-of-somebody", "expires_in": 1}),
)


def shown(pieces) -> str:
    return "".join(one.text for one in pieces)


def veiled(pieces) -> str:
    return "".join("*" if one.secret else one.text for one in pieces)


def test_a_request_is_written_as_it_is_sent() -> None:
    wire = write(REQUEST, "id.example")
    assert wire.target == "/oauth/v2/token"
    assert "scope" not in wire.body
    assert dict(wire.headers)["content-type"] == "application/x-www-form-urlencoded"
    read = write(Request(method="GET", path="/x", parameters=(("a", "b c"),), bearer="t"), "h")
    assert (read.target, read.body) == ("/x?a=b+c", "")
    assert dict(read.headers)["authorization"] == "Bearer t"


def test_no_secret_is_shown_in_the_open() -> None:
    exchange = describe(REQUEST, write(REQUEST, "id.example"), ANSWER, ISSUER)
    for pieces in (exchange.request, exchange.curl, exchange.python):
        assert "cret" not in veiled(pieces)
        assert "*" in veiled(pieces)
    assert '"access_token": "*"' in veiled(exchange.answer)
    assert "token-of-somebody" in shown(exchange.answer)
    assert "x-frame-options" not in shown(exchange.answer)


def test_the_curl_command_says_the_same_to_a_shell() -> None:
    exchange = describe(REQUEST, write(REQUEST, "id.example"), ANSWER, ISSUER)
    words = shlex.split(shown(exchange.curl).replace("\\\n", ""))
    assert words[0] == "curl"
    assert words[-1] == f"{ISSUER}/oauth/v2/token"
    given = [words[place + 1] for place, word in enumerate(words) if word == "--data-urlencode"]
    assert given == ["grant_type=x", f"code={SECRET}", "note=it's & more"]


def test_the_python_program_says_the_same(monkeypatch) -> None:
    exchange = describe(REQUEST, write(REQUEST, "id.example"), ANSWER, ISSUER)
    import httpx  # noqa: PLC0415

    sent = []

    def post(url, **options):
        sent.append((url, options))
        return httpx.Response(200, text="{}")

    monkeypatch.setattr(httpx, "post", post)
    exec(shown(exchange.python), {})
    ((url, options),) = sent
    assert url == f"{ISSUER}/oauth/v2/token"
    assert options["data"] == {"grant_type": "x", "code": SECRET, "note": "it's & more"}
    assert options["auth"][0] == "a%3Ab"


@pytest.mark.parametrize("body", ["", "[", "[1]", '"x"', "[" * 5000, "null", '{"error": 1}'])
def test_an_answer_that_is_no_object_has_no_members(body) -> None:
    answer = Answer(status=400, body=body)
    assert answer.error() == ""
    assert not answer.ok


def test_an_error_in_a_challenge_is_one() -> None:
    challenge = (("www-authenticate", 'Bearer error="invalid_token", error_description="x"'),)
    assert Answer(status=401, headers=challenge).error() == "invalid_token"
