"""What the certification of OpenID providers tries, from request to userinfo, as a client sees it.

Each test goes the whole way that a module of the certification goes: authorization endpoint,
token endpoint, ID token read by another library, userinfo.
"""

import base64
from urllib.parse import urlencode

import pytest
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.model.client import ClientSecret
from ostiary.oauth.effects import Insert
from ostiary.oauth.handle import digest
from support.authorization import EVIL, ISSUER, WEB, change, make_consent, query
from support.jose import NOW
from support.registration import CALLBACK as REGISTERED
from support.registration import open_door, refused, register
from support.site import FORM, fields_of, open_site
from support.token import VERIFIER
from support.tokens import SECRET, basic

pytestmark = pytest.mark.usefixtures("sites")

SECRETS = (ClientSecret(digest=digest(SECRET), created_at=0),)
CLIENT = change(
    WEB,
    secrets=SECRETS,
    allowed_scopes=("openid", "profile", "email", "offline_access"),
    id_token_signed_response_alg="ES256",
    access_token_signing_alg="ES256",
)
SECOND = change(EVIL, secrets=SECRETS, grant_types=("authorization_code", "refresh_token"))
CALLBACK = "https://app.test/cb"


async def start(*clients):
    """Open a provider where Alice is signed in, since a while ago."""
    site = await open_site(*(clients or (CLIENT,)))
    await site.sign_in()
    return site


async def ask_token(site, client_id="web", **form):
    """Send a token request, as a client with a secret."""
    body = urlencode(form).encode()
    headers = {"content-type": FORM, "content-length": str(len(body))}
    headers["authorization"] = basic(client_id)["Authorization"]
    return await site.send("POST", "/oauth/v2/token", b"", body, headers)


async def redeem(site, code, client_id="web", **changes):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": CALLBACK,
    }
    return await ask_token(site, client_id, **(form | changes))


async def read(site, token):
    """Verify an ID token as an application does, with other code."""
    document = (await site.send("GET", "/oauth/v2/keys")).json()
    keys = OtherKeySet.import_key_set(document)
    claims = dict(other_jwt.decode(token, keys, algorithms=["ES256"]).claims)
    assert claims["iss"] == ISSUER
    return claims


async def userinfo(site, token):
    headers = {"authorization": f"Bearer {token}"}
    return await site.send("GET", "/oidc/v1/userinfo", headers=headers)


async def finish(site, reply):
    """Redeem the code of a reply; return the claims of the ID token, and the whole answer."""
    answer = await redeem(site, reply["code"])
    assert answer.status == 200, answer.text
    tokens = answer.json()
    claims = await read(site, tokens["id_token"])
    told = (await userinfo(site, tokens["access_token"])).json()
    assert told["sub"] == claims["sub"]
    return claims, tokens


async def go(site, **changes):
    """Go the whole way of somebody who is signed in and sees no page."""
    answer = await site.authorize(**changes)
    assert answer.location.startswith(CALLBACK + "?"), answer.location
    return await finish(site, answer.reply)


class TestRequests:
    """oidcc-server and its variations: what changes nothing but what it is about."""

    async def test_core_3_1_3_a_sign_in(self):
        site = await start()
        answer = await site.authorize()
        assert answer.reply.keys() == {"code", "state", "iss", "session_state"}
        claims, _ = await finish(site, answer.reply)
        assert (claims["sub"], claims["aud"]) == ("alice", "web")
        assert claims["nonce"] == "n-0S6_WzA2Mj"

    async def test_core_3_1_2_1_without_a_nonce_in_the_code_flow(self):
        claims, _ = await go(await start(), nonce=None)
        assert "nonce" not in claims

    async def test_core_3_1_2_1_scopes_in_another_order(self):
        site = await start()
        _, tokens = await go(site, scope="email openid")
        told = (await userinfo(site, tokens["access_token"])).json()
        assert told.keys() >= {"sub", "email"}

    @pytest.mark.parametrize(
        "extra",
        [
            {"display": "page"},
            {"display": "popup"},
            {"display": "touch"},
            {"display": "wap"},
            {"ui_locales": "se"},
            {"ui_locales": "x_y se-1 -"},
            {"claims_locales": "se"},
            {"login_hint": "bob@id.test"},
            {"acr_values": "1 2"},
            {"extra": "foobar"},
        ],
        ids=lambda extra: "-".join(*extra.items()),
    )
    async def test_core_15_1_no_error_and_no_difference(self, extra):
        claims, _ = await go(await start(), **extra)
        assert claims["sub"] == "alice"
        assert claims["acr"] == "urn:ostiary:acr:1fa"

    async def test_core_3_1_2_1_by_post(self):
        site = await start()
        answer = await site.resume((await site.post(query())).flow)
        claims, _ = await finish(site, answer.reply)
        assert claims["nonce"] == "n-0S6_WzA2Mj"

    async def test_form_post_2_the_answer_as_a_form(self):
        site = await start()
        page = await site.authorize(response_mode="form_post")
        assert f'action="{CALLBACK}"' in page.text
        assert 'method="post"' in page.text
        claims, _ = await finish(site, fields_of(page.text))
        assert claims["sub"] == "alice"

    async def test_core_5_5_an_essential_claim(self):
        site = await start()
        wish = '{"userinfo": {"name": {"essential": true}}}'
        user = await site.store.user("alice")
        await site.change(user, profile=change(user.profile, given_name="Alice"))
        claims, tokens = await go(site, scope="openid", claims=wish)
        assert "name" not in claims
        told = (await userinfo(site, tokens["access_token"])).json()
        assert told == {"sub": "alice", "name": "Alice"}

    async def test_rfc6749_3_1_1_without_a_response_type(self):
        reply = (await (await start()).authorize(response_type=None)).reply
        assert reply["error"] == "invalid_request"
        assert reply["state"] == "af0ifjsldkj"
        assert "code" not in reply

    async def test_rfc6749_4_1_2_1_a_response_type_that_does_not_exist(self):
        reply = (await (await start()).authorize(response_type="none")).reply
        assert reply["error"] == "unsupported_response_type"
        assert reply["state"] == "af0ifjsldkj"

    async def test_core_3_1_3_2_a_code_of_plain_oauth_gives_no_id_token(self):
        site = await open_site(change(CLIENT, allowed_scopes=("openid", "orders.read")))
        await site.sign_in()
        reply = (await site.authorize(scope="orders.read")).reply
        tokens = (await redeem(site, reply["code"])).json()
        assert tokens["scope"] == "orders.read"
        assert "id_token" not in tokens
        assert (await userinfo(site, tokens["access_token"])).status == 403

    async def test_rfc6749_3_3_the_client_is_told_of_the_scope_that_it_got(self):
        _, tokens = await go(await start(), scope="openid email nonsense")
        assert tokens["scope"] == "openid email"


class TestAuthentication:
    """oidcc-prompt-*, oidcc-max-age-*, oidcc-id-token-hint: who is asked, and when."""

    async def test_core_3_1_2_1_prompt_login(self):
        site = await start()
        first, _ = await go(site)
        site.clock.time += 1
        answer = await site.authorize(prompt="login")
        assert answer.location.startswith("/login?")
        await site.log_in(answer.flow)
        second, _ = await finish(site, (await site.resume(answer.flow)).reply)
        assert second["sub"] == first["sub"]
        assert second["auth_time"] > first["auth_time"]

    async def test_core_3_1_2_1_prompt_consent_where_everything_was_agreed_to(self):
        site = await start()
        answer = await site.authorize(prompt="consent")
        assert answer.location.startswith("/consent?")
        session = await site.session()
        await site.consent(answer.flow, session.id)
        claims, _ = await finish(site, (await site.resume(answer.flow)).reply)
        assert claims["sub"] == "alice"

    async def test_core_3_1_2_1_prompt_select_account(self):
        site = await start()
        answer = await site.authorize(prompt="select_account")
        assert "code" not in answer.location
        assert answer.location.startswith("/login/select?")

    async def test_core_3_1_2_1_prompt_none_where_somebody_is_signed_in(self):
        site = await start()
        first, _ = await go(site)
        site.clock.time += 5
        second, _ = await go(site, prompt="none")
        assert second["auth_time"] == first["auth_time"]
        assert second["sub"] == first["sub"]

    async def test_core_3_1_2_6_prompt_none_where_nobody_is(self):
        site = await open_site(CLIENT)
        reply = (await site.authorize(prompt="none")).reply
        assert reply["error"] == "login_required"
        assert reply["state"] == "af0ifjsldkj"
        assert "code" not in reply

    async def test_core_3_1_2_1_max_age_that_is_over(self):
        site = await start()
        first, _ = await go(site)
        site.clock.time += 2
        answer = await site.authorize(max_age="1")
        assert answer.location.startswith("/login?")
        await site.log_in(answer.flow)
        second, _ = await finish(site, (await site.resume(answer.flow)).reply)
        assert second["auth_time"] == site.clock.now()
        assert second["sub"] == first["sub"]

    async def test_core_3_1_2_1_max_age_that_is_not(self):
        site = await start()
        first, _ = await go(site)
        site.clock.time += 2
        second, _ = await go(site, max_age="10000")
        assert second["auth_time"] == first["auth_time"]

    async def test_core_3_1_2_1_an_id_token_as_a_hint(self):
        site = await start()
        first, tokens = await go(site)
        second, _ = await go(site, prompt="none", id_token_hint=tokens["id_token"])
        assert second["sub"] == first["sub"]
        await site.sign_in("bob")
        third, _ = await go(site, prompt="none", id_token_hint=tokens["id_token"])
        assert third["sub"] == first["sub"]

    async def test_core_3_1_2_6_the_person_says_no(self):
        site = await open_site(change(CLIENT, require_consent=True))
        await site.sign_in()
        answer = await site.authorize()
        session = await site.session()
        await site.do(answer.flow, "denied", session.id)
        reply = (await site.resume(answer.flow)).reply
        assert reply["error"] == "access_denied"
        assert reply["state"] == "af0ifjsldkj"
        assert "code" not in reply


class TestRedirection:
    """oidcc-ensure-registered-redirect-uri, oidcc-redirect-uri-*: answers go where they may."""

    @pytest.mark.parametrize("uri", [CALLBACK + "/x", "https://app.test/", "https://evil.test/cb"])
    async def test_core_3_1_2_1_one_that_is_not_registered(self, uri):
        answer = await (await start()).authorize(redirect_uri=uri)
        assert answer.status == 400
        assert answer.header("location") is None
        assert "redirect_uri" in answer.text

    async def test_core_3_1_2_1_none_at_all(self):
        answer = await (await start()).authorize(redirect_uri=None)
        assert answer.status == 400
        assert answer.header("location") is None

    async def test_rfc6749_3_1_2_a_query_is_kept(self):
        uri = REGISTERED + "?foo=bar"
        site = await open_door()
        made = await register(site, redirect_uris=[uri])
        assert made.told["redirect_uris"] == [uri]
        asked = await self.ask(site, made, uri)
        session = await site.log_in(asked.flow)
        consent = make_consent("alice", client_id=made.client_id, granted_at=NOW)
        await site.quietly(Insert(consent))
        await site.do(asked.flow, "consent", session)
        assert (await site.resume(asked.flow)).location.startswith(uri + "&code=")

    @pytest.mark.parametrize(
        ("registered", "sent"),
        [
            ("?foo=bar", "?foo=baz"),
            ("?foo=bar", ""),
            ("?foo=bar", "?foo=bar&x=y"),
            ("", "?foo=bar"),
        ],
        ids=["mismatch", "left-out", "more", "added"],
    )
    async def test_registration_2_another_query_is_another_address(self, registered, sent):
        site = await open_door()
        made = await register(site, redirect_uris=[REGISTERED + registered])
        asked = await self.ask(site, made, REGISTERED + sent)
        assert asked.status == 400
        assert asked.header("location") is None

    async def test_rfc6749_3_1_2_no_fragment_is_registered(self):
        site = await open_door()
        await refused(site, "invalid_redirect_uri", redirect_uris=[REGISTERED + "#foobar"])

    async def ask(self, site, made, uri):
        return await site.authorize(client_id=made.client_id, redirect_uri=uri, scope="openid")


class TestTokens:
    """oidcc-codereuse, oidcc-refresh-token: what was given, to whom, and how often."""

    @pytest.mark.parametrize("seconds", [0, 30])
    async def test_rfc6749_4_1_2_a_code_twice(self, seconds):
        site = await start()
        code = (await site.authorize()).reply["code"]
        token = (await redeem(site, code)).json()["access_token"]
        assert (await userinfo(site, token)).status == 200
        site.clock.time += seconds
        again = await redeem(site, code)
        assert (again.status, again.json()["error"]) == (400, "invalid_grant")
        assert (await userinfo(site, token)).status == 401

    async def test_core_12_a_refresh_token(self):
        site = await start()
        first, tokens = await go(site, scope="openid offline_access")
        site.clock.time += 1
        grant = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        answer = await ask_token(site, **grant)
        assert answer.status == 200
        renewed = answer.json()
        assert renewed["access_token"] != tokens["access_token"]
        second = await read(site, renewed["id_token"])
        assert {name: second[name] for name in ("iss", "sub", "aud", "auth_time")} == {
            name: first[name] for name in ("iss", "sub", "aud", "auth_time")
        }
        assert second["iat"] > first["iat"]
        assert (await userinfo(site, renewed["access_token"])).status == 200

    async def test_rfc6749_6_in_the_hands_of_another_client(self):
        site = await start(CLIENT, SECOND)
        _, tokens = await go(site, scope="openid offline_access")
        grant = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        answer = await ask_token(site, "evil", **grant)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")

    async def test_rfc7636_4_6_a_challenge_is_checked(self):
        site = await start()
        code = (await site.authorize()).reply["code"]
        wrong = await redeem(site, code, code_verifier="x" * 43)
        assert (wrong.status, wrong.json()["error"]) == (400, "invalid_grant")
        assert (await redeem(site, code)).status == 200

    async def test_core_9_client_secret_post(self):
        site = await start(change(CLIENT, token_endpoint_auth_method="client_secret_post"))
        code = (await site.authorize()).reply["code"]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": VERIFIER,
            "redirect_uri": CALLBACK,
            "client_id": "web",
        }
        for secret, status in (("wrong-" * 8, 401), (SECRET, 200)):
            body = urlencode(form | {"client_secret": secret}).encode()
            headers = {"content-type": FORM, "content-length": str(len(body))}
            answer = await site.send("POST", "/oauth/v2/token", b"", body, headers)
            assert answer.status == status
        assert (await read(site, answer.json()["id_token"]))["sub"] == "alice"

    async def test_core_5_3_userinfo_by_get_header_and_body(self):
        site = await start()
        _, tokens = await go(site)
        token = tokens["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        body = urlencode({"access_token": token}).encode()
        form = {"content-type": FORM, "content-length": str(len(body))}
        answers = [
            await site.send("GET", "/oidc/v1/userinfo", headers=bearer),
            await site.send("POST", "/oidc/v1/userinfo", headers=bearer),
            await site.send("POST", "/oidc/v1/userinfo", b"", body, form),
        ]
        for answer in answers:
            assert answer.status == 200
            assert answer.header("content-type") == "application/json"
            assert answer.json()["sub"] == "alice"


class TestKeysAndMetadata:
    """oidcc-discovery-endpoint-verification: what is announced can be relied on."""

    async def test_discovery_3_what_must_be_there(self):
        site = await open_site(CLIENT)
        answer = await site.send("GET", "/.well-known/openid-configuration")
        assert (answer.status, answer.header("content-type")) == (200, "application/json")
        told = answer.json()
        assert told["issuer"] == ISSUER
        assert "openid" in told["scopes_supported"]
        assert told["response_types_supported"] == ["code"]
        assert told["subject_types_supported"] == ["public", "pairwise"]
        assert {"sub", "iss", "auth_time", "acr"} <= set(told["claims_supported"])
        assert told["claims_parameter_supported"] is True
        for flag in ("backchannel", "frontchannel"):
            assert told[f"{flag}_logout_supported"] is True
            assert told[f"{flag}_logout_session_supported"] is True
        addresses = [name for name in told if name.endswith(("_endpoint", "_uri", "_iframe"))]
        assert all(told[name].startswith(ISSUER + "/") for name in addresses)

    async def test_discovery_3_every_address_is_one(self):
        """Nothing that is named answers that it does not exist."""
        site = await open_door()
        told = (await site.send("GET", "/.well-known/openid-configuration")).json()
        names = [name for name in told if name.endswith(("_endpoint", "_uri", "_iframe"))]
        assert len(names) >= 10
        for name in names:
            path = told[name].removeprefix(ISSUER)
            statuses = {(await site.send(method, path)).status for method in ("GET", "POST")}
            assert not statuses & {404, 500}, name
            assert statuses != {405}, name

    async def test_core_10_1_keys_have_names_of_their_own_and_no_private_half(self):
        site = await open_site(CLIENT)
        keys = (await site.send("GET", "/oauth/v2/keys")).json()["keys"]
        assert keys
        names = [key["kid"] for key in keys]
        assert len(set(names)) == len(names)
        for key in keys:
            assert key["use"] == "sig"
            assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
            for member in ("n", "e", "x", "y"):
                text = key.get(member, "AA")
                decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
                assert base64.urlsafe_b64encode(decoded).decode().rstrip("=") == text
