"""OpenID Connect Core 8: subjects that differ by sector, wherever a subject is told."""

import json

import pytest
from joserfc import jwt as other_jwt
from joserfc.jwk import KeySet as OtherKeySet

from ostiary.model.client import AccessTokenType, AppType, ClientSecret, Legacy
from ostiary.oauth.handle import digest
from ostiary.oauth.subject import sector_of, subject_of
from support.authorization import WEB as SITE_WEB
from support.authorization import change
from support.instance import open_instance
from support.jose import make_instance_key, make_ring
from support.site import open_site
from support.tokens import SECRET, Caller, basic, make_client

pytestmark = pytest.mark.usefixtures("sites")

WEB = make_client("web", subject_type="pairwise")
TWIN = make_client("twin", subject_type="pairwise", redirect_uris=("https://web.test/twin",))
FAR = make_client("far", subject_type="pairwise", access_token_type=AccessTokenType.OPAQUE)
NAMED = make_client(
    "named",
    subject_type="pairwise",
    redirect_uris=("https://a.test/cb", "https://b.test/cb"),
    sector_identifier_uri="https://web.test/sector.json",
)
PUBLIC = make_client("public")
API = make_client(
    "api",
    type=AppType.API,
    redirect_uris=(),
    grant_types=("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"),
    allowed_scopes=("orders.read",),
)
RING = make_ring(make_instance_key("pairwise"))


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB, TWIN, FAR, NAMED, PUBLIC, API)
        await instance.add_user("bob")
        yield Caller(instance)


async def verified(caller, token, algorithm="RS256"):
    answer = await caller.http.get("/oauth/v2/keys")
    keys = OtherKeySet.import_key_set(answer.json())
    return other_jwt.decode(token, keys, algorithms=[algorithm]).claims


async def subject(caller, client, username="alice"):
    tokens = await caller.tokens(client, session=await caller.session(username))
    return (await verified(caller, tokens["id_token"]))["sub"]


async def test_8_1_the_same_sector_sees_the_same_subject_and_others_another(caller):
    seen = {client.client_id: await subject(caller, client) for client in (WEB, TWIN, FAR, NAMED)}
    assert seen["web"] == seen["twin"] == seen["named"]
    assert seen["far"] != seen["web"]
    assert await subject(caller, PUBLIC) == "user-alice"
    assert await subject(caller, WEB) == seen["web"]
    assert await subject(caller, WEB, "bob") != seen["web"]


async def test_8_1_a_subject_tells_nothing(caller):
    for client in (WEB, FAR):
        sub = await subject(caller, client)
        assert len(sub) == 43
        assert sub.isalnum()
        assert "alice" not in sub


@pytest.mark.parametrize("client", [WEB, FAR], ids=["jwt", "opaque"])
async def test_8_every_place_tells_the_same_subject(caller, client):
    tokens = await caller.tokens(client)
    sub = (await verified(caller, tokens["id_token"]))["sub"]
    again = (await caller.refresh(client, tokens["refresh_token"])).json()

    assert (await verified(caller, again["id_token"]))["sub"] == sub
    for given in (tokens, again):
        assert (await caller.userinfo(given["access_token"])).json()["sub"] == sub
    for token in (again["access_token"], again["refresh_token"]):
        answer = await caller.http.post(
            "/oauth/v2/introspect", data={"token": token}, headers=basic(client.client_id)
        )
        assert answer.json()["sub"] == sub
    if client is WEB:
        assert (await verified(caller, tokens["access_token"], "ES256"))["sub"] == sub


async def test_no_token_of_a_pairwise_client_holds_the_id_of_the_user(caller):
    tokens = await caller.tokens(WEB)
    for name, algorithm in (("id_token", "RS256"), ("access_token", "ES256")):
        assert "user-alice" not in json.dumps(await verified(caller, tokens[name], algorithm))


async def test_an_exchanged_token_names_the_person_as_its_client_knows_them(caller):
    tokens = await caller.tokens(WEB, scopes=("openid", "orders.read"))
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": tokens["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    answer = (await caller.send(API, form)).json()
    exchanged = await verified(caller, answer["access_token"], "ES256")
    assert exchanged["sub"] == "user-alice"
    assert exchanged["act"] == {"sub": "api"}


async def test_a_client_for_itself_is_its_own_subject(caller):
    form = {"grant_type": "client_credentials", "scope": "orders.read"}
    token = (await caller.send(WEB, form)).json()["access_token"]
    assert (await verified(caller, token, "ES256"))["sub"] == "web"


@pytest.mark.parametrize(
    ("changes", "sector"),
    [
        ({"redirect_uris": ("https://a.test/1", "https://a.test:8443/2")}, "host:a.test"),
        ({"redirect_uris": ("https://a.test/1", "https://b.test/2")}, "client:web"),
        ({"redirect_uris": ("http://localhost/cb",)}, "client:web"),
        ({"redirect_uris": ("com.a.b:/cb",)}, "client:web"),
        ({"redirect_uris": ()}, "client:web"),
        ({"sector_identifier_uri": "https://s.test/x"}, "host:s.test"),
    ],
)
def test_8_1_what_the_sector_of_a_client_is(changes, sector):
    client = change(WEB, **changes)
    assert sector_of(client) == sector
    by_host = change(WEB, redirect_uris=("https://a.test/",))
    same = subject_of(client, "alice", RING) == subject_of(by_host, "alice", RING)
    assert same is (sector == "host:a.test")


def test_8_1_another_instance_has_other_subjects():
    other = make_ring(make_instance_key("pairwise", value=b"o" * 32))
    assert subject_of(WEB, "alice", RING) != subject_of(WEB, "alice", other)


def test_8_1_a_newer_key_changes_no_subject():
    newer = make_ring(make_instance_key("pairwise"), make_instance_key("pairwise", 2, b"n" * 32))
    assert subject_of(WEB, "alice", newer) == subject_of(WEB, "alice", RING)


class TestAuthorization:
    """Whoever insists on somebody names them as it knows them (Core 3.1.2.1, 5.5.1)."""

    PAIR = change(
        SITE_WEB,
        subject_type="pairwise",
        grant_types=("authorization_code", "refresh_token", "implicit"),
        response_types=("code", "id_token"),
        legacy=Legacy(reason="the old portal"),
        uses_legacy=True,
        id_token_signed_response_alg="ES256",
        secrets=(ClientSecret(digest=digest(SECRET), created_at=0),),
    )

    async def site(self):
        site = await open_site(self.PAIR)
        await site.sign_in()
        return site

    async def known_as(self, site, user_id="alice"):
        return subject_of(self.PAIR, user_id, await site.keys.ring())

    async def hint(self, site, sub):
        ring = await site.keys.ring()
        now = site.clock.now()
        claims = {"iss": "https://id.test", "sub": sub, "aud": "web", "iat": now, "exp": now + 60}
        return ring.sign("ES256", claims, "JWT")

    async def test_3_1_2_1_id_token_hint(self):
        site = await self.site()
        own = await self.hint(site, await self.known_as(site))
        assert "code" in (await site.authorize(id_token_hint=own)).reply

    @pytest.mark.parametrize("sub", ["alice", None])
    async def test_3_1_2_1_a_hint_of_somebody_else(self, sub):
        site = await self.site()
        token = await self.hint(site, sub or await self.known_as(site, "bob"))
        answer = await site.authorize(id_token_hint=token, prompt="none")
        assert answer.reply["error"] == "login_required"

    async def test_5_5_1_the_claims_parameter(self):
        site = await self.site()
        for sub, good in ((await self.known_as(site), True), ("alice", False)):
            asked = json.dumps({"id_token": {"sub": {"value": sub}}})
            answer = await site.authorize(claims=asked, prompt="none")
            assert ("code" in answer.reply) is good

    async def test_5_5_1_of_several_people_the_one_that_is_meant(self):
        site = await self.site()
        await site.sign_in("bob")
        for user_id in ("alice", "bob"):
            asked = json.dumps({"id_token": {"sub": {"value": await self.known_as(site, user_id)}}})
            assert "code" in (await site.authorize(claims=asked)).reply
            assert site.grants[-1].user_id == user_id

    async def test_whoever_signs_in_as_somebody_else(self):
        site = await self.site()
        token = await self.hint(site, await self.known_as(site, "bob"))
        flow = (await site.authorize(id_token_hint=token)).flow
        await site.log_in(flow, "alice")
        assert (await site.resume(flow)).reply["error"] == "login_required"
        flow = (await site.authorize(id_token_hint=token)).flow
        await site.log_in(flow, "bob")
        assert "code" in (await site.resume(flow)).reply

    async def test_8_an_id_token_from_the_authorization_endpoint(self):
        site = await self.site()
        answer = await site.authorize(response_type="id_token")
        document = (await site.send("GET", "/oauth/v2/keys")).json()
        keys = OtherKeySet.import_key_set(document)
        claims = other_jwt.decode(answer.reply["id_token"], keys, algorithms=["ES256"]).claims
        assert claims["sub"] == await self.known_as(site)


class TestEncryptedFromTheBrowser:
    """Encryption of ID tokens that leave the authorization endpoint (Core 3.2.2.5, 10.2)."""

    async def test_without_a_key_the_client_is_told_so(self):
        broken = change(
            TestAuthorization.PAIR, id_token_encrypted_response_alg="RSA-OAEP-256", jwks=None
        )
        site = await open_site(broken)
        await site.sign_in()
        answer = await site.authorize(response_type="id_token")
        assert answer.reply["error"] == "invalid_request"
        assert "RSA-OAEP-256" in answer.reply["error_description"]
        assert "id_token" not in answer.reply

    async def test_also_where_somebody_has_to_sign_in_first(self):
        broken = change(
            TestAuthorization.PAIR, id_token_encrypted_response_alg="RSA-OAEP-256", jwks=None
        )
        site = await open_site(broken)
        flow = (await site.authorize(response_type="id_token")).flow
        await site.log_in(flow)
        assert (await site.resume(flow)).reply["error"] == "invalid_request"
        assert (await site.resume(flow)).status == 410
