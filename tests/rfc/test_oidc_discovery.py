"""OpenID Connect Discovery 4, RFC 8414, 3 and RFC 7517, 5: the documents as they are served."""

import pytest

from ostiary.jose.keyring import PUBLISHED_AFTER_RETIREMENT
from ostiary.model.key import KeyState
from ostiary.web.oauth import token, userinfo
from support.authorization import ISSUER, change
from support.jose import NOW, make_key, make_ring, make_signing_key
from support.site import AUTHORIZE, open_site

pytestmark = pytest.mark.usefixtures("sites")

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"
KEYS = "/oauth/v2/keys"
DOCUMENTS = [OPENID, OAUTH, KEYS]


async def test_4_2_the_issuer_is_the_configured_one_and_endpoints_are_where_it_says():
    document = (await (await open_site()).send("GET", OPENID)).json()
    assert document["issuer"] == ISSUER
    assert document["authorization_endpoint"] == ISSUER + AUTHORIZE
    assert document["token_endpoint"] == ISSUER + token.PATH
    assert document["userinfo_endpoint"] == ISSUER + userinfo.PATH
    assert document["jwks_uri"] == ISSUER + KEYS


async def test_rfc_8414_3_gives_the_same_document():
    site = await open_site()
    assert (await site.send("GET", OAUTH)).body == (await site.send("GET", OPENID)).body


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (OPENID, "application/json"),
        (OAUTH, "application/json"),
        (KEYS, "application/jwk-set+json"),
    ],
)
async def test_everybody_may_read_and_keep_it_for_an_hour(path, media_type):
    answer = await (await open_site()).send(
        "GET", path, headers={"origin": "https://anywhere.test"}
    )
    assert answer.status == 200
    assert answer.header("content-type") == media_type
    assert answer.header("cache-control") == "public, max-age=3600"
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-allow-credentials") is None
    assert answer.header("cross-origin-resource-policy") == "cross-origin"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("set-cookie") is None
    assert answer.json()


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_who_has_it_already_is_told_so(path):
    site = await open_site()
    etag = (await site.send("GET", path)).header("etag")
    assert etag
    for sent in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await site.send("GET", path, headers={"if-none-match": sent})
        assert (answer.status, answer.body) == (304, b"")
        assert answer.header("etag") == etag
        assert answer.header("cache-control") == "public, max-age=3600"
    for sent in ('"x"', etag.strip('"'), ""):
        assert (await site.send("GET", path, headers={"if-none-match": sent})).status == 200


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_head(path):
    site = await open_site()
    full = await site.send("GET", path)
    answer = await site.send("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-length") == str(len(full.body))
    assert answer.header("etag") == full.header("etag")


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_preflight(path):
    headers = {"origin": "https://a.test", "access-control-request-method": "GET"}
    answer = await (await open_site()).send("OPTIONS", path, headers=headers)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-allow-methods") == "GET, HEAD"


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_nothing_can_be_written(path):
    assert (await (await open_site()).send("POST", path)).status == 405


async def test_rfc_7517_5_public_halves_of_the_keys():
    site = await open_site()
    site.keys.current = make_ring(
        make_signing_key("RS256"),
        make_signing_key("ES256", KeyState.PUBLISHED),
        make_signing_key("EdDSA", KeyState.PENDING),
        make_signing_key("PS256", KeyState.REVOKED),
    )
    keys = (await site.send("GET", KEYS)).json()["keys"]
    assert [key["kid"] for key in keys] == [make_key("RS256").kid, make_key("ES256").kid]
    for key in keys:
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"}.intersection(key)


async def test_a_new_key_is_there_at_once():
    site = await open_site()
    before = await site.send("GET", KEYS)
    site.keys.current = make_ring(make_signing_key("ES256"), make_signing_key("EdDSA"))
    after = await site.send("GET", KEYS, headers={"if-none-match": before.header("etag") or ""})
    assert after.status == 200
    assert len(after.json()["keys"]) == 2
    document = (await site.send("GET", OPENID)).json()
    assert document["id_token_signing_alg_values_supported"] == ["ES256", "EdDSA"]


async def test_a_retired_key_leaves_by_and_by():
    site = await open_site()
    retired = change(make_signing_key("ES256", KeyState.RETIRED), retired_at=NOW)
    site.keys.current = make_ring(retired)
    for moment, count in ((0, 1), (PUBLISHED_AFTER_RETIREMENT - 60, 1), (60, 0)):
        site.clock.time += moment
        assert len((await site.send("GET", KEYS)).json()["keys"]) == count


async def test_algorithms_are_listed_once_there_is_a_key():
    site = await open_site()
    site.keys.current = make_ring(
        make_signing_key("RS256"), make_signing_key("EdDSA", KeyState.PUBLISHED)
    )
    document = (await site.send("GET", OPENID)).json()
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_without_the_keys_the_answer_is_503(path):
    site = await open_site()
    site.keys.gone = True
    answer = await site.send("GET", path)
    assert answer.status == 503
    assert answer.header("retry-after")
    assert answer.header("cache-control") == "no-store"
    assert answer.json()["error"] == "temporarily_unavailable"
