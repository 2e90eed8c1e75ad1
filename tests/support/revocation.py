"""Everything that an application can hold of a person, and whether each endpoint still takes it."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from support.account import (
    CHALLENGE,
    VERIFIER,
    Browser,
    Place,
    as_client,
    connect,
    fields_of,
    follow,
    refresh,
    token,
    userinfo,
    visit,
)

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
GRANT_TYPES = ("authorization_code", "refresh_token", DEVICE_GRANT, EXCHANGE_GRANT)
SCOPE = "openid orders.read"
ENDPOINTS = frozenset(
    ("prompt=none", "refresh", "code", "userinfo", "introspection", "exchange", "device", "account")
)


class Holdings(msgspec.Struct, frozen=True):
    """What an application has of a person who signed in to it, and connected a device."""

    client_id: str
    tokens: dict[str, Any]
    code: str
    device_code: str


async def collect(browser: Browser, client_id: str) -> Holdings:
    """Have somebody who is signed in use an application in every way."""
    place = browser.place
    tokens = await connect(browser, client_id, SCOPE)
    answer = await browser.get(_authorize(client_id))
    asked = await as_client(place, client_id, "/oauth/v2/device_authorization", scope=SCOPE)
    device = asked.json()
    page = await visit(browser, f"/device?user_code={device['user_code']}")
    page = await follow(browser, await browser.post("/device", fields_of(page, "user_code")))
    fields = {**fields_of(page, "form_token"), "decision": "allow"}
    done = await follow(browser, await browser.post(str(page.url), fields))
    assert done.url.path == "/device/done", done.text
    return Holdings(client_id, tokens, _code(answer.headers["location"]), device["device_code"])


async def taken(browser: Browser, place: Place, holdings: Holdings) -> set[str]:
    """Use all of it once, the browser's session as well; return where it was taken."""
    client_id, tokens = holdings.client_id, holdings.tokens
    found = set()
    answer = await browser.get(_authorize(client_id, prompt="none"))
    if "code=" in answer.headers["location"]:
        found.add("prompt=none")
    if (await visit(browser, "/account/apps")).url.path == "/account/apps":
        found.add("account")
    if (await userinfo(place, tokens)).status_code == 200:
        found.add("userinfo")
    shown = await as_client(place, client_id, "/oauth/v2/introspect", token=tokens["access_token"])
    if shown.json()["active"]:
        found.add("introspection")
    exchanged = await token(
        place,
        client_id,
        grant_type=EXCHANGE_GRANT,
        subject_token=tokens["access_token"],
        subject_token_type=ACCESS_TOKEN,
        audience="orders",
        scope="orders.read",
    )
    redeemed = await token(
        place,
        client_id,
        grant_type="authorization_code",
        code=holdings.code,
        redirect_uri=f"https://{client_id}.test/cb",
        code_verifier=VERIFIER,
    )
    polled = await token(
        place, client_id, grant_type=DEVICE_GRANT, device_code=holdings.device_code
    )
    refreshed = await refresh(place, client_id, tokens)
    answers = {"exchange": exchanged, "code": redeemed, "device": polled, "refresh": refreshed}
    for name, given in answers.items():
        assert given.status_code in {200, 400}, (name, given.text)
        if given.status_code == 200:
            found.add(name)
    return found


def _authorize(client_id: str, **asked: str) -> str:
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": f"https://{client_id}.test/cb",
        "scope": SCOPE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **asked,
    }
    return f"/oauth/v2/authorize?{urlencode(parameters)}"


def _code(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]
