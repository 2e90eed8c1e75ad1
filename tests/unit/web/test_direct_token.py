"""The plain token requests that bypass the framework are answered as it would answer them."""

import httpx
import pytest

from support.instance import ISSUER, open_instance
from support.tokens import TOKEN, Caller, basic, make_client

CC = "grant_type=client_credentials"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(make_client("web"))
        yield Caller(instance)


@pytest.fixture
def framework(caller):
    """The same instance, with the framework answering everything."""
    transport = httpx.ASGITransport(caller.instance.app._others, client=("192.0.2.7", 40000))
    return httpx.AsyncClient(transport=transport, base_url=ISSUER)


BODIES = [
    CC,
    CC + "&scope=orders.read",
    CC + "&scope=openid",
    "grant_type=nonsense",
    "grant_type=authorization_code&code=x",
    "grant_type=refresh_token&refresh_token=x",
    CC + "&grant_type=client_credentials",
    CC + "&x=%ff",
    CC + "&x=%00",
    "",
    "&" * 500,
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("credentials", [basic("web"), basic("web", "wrong"), {}])
async def test_both_give_the_same_answer(caller, framework, body, credentials):
    headers = {"Content-Type": FORM, **credentials}
    direct = await caller.http.post(TOKEN, content=body, headers=headers)
    other = await framework.post(TOKEN, content=body, headers=headers)

    assert direct.status_code == other.status_code
    assert dict(direct.headers) | {"content-length": ""} == dict(other.headers) | {
        "content-length": ""
    }
    if direct.status_code == 200:
        assert direct.json().keys() == other.json().keys()
    else:
        assert direct.json() == other.json()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": FORM + "; charset=utf-8"},
        {"Content-Type": FORM, "Origin": "https://web.test"},
        {"Content-Type": FORM, "Host": "evil.test"},
        {"Content-Type": FORM, "Host": "ID.test"},
        {"Content-Type": FORM, "Content-Encoding": "gzip"},
    ],
)
async def test_the_unusual_is_left_to_the_framework(caller, framework, headers):
    headers |= basic("web")
    direct = await caller.http.post(TOKEN, content=CC, headers=headers)
    other = await framework.post(TOKEN, content=CC, headers=headers)

    assert direct.status_code == other.status_code
    assert direct.headers.keys() == other.headers.keys()


async def test_methods_and_paths_are_left_to_the_framework(caller):
    assert (await caller.http.get(TOKEN)).status_code == 405
    assert (await caller.http.put(TOKEN)).status_code == 405
    assert (await caller.http.post(TOKEN + "/")).status_code == 404


async def test_lx_04_what_was_not_foreseen_is_logged_and_not_shown(caller, monkeypatch):
    async def fail(effects):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(caller.instance.store, "apply", fail)
    answer = await caller.http.post(
        TOKEN, content=CC, headers={"Content-Type": FORM, **basic("web")}
    )

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.json()["error"] == "server_error"
