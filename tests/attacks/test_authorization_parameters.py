"""Attacks on the parameters of an authorization request (AZ, and PK, RO, LO, DO rows with it)."""

import json
from urllib.parse import urlencode

import pytest

from ostiary.jose.keys import Alg
from ostiary.model.client import AppType, Client, ClientState
from ostiary.model.grant import Interaction
from ostiary.model.organization import Organization, State
from ostiary.model.session import Browser
from ostiary.oauth.authorization import pending
from ostiary.oauth.authorization.rejection import MAX_EVENTS
from support.authorization import (
    EVIL,
    ISSUER,
    WEB,
    change,
    make_interaction,
    parameters,
    query,
)
from support.jose import make_key, sign_as
from support.site import AUTHORIZE, CONTINUE, COOKIE, FORM, Answer, Site, fields_of, open_site

pytestmark = pytest.mark.usefixtures("sites")

CALLBACK = "https://app.test/cb"
# What a form post's page must never let run.
SCRIPT = '"><script>alert(1)</script>'


def assert_error(site: Site, answer: Answer, error: str, state: str | None = None) -> str:
    """The registered redirect URI is told the error; nothing was given. Returns the description."""
    assert answer.location.startswith(f"{CALLBACK}?error=")
    assert "#" not in answer.location
    expected = parameters()["state"] if state is None else state
    reply = answer.reply
    assert reply["error"] == error, reply
    assert reply["state"] == expected
    assert reply["iss"] == ISSUER
    assert set(reply) - {"session_state"} == {"error", "error_description", "state", "iss"}
    assert answer.header("cache-control") == "no-store"
    assert answer.header("referrer-policy") == "no-referrer"
    assert not site.codes
    assert not site.grants
    return reply["error_description"]


async def refuse(error: str, *, client: Client = WEB, **changes: str | None) -> str:
    """Send a request of somebody who is signed in; it is refused. Returns the description."""
    site = await open_site(client)
    await site.sign_in()
    description = assert_error(site, await site.authorize(**changes), error)
    (event,) = site.events
    assert (event.type, event.client_id) == ("authz.request.rejected", client.client_id)
    assert event.reason
    return description


async def test_az_03_data_that_the_server_keeps_is_not_taken_from_addresses():
    site = await open_site()
    flow = (await site.authorize()).flow
    session_id = await site.log_in(flow)
    tampered = urlencode(
        {
            "flow": flow,
            "response_type": "token",
            "response_mode": "fragment",
            "redirect_uri": "https://evil.test/cb",
            "scope": "openid orders.write",
            "session_id": session_id,
        }
    )
    answer = await site.send("GET", CONTINUE, tampered.encode())
    assert answer.location.startswith(f"{CALLBACK}?code=")
    assert site.grants[0].scopes == ("openid",)


@pytest.mark.parametrize(
    "mode", ["fragment", "form_post", "web_message", "form_post.jwt", "query.jwt", "jwt", "QUERY"]
)
async def test_az_04_a_mode_that_the_client_is_not_registered_for(mode):
    client = change(WEB, response_modes=("query",))
    assert "query" in await refuse("invalid_request", client=client, response_mode=mode)


async def test_az_04_control_the_registered_mode():
    for mode in ("query", None):
        site = await open_site(change(WEB, response_modes=("query",)))
        await site.sign_in()
        answer = await site.authorize(response_mode=mode)
        assert answer.location.startswith(f"{CALLBACK}?code=")


async def test_az_04_the_default_mode_must_be_registered_too():
    client = change(WEB, response_modes=("form_post",))
    assert "form_post" in await refuse("invalid_request", client=client)


@pytest.mark.parametrize(
    "state", [SCRIPT, '"' * 4000, "\u2028", "</textarea>", "' onx=y", "<!--", "&quot;", "{{7*7}}"]
)
async def test_az_05_state_in_a_form_post(state):
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize(state=state, response_mode="form_post")
    assert answer.status == 200
    policy = answer.header("content-security-policy") or ""
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) >= 22
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.text.count("<script") == 1
    assert f'<script nonce="{nonce}">' in answer.text
    assert " onx=" not in answer.text.replace("&#39; onx=y", "")
    fields = fields_of(answer.text)
    assert set(fields) == {"code", "session_state", "state", "iss"}
    assert '"' not in fields["state"]
    assert "<" not in fields["state"]
    assert answer.text.count("<button") == 1
    assert answer.header("cache-control") == "no-store"


async def test_az_05_no_two_pages_share_a_nonce():
    site = await open_site()
    await site.sign_in()
    policies = {
        (await site.authorize(response_mode="form_post")).header("content-security-policy")
        for _ in range(5)
    }
    assert len(policies) == 5


async def test_az_05_an_error_by_form_post():
    site = await open_site()
    answer = await site.authorize(prompt="none", response_mode="form_post", state=SCRIPT)
    assert answer.status == 200
    assert f'action="{CALLBACK}"' in answer.text
    fields = fields_of(answer.text)
    assert fields["error"] == "login_required"
    assert fields["iss"] == ISSUER
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "https://evil.test/"])
async def test_az_06_a_form_post_to_an_address_that_is_not_registered(uri):
    site = await open_site()
    await site.sign_in()
    answer = await site.authorize(response_mode="form_post", redirect_uri=uri)
    assert answer.status == 400
    assert "<form" not in answer.text


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize("prompt", [None, "none", "nonsense"])
async def test_az_07_every_response_names_the_issuer(mode, prompt):
    site = await open_site()
    if prompt is None:
        await site.sign_in()
    answer = await site.authorize(response_mode=mode, prompt=prompt)
    reply = fields_of(answer.text) if mode == "form_post" else answer.reply
    assert reply["iss"] == ISSUER
    assert ("code" in reply) == (prompt is None)


async def test_az_07_the_metadata_announces_it():
    answer = await (await open_site()).send("GET", "/.well-known/openid-configuration")
    assert answer.json()["authorization_response_iss_parameter_supported"] is True
    assert answer.json()["issuer"] == ISSUER


class TestAz09PromptNone:
    """prompt=none: an answer at once, never a page, and nothing is stored."""

    @pytest.mark.parametrize(
        ("error", "people", "client", "changes"),
        [
            ("login_required", (), WEB, {}),
            ("login_required", ("alice",), WEB, {"max_age": "1"}),
            ("login_required", ("alice",), WEB, {"max_age": "0"}),
            ("consent_required", ("alice",), change(WEB, require_consent=True), {}),
            ("account_selection_required", ("alice", "bob"), WEB, {}),
        ],
    )
    async def test_refused(self, error, people, client, changes):
        site = await open_site(client)
        for person in people:
            await site.sign_in(person)
        answer = await site.authorize(prompt="none", **changes)
        assert_error(site, answer, error)
        assert not site.store.inserted(Interaction)
        assert not site.events

    async def test_the_hint_names_somebody_else(self):
        site = await open_site()
        await site.sign_in()
        claims = {"iss": ISSUER, "sub": "bob", "aud": "web", "exp": 1, "iat": 1}
        hint = sign_as(make_key(Alg.ES256), claims, typ="JWT")
        assert_error(
            site, await site.authorize(prompt="none", id_token_hint=hint), "login_required"
        )

    async def test_a_second_factor_would_have_to_be_set_up(self):
        site = await open_site()
        stored = await site.store.read_configuration()
        await site.change(stored, policies={"mfa": {"required": "always"}})
        await site.store.revalidate()
        await site.sign_in()
        assert_error(site, await site.authorize(prompt="none"), "interaction_required")
        assert (await site.authorize()).location.startswith("/login/enrol")

    async def test_together_with_another_prompt(self):
        await refuse("invalid_request", prompt="none login")

    async def test_control(self):
        site = await open_site()
        await site.sign_in()
        assert "code" in (await site.authorize(prompt="none")).reply

    async def test_by_post(self):
        site = await open_site()
        answer = await site.send("GET", CONTINUE, (await continue_post(site, prompt="none")))
        assert_error(site, answer, "login_required")


async def continue_post(site: Site, **changes: str | None) -> bytes:
    """Send a request by POST; return the query of where the browser is sent."""
    answer = await site.post(query(**changes))
    path, _, rest = answer.location.partition("?")
    assert path == CONTINUE
    return rest.encode()


@pytest.mark.parametrize("age", ["-1", "99999999999999999999", "1e3", "1.0", "+5", "٣"])
async def test_az_11_max_age_that_is_no_age(age):
    assert "max_age" in await refuse("invalid_request", max_age=age)


async def test_az_11_max_age_0_forces_a_login_and_does_not_loop():
    site = await open_site()
    await site.sign_in(at=site.clock.now())
    answer = await site.authorize(max_age="0")
    assert answer.location.startswith("/login?flow=")
    site.clock.time += 7
    await site.log_in(answer.flow)
    site.clock.time += 2
    assert "code" in (await site.resume(answer.flow)).reply
    assert site.grants[0].auth_time == site.clock.now() - 2


async def test_az_12_an_essential_acr_is_never_met_by_a_weaker_one():
    claims = json.dumps({"id_token": {"acr": {"essential": True, "value": "phr"}}})
    await refuse("unmet_authentication_requirements", claims=claims)
    site = await open_site()
    await site.sign_in()
    assert "code" in (await site.authorize(acr_values="phr")).reply
    assert site.grants[0].acr == "urn:ostiary:acr:1fa"


@pytest.mark.parametrize(
    "resource", ["https://rs2.test", "https://bills.test", "https://orders.test#f", "orders", "/x"]
)
async def test_az_14_a_resource_that_is_not_for_this_client(resource):
    await refuse("invalid_target", resource=resource)


@pytest.mark.parametrize(
    "claims",
    [
        '{"id_token":{"a":"' + "x" * 6000 + '"}}',
        "[" * 7000,
        '{"id_token":{"email":{"value":' + "[" * 3000 + "]" * 3000 + "}}}",
        '{"id_token":{},"id_token":{}}',
        '{"id_token":{"x":{"value":1e400}}}',
        '{"id_token":{"x":{"value":1' + "0" * 5000 + "}}}",
        '{"id_token":{"x":{"value":"\\ud800"}}}',
        '{"id_token":[]}',
        "\N{ZERO WIDTH NO-BREAK SPACE}{}",
        "{",
    ],
)
async def test_az_15_hostile_claims(claims):
    assert "claims" in await refuse("invalid_request", claims=claims)


async def test_az_15_a_megabyte_of_claims():
    site = await open_site()
    body = query(claims='{"id_token":{"a":"' + "x" * 1_000_000 + '"}}')
    answer = await site.post(body)
    assert answer.status == 413
    assert answer.header("location") is None


class TestAz18ClientsThatDoNotAnswer:
    """Nothing tells an unknown client from one that was switched off."""

    CLIENTS = (
        None,
        change(WEB, state=ClientState.INACTIVE),
        change(WEB, state=ClientState.DELETED),
        change(WEB, organization_id="t2"),
    )

    @staticmethod
    def page(answer: Answer) -> str:
        """Return the page without what is new on each visit."""
        start, _, rest = answer.text.partition("<dt>Trace ID</dt>")
        return start + rest.partition("</dd>")[2]

    async def test_pages_and_headers_and_writes_are_the_same(self):
        seen = set()
        for client in self.CLIENTS:
            t2 = Organization(id="t2", name="T2", state=State.INACTIVE)
            site = await open_site(t2, *[client] if client else [])
            await site.sign_in()
            answer = await site.authorize(client_id=client.client_id if client else "unknown")
            assert answer.status == 400
            (step,) = site.store.steps
            kinds = tuple(type(effect).__name__ for effect in step)
            seen.add((self.page(answer), answer.headers, kinds))
        assert len(seen) == 1

    async def test_the_log_tells_them_apart(self):
        reasons = []
        for client in self.CLIENTS[:2]:
            site = await open_site(*[client] if client else [])
            await site.authorize(client_id="web" if client else "unknown")
            reasons.append(site.events[0].reason)
        assert reasons == ["client_unknown", "client_inactive"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps(parameters()).encode()),
        ("multipart/form-data; boundary=x", b"--x--"),
        (f"{FORM}; charset=utf-7", query()),
        (f"{FORM}; charset=utf-16", query().decode().encode("utf-16")),
        ("text/plain", query()),
        (None, query()),
    ],
)
async def test_az_19_a_post_that_is_no_form(content_type, body):
    site = await open_site()
    answer = await site.post(body, content_type)
    assert answer.status == 415
    assert answer.header("location") is None
    assert not site.store.inserted(Interaction)


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", FORM.upper()])
async def test_az_19_control_a_form(content_type):
    assert (await (await open_site()).post(query(), content_type)).location.startswith(CONTINUE)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
async def test_az_19_other_methods(method):
    answer = await (await open_site()).send(method, AUTHORIZE, query())
    assert answer.status == 405


async def test_az_20_a_post_from_another_site_does_not_use_the_cookie():
    """Whoever is signed in is looked at only when the browser comes back by itself."""
    site = await open_site()
    await site.sign_in()
    answer = await site.post(query())
    assert answer.location.startswith(CONTINUE)
    interaction = await site.interaction(answer.flow)
    assert (interaction.browser_id, interaction.session_id) == ("", None)
    assert "code" in (await site.resume(answer.flow)).reply


async def test_az_20_a_posted_flow_belongs_to_the_first_browser_that_comes():
    site = await open_site()
    flow = (await site.post(query())).flow
    assert (await site.resume(flow)).location == f"/login?flow={flow}"
    assert (await site.interaction(flow)).browser_id == (await site.browser()).id
    site.cookies.clear()
    assert (await site.resume(flow)).status == 403
    await site.know()
    assert (await site.resume(flow)).status == 403


async def test_az_22_no_page_can_be_framed():
    site = await open_site()
    for answer in (
        await site.authorize(client_id="unknown"),
        await site.authorize(prompt="none", response_mode="form_post"),
        await site.resume("x" * 43),
    ):
        assert answer.header("x-frame-options") == "DENY"
        assert "frame-ancestors 'none'" in (answer.header("content-security-policy") or "")


async def test_az_25_two_flows_of_one_browser_finished_in_reverse_order():
    site = await open_site()
    first = (await site.authorize(state="first")).flow
    second = (await site.authorize(client_id="evil", redirect_uri=EVIL.redirect_uris[0])).flow
    assert (await site.interaction(first)).browser_id == (await site.interaction(second)).browser_id
    session_id = await site.log_in(second)
    evil = await site.resume(second)
    assert evil.location.startswith("https://evil.test/cb?code=")
    await site.do(first, "login", session_id)
    web = await site.resume(first)
    assert web.location.startswith(f"{CALLBACK}?code=")
    assert web.reply["state"] == "first"
    owners = {code.client_id: code.redirect_uri for code in site.codes}
    assert owners == {"web": CALLBACK, "evil": "https://evil.test/cb"}


@pytest.mark.parametrize("mode", ["web_message", "postMessage", "relay", "form_post.jwt"])
async def test_az_27_response_modes_that_do_not_exist(mode):
    await refuse("invalid_request", response_mode=mode)


@pytest.mark.parametrize("client", [WEB, change(WEB, token_endpoint_auth_method="none")])
async def test_pk_01_no_challenge(client):
    description = await refuse(
        "invalid_request", client=client, code_challenge=None, code_challenge_method=None
    )
    assert "PKCE" in description


@pytest.mark.parametrize("method", ["plain", None, "s256", "S256 "])
async def test_pk_02_another_method_than_s256(method):
    assert "S256" in await refuse("invalid_request", code_challenge_method=method)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:8000/",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "https://registered.test/",
    ],
)
async def test_ro_03_request_uri_is_never_fetched(target):
    await refuse("request_uri_not_supported", request_uri=target)


async def test_lo_11_the_flow_of_another_browser():
    site = await open_site()
    flow = (await site.authorize()).flow
    await site.log_in(flow)
    stolen = dict(site.cookies)
    for cookies in ({}, {COOKIE: "x" * 43}):
        site.cookies = cookies
        answer = await site.resume(flow)
        assert answer.status == 403
        assert answer.header("location") is None
    await site.know()
    assert (await site.resume(flow)).status == 403
    assert not site.codes
    site.cookies = stolen
    assert "code" in (await site.resume(flow)).reply


@pytest.mark.parametrize("flow", ["", "x", "x" * 43, "x" * 44, "../" * 10, "é" * 43, "%00"])
async def test_lo_11_a_flow_that_does_not_exist(flow):
    site = await open_site()
    await site.sign_in()
    answer = await site.resume(flow)
    assert answer.status in {400, 404}
    assert answer.header("location") is None


async def test_mf_01_a_page_that_was_skipped_is_shown_again():
    site = await open_site(change(WEB, require_consent=True))
    flow = (await site.authorize(prompt="login")).flow
    for _ in range(3):
        assert (await site.resume(flow)).location == f"/login?flow={flow}"
    session_id = await site.log_in(flow)
    for _ in range(3):
        assert (await site.resume(flow)).location == f"/consent?flow={flow}"
    await site.consent(flow, session_id)
    assert "code" in (await site.resume(flow)).reply


class TestDo07Floods:
    """What strangers can make the server store is bounded."""

    async def test_flows_of_one_address(self, monkeypatch):
        monkeypatch.setattr(pending, "MAX_PER_PEER", 3)
        site = await open_site()
        for _ in range(3):
            site.cookies.clear()
            assert (await site.authorize()).status == 303
        site.cookies.clear()
        for answer in (await site.authorize(), await site.post(query())):
            assert answer.status == 429
            assert answer.header("location") is None
            assert answer.header("retry-after")
            assert answer.header("set-cookie") is None
        assert [event.type for event in site.events] == ["ratelimit.tripped"] * 2
        assert {event.client_id for event in site.events} == {"web"}
        assert len(site.store.inserted(Interaction)) == len(site.store.inserted(Browser)) == 3
        site.ip = "192.0.2.2"
        assert (await site.authorize()).status == 303

    async def test_one_ipv6_network_is_one_address(self, monkeypatch):
        monkeypatch.setattr(pending, "MAX_PER_PEER", 2)
        site = await open_site()
        statuses = []
        for end in ("1", "2", "3:4:5:6"):
            site.ip = f"2001:db8::{end}" if len(end) == 1 else f"2001:db8:0:0:{end}"
            statuses.append((await site.authorize()).status)
        assert statuses == [303, 303, 429]

    async def test_flows_in_all(self, monkeypatch):
        monkeypatch.setattr(pending, "MAX_TOTAL", 2)
        site = await open_site(
            make_interaction(digest=b"1", peer="a"), make_interaction(digest=b"2")
        )
        assert (await site.authorize()).status == 429

    async def test_do_07_in_a_crowd_newcomers_still_get_in(self, monkeypatch):
        monkeypatch.setattr(pending, "CROWDED", 2)
        monkeypatch.setattr(pending, "MAX_PER_PEER_CROWDED", 1)
        site = await open_site(
            make_interaction(digest=b"1", peer="a"), make_interaction(digest=b"2", peer="b")
        )
        assert [(await site.authorize()).status for _ in range(2)] == [303, 429]
        site.ip = "192.0.2.77"
        assert (await site.authorize()).status == 303

    async def test_finished_and_expired_flows_do_not_count(self, monkeypatch):
        monkeypatch.setattr(pending, "MAX_PER_PEER", 1)
        site = await open_site()
        flow = (await site.authorize()).flow
        assert (await site.authorize()).status == 429
        await site.log_in(flow)
        assert "code" in (await site.resume(flow)).reply
        flow = (await site.authorize(prompt="login")).flow
        assert (await site.authorize(prompt="login")).status == 429
        site.clock.time += pending.LIFETIME
        assert (await site.authorize(prompt="login")).status == 303

    async def test_who_is_signed_in_needs_no_room(self, monkeypatch):
        monkeypatch.setattr(pending, "MAX_PER_PEER", 0)
        site = await open_site()
        await site.sign_in()
        assert "code" in (await site.authorize()).reply
        assert_prompt_none = await (await open_site()).authorize(prompt="none")
        assert assert_prompt_none.reply["error"] == "login_required"

    async def test_events_of_refusals(self):
        site = await open_site()
        for _ in range(MAX_EVENTS + 5):
            assert (await site.authorize(redirect_uri="https://evil.test/")).status == 400
        assert len(site.events) == MAX_EVENTS
        site.clock.time += 60
        await site.authorize(redirect_uri="https://evil.test/")
        assert len(site.events) == MAX_EVENTS + 1


async def test_lx_01_no_secret_of_a_request_is_in_its_events():
    site = await open_site()
    await site.sign_in()
    secrets = {"state": "STATE-SECRET", "nonce": "NONCE-SECRET", "login_hint": "HINT-SECRET"}
    answer = await site.authorize(**secrets)
    await site.authorize(**secrets, max_age="x")
    await site.authorize(**secrets, id_token_hint="TOKEN-SECRET")
    text = repr(site.events)
    assert answer.reply["code"] not in text
    assert "SECRET" not in text


async def test_service_accounts_and_machines_have_no_authorization_endpoint():
    client = Client(
        client_id="svc",
        organization_id="t1",
        type=AppType.API,
        grant_types=("client_credentials",),
        redirect_uris=(),
    )
    site = await open_site(client)
    await site.sign_in()
    for redirect_uri in (None, "https://evil.test/"):
        answer = await site.authorize(client_id="svc", redirect_uri=redirect_uri)
        assert answer.status == 400
        assert answer.header("location") is None
