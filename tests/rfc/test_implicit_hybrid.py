"""OpenID Connect Core 3.2 and 3.3, and OAuth 2.0 Multiple Response Types: by opt-in alone."""

import base64
import hashlib
import re

import pytest
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.model.client import AccessTokenType, AppType, ClientSecret, Legacy
from ostiary.oauth import legacy
from ostiary.oauth.effects import RevokeSession
from ostiary.oauth.handle import digest
from support.authorization import ISSUER, WEB, change
from support.site import FORM, open_site
from support.token import VERIFIER
from support.tokens import SECRET, basic

pytestmark = pytest.mark.usefixtures("sites")

TYPES = legacy.RESPONSE_TYPES
OLD = change(
    WEB,
    grant_types=("authorization_code", "refresh_token", "implicit"),
    response_types=("code", *TYPES),
    legacy=Legacy(reason="the old portal"),
    uses_legacy=True,
    id_token_signed_response_alg="ES256",
    access_token_signing_alg="ES256",
    secrets=(ClientSecret(digest=digest(SECRET), created_at=0),),
)


async def answer(site, response_type, **changes):
    """Ask as a client does whose user is signed in; return what it is told."""
    given = {"response_type": response_type, "nonce": "n-1", "scope": "openid email"} | changes
    return await site.authorize(**given)


async def claims_of(site, token, audience="web"):
    """Verify an ID token as an application does, with other code."""
    document = (await site.send("GET", "/oauth/v2/keys")).json()
    decoded = other_jwt.decode(token, OtherKeySet.import_key_set(document), algorithms=["ES256"])
    claims = decoded.claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, audience, "n-1")
    return claims


def half(text):
    value = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


async def userinfo(site, token):
    return await site.send("GET", "/oidc/v1/userinfo", headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("response_type", TYPES)
@pytest.mark.parametrize("mode", [None, "fragment"])
async def test_3_3_2_5_what_comes_back(response_type, mode):
    site = await open_site(OLD)
    await site.sign_in()
    told = await answer(site, response_type, response_mode=mode, state="s-1")

    assert "#" in told.location
    words = set(response_type.split())
    expected = {"state", "iss", "session_state"} | words & {"code", "id_token"}
    if "token" in words:
        expected |= {"access_token", "token_type", "expires_in", "scope"}
    assert set(told.reply) == expected
    if "id_token" in words:
        claims = await claims_of(site, told.reply["id_token"])
        vouched = {name for name in claims if name.endswith("_hash")}
        wanted = {"s_hash"}
        assert claims["s_hash"] == half("s-1")
        if "token" in words:
            wanted.add("at_hash")
            assert claims["at_hash"] == half(told.reply["access_token"])
        if "code" in words:
            wanted.add("c_hash")
            assert claims["c_hash"] == half(told.reply["code"])
        assert vouched == wanted
        # Core 5.4: the claims of scopes where there is nothing to ask for them with.
        assert ("email" in claims) is (response_type == "id_token")
    if "token" in words:
        answered = await userinfo(site, told.reply["access_token"])
        assert answered.json()["sub"] == "alice"


@pytest.mark.parametrize("response_type", TYPES)
async def test_form_post(response_type):
    site = await open_site(OLD)
    await site.sign_in()
    told = await answer(site, response_type, response_mode="form_post")
    assert told.status == 200
    names = set(re.findall(r'<input type="hidden" name="(\w+)"', told.text))
    assert {"code", "id_token"} & names == {"code", "id_token"} & set(response_type.split())
    assert ("access_token" in names) is ("token" in response_type.split())


async def test_the_words_of_a_type_have_no_order():
    site = await open_site(OLD)
    await site.sign_in()
    told = await answer(site, "token id_token code")
    assert {"code", "id_token", "access_token"} <= set(told.reply)


@pytest.mark.parametrize("response_type", TYPES)
async def test_s2_15_never_in_a_query(response_type):
    site = await open_site(OLD)
    await site.sign_in()
    told = await answer(site, response_type, response_mode="query")
    assert "?" not in told.location
    assert told.reply["error"] == "invalid_request"
    assert "query" in told.reply["error_description"]
    assert not site.grants


@pytest.mark.parametrize("response_type", [one for one in TYPES if "id_token" in one.split()])
async def test_3_2_2_1_a_nonce_is_required(response_type):
    site = await open_site(OLD)
    await site.sign_in()
    told = await answer(site, response_type, nonce=None)
    assert "#" in told.location
    assert told.reply["error"] == "invalid_request"
    assert "nonce" in told.reply["error_description"]


@pytest.mark.parametrize("response_type", ["code token", "token"])
async def test_without_an_id_token_there_is_no_need_of_one(response_type):
    site = await open_site(OLD)
    await site.sign_in()
    assert "access_token" in (await answer(site, response_type, nonce=None)).reply


@pytest.mark.parametrize("response_type", TYPES)
async def test_errors_come_in_the_fragment(response_type):
    site = await open_site(OLD)
    told = await answer(site, response_type, prompt="none")
    assert "#error=login_required" in told.location


class TestOptIn:
    """G1, G2: nobody uses these without a reason, or after its day."""

    @pytest.mark.parametrize("response_type", TYPES)
    async def test_without_one(self, response_type):
        site = await open_site(change(OLD, legacy=None, uses_legacy=False))
        await site.sign_in()
        told = await answer(site, response_type)
        assert told.reply["error"] == "unauthorized_client"
        assert "PKCE" in told.reply["error_description"]

    async def test_after_its_day(self):
        # The clock stands at 2027-01-15.
        for until, works in (("2027-01-15", True), ("2027-01-14", False)):
            site = await open_site(change(OLD, legacy=Legacy(reason="old", until=until)))
            await site.sign_in()
            told = await answer(site, "id_token")
            assert ("id_token" in told.reply) is works
            if not works:
                assert until in told.reply["error_description"]

    @pytest.mark.parametrize("response_type", TYPES)
    async def test_types_that_are_not_registered(self, response_type):
        site = await open_site(change(OLD, response_types=("code",)))
        told = await answer(site, response_type)
        assert told.reply["error"] == "unauthorized_client"

    async def test_without_the_grant_type(self):
        site = await open_site(change(OLD, grant_types=("authorization_code",)))
        assert (await answer(site, "id_token")).reply["error"] == "unauthorized_client"

    @pytest.mark.parametrize("response_type", ["none", "code code", "id_token none", "x", "Code"])
    async def test_types_that_do_not_exist(self, response_type):
        site = await open_site(OLD)
        assert (await answer(site, response_type)).reply["error"] == "unsupported_response_type"

    async def test_discovery_lists_them_where_somebody_uses_them(self):
        for client, types in ((WEB, ["code"]), (OLD, ["code", *TYPES])):
            site = await open_site(client)
            document = (await site.send("GET", "/.well-known/openid-configuration")).json()
            assert document["response_types_supported"] == types
            assert ("implicit" in document["grant_types_supported"]) is (client is OLD)
        gone = await open_site(change(OLD, legacy=Legacy(reason="old", until="2020-01-01")))
        document = (await gone.send("GET", "/.well-known/openid-configuration")).json()
        assert document["response_types_supported"] == ["code"]


async def redeem(site, code):
    form = (
        f"grant_type=authorization_code&code={code}&code_verifier={VERIFIER}"
        "&redirect_uri=https://app.test/cb"
    ).encode()
    headers = {"content-type": FORM, "content-length": str(len(form))}
    headers["authorization"] = basic("web")["Authorization"]
    return await site.send("POST", "/oauth/v2/token", b"", form, headers)


class TestHybrid:
    """S2-19: PKCE protects the code also where a token comes beside it."""

    async def test_3_3_3_the_code_is_redeemed(self):
        site = await open_site(OLD)
        await site.sign_in()
        told = await answer(site, "code id_token", scope="openid offline_access")
        first = await claims_of(site, told.reply["id_token"])

        tokens = (await redeem(site, told.reply["code"])).json()
        assert {"access_token", "id_token", "refresh_token"} <= set(tokens)
        second = await claims_of(site, tokens["id_token"])
        # 3.3.3.6: the same issuer, subject and time of sign-in.
        for name in ("iss", "sub", "auth_time", "sid"):
            assert first[name] == second[name]

    async def test_a_challenge_is_required(self):
        site = await open_site(OLD)
        told = await answer(site, "code id_token", code_challenge=None, code_challenge_method=None)
        assert told.reply["error"] == "invalid_request"
        assert "#" in told.location

    async def test_a_replayed_code_ends_the_token_beside_it(self):
        site = await open_site(OLD)
        await site.sign_in()
        told = await answer(site, "code token")
        token = told.reply["access_token"]
        assert (await userinfo(site, token)).status == 200
        assert (await redeem(site, told.reply["code"])).status == 200
        assert (await redeem(site, told.reply["code"])).status == 400
        assert (await userinfo(site, token)).status == 401


class TestImplicit:
    """Core 3.2: no code, so no PKCE, and nothing that lasts."""

    async def test_no_challenge_is_needed(self):
        public = change(
            OLD,
            type=AppType.USER_AGENT,
            token_endpoint_auth_method="none",
            grant_types=("implicit",),
            response_types=("id_token", "id_token token"),
        )
        site = await open_site(public)
        await site.sign_in()
        none = {"code_challenge": None, "code_challenge_method": None}
        told = await answer(site, "id_token token", **none)
        assert {"id_token", "access_token"} <= set(told.reply)
        assert not site.codes

    async def test_there_is_no_refresh_token_and_no_offline_access(self):
        site = await open_site(OLD)
        await site.sign_in()
        told = await answer(site, "id_token token", scope="openid offline_access email")
        assert told.reply["scope"] == "openid email"
        (grant,) = site.grants
        assert grant.offline is False

    @pytest.mark.parametrize("kind", AccessTokenType)
    async def test_both_kinds_of_access_token_end_with_the_session(self, kind):
        site = await open_site(change(OLD, access_token_type=kind))
        session = await site.sign_in()
        token = (await answer(site, "token")).reply["access_token"]
        assert (await userinfo(site, token)).status == 200
        await site.quietly(RevokeSession(session, "logout", site.clock.now()))
        assert (await userinfo(site, token)).status == 401

    async def test_s1_58_it_is_in_the_audit_trail(self):
        site = await open_site(OLD)
        await site.sign_in()
        await answer(site, "id_token token")
        (event,) = (one for one in site.events if one.type == "token.issued")
        assert (event.reason, event.user_id, event.client_id) == ("id_token token", "alice", "web")

    async def test_after_a_sign_in(self):
        site = await open_site(OLD)
        begun = await answer(site, "id_token")
        await site.sign_in()
        told = await site.resume(begun.flow)
        assert set(told.reply) == {"id_token", "state", "iss", "session_state"}

    async def test_a_resource(self):
        site = await open_site(OLD)
        await site.sign_in()
        told = await answer(
            site, "token", scope="orders.read", resource="https://orders.test", nonce=None
        )
        assert (await userinfo(site, told.reply["access_token"])).status == 403
