"""OpenID Connect Core 2 and Registration 2: ID tokens without a signature, where it is admitted.

They come from the token endpoint alone, and prove nothing to anybody, this server included.
"""

import json

import pytest

from ostiary.jose import base64url
from ostiary.model.client import AccessTokenType
from support.authorization import WEB as SITE_WEB
from support.authorization import change
from support.instance import ISSUER, open_instance
from support.jose import NOW, encryption_jwk, forge
from support.registration import CALLBACK, open_door, refused, register, set_policy
from support.site import open_site
from support.tokens import Caller, make_client

pytestmark = pytest.mark.usefixtures("sites")

ALG = "id_token_signed_response_alg"
UNSIGNED = {ALG: "none"}
ADMITTED = {"client_registration": {"allow_unsigned_id_token": True}}
DISCOVERY = "/.well-known/openid-configuration"
WEB = make_client("web", **UNSIGNED)
# Policy that admits old response types as well.
OLD = {
    "allow_unsigned_id_token": True,
    "allowed_grant_types": ["authorization_code", "implicit"],
    "allowed_response_types": ["code", "id_token", "id_token token", "code id_token", "code token"],
    "legacy": {"reason": "old"},
}
IMPLICIT = {"grant_types": ["authorization_code", "implicit"]}


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB)
        stored = await instance.store.read_configuration()
        await instance.change(stored, policies=ADMITTED)
        await instance.store.revalidate()
        yield Caller(instance)


def read(token):
    """Take an unsigned token apart; return its header and its claims."""
    header, payload, signature = token.split(".")
    assert signature == ""
    return json.loads(base64url.decode(header)), json.loads(base64url.decode(payload))


class TestRegistration:
    """Registration 2: `none` by the policy, and where no response type returns an ID token."""

    async def test_2_off_by_default_and_not_listed(self):
        site = await open_door()
        why = await refused(site, "invalid_client_metadata", **UNSIGNED)
        assert why.startswith(f"{ALG}: none needs the policy ")
        listed = (await site.send("GET", DISCOVERY)).json()["id_token_signing_alg_values_supported"]
        assert "none" not in listed

    async def test_2_where_the_policy_admits_it(self):
        site = await open_door()
        signed = (await site.send("GET", DISCOVERY)).json()["id_token_signing_alg_values_supported"]
        await set_policy(site, mode="open", allow_unsigned_id_token=True)
        assert (await register(site, **UNSIGNED)).told[ALG] == "none"
        listed = (await site.send("GET", DISCOVERY)).json()["id_token_signing_alg_values_supported"]
        assert listed == [*signed, "none"]

    async def test_2_nobody_gets_it_without_asking(self):
        site = await open_door(allow_unsigned_id_token=True)
        assert (await register(site)).told[ALG] == "RS256"

    async def test_2_id_tokens_alone(self):
        site = await open_door(allow_unsigned_id_token=True)
        await refused(site, "invalid_client_metadata", userinfo_signed_response_alg="none")

    @pytest.mark.parametrize("kind", ["id_token", "id_token token", "code id_token"])
    async def test_2_not_where_one_comes_through_the_browser(self, kind):
        site = await open_door(**OLD)
        grants = ["implicit"] if "code" not in kind else IMPLICIT["grant_types"]
        metadata = {"response_types": [kind], "grant_types": grants}
        why = await refused(site, "invalid_client_metadata", **metadata, **UNSIGNED)
        assert why.startswith(f"{ALG}: none is not for response types with id_token")
        assert (await register(site, **metadata)).told[ALG] == "RS256"

    async def test_2_nor_by_a_later_change(self):
        site = await open_door(**OLD)
        made = await register(site, **UNSIGNED)
        answer = await made.replace(
            **UNSIGNED, **IMPLICIT, response_types=["code", "code id_token"]
        )
        assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
        answer = await made.replace(**UNSIGNED, **IMPLICIT, response_types=["code", "code token"])
        assert answer.status == 200

    async def test_10_2_what_is_encrypted_is_signed(self):
        site = await open_door(allow_unsigned_id_token=True)
        why = await refused(
            site,
            "invalid_client_metadata",
            jwks={"keys": [encryption_jwk("P-256")]},
            id_token_encrypted_response_alg="ECDH-ES",
            **UNSIGNED,
        )
        assert why.startswith("id_token_encrypted_response_alg: ")

    async def test_backchannel_2_6_a_logout_token_is_never_unsigned(self):
        site = await open_door(allow_unsigned_id_token=True)
        metadata = {"backchannel_logout_uri": "https://rp.test/logout"}
        why = await refused(site, "invalid_client_metadata", **metadata, **UNSIGNED)
        assert why.startswith("backchannel_logout_uri: ")
        assert (await register(site, **metadata)).told[ALG] == "RS256"


class TestToken:
    """Core 2: the claims are those of any ID token, and nothing vouches for them."""

    async def test_2_the_token(self, caller):
        tokens = await caller.tokens(WEB)
        header, claims = read(tokens["id_token"])
        assert header == {"alg": "none", "typ": "JWT"}
        assert claims.pop("jti")
        assert claims.pop("sid").startswith("sid-")
        # Without an algorithm there is no hash either (3.1.3.6).
        assert claims == {
            "iss": ISSUER,
            "sub": "user-alice",
            "aud": "web",
            "iat": NOW,
            "exp": NOW + 300,
            "auth_time": NOW - 5,
            "nonce": "n-0S6_WzA2Mj",
            "acr": "urn:ostiary:acr:1fa",
            "amr": ["pwd"],
        }

    async def test_12_2_a_refreshed_one(self, caller):
        tokens = await caller.tokens(WEB)
        again = await caller.refresh(WEB, tokens["refresh_token"])
        header, claims = read(again.json()["id_token"])
        assert header["alg"] == "none"
        assert claims["sub"] == "user-alice"

    async def test_rfc9068_2_1_access_tokens_stay_signed(self, caller):
        assert (await caller.instance.store.client("web")).access_token_type is AccessTokenType.JWT
        token = (await caller.tokens(WEB))["access_token"]
        assert json.loads(base64url.decode(token.split(".")[0]))["alg"] == "ES256"

    async def test_2_not_after_the_policy_was_switched_off(self, caller):
        code = await caller.code(WEB)
        stored = await caller.instance.store.read_configuration()
        await caller.instance.change(stored, policies={})
        await caller.instance.store.revalidate()
        answer = await caller.redeem(WEB, code)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
        assert ALG in answer.json()["error_description"]

    async def test_rt_09_it_is_no_access_token(self, caller):
        tokens = await caller.tokens(WEB)
        answer = await caller.userinfo(tokens["id_token"])
        assert answer.status_code == 401


class TestHint:
    """What nobody signed proves nothing when it comes back (Core 3.1.2.1; Logout 2)."""

    BACK = "https://app.test/signed-out"
    CLAIMS = (("iss", ISSUER), ("sub", "alice"), ("aud", "web"), ("iat", NOW), ("exp", NOW + 300))

    async def start(self):
        site = await open_site(change(SITE_WEB, post_logout_redirect_uris=(self.BACK,), **UNSIGNED))
        stored = await site.store.read_configuration()
        await site.change(stored, policies=ADMITTED)
        await site.store.revalidate()
        await site.sign_in()
        return site, forge({"alg": "none", "typ": "JWT"}, dict(self.CLAIMS), b"")

    async def test_logout_2_the_person_is_asked_and_nobody_is_sent_anywhere(self):
        site, token = await self.start()
        query = f"id_token_hint={token}&post_logout_redirect_uri={self.BACK}".encode()
        answer = await site.send("GET", "/oidc/v1/end_session", query)
        assert answer.location.startswith("/logout?flow=")
        flow = await site.interaction(answer.flow)
        assert flow.request["logout"].get("redirect_uri") is None
        browser = await site.browser()
        assert len(await site.store.sessions(browser.id)) == 1

    async def test_core_3_1_2_1_it_is_refused_as_a_hint(self):
        site, token = await self.start()
        reply = (
            await site.authorize(id_token_hint=token, redirect_uri="https://app.test/cb")
        ).reply
        assert reply["error"] == "invalid_request"
        assert "id_token_hint" in reply["error_description"]


async def test_a_policy_that_is_taken_back_keeps_newcomers_out():
    site = await open_door(allow_unsigned_id_token=True)
    made = await register(site, **UNSIGNED)
    await set_policy(site, mode="open")
    await refused(site, "invalid_client_metadata", redirect_uris=[CALLBACK], **UNSIGNED)
    answer = await made.replace(**UNSIGNED)
    assert answer.json()["error"] == "invalid_client_metadata"
    assert (await made.replace()).json()[ALG] == "RS256"
