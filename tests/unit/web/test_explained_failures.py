"""The failures that integrators really make, each made at the door and read as its trace.

Each names its cause and its mend; where the mend is an operation, it is performed and the
same request succeeds.
"""

from typing import Any

import pytest

from ostiary.jose.keys import generate
from ostiary.oauth.clients.presented import ASSERTION_TYPE
from support.instance import ISSUER, PASSWORD
from support.integrator import (
    CALLBACK,
    SECRET,
    VERIFIER,
    Integrator,
    answer_of,
    open_integrator,
    reference_of,
)
from support.jose import sign_as

TOKEN = "/oauth/v2/token"
END_SESSION = "/oidc/v1/end_session"


@pytest.fixture
async def integrator(tmp_path):
    async with open_integrator(tmp_path) as opened:
        yield opened


@pytest.fixture
async def signed(integrator):
    """Alice is signed in."""
    await integrator.sign_in()
    return integrator


def explained(trace: dict[str, Any], rule: str, cause: str, mend: str) -> dict[str, Any]:
    """The trace names this rule, with this in its cause and in its mend; return why."""
    assert trace["outcome"] == "failure"
    why = trace["explanation"]
    assert why["rule"] == rule, trace
    assert cause in why["cause"], why
    assert mend in why["mend"], why
    assert why["section"], why
    return dict(why)


def marked(parts: list[dict[str, Any]]) -> str:
    """Return a value with what differs between brackets."""
    return "".join(f"[{one['text']}]" if one["differs"] else one["text"] for one in parts)


class TestRedirectUri:
    """What nobody may be redirected for: the person sees a page, the developer the trace."""

    async def wrong(self, integrator: Integrator, uri: str, difference: str) -> dict[str, Any]:
        """Ask with an URI that is not registered; return the trace."""
        page = await integrator.authorize(redirect_uri=uri)
        assert page.status_code == 400
        assert uri not in page.text  # what a stranger sent is shown to nobody
        trace = await integrator.explain(page)
        explained(trace, "redirect-uri-mismatch", difference, "Send one of the registered")
        assert trace["received"] == uri
        assert trace["expected"] == CALLBACK
        return trace

    async def test_with_a_slash_at_its_end(self, signed):
        trace = await self.wrong(signed, f"{CALLBACK}/", "the slash at its end")
        assert marked(trace["explanation"]["received"]) == f"{CALLBACK}[/]"
        await signed.mend(trace)
        assert "code" in answer_of(await signed.authorize(redirect_uri=f"{CALLBACK}/"))

    async def test_with_the_wrong_port(self, signed):
        uri = "https://store.test:8443/callback"
        trace = await self.wrong(signed, uri, "only in its port")
        assert marked(trace["explanation"]["received"]) == "https://store.test[:8443]/callback"
        await signed.mend(trace)
        assert "code" in answer_of(await signed.authorize(redirect_uri=uri))

    async def test_with_another_path(self, signed):
        uri = "https://store.test/auth/callback"
        trace = await self.wrong(signed, uri, "only in its path")
        await signed.mend(trace)
        assert "code" in answer_of(await signed.authorize(redirect_uri=uri))

    async def test_with_http_in_place_of_https(self, signed):
        trace = await self.wrong(signed, "http://store.test/callback", "http instead of https")
        # That would send codes in the clear, so that nobody is offered to register it.
        assert trace["explanation"]["operation"] is None

    async def test_on_another_host(self, signed):
        trace = await self.wrong(signed, "https://evil.test/callback", "its host")
        assert "somebody tries to get at codes" in trace["explanation"]["mend"]
        assert trace["explanation"]["operation"] is None

    async def test_of_localhost(self, signed):
        await signed.register("native", redirect_uris=["http://127.0.0.1/cb"])
        uri = "http://localhost/cb"
        page = await signed.authorize(client_id="native", redirect_uri=uri)
        trace = await signed.explain(page)
        explained(trace, "redirect-uri-mismatch", "localhost is not 127.0.0.1", "exactly")

    async def test_that_is_missing(self, signed):
        page = await signed.authorize(redirect_uri=None)
        explained(
            await signed.explain(page), "redirect-uri-missing", "no redirect_uri", "redirect_uri"
        )

    async def test_of_the_token_request(self, signed):
        refused = await signed.redeem(await signed.code(), redirect_uri=f"{CALLBACK}/")
        trace = await signed.explain(refused)
        why = explained(trace, "code-redirect-uri", "differs", "same redirect_uri in both")
        assert marked(why["received"]) == f"{CALLBACK}[/]"


class TestClient:
    """Who asks, and how it proves itself."""

    async def test_that_is_unknown(self, signed):
        page = await signed.authorize(client_id="store-wbe")
        trace = await signed.explain(page)
        explained(trace, "client-unknown", "No application is registered", "Compare the client_id")
        assert (trace["client_id"], trace["parameters"]["client_id"]) == (None, "store-wbe")

    async def test_that_is_unknown_at_the_token_endpoint(self, integrator):
        refused = await integrator.redeem("x" * 43, auth=("store-wbe", SECRET))
        explained(
            await integrator.explain(refused), "client-auth", "did not prove itself", "Compare"
        )

    async def test_with_the_secret_of_another(self, signed):
        other = await signed.register("other")
        refused = await signed.redeem("x" * 43, auth=("store-web", other["client_secret"]))
        assert refused.status_code == 401
        trace = await signed.explain(refused)
        explained(trace, "client-auth", "that of another one", "Compare secret")
        assert trace["client_id"] == "store-web"
        # A new secret is made; nothing else can be done here.
        made = await signed.mend(trace)
        again = await signed.redeem(await signed.code(), auth=("store-web", made["client_secret"]))
        assert again.status_code == 200

    async def test_with_another_method(self, signed):
        code = await signed.code()
        body = {"client_id": "store-web", "client_secret": SECRET}
        refused = await signed.redeem(code, auth=None, **body)
        trace = await signed.explain(refused)
        why = explained(trace, "client-auth", "another method", "Compare secret")
        assert trace["authentication"] == "client_secret_post"
        assert marked(why["expected"]) == "client_secret_[basic]"
        await signed.mend(trace)
        assert (await signed.redeem(code, auth=None, **body)).status_code == 200

    async def test_with_two_methods(self, integrator):
        refused = await integrator.redeem("x" * 43, client_secret=SECRET)
        trace = await integrator.explain(refused)
        explained(trace, "client-auth-several", "more than one way", "not in both")

    async def test_whose_clock_is_wrong(self, integrator):
        key = generate("ES256")
        jwk = {**key.public_jwk, "kid": "1", "alg": "ES256", "use": "sig"}
        await integrator.register(
            "signer", token_endpoint_auth_method="private_key_jwt", jwks={"keys": [jwk]}
        )
        now = integrator.instance.clock.now()

        async def send(issued: int) -> Any:
            claims = {
                "iss": "signer",
                "sub": "signer",
                "aud": ISSUER,
                "jti": str(issued),
                "iat": issued,
                "exp": issued + 60,
            }
            assertion = sign_as(key, claims, alg="ES256", kid="1")
            return await integrator.redeem(
                "x" * 43,
                auth=None,
                client_assertion=assertion,
                client_assertion_type=ASSERTION_TYPE,
            )

        for issued, rule in ((now - 300, "jwt-expired"), (now + 300, "jwt-iat")):
            trace = await integrator.explain(await send(issued))
            explained(trace, rule, "by this server's clock", "by NTP")
            assert trace["client_id"] == "signer"
            assert trace["received"] == f"iat {issued}, exp {issued + 60}"
            assert trace["expected"] == f"now {now}"

    async def test_whose_grant_type_is_not_registered(self, integrator):
        async def ask() -> Any:
            return await integrator.ask(
                TOKEN, auth=("robot", SECRET), grant_type="client_credentials", scope="orders.read"
            )

        await integrator.register("robot", client_secret=SECRET, allowed_scopes=["orders.read"])
        trace = await integrator.explain(await ask())
        explained(trace, "grant-type-registered", "not registered for this grant_type", "Register")
        await integrator.mend(trace)
        assert (await ask()).json()["scope"] == "orders.read"

    async def test_whose_grant_type_does_not_exist(self, integrator):
        refused = await integrator.ask(TOKEN, grant_type="authorisation_code")
        explained(
            await integrator.explain(refused), "grant-type-unknown", "does not exist", "discovery"
        )


class TestPkce:
    """What ties the code to whoever asked."""

    async def test_without_a_challenge(self, signed):
        refused = await signed.authorize(code_challenge=None, code_challenge_method=None)
        trace = await signed.explain(refused)
        explained(trace, "pkce-missing", "code_challenge", "random code_verifier")

    async def test_plain(self, signed):
        refused = await signed.authorize(code_challenge=VERIFIER, code_challenge_method="plain")
        trace = await signed.explain(refused)
        explained(trace, "pkce-method", "plain", "code_challenge_method=S256")
        # It is the verifier itself.
        assert VERIFIER not in str(trace)

    async def test_without_the_verifier(self, signed):
        refused = await signed.redeem(await signed.code(), code_verifier=None)
        explained(await signed.explain(refused), "pkce-missing", "code_verifier", "session")

    async def test_with_the_verifier_of_another_request(self, signed):
        refused = await signed.redeem(await signed.code(), code_verifier="v" * 43)
        trace = await signed.explain(refused)
        why = explained(trace, "pkce-mismatch", "belongs to another request", "each browser")
        assert marked(why["expected"]).startswith("[E9Melhoa")

    async def test_with_a_challenge_that_is_no_hash(self, signed):
        code = await signed.code(code_challenge=VERIFIER)
        trace = await signed.explain(await signed.redeem(code))
        explained(trace, "pkce-mismatch", "was the verifier itself", "hash its ASCII")
        assert VERIFIER not in str(trace)


class TestCode:
    """Codes that are not good any more, or not here."""

    async def test_expired(self, signed):
        code = await signed.code()
        signed.instance.clock.time += 61
        trace = await signed.explain(await signed.redeem(code))
        explained(trace, "code-expired", "had expired", "at once")

    async def test_replayed(self, signed):
        code = await signed.code()
        assert (await signed.redeem(code)).status_code == 200
        trace = await signed.explain(await signed.redeem(code))
        explained(trace, "code-replayed", "redeemed before", "loaded twice")
        told = [(hop["endpoint"], hop["outcome"]) for hop in trace["hops"]]
        assert told == [
            ("authorization", "success"),
            ("token", "success"),
            ("token", "failure"),
        ]

    async def test_of_another_client(self, signed):
        other = await signed.register("other")
        refused = await signed.redeem(await signed.code(), auth=("other", other["client_secret"]))
        trace = await signed.explain(refused)
        why = explained(trace, "code-client", "another application", "same client_id")
        assert marked(why["received"]), why
        assert (trace["received"], trace["expected"]) == ("other", "store-web")
        assert [hop["client_id"] for hop in trace["hops"]] == ["other"]

    async def test_unknown(self, integrator):
        refused = await integrator.redeem("x" * 43)
        explained(await integrator.explain(refused), "code-unknown", "none of this", "as it came")


class TestRequest:
    """What is asked for."""

    async def test_of_another_resource(self, signed):
        refused = await signed.authorize(resource="https://stock.test")
        trace = await signed.explain(refused)
        explained(trace, "resource-unknown", "not the audience", "exactly as it is registered")
        assert trace["received"] == "https://stock.test"

    async def test_of_a_token_for_another_audience(self, signed):
        refused = await signed.redeem(await signed.code(), resource="https://orders.test")
        trace = await signed.explain(refused)
        explained(trace, "resource-unreachable", "with the scopes that were granted", "Ask for")

    async def test_without_openid(self, signed):
        tokens = (await signed.redeem(await signed.code(scope="profile"))).json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        refused = await signed.http.get("/oidc/v1/userinfo", headers=headers)
        assert refused.status_code == 403
        trace = await signed.explain(refused)
        explained(trace, "userinfo-openid", "without the scope openid", "Ask for the scope openid")
        assert [hop["endpoint"] for hop in trace["hops"]] == ["authorization", "token", "userinfo"]

    async def test_of_a_scope_that_is_not_allowed(self, signed):
        refused = await signed.authorize(scope="openid orders.read")
        trace = await signed.explain(refused)
        explained(trace, "scope-registered", "not allowed", "allow them")
        await signed.mend(trace)
        code = await signed.code(scope="openid orders.read")
        assert (await signed.redeem(code)).json()["scope"] == "openid orders.read"

    async def test_of_no_scope_that_exists(self, signed):
        refused = await signed.authorize(scope="openId")
        explained(await signed.explain(refused), "scope-unknown", "do not exist here", "registered")

    async def test_of_a_response_type_that_is_not_registered(self, signed):
        refused = await signed.authorize(response_type="id_token", nonce="n")
        trace = await signed.explain(refused)
        explained(trace, "response-type-registered", "not registered", "response_type=code")

    async def test_without_a_nonce_in_the_implicit_flow(self, signed):
        await signed.register(
            "old",
            token_endpoint_auth_method="none",
            grant_types=["implicit"],
            response_types=["id_token"],
            legacy={"reason": "old portal"},
        )
        refused = await signed.authorize(
            client_id="old", response_type="id_token", scope="openid", nonce=None
        )
        explained(await signed.explain(refused), "nonce-missing", "no nonce", "random nonce")

    async def test_that_nobody_may_be_asked_about(self, integrator):
        refused = await integrator.authorize(prompt="none")
        trace = await integrator.explain(refused)
        assert trace["error"] == "login_required"
        assert "prompt=none" in trace["explanation"]["cause"]
        assert "without prompt=none" in trace["explanation"]["mend"]

    async def test_with_a_hint_of_somewhere_else(self, signed):
        refused = await signed.authorize(id_token_hint="eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
        trace = await signed.explain(refused)
        explained(trace, "id-token-hint", "no ID token that this server issued", "got last")
        assert "eyJ" not in str(trace)


class TestPushed:
    """Requests that were sent ahead."""

    async def push(self, integrator: Integrator) -> str:
        """Push a request; return its request_uri."""
        request = integrator.request(client_id=None)
        pushed = await integrator.ask("/oauth/v2/par", **request)
        assert pushed.status_code == 201, pushed.text
        return str(pushed.json()["request_uri"])

    async def test_whose_request_uri_expired(self, signed):
        uri = await self.push(signed)
        signed.instance.clock.time += 61
        page = await signed.authorize(request_uri=uri)
        assert page.status_code == 400
        trace = await signed.explain(page)
        why = trace["explanation"]
        assert "expired before the browser" in why["cause"]
        assert "redirect at once" in why["mend"]
        # The push is the hop before.
        endpoints = [hop["endpoint"] for hop in trace["hops"]]
        assert endpoints == ["pushed_authorization", "authorization"]

    async def test_whose_request_uri_was_used(self, signed):
        uri = await self.push(signed)
        assert "code" in answer_of(await signed.authorize(request_uri=uri))
        why = (await signed.explain(await signed.authorize(request_uri=uri)))["explanation"]
        assert "answered before" in why["cause"]

    async def test_whose_parameters_are_wrong(self, integrator):
        request = integrator.request(client_id=None, redirect_uri=f"{CALLBACK}/")
        refused = await integrator.ask("/oauth/v2/par", **request)
        trace = await integrator.explain(refused)
        explained(trace, "redirect-uri-mismatch", "the slash at its end", "register this one")
        await integrator.mend(trace)
        assert (await integrator.ask("/oauth/v2/par", **request)).status_code == 201


class TestBrowserApplication:
    """Applications without a server."""

    async def test_whose_origin_is_not_registered(self, signed):
        await signed.register(
            "spa",
            token_endpoint_auth_method="none",
            web_origins=["https://elsewhere.test"],
        )
        code = await signed.code(client_id="spa")

        async def redeem() -> Any:
            headers = {"Origin": "https://store.test"}
            return await signed.redeem(code, auth=None, client_id="spa", headers=headers)

        hidden = await redeem()
        # The request was fine, and the browser keeps the answer from the page.
        assert hidden.status_code == 200
        assert "access-control-allow-origin" not in hidden.headers
        trace = await signed.newest(client_id="spa", outcome="failure")
        explained(trace, "origin-unregistered", "reports a CORS error", "web_origins")
        assert (trace["received"], trace["expected"]) == (
            "https://store.test",
            "https://elsewhere.test",
        )
        await signed.mend(trace)
        seen = await redeem()
        assert seen.headers["access-control-allow-origin"] == "https://store.test"

    async def test_whose_preflight_is_refused(self, integrator):
        headers = {"Origin": "https://stranger.test", "Access-Control-Request-Method": "POST"}
        answer = await integrator.http.options(TOKEN, headers=headers)
        assert answer.status_code == 204
        trace = await integrator.newest()
        explained(trace, "origin-unregistered", "reports a CORS error", "web_origins")
        assert (trace["method"], trace["client_id"]) == ("OPTIONS", None)


class TestRefresh:
    """Refresh tokens that are over."""

    async def refresh(self, integrator: Integrator, token: str, **changes: Any) -> Any:
        """Send a refresh request."""
        return await integrator.ask(
            TOKEN, grant_type="refresh_token", refresh_token=token, **changes
        )

    async def test_used_twice(self, signed):
        first = (await signed.redeem(await signed.code())).json()["refresh_token"]
        assert (await self.refresh(signed, first)).status_code == 200
        signed.instance.clock.time += 60
        trace = await signed.explain(await self.refresh(signed, first))
        explained(trace, "refresh-reuse", "somebody may have a copy", "one process at a time")
        assert [hop["endpoint"] for hop in trace["hops"]] == ["authorization", *["token"] * 3]

    async def test_that_the_person_ended(self, signed):
        tokens = (await signed.redeem(await signed.code())).json()
        await signed.ask("/oauth/v2/revoke", token=tokens["refresh_token"])
        trace = await signed.explain(await self.refresh(signed, tokens["refresh_token"]))
        explained(trace, "grant-dead", "The grant was revoked", "new authorization request")


class TestLogout:
    """What keeps people from being sent back."""

    async def hint(self, integrator: Integrator) -> str:
        """Return an ID token of Alice."""
        return str((await integrator.redeem(await integrator.code())).json()["id_token"])

    async def leave(self, integrator: Integrator, **parameters: str) -> Any:
        """Send the browser with a logout request."""
        return await integrator.browser.http.get(END_SESSION, params=parameters)

    async def test_to_an_address_that_is_not_registered(self, signed):
        hint, target = await self.hint(signed), "https://store.test/bye"
        page = await self.leave(signed, id_token_hint=hint, post_logout_redirect_uri=target)
        assert page.status_code == 200
        trace = await signed.newest(client_id="store-web", outcome="failure")
        rule = "logout-post_logout_redirect_uri"
        explained(trace, rule, "not registered for the application", "character by character")
        assert hint not in str(trace)
        await signed.mend(trace)
        await signed.sign_in()
        again = await self.leave(
            signed, id_token_hint=await self.hint(signed), post_logout_redirect_uri=target
        )
        assert again.headers["location"] == target

    async def test_with_a_stale_hint(self, signed):
        hint = (await self.hint(signed))[:-4] + "AAAA"
        await self.leave(signed, id_token_hint=hint)
        trace = await signed.newest(client_id="store-web", outcome="failure")
        explained(trace, "logout-id_token_hint", "no ID token that this server", "last ID token")

    async def test_is_the_last_hop_of_the_sign_in(self, signed):
        await self.leave(signed, id_token_hint=await self.hint(signed))
        trace = await signed.newest(client_id="store-web")
        assert [hop["endpoint"] for hop in trace["hops"]] == ["authorization", "token", "logout"]


class TestFlow:
    """A sign-in over its pages is one story."""

    async def test_from_the_push_to_the_refresh(self, integrator):
        uri = await TestPushed().push(integrator)
        asked = await integrator.authorize(request_uri=uri)
        flow = asked.headers["location"].partition("flow=")[2]
        await integrator.browser.sign_in(password=PASSWORD, flow=flow)
        answered = await integrator.browser.get(f"/oauth/v2/authorize/continue?flow={flow}")
        tokens = (await integrator.redeem(answer_of(answered)["code"])).json()
        await TestRefresh().refresh(integrator, tokens["refresh_token"])
        trace = await integrator.newest(client_id="store-web")
        told = [(hop["endpoint"], hop["given"][:1]) for hop in trace["hops"]]
        assert told == [
            ("pushed_authorization", ["request_uri"]),
            ("authorization", ["page"]),
            ("authorization", ["code"]),
            ("token", ["access_token"]),
            ("token", ["access_token"]),
        ]


class TestDevice:
    """A device and the person who lets it in are one story."""

    async def test_from_the_code_to_the_tokens(self, signed):
        await signed.register(
            "tv",
            type="DEVICE",
            token_endpoint_auth_method="none",
            redirect_uris=[],
            grant_types=["urn:ietf:params:oauth:grant-type:device_code"],
            allowed_scopes=["openid"],
        )
        asked = {"client_id": "tv", "auth": None}
        codes = (await signed.ask("/oauth/v2/device_authorization", scope="openid", **asked)).json()
        grant_type = "urn:ietf:params:oauth:grant-type:device_code"
        poll = {"grant_type": grant_type, "device_code": codes["device_code"], **asked}
        assert (await signed.ask(TOKEN, **poll)).json()["error"] == "authorization_pending"
        signed.instance.clock.time += 700
        late = await signed.ask(TOKEN, **poll)
        signed.token = await signed.world.administrator("instance_owner", "acme", machine=True)
        trace = await signed.explain(late)
        assert trace["error"] == "expired_token"
        assert "in time" in trace["explanation"]["cause"]
        assert [hop["endpoint"] for hop in trace["hops"]] == [
            "device_authorization",
            "token",
            "token",
        ]
        assert codes["device_code"] not in str(trace)


async def test_an_error_page_shows_the_end_user_its_reference_and_no_detail(signed):
    page = await signed.authorize(redirect_uri="https://evil.test/")
    assert reference_of(page) in page.text
    for detail in ("evil.test", CALLBACK, "RFC 9700", "Register"):
        assert detail not in page.text
