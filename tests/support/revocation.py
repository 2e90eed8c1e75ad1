"""Everything that an application can hold of a person, and whether each endpoint still takes it."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from ostiary.oauth import management
from ostiary.pages.account import SECTIONS, path_of
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
SCOPES = ("openid", "orders.read", management.SCOPE)
SCOPE = "openid orders.read"
ACCOUNT_PAGES = tuple(map(path_of, SECTIONS))
OF_TOKENS = frozenset(("userinfo", "introspection", "exchange", "refresh", "api"))
OF_GRANTS = OF_TOKENS | {"prompt=none", "code", "device"}
CONSOLE = "/console"
OF_SESSIONS = frozenset((*ACCOUNT_PAGES, CONSOLE, "flow", "device page"))
ENDPOINTS = OF_GRANTS | OF_SESSIONS
"""Where something that a person gave, or their session, is taken; each is tried by `taken`."""

_NOTHING = "takes nothing of a person"
_FORM = "a page of a flow: enters as `flow` does, by the session of the browser"
_LINK = "takes a mailed link, which tests of joining and recovery hold to what ends it"
CLASSIFIED = {
    "/.well-known/openid-configuration": _NOTHING,
    "/.well-known/oauth-authorization-server": _NOTHING,
    "/oauth/v2/keys": _NOTHING,
    "/oauth/v2/authorize": "prompt=none",
    "/oauth/v2/authorize/continue": "flow",
    "/oauth/v2/device_authorization": _NOTHING,
    "/oauth/v2/par": _NOTHING,
    "/oauth/v2/token": ("code", "refresh", "exchange", "device"),
    "/oauth/v2/introspect": "introspection",
    "/oauth/v2/revoke": "ends what it is shown, and says the same of what has ended",
    "/oauth/v2/register": "takes tokens of administrators for registering, not of people",
    "/oauth/v2/register/{client_id}": "takes the application's own token",
    "/oidc/v1/userinfo": "userinfo",
    "/oidc/v1/check_session": _NOTHING,
    "/oidc/v1/end_session": "ends what it is shown",
    "/logout": "ends what it is shown",
    **dict.fromkeys(ACCOUNT_PAGES, "itself"),
    "/": _NOTHING,
    CONSOLE: "itself",
    "/console/…": "enters as the console's first page does",
    "/account/methods/add": "enters as the other pages of the account do",
    "/account/sign-out": "ends what it is shown",
    "/account/switch": _FORM,
    "/device": "device page",
    "/device/done": _NOTHING,
    **dict.fromkeys(("/login/reset", "/login/invitation", "/login/verify"), _LINK),
    **dict.fromkeys(("/login/forgot", "/login/register"), _NOTHING),
    **dict.fromkeys(
        (
            *("/login", "/login/passkey", "/login/passkey/options", "/login/factor"),
            *("/login/other-way", "/login/totp", "/login/email-code", "/login/email-code/send"),
            *("/login/recovery-code", "/login/enrol", "/login/enrol/passkey"),
            *("/login/enrol/passkey/options", "/login/enrol/totp", "/login/enrol/email-code"),
            *("/login/enrol/email-code/send", "/login/enrol/recovery-codes"),
            *("/login/password", "/login/select", "/login/organization", "/consent"),
        ),
        _FORM,
    ),
    "/setup": "takes a link of the command line",
    "/advisor": _NOTHING,
    "/api/docs": _NOTHING,
    "/api/v1/openapi.json": _NOTHING,
    "/api/v1/…": "api",
    "/static/{name}": _NOTHING,
    "/branding/{name}": _NOTHING,
    "/images/{name}": _NOTHING,
    "/health/live": _NOTHING,
    "/health/ready": _NOTHING,
}
"""Each route, and which of the endpoints stands for it, or why none does."""


class Holdings(msgspec.Struct, frozen=True):
    """What an application has of a person who signed in to it, and connected a device.

    `api_token` is for the management API, which takes no token that others get as well.
    """

    client_id: str
    api_token: str
    tokens: dict[str, Any]
    code: str
    device_code: str
    # A flow that waits for the person to agree, and the code of another device that waits.
    flow: str
    user_code: str


async def collect(browser: Browser, client_id: str) -> Holdings:
    """Have somebody who is signed in use an application in every way."""
    place = browser.place
    manager = await connect(browser, client_id, f"openid {management.SCOPE}")
    tokens = await connect(browser, client_id, SCOPE)
    answer = await browser.get(_authorize(client_id))
    asked = await as_client(place, client_id, "/oauth/v2/device_authorization", scope=SCOPE)
    device = asked.json()
    page = await visit(browser, f"/device?user_code={device['user_code']}")
    page = await follow(browser, await browser.post("/device", fields_of(page, "user_code")))
    fields = {**fields_of(page, "form_token"), "decision": "allow"}
    done = await follow(browser, await browser.post(str(page.url), fields))
    assert done.url.path == "/device/done", done.text
    waiting = await as_client(place, client_id, "/oauth/v2/device_authorization", scope=SCOPE)
    asked = await browser.get(_authorize(client_id, prompt="consent"))
    return Holdings(
        client_id=client_id,
        api_token=manager["access_token"],
        tokens=tokens,
        code=_code(answer.headers["location"]),
        device_code=device["device_code"],
        flow=asked.headers["location"],
        user_code=waiting.json()["user_code"],
    )


async def taken(browser: Browser, place: Place, holdings: Holdings) -> set[str]:
    """Use all of it once, the browser's session as well; return where it was taken."""
    client_id, tokens = holdings.client_id, holdings.tokens
    found = set()
    answer = await browser.get(_authorize(client_id, prompt="none"))
    if "code=" in answer.headers["location"]:
        found.add("prompt=none")
    # At the console, who administers nothing is told so once they are let in.
    own = (*ACCOUNT_PAGES, CONSOLE)
    found |= {page for page in own if (await visit(browser, page)).url.path == page}
    if (await visit(browser, holdings.flow)).url.path == "/consent":
        found.add("flow")
    page = await visit(browser, f"/device?user_code={holdings.user_code}")
    page = await follow(browser, await browser.post("/device", fields_of(page, "user_code")))
    if page.url.path == "/consent":
        found.add("device page")
    async with place.program() as http:
        headers = {"Authorization": f"Bearer {holdings.api_token}"}
        answer = await http.get(f"{management.PATH}/users", headers=headers)
    if answer.status_code != 401:  # no administrator's, and good
        assert answer.status_code == 403, answer.text
        found.add("api")
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
