"""Attacks on pages: forged and altered forms, frames, reflected text, caches, errors that tell."""

import re
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from ostiary.model.client import ClientState
from ostiary.oauth.effects import Conflict, Insert, Unavailable
from ostiary.oauth.handle import digest
from ostiary.web.login import paths
from support.instance import (
    BLOG,
    ISSUER,
    PASSWORD,
    SHOP,
    Browser,
    Instance,
    Recorder,
    flow_of,
    hidden,
    open_instance,
)

CONTINUE = "/oauth/v2/authorize/continue"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


async def to_consent(browser: Browser, **request) -> tuple[str, httpx.Response]:
    """Sign in on the way to Shop; return the flow and its consent page."""
    flow = await browser.open_flow(**request)
    response = await browser.sign_in(flow=flow)
    response = await browser.get(response.headers["location"])
    page = await browser.get(response.headers["location"])
    assert page.status_code == 200
    assert "Allow access?" in page.text
    return flow, page


async def given(instance: Instance) -> bool:
    """Whether Alice has allowed Shop anything."""
    return await instance.store.consent("user-alice", "shop") is not None


FORGERIES = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.id.test"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.test"},
    {"Origin": "https://evil.test"},
    {"Origin": "http://id.test"},
    {"Origin": "https://id.test.evil.test"},
    {"Origin": "https://id.test:8443"},
    {"Sec-Fetch-Site": ""},
]


@pytest.mark.parametrize("headers", FORGERIES)
async def test_az_20_a_form_from_elsewhere_is_refused(instance: Instance, headers) -> None:
    """Even with a right token: the browser says that the form is not ours."""
    browser = instance.browser()
    flow, page = await to_consent(browser)
    fields = {**hidden(page), "decision": "allow"}
    response = await browser.post(f"/consent?flow={flow}", fields, headers)
    assert response.status_code == 403
    assert "could not be accepted" in response.text
    assert not await given(instance)
    (event,) = await instance.events("csrf.blocked")
    assert event.client_id == "shop"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://id.test"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {},
    ],
)
async def test_az_20_an_honest_form_is_taken(instance: Instance, headers) -> None:
    """Whatever the browser is too old or too discreet to say: then the token decides."""
    browser = instance.browser()
    flow, page = await to_consent(browser)
    fields = {**hidden(page), "decision": "allow"}
    response = await browser.post(f"/consent?flow={flow}", fields, headers)
    assert response.status_code == 303
    assert await given(instance)


async def test_az_20_a_token_is_good_for_its_form_only(instance: Instance) -> None:
    browser, mallory = instance.browser(), instance.browser()
    await instance.add_user("mallory")
    older_flow, older = await to_consent(browser)
    flow, page = await to_consent(browser)
    mine = await mallory.open_flow()
    await mallory.sign_in("mallory", flow=mine)
    foreign = await mallory.get(f"/consent?flow={mine}")
    login = await browser.get(f"/login?flow={flow}")
    good = hidden(page)["form_token"]
    tokens = {
        "": "none",
        hidden(older)["form_token"]: "an older flow's",
        hidden(foreign)["form_token"]: "another browser's",
        hidden(login)["form_token"]: "another step's",
        good[:-1]: "cut",
        good + "A": "longer",
        good.swapcase(): "changed",
        "9" + good: "of a key that does not exist",
        "1-" + "A" * 22: "made up",
    }
    for token, what in tokens.items():
        fields = {"form_token": token, "decision": "allow"}
        response = await browser.post(f"/consent?flow={flow}", fields)
        assert response.status_code == 403, what
    assert not await given(instance)
    assert older_flow != flow


async def test_az_20_a_consent_is_of_the_account_it_was_shown_to(instance: Instance) -> None:
    """The page was shown to Alice; in another tab the flow goes on with Bob."""
    browser = instance.browser()
    await instance.add_user("bob")
    flow, page = await to_consent(browser)
    await browser.sign_in("bob", flow=flow)
    fields = {**hidden(page), "decision": "allow"}
    assert (await browser.post(f"/consent?flow={flow}", fields)).status_code == 403
    assert await instance.store.consent("user-bob", "shop") is None


async def test_az_20_login_forms_are_held_to_it_too(instance: Instance) -> None:
    """Login CSRF: nobody is signed in to the attacker's account by a foreign form."""
    browser = instance.browser()
    flow = await browser.open_flow()
    fields = {"username": "alice", "password": PASSWORD}
    for headers in (None, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}):
        response = await browser.post(f"/login?flow={flow}", fields, headers)
        assert response.status_code == 403
    assert not await browser.sessions()


async def test_forged_forms_do_not_fill_the_audit_trail(instance: Instance) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    for _ in range(30):
        assert (await browser.post(f"/login?flow={flow}", {"x": "1"})).status_code == 403
    assert len(await instance.events("csrf.blocked")) == 10


async def test_az_21_what_is_added_to_the_form_changes_nothing(instance: Instance) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    fields = {
        **hidden(page),
        "decision": "allow",
        "scope": "admin offline_access",
        "granted": "true",
        "client_id": "evil",
        "redirect_uri": "https://evil.test/cb",
        "user": "root",
        "response_type": "token",
    }
    response = await browser.post(f"/consent?flow={flow}&scope=admin&client_id=evil", fields)
    response = await browser.get(response.headers["location"])
    assert response.headers["location"].startswith("https://shop.test/cb?code=")
    consent = await instance.store.consent("user-alice", "shop")
    assert consent is not None
    assert consent.scopes == ("openid", "profile")
    assert await instance.store.consent("user-alice", "evil") is None


@pytest.mark.parametrize("decision", ["", "maybe", "ALLOW", "allow,deny", "yes"])
async def test_az_21_only_allow_allows(instance: Instance, decision: str) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    fields = {**hidden(page), "decision": decision}
    response = await browser.post(f"/consent?flow={flow}", fields)
    assert response.status_code == 400
    assert "Allow access?" in response.text
    assert not await given(instance)


async def test_az_21_two_decisions_at_once_are_refused(instance: Instance) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    body = f"form_token={hidden(page)['form_token']}&decision=deny&decision=allow"
    response = await browser.http.post(
        f"/consent?flow={flow}",
        content=body,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        },
    )
    assert response.status_code == 400
    assert not await given(instance)


async def test_deny_is_told_to_the_application_and_not_remembered(instance: Instance) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    response = await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "deny"})
    response = await browser.get(response.headers["location"])
    assert "error=access_denied" in response.headers["location"]
    assert not await given(instance)
    (event,) = await instance.events("consent.denied")
    assert event.user_id == "user-alice"


PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'; "
        "style-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
        "upgrade-insecure-requests"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "permissions-policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-robots-tag": "noindex",
    "vary": "Cookie, Accept-Language",
    "content-type": "text/html; charset=utf-8",
}


async def every_page(instance: Instance) -> dict[str, httpx.Response]:
    """One response of every kind of page."""
    browser = instance.browser()
    flow, consent = await to_consent(browser)
    other = await browser.open_flow()
    return {
        "login": await browser.get(f"/login?flow={other}"),
        "login refused": await browser.sign_in("alice", "wrong", flow=other),
        "select": await browser.get(f"/login/select?flow={other}"),
        "consent": consent,
        "no flow": await browser.get("/login"),
        "foreign flow": await instance.browser().get(f"/login?flow={flow}"),
        "forged": await browser.post(f"/consent?flow={flow}", {}),
        "not found": await browser.get("/no/such/page"),
        "wrong method": await browser.http.delete("/login"),
        "bad request": await browser.get("/oauth/v2/authorize?client_id=nobody"),
    }


async def test_az_22_26_ht_08_headers_of_every_page(instance: Instance) -> None:
    for name, page in (await every_page(instance)).items():
        for header, value in PAGE_HEADERS.items():
            assert page.headers.get(header) == value, (name, header)
        assert "form-action" not in page.headers["content-security-policy"]
        assert "cross-origin-opener-policy" not in page.headers
        assert not {"server", "x-powered-by"} & set(page.headers)


async def test_az_26_redirects_hide_where_one_comes_from(instance: Instance) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    response = await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "allow"})
    last = await browser.get(response.headers["location"])
    for redirect in (response, last):
        assert redirect.status_code == 303
        assert redirect.headers["referrer-policy"] == "no-referrer"
        assert redirect.headers["cache-control"] == "no-store"
        assert redirect.content == b""


async def test_az_25_two_tabs_finish_in_reverse_order(instance: Instance) -> None:
    browser = instance.browser()
    first = await browser.open_flow("shop", state="of-shop")
    second = await browser.open_flow("blog", state="of-blog")
    first_page = await browser.get(f"/login?flow={first}")
    second_page = await browser.get(f"/login?flow={second}")
    fields = {"username": "alice", "password": PASSWORD}
    response = await browser.post(f"/login?flow={second}", {**hidden(second_page), **fields})
    response = await browser.get(response.headers["location"])
    assert response.headers["location"].startswith("https://blog.test/cb?code=")
    assert "state=of-blog" in response.headers["location"]
    # The first tab's form was made before the cookie changed, and still works.
    response = await browser.post(f"/login?flow={first}", {**hidden(first_page), **fields})
    response = await browser.get(response.headers["location"])
    page = await browser.get(response.headers["location"])
    response = await browser.post(f"/consent?flow={first}", {**hidden(page), "decision": "allow"})
    response = await browser.get(response.headers["location"])
    assert response.headers["location"].startswith("https://shop.test/cb?code=")
    assert "state=of-shop" in response.headers["location"]


async def test_az_24_names_of_applications_mislead_nobody(instance: Instance) -> None:
    shop = await instance.store.client("shop")
    assert shop is not None
    await instance.change(
        shop,
        client_name="Goog\u202ele\u200b <b>" + "x" * 300,
        client_uri="javascript:alert(1)",
        policy_uri="https://google.com/privacy",
        tos_uri="data:text/html,x",
    )
    browser = instance.browser()
    _, page = await to_consent(browser)
    assert "\u202e" not in page.text
    assert "Google &lt;b&gt;xxx" in page.text
    assert "x" * 64 not in page.text
    assert "javascript:" not in page.text
    assert "data:text" not in page.text
    # Another host than the one that gets the answer is named.
    assert "(on <bdi><strong>google.com</strong></bdi>)" in page.text
    assert "You will be sent to <bdi><strong>shop.test</strong></bdi>" in page.text


async def test_the_consent_page_says_what_is_asked_for(instance: Instance) -> None:
    browser = instance.browser()
    _, page = await to_consent(
        browser,
        scopes=("openid", "email", "offline_access", "orders.read"),
        claims={"userinfo": {"birthdate": None}, "id_token": {"email": None}},
    )
    for text in (
        "<strong>Shop</strong></bdi> would like to use your account",
        "See your email address",
        "alice@acme.test",
        "Your date of birth",
        "for up to 30 days, even while you are not using it",
        "Long-term",
        "orders.test",
        "<code>orders.read</code>",
        "Switch account",
    ):
        assert text in page.text
    assert page.text.count("Your email address") == 0  # the scope says it already


REFLECTED = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "path",
    [
        "/login?flow={}",
        "/login?error_description={}",
        "/login?message={}&error_hint={}",
        "/consent?flow=x&{}=1",
        "/{}",
        "/login/{}",
        "/static/{}",
        "/oauth/v2/authorize?client_id={}",
        "/oauth/v2/authorize?client_id=shop&redirect_uri=https://evil.test/{}",
        "/oauth/v2/authorize?{}=1&{}=1",
        "/oauth/v2/authorize/continue?flow={}",
        "/login?flow=a&flow={}",
        "/login?return_to=//evil.test",
        "/login?return_to=/%5Cevil.test",
    ],
)
async def test_ad_15_ru_21_nothing_is_reflected(instance: Instance, path: str) -> None:
    for text in (REFLECTED, "%3Cscript%3Ealert(1)", "call-555-0100", "evil.test"):
        response = await instance.browser().get(path.replace("{}", text))
        assert 400 <= response.status_code < 500
        assert "location" not in response.headers
        for part in ("<script>alert", "alert(1)", "call-555", "evil.test"):
            assert part not in response.text


@pytest.mark.parametrize(
    "flow", ["x", "A" * 43, "A" * 42, "A" * 44, "-" * 43, "é" * 43, "\u0660" * 43, "../" * 15]
)
@pytest.mark.parametrize("path", ["/login", "/login/select", "/consent", CONTINUE])
async def test_an_unknown_flow_is_a_helpful_page(instance: Instance, path: str, flow: str) -> None:
    response = await instance.browser().http.get(path, params={"flow": flow})
    assert response.status_code == 404
    assert "no longer exists" in response.text
    assert "flow_unknown" in response.text


@pytest.mark.parametrize("query", ["flow=%ff", "%ff", "flow=%00", "a=1&" * 200])
async def test_broken_queries_get_a_page(instance: Instance, query: str) -> None:
    response = await instance.browser().get(f"/login?{query}")
    assert response.status_code == 400
    assert "<h1>" in response.text


@pytest.mark.parametrize("path", ["/login", "/login/select", "/consent", CONTINUE])
async def test_no_flow_is_a_helpful_page(instance: Instance, path: str) -> None:
    response = await instance.browser().get(path)
    assert response.status_code == 400
    assert "Sign-in begins in the app" in response.text


@pytest.mark.parametrize("path", ["/login", "/login/select", "/consent", CONTINUE])
async def test_an_expired_flow_leads_back_to_the_application(instance: Instance, path) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    await browser.sign_in(flow=flow)
    instance.clock.time += 1800
    response = await browser.get(f"{path}?flow={flow}")
    assert response.status_code == 410
    assert 'href="https://shop.test/"' in response.text
    assert "Back to" in response.text


async def test_an_expired_flow_leads_to_where_the_application_begins_a_sign_in(instance) -> None:
    """OpenID Connect Core 4: the application learns from `iss` whom to ask."""
    shop = await instance.store.client("shop")
    await instance.change(shop, initiate_login_uri="https://shop.test/begin?from=idp")
    browser = instance.browser()
    flow = await browser.open_flow()
    await browser.sign_in(flow=flow)
    instance.clock.time += 1800
    response = await browser.get(f"/login?flow={flow}")
    assert response.status_code == 410
    link = "https://shop.test/begin?from=idp&amp;" + urlencode({"iss": ISSUER})
    assert f'href="{link}"' in response.text


@pytest.mark.parametrize("path", ["/login", "/login/select", "/consent", CONTINUE])
async def test_the_back_button_after_the_end_leads_back(instance: Instance, path: str) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    response = await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "allow"})
    await browser.get(response.headers["location"])
    response = await browser.get(f"{path}?flow={flow}")
    assert response.status_code == 410
    assert "already signed in" in response.text
    again = await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "allow"})
    assert again.status_code == 410


async def test_the_back_button_within_a_flow_works(instance: Instance) -> None:
    """Back from consent to sign-in, and signing in as somebody else."""
    browser = instance.browser()
    await instance.add_user("bob")
    flow, _ = await to_consent(browser)
    page = await browser.get(f"/login?flow={flow}")
    assert page.status_code == 200
    response = await browser.sign_in("bob", flow=flow)
    response = await browser.get(response.headers["location"])
    page = await browser.get(response.headers["location"])
    assert "Bob" in page.text


async def test_an_application_that_was_switched_off_meanwhile(instance: Instance) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    shop = await instance.store.client("shop")
    assert shop is not None
    await instance.change(shop, state=ClientState.INACTIVE)
    response = await browser.get(f"/login?flow={flow}")
    assert response.status_code == 400
    assert "cannot be used at the moment" in response.text


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded; charset=utf-7", 415),
        ("", 415),
    ],
)
async def test_forms_are_forms(instance: Instance, content_type: str, status: int) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    response = await browser.http.post(
        f"/login?flow={flow}",
        content=b'{"username": "alice"}',
        headers={"Content-Type": content_type, "Sec-Fetch-Site": "same-origin"},
    )
    assert response.status_code == status
    assert "could not be read" in response.text


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"a=%ff", b"a=%00", b"&".join([b"a=1"] * 101)])
async def test_broken_forms_get_a_page(instance: Instance, body: bytes) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    response = await browser.http.post(
        f"/login?flow={flow}",
        content=body,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        },
    )
    assert response.status_code == 400
    assert "<h1>" in response.text


class Broken(Recorder):
    """A store in which one thing goes wrong."""

    def __init__(self, store, error: Exception, method: str = "interaction") -> None:
        super().__init__(store)
        self.error = error
        self.method = method

    def __getattr__(self, name: str):
        if name == self.method:
            raise self.error
        return super().__getattr__(name)


async def test_lx_04_an_error_of_ours_tells_only_its_id(tmp_path, capfd) -> None:
    async with open_instance(tmp_path) as instance:
        detail = f"no such table: users in {tmp_path}"
        store = Broken(instance.store, RuntimeError(detail))
        broken = Instance(store, instance.parameters, dev=False, threads=1)  # type: ignore[arg-type]
        response = await broken.browser().get(f"/login?flow={'A' * 43}")
        broken.pool.close()
    assert response.status_code == 500
    for leak in ("Traceback", "RuntimeError", "no such table", str(tmp_path), "File", "line "):
        assert leak not in response.text
    trace_id = re.search(r"<code>([\w-]{16})</code>", response.text)
    assert trace_id is not None
    logged = "".join(capfd.readouterr())
    assert trace_id[1] in logged
    assert "no such table" in logged


async def test_lx_04_a_program_gets_json(tmp_path, capfd) -> None:
    async with open_instance(tmp_path) as instance:
        response = await instance.browser().get("/oauth/v2/nothing")
        assert response.status_code == 404
        assert response.json()["error"] == "invalid_request"
        assert "openid-configuration" in response.json()["error_description"]
    capfd.readouterr()


async def test_lx_04_a_program_learns_the_id_of_our_error(tmp_path, capfd) -> None:
    async with open_instance(tmp_path) as instance:
        store = Broken(instance.store, RuntimeError("boom"), "client")
        broken = Instance(store, instance.parameters, dev=False, threads=1)  # type: ignore[arg-type]
        form = {"grant_type": "client_credentials", "client_id": "shop"}
        response = await broken.browser().post("/oauth/v2/token", form)
        broken.pool.close()
    assert response.status_code == 500
    answer = response.json()
    assert answer["error"] == "server_error"
    trace_id = re.search(r"(?<![\w-])[\w-]{16}(?![\w-])", answer["error_description"])
    assert trace_id is not None
    assert trace_id[0] in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/oauth/v2/token", 405, "Allow"),
        ("PUT", "/oidc/v1/userinfo", 405, "Allow"),
        ("POST", "/.well-known/openid-configuration", 405, "Allow"),
        ("GET", "/oauth/v2/nothing", 404, "openid-configuration"),
    ],
)
async def test_a_program_is_told_what_to_change(
    instance: Instance, method: str, path: str, status: int, word: str
) -> None:
    response = await instance.browser().http.request(method, path)
    assert response.status_code == status
    assert word in response.json()["error_description"]


@pytest.mark.parametrize("path", ["/oauth/v2/keys", "/login", "/oauth/v2/authorize"])
async def test_rfc9110_4_2_3_the_case_of_the_host_does_not_matter(
    instance: Instance, path: str
) -> None:
    assert (await instance.browser().get(path, Host="ID.Test")).status_code in {200, 400}


@pytest.mark.parametrize("path", ["/oauth/v2/keys", "/login", "/oauth/v2/authorize"])
async def test_a_wrong_host_is_told_the_right_one(instance: Instance, path: str) -> None:
    response = await instance.browser().get(path, Host="evil.test")
    assert response.status_code == 421
    assert "must name id.test" in response.text
    assert "evil.test" not in response.text


@pytest.mark.parametrize("error", [Unavailable(), Conflict(Insert(SHOP))])
async def test_a_store_that_cannot_answer_is_no_500(tmp_path, error: Exception) -> None:
    async with open_instance(tmp_path) as instance:
        browser = instance.browser()
        flow = await browser.open_flow()
        page = await browser.get(f"/login?flow={flow}")
        store = Broken(instance.store, error, "nothing")

        async def refuse(effects) -> None:
            kinds = {type(effect).__name__ for effect in effects}
            if "Insert" in kinds or isinstance(error, Unavailable):
                raise error
            await instance.store.apply(effects)

        store.apply = refuse  # type: ignore[method-assign]
        broken = Instance(store, instance.parameters, dev=False, threads=1)  # type: ignore[arg-type]
        other = broken.browser()
        other.http.cookies = browser.http.cookies
        fields = {**hidden(page), "username": "alice", "password": PASSWORD}
        response = await other.post(f"/login?flow={flow}", fields)
        broken.pool.close()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "Please try again in a moment" in response.text


@pytest.mark.parametrize(
    ("ui_locales", "locale", "accept", "shown"),
    [
        ((), None, "en", "en"),
        ((), None, "de-CH,de;q=0.9", "de"),
        ((), "de", "en", "de"),
        (("de",), "en", "en", "de"),
        (("fr", "de"), None, "en", "de"),
        (("fr",), None, "de", "de"),
        (("xx", "<b>"), "zz", "qq", "en"),
    ],
)
async def test_the_language_of_a_page(instance, ui_locales, locale, accept, shown) -> None:
    alice = await instance.user("alice")
    profile = msgspec.structs.replace(alice.profile, locale=locale)
    await instance.change(alice, profile=profile)
    browser = instance.browser(language=accept)
    flow = await browser.open_flow(ui_locales=ui_locales)
    await browser.sign_in(flow=flow)
    page = await browser.get(f"/consent?flow={flow}")
    assert f'<html lang="{shown}"' in page.text


async def test_a_switched_account_answers(instance: Instance) -> None:
    browser = instance.browser()
    await instance.add_user("bob")
    await browser.sign_in("bob")
    flow, page = await to_consent(browser)
    assert "Alice" in page.text
    chooser = await browser.get(f"/login/select?flow={flow}")
    (bob,) = [s for s in await browser.sessions() if s.user_id == "user-bob"]
    fields = {**hidden(chooser), "account": bob.id}
    response = await browser.post(f"/login/select?flow={flow}", fields)
    response = await browser.get(response.headers["location"])
    page = await browser.get(response.headers["location"])
    assert "Bob" in page.text
    assert "Alice" not in page.text


async def test_remembered_consent_is_not_asked_for_again(instance: Instance) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "allow"})
    again = await browser.open_flow()
    response = await browser.get(f"{CONTINUE}?flow={again}")
    assert response.headers["location"].startswith("https://shop.test/cb?code=")
    more = await browser.open_flow(scopes=("openid", "profile", "email"))
    response = await browser.get(f"{CONTINUE}?flow={more}")
    assert response.headers["location"] == f"/consent?flow={more}"


async def test_consent_that_was_revoked_is_asked_for_again(instance: Instance) -> None:
    browser = instance.browser()
    flow, page = await to_consent(browser)
    await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "allow"})
    consent = await instance.store.consent("user-alice", "shop")
    assert consent is not None
    await instance.change(consent, revoked_at=instance.clock.time)
    flow, page = await to_consent(browser)
    response = await browser.post(f"/consent?flow={flow}", {**hidden(page), "decision": "allow"})
    response = await browser.get(response.headers["location"])
    assert response.headers["location"].startswith("https://shop.test/cb?code=")


async def test_static_files_are_cached_for_ever_and_pages_never(instance: Instance) -> None:
    browser = instance.browser()
    page = await browser.get(f"/login?flow={await browser.open_flow()}")
    urls = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    assert len(urls) == 4
    total = len(page.content)
    for url in urls:
        file = await browser.get(url)
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["x-content-type-options"] == "nosniff"
        assert file.headers["cross-origin-resource-policy"] == "same-origin"
        assert file.headers["content-encoding"] == "gzip"
        assert file.headers["vary"] == "Accept-Encoding"
        total += int(file.headers["content-length"])
        assert len(file.content) <= 8_500
        plain = await browser.get(url, **{"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == file.content
    assert total <= 15_000


@pytest.mark.parametrize("path", ["/login/x.css", "/consent/x.js", "/login.css", "/login/"])
async def test_ht_08_no_page_answers_under_another_suffix(instance: Instance, path: str) -> None:
    browser = instance.browser()
    flow = await browser.open_flow()
    response = await browser.get(f"{path}?flow={flow}")
    assert response.status_code == 404
    assert response.headers["cache-control"] == "no-store"


async def test_a_flow_that_was_deposited_by_post_is_bound_first(instance: Instance) -> None:
    browser = instance.browser()
    parameters = {
        "response_type": "code",
        "client_id": "blog",
        "redirect_uri": BLOG.redirect_uris[0],
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    response = await browser.http.post("/oauth/v2/authorize", data=parameters)
    flow = flow_of(response)
    early = await browser.get(f"/login?flow={flow}")
    assert early.headers["location"] == f"{CONTINUE}?flow={flow}"
    response = await browser.get(response.headers["location"])
    assert (await browser.get(response.headers["location"])).status_code == 200
    interaction = await instance.store.interaction(digest(flow))
    assert interaction is not None
    assert interaction.browser_id


@pytest.mark.parametrize("signed_in", [True, False])
async def test_lo_11_no_page_of_a_flow_opens_in_another_browser(
    instance: Instance, signed_in: bool
) -> None:
    """Also with the token of its own form, and to somebody who is signed in."""
    pages = [value for name, value in vars(paths).items() if name.isupper()]
    pages = [path for path in pages if path.startswith(("/login", "/consent"))]
    assert len(pages) > 18, "pages are found"
    async with instance.browser() as victim, instance.browser() as mallory:
        if signed_in:
            await victim.sign_in()
        flow = await mallory.open_flow()
        token = hidden(await mallory.get(f"/login?flow={flow}"))
        fields = {**token, "username": "alice", "password": PASSWORD, "decision": "allow"}
        before = await victim.sessions() if signed_in else []
        for path in (*pages, "/login/verify", paths.CONTINUE):
            answers = [
                await victim.get(f"{path}?flow={flow}"),
                await victim.post(f"{path}?flow={flow}", fields),
            ]
            for answer in answers:
                assert answer.status_code in {403, 405}, path
                assert "<form" not in answer.text, path
        assert await mallory.sessions() == []
        if signed_in:
            assert await victim.sessions() == before
