"""Tokens that leave the authorization endpoint: to whom, for how long, and what is noted of it.

G1, G2, S1-58, S2-15, S2-21, S3-10, AZ-03 and AZ-07.
"""

import re

import pytest
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.model.client import ClientSecret, Legacy
from ostiary.oauth import legacy
from ostiary.oauth.handle import digest
from support.authorization import ISSUER, WEB, change, parameters
from support.site import FORM, open_site
from support.tokens import SECRET, basic

pytestmark = pytest.mark.usefixtures("sites")

TYPES = legacy.RESPONSE_TYPES
WITH_ID_TOKEN = [one for one in TYPES if "id_token" in one.split()]
TOKENS = {"code", "access_token", "id_token"}
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


async def push(site, **changes):
    form = "&".join(f"{name}={value}" for name, value in parameters(**changes).items()).encode()
    headers = {"content-type": FORM, "content-length": str(len(form))}
    headers["authorization"] = basic("web")["Authorization"]
    answer = await site.send("POST", "/oauth/v2/par", b"", form, headers)
    assert answer.status == 201, answer.text
    return answer.json()["request_uri"]


class TestWhileItWaited:
    """A request rests on what its client may do when it is answered, not when it was sent."""

    CHANGES = (
        {"legacy": None, "uses_legacy": False},
        {"legacy": Legacy(reason="old", until="2020-01-01")},
        {"response_types": ("code",)},
        {"grant_types": ("authorization_code",)},
    )

    @pytest.mark.parametrize("changes", CHANGES, ids=str)
    @pytest.mark.parametrize("response_type", ["id_token", "code id_token token"])
    async def test_for_somebody_to_sign_in(self, response_type, changes):
        site = await open_site(OLD)
        begun = await site.authorize(response_type=response_type)
        await site.change_client(**changes)
        await site.sign_in()
        told = await site.resume(begun.flow)
        assert "#" in told.location
        assert told.reply["error"] == "unauthorized_client"
        assert not TOKENS & set(told.reply)
        assert not site.grants

    @pytest.mark.parametrize("changes", CHANGES, ids=str)
    async def test_after_it_was_pushed(self, changes):
        site = await open_site(OLD)
        await site.sign_in()
        request_uri = await push(site, response_type="id_token")
        await site.change_client(**changes)
        told = await site.authorize_raw(f"client_id=web&request_uri={request_uri}".encode())
        assert told.reply["error"] == "unauthorized_client"
        assert not TOKENS & set(told.reply)
        assert not site.grants

    async def test_scopes_that_were_pushed(self):
        site = await open_site(OLD)
        await site.sign_in()
        request_uri = await push(site, scope="openid orders.read")
        await site.change_client(allowed_scopes=("openid",))
        told = await site.authorize_raw(f"client_id=web&request_uri={request_uri}".encode())
        assert told.reply["error"] == "invalid_scope"
        assert not site.grants

    async def test_plain_code_is_not_held_to_a_reason(self):
        site = await open_site(OLD)
        begun = await site.authorize()
        await site.change_client(legacy=None, uses_legacy=False)
        await site.sign_in()
        assert "code" in (await site.resume(begun.flow)).reply


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
async def test_core_3_2_2_1_no_id_token_without_openid(response_type):
    site = await open_site(OLD)
    await site.sign_in()
    told = await site.authorize(response_type=response_type, scope="orders.read")
    assert told.reply["error"] == "invalid_scope"
    assert "openid" in told.reply["error_description"]
    assert not site.grants


@pytest.mark.parametrize("response_type", TYPES)
async def test_s1_58_each_answer_is_in_the_audit_trail(response_type):
    site = await open_site(OLD)
    session = await site.sign_in()
    await site.authorize(response_type=response_type, scope="openid email")
    (grant,) = site.grants
    (event,) = (one for one in site.events if one.type == "token.issued")
    assert (event.reason, event.grant_id) == (response_type, grant.id)
    assert (event.user_id, event.client_id, event.session_id) == ("alice", "web", session)
    assert event.details["scopes"] == ["openid", "email"]


async def test_s3_10_its_event_names_the_pushed_request():
    site = await open_site(OLD)
    await site.sign_in()
    request_uri = await push(site, response_type="id_token")
    await site.authorize_raw(f"client_id=web&request_uri={request_uri}".encode())
    (pushed,) = (one for one in site.events if one.type == "request.pushed")
    (issued,) = (one for one in site.events if one.type == "token.issued")
    assert issued.details["pushed_request"] == pushed.target


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
async def test_rfc9207_2_3_every_issuer_of_an_answer_is_the_same(response_type):
    site = await open_site(OLD)
    await site.sign_in()
    told = (await site.authorize(response_type=response_type)).reply
    document = (await site.send("GET", "/oauth/v2/keys")).json()
    keys = OtherKeySet.import_key_set(document)
    claims = other_jwt.decode(told["id_token"], keys, algorithms=["ES256"]).claims
    assert told["iss"] == claims["iss"] == ISSUER


@pytest.mark.parametrize("response_type", TYPES)
@pytest.mark.parametrize("mode", [None, "fragment", "form_post"])
async def test_nothing_of_an_answer_is_kept_or_sent_on(response_type, mode):
    site = await open_site(OLD)
    await site.sign_in()
    told = await site.authorize(response_type=response_type, response_mode=mode)
    assert told.header("cache-control") == "no-store"
    assert told.header("referrer-policy") == "no-referrer"
    where = told.header("location") or ""
    assert not re.search(r"\?[^#]*(token|code)=", where)


async def test_a_grant_without_a_code_ends_with_its_session():
    """Nothing renews it, whatever the application gets with a code."""
    site = await open_site(change(OLD, refresh_token_always=True))
    await site.sign_in()
    await site.authorize(response_type="id_token token")
    (grant,) = site.grants
    (signed_in,) = await site.store.sessions((await site.browser()).id)
    assert grant.expires_at == signed_in.session.expires_at
    assert grant.offline is False
