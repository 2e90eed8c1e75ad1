"""RFC 9101 and OpenID Connect Core 6: requests in signed objects (RO-01, RO-03, JW-01, RT-09)."""

import hashlib
from urllib.parse import urlencode

import msgspec
import pytest

from ostiary.jose import base64url
from ostiary.model.client import ClientSecret, ClientState
from ostiary.model.grant import PushedRequest
from ostiary.oauth.authorization.pushed import PREFIX
from ostiary.oauth.authorization.request_object import MEDIA_TYPE
from ostiary.oauth.clients.keys import ALGS
from ostiary.oauth.handle import digest
from ostiary.web.oauth import authorization
from support.authorization import EVIL, ISSUER, SPA, WEB, change, parameters
from support.jose import NOW, forge, make_key, sign_as
from support.site import FORM, open_site
from support.tokens import SECRET, basic

pytestmark = pytest.mark.usefixtures("sites")

CALLBACK = "https://app.test/cb"
PUBLISHED = "https://app.test/request.jwt"
KEY, OTHER_KEY = make_key("ES256"), make_key("ES256", 1)
SECRETS = (ClientSecret(digest=digest(SECRET), created_at=0),)
CLIENT = change(WEB, secrets=SECRETS, jwks={"keys": [make_key(alg).public_jwk for alg in ALGS]})
FOREIGN = change(EVIL, secrets=SECRETS, jwks={"keys": [OTHER_KEY.public_jwk]})
UNSIGNED = change(CLIENT, request_object_signing_alg="none")
MUST_SIGN = change(CLIENT, require_signed_request_object=True)
REFERRING = change(CLIENT, request_uris=(PUBLISHED,))


def claims(**changes):
    """Return the members of a good request object; None leaves one out."""
    good = {**parameters(state="inner"), "iss": "web", "aud": ISSUER, "exp": NOW + 300}
    return {name: value for name, value in (good | changes).items() if value is not None}


def sign(pair=KEY, typ=MEDIA_TYPE, **changes):
    return sign_as(pair, claims(**changes), typ=typ)


def unsigned(typ=None, **changes):
    header = {"alg": "none"} | ({} if typ is None else {"typ": typ})
    return forge(header, claims(**changes), b"")


async def ask(site, request=None, client_id="web", **beside):
    """Bring a request object by the browser; only what RFC 9101, 5 wants stands beside it."""
    given = {"client_id": client_id} | ({} if request is None else {"request": request}) | beside
    return await site.authorize_raw(urlencode(given).encode())


async def push(site, request, by="web", **beside):
    body = urlencode({"request": request} | beside).encode()
    headers = {"content-type": FORM, "content-length": str(len(body))}
    headers |= {name.lower(): value for name, value in basic(by).items()}
    return await site.send("POST", "/oauth/v2/par", b"", body, headers)


async def refer(site, uri=PUBLISHED, **beside):
    return await ask(site, None, request_uri=uri, **beside)


async def switch_on(site):
    stored = await site.store.read_configuration()
    await site.change(stored, policies={"fetch_request_uris": True})
    await site.store.revalidate()


async def start(*clients, signed_in=True):
    site = await open_site(*(clients or (CLIENT,)))
    if signed_in:
        await site.sign_in()
    return site


async def refused(site, request, error="invalid_request_object", **beside):
    """Hold the answer to a refusal, told to the client where the request says who that is."""
    beside = {"redirect_uri": CALLBACK, "state": "outer"} | beside
    reply = (await ask(site, request, **beside)).reply
    assert reply["error"] == error, reply
    assert reply["state"] == "outer"
    assert "code" not in reply
    assert not site.codes
    return reply["error_description"]


@pytest.mark.parametrize("alg", ALGS)
async def test_6_2_a_signed_request_is_answered(alg):
    site = await start()
    answer = await ask(site, sign(make_key(alg)))
    assert answer.location.startswith(CALLBACK)
    assert answer.reply.keys() == {"code", "session_state", "state", "iss"}
    assert answer.reply["state"] == "inner"


@pytest.mark.parametrize("typ", [None, "JWT", MEDIA_TYPE, f"application/{MEDIA_TYPE}"])
async def test_10_8_1_its_type(typ):
    site = await start()
    assert "code" in (await ask(site, sign(typ=typ))).reply


async def test_5_by_post_too():
    site = await start()
    body = urlencode({"client_id": "web", "request": sign()}).encode()
    answer = await site.post(body)
    assert "code" in (await site.resume(answer.flow)).reply


async def test_4_members_stand_for_parameters():
    site = await start()
    wish = {"userinfo": {"email": {"essential": True}}}
    request = sign(
        max_age=600,
        claims=wish,
        scope="openid orders.read",
        resource=["https://orders.test"],
        prompt="",
        nonce="of the object",
    )
    assert "code" in (await ask(site, request)).reply
    (code,) = site.codes
    assert code.nonce == "of the object"
    (grant,) = site.grants
    assert grant.resources == ("https://orders.test",)
    assert grant.claims == {"userinfo": {"email": {"essential": True}}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scope", ["openid"]),
        ("state", {"x": 1}),
        ("max_age", 1.5),
        ("nonce", [1]),
        ("resource", [["https://orders.test"]]),
        ("resource", [None]),
        ("redirect_uri", [CALLBACK]),
    ],
    ids=str,
)
async def test_4_members_of_another_kind_are_refused(name, value):
    site = await start()
    assert name in await refused(site, sign(**{name: value}))


async def test_4_a_null_is_refused():
    site = await start()
    request = sign_as(KEY, claims() | {"state": None})
    assert "state" in await refused(site, request)


async def test_4_more_members_than_a_request_may_have_parameters():
    site = await start()
    many = {f"p{number}": "x" for number in range(101)}
    assert "100" in await refused(site, sign(**many))


async def test_ro_01_what_stands_beside_counts_for_nothing():
    """RFC 9101, 6.3."""
    site = await start()
    answer = await ask(
        site,
        sign(scope="openid"),
        scope="openid email",
        state="outer",
        nonce="outer",
        redirect_uri="https://evil.test/cb",
        response_type="code",
        prompt="none login",
    )
    assert answer.location.startswith(CALLBACK)
    assert answer.reply["state"] == "inner"
    assert site.grants[0].scopes == ("openid",)
    assert site.codes[0].nonce == parameters()["nonce"]


async def test_ro_01_and_fills_nothing_in():
    site = await start()
    assert "code" in (await ask(site, sign(scope=None), scope="openid email")).reply
    assert site.grants[0].scopes == ("orders.read",)
    answer = await ask(site, sign(redirect_uri=None), redirect_uri=CALLBACK)
    assert answer.status == 400
    assert len(site.codes) == 1


@pytest.mark.parametrize("client_id", [None, "evil", 5, ""])
async def test_ro_01_another_client_id(client_id):
    site = await start()
    await refused(site, sign_as(KEY, claims(client_id=None) | {"client_id": client_id}))


@pytest.mark.parametrize("response_type", ["token", "code id_token", None])
async def test_ro_01_another_response_type(response_type):
    """The object is the client's, so that it is told where the object says."""
    site = await start()
    reply = (await ask(site, sign(response_type=response_type), response_type="code")).reply
    assert reply["error"] == "invalid_request_object"
    assert reply["state"] == "inner"
    assert not site.codes


async def test_5_the_client_id_must_stand_beside_it():
    site = await start()
    answer = await site.authorize_raw(urlencode({"request": sign()}).encode())
    assert answer.status == 400
    assert "client_id" in answer.text


async def test_5_not_both():
    site = await start()
    beside = {"request_uri": PUBLISHED, "redirect_uri": CALLBACK}
    reply = (await ask(site, sign(), **beside)).reply
    assert reply["error"] == "invalid_request"
    answer = await ask(site, sign(), request_uri=PREFIX + "A" * 43)
    assert answer.status == 400
    assert "not both" in answer.text


async def test_5_each_once():
    site = await start()
    given = [("client_id", "web"), ("redirect_uri", CALLBACK), ("request", sign())]
    reply = (await site.authorize_raw(urlencode([*given, given[-1]]).encode())).reply
    assert reply["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["request", "request_uri"])
async def test_4_nothing_in_it_leads_on(name):
    site = await start()
    assert name in await refused(site, sign(**{name: "https://app.test/other.jwt"}))


class TestSignature:
    """RFC 9101, 6.2, and what attackers send in its place."""

    async def test_another_key(self):
        site = await start()
        await refused(site, sign(OTHER_KEY))
        await refused(site, sign_as(OTHER_KEY, claims(), kid=KEY.kid))

    async def test_another_client(self):
        """Its keys sign for it alone."""
        site = await start(CLIENT, FOREIGN)
        await refused(site, sign(OTHER_KEY, client_id="web", iss="web"))

    @pytest.mark.parametrize("alg", ["none", "None", "nOnE"])
    async def test_jw_01_no_signature(self, alg):
        site = await start()
        for signature in (b"", b"signature"):
            await refused(site, forge({"alg": alg}, claims(), signature))

    @pytest.mark.parametrize("text", ["x", "a.b", "a.b.c", "a.b.c.d.e", "...", "é.é.é", "[]"])
    async def test_no_jwt(self, text):
        site = await start()
        await refused(site, text)

    async def test_a_key_that_it_brings_along(self):
        site = await start()
        header = {"jwk": OTHER_KEY.public_jwk, "jku": "https://evil.test/jwks"}
        await refused(site, sign_as(OTHER_KEY, claims(), **header))
        assert "code" in (await ask(site, sign_as(KEY, claims(), **header))).reply

    async def test_a_client_without_keys(self):
        site = await start(WEB)
        await refused(site, sign())

    async def test_the_registered_algorithm_alone(self):
        site = await start(change(CLIENT, request_object_signing_alg="PS256"))
        assert "PS256" in await refused(site, sign())
        assert "code" in (await ask(site, sign(make_key("PS256")))).reply

    async def test_a_public_client_may_sign(self):
        site = await start(change(SPA, jwks={"keys": [KEY.public_jwk]}))
        changes = {"client_id": "spa", "iss": "spa", "redirect_uri": SPA.redirect_uris[0]}
        assert "code" in (await ask(site, sign(**changes), "spa")).reply

    @pytest.mark.parametrize(
        "typ", ["at+jwt", "logout+jwt", "client-authentication+jwt", "secevent+jwt", "dpop+jwt"]
    )
    async def test_rt_09_a_token_for_something_else(self, typ):
        site = await start()
        await refused(site, sign(typ=typ))

    async def test_rt_09_an_assertion_of_the_client(self):
        """RFC 9101, 10.8: one that has no type of its own is known by its subject."""
        site = await start()
        assert "sub" in await refused(site, sign(typ="JWT", sub="web"))

    async def test_rt_09_is_no_assertion_of_the_client(self):
        client = change(CLIENT, token_endpoint_auth_method="private_key_jwt", secrets=())
        site = await start(client)
        form = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sign(typ="JWT", jti="j"),
        }
        body = urlencode(parameters() | form).encode()
        headers = {"content-type": FORM, "content-length": str(len(body))}
        answer = await site.send("POST", "/oauth/v2/par", b"", body, headers)
        assert answer.status == 401

    async def test_too_long(self):
        site = await start()
        body = urlencode(
            {"client_id": "web", "redirect_uri": CALLBACK, "request": sign(x="y" * 20_000)}
        ).encode()
        assert (await site.post(body)).reply["error"] == "invalid_request_object"


class TestClaims:
    """What the object says about itself."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "evil"},
            {"aud": "https://other.test"},
            {"aud": [f"{ISSUER}/"]},
            {"exp": NOW},
            {"exp": "soon"},
            {"nbf": NOW + 60},
            {"nbf": NOW + 60, "exp": None},
            {"iat": NOW + 60, "exp": None},
            {"jti": "x" * 300},
            {"jti": "x", "exp": NOW + 4000},
        ],
        ids=str,
    )
    async def test_refused(self, changes):
        site = await start()
        await refused(site, sign(**changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": None, "aud": None, "exp": None},
            {"aud": ["https://other.test", ISSUER]},
            {"nbf": NOW + 5, "iat": NOW + 5},
            {"exp": NOW + 100_000},
            {"jti": "x", "exp": NOW + 3600},
            {"jti": "x", "exp": None},
        ],
        ids=str,
    )
    async def test_accepted(self, changes):
        site = await start()
        assert "code" in (await ask(site, sign(**changes))).reply


class TestUsed:
    """With a `jti` it is good for one answer: reloading before that is fine (RO-05)."""

    async def test_after_the_code(self):
        site = await start()
        request = sign(jti="once")
        assert "code" in (await ask(site, request)).reply
        again = await ask(site, request)
        assert again.status == 400
        assert "invalid_request_object" in again.text
        assert len(site.codes) == 1

    async def test_reloading_before(self):
        site = await start(signed_in=False)
        request = sign(jti="once")
        flows = [(await ask(site, request)).flow for _ in range(2)]
        await site.sign_in()
        assert "code" in (await site.resume(flows[0])).reply
        assert (await site.resume(flows[1])).status == 400
        assert len(site.codes) == 1

    async def test_the_same_jti_of_another_client(self):
        site = await start(CLIENT, FOREIGN)
        assert "code" in (await ask(site, sign(jti="once"))).reply
        redirect_uri = FOREIGN.redirect_uris[0]
        request = sign(
            OTHER_KEY, jti="once", client_id="evil", iss="evil", redirect_uri=redirect_uri
        )
        assert "code" in (await ask(site, request, "evil")).reply

    async def test_when_it_is_pushed(self):
        site = await start()
        request = sign(jti="once")
        first = await push(site, request)
        assert first.status == 201
        again = await push(site, request)
        assert (again.status, again.json()["error"]) == (400, "invalid_request_object")
        answer = await ask(site, None, request_uri=first.json()["request_uri"])
        assert "code" in answer.reply


class TestUnsigned:
    """OpenID Connect Core 6.1: only where the client is registered for it."""

    @pytest.mark.parametrize("typ", [None, "JWT", MEDIA_TYPE])
    async def test_a_client_that_is_registered_for_it(self, typ):
        site = await start(UNSIGNED)
        reply = (await ask(site, unsigned(typ))).reply
        assert reply["state"] == "inner"
        assert "code" in reply

    async def test_discovery_3_none_is_not_listed_for_it_is_not_for_every_client(self):
        """Whoever registered no algorithm may use any that is listed (Registration 2)."""
        site = await start(CLIENT)
        document = (await site.send("GET", "/.well-known/openid-configuration")).json()
        await refused(site, unsigned())
        assert "none" not in document["request_object_signing_alg_values_supported"]

    async def test_its_parameters_are_checked_as_any_others(self):
        site = await start(UNSIGNED)
        answer = await ask(site, unsigned(redirect_uri="https://evil.test/cb"))
        assert answer.status == 400
        await refused(site, unsigned(client_id="evil"))
        await refused(site, unsigned(aud="https://other.test"))
        await refused(site, unsigned(exp=NOW))
        await refused(site, unsigned("at+jwt"))
        await refused(site, unsigned(request_uri=PUBLISHED))

    @pytest.mark.parametrize(
        "token",
        [
            sign(),
            forge({"alg": "none"}, claims(), b"signature"),
            forge({"alg": "None"}, claims(), b""),
            forge({"alg": "ES256"}, claims(), b""),
            forge({"alg": "none", "crit": ["x"]}, claims(), b""),
            forge({"alg": "none", "zip": "DEF"}, claims(), b""),
            forge({"alg": "none", "typ": 5}, claims(), b""),
            forge("[]", claims(), b""),
            forge({"alg": "none"}, "[]", b""),
            "x",
            "..",
            "a.b.c.d",
            "=.=.",
        ],
        ids=range(13),
    )
    async def test_nothing_else_comes_through_that_door(self, token):
        site = await start(UNSIGNED)
        await refused(site, token)

    async def test_never_pushed(self):
        site = await start(UNSIGNED)
        for request in (unsigned(), sign()):
            answer = await push(site, request)
            assert (answer.status, answer.json()["error"]) == (400, "invalid_request_object")
        answer = await push(await start(CLIENT), unsigned())
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request_object")
        assert not site.store.inserted(PushedRequest)

    async def test_not_where_a_signature_is_a_duty(self):
        site = await start(change(UNSIGNED, require_signed_request_object=True))
        await refused(site, unsigned())

    async def test_too_long(self):
        site = await start(UNSIGNED)
        beside = {"client_id": "web", "redirect_uri": CALLBACK}
        body = urlencode(beside | {"request": unsigned(x="y" * 20_000)}).encode()
        assert (await site.post(body)).reply["error"] == "invalid_request_object"


class TestPushed:
    """RFC 9126, 3: a request object in a pushed request."""

    async def test_it_is_the_request(self):
        site = await start()
        answer = await push(site, sign(), scope="openid email", state="outer")
        assert answer.status == 201, answer.text
        reply = (await ask(site, None, request_uri=answer.json()["request_uri"])).reply
        assert reply["state"] == "inner"
        assert site.grants[0].scopes == ("openid",)

    @pytest.mark.parametrize(
        ("request_object", "error"),
        [
            (sign(OTHER_KEY), "invalid_request_object"),
            (sign(client_id="evil"), "invalid_request_object"),
            (sign(exp=NOW), "invalid_request_object"),
            (sign(request_uri=PUBLISHED), "invalid_request_object"),
            (sign(redirect_uri="https://evil.test/cb"), "invalid_request"),
            (sign(scope="orders.write"), "invalid_scope"),
            (sign(code_challenge=None), "invalid_request"),
        ],
        ids=["key", "client", "expired", "nested", "redirect", "scope", "pkce"],
    )
    async def test_it_is_checked_when_it_is_pushed(self, request_object, error):
        site = await start()
        answer = await push(site, request_object)
        assert (answer.status, answer.json()["error"]) == (400, error)
        assert not site.store.inserted(PushedRequest)

    async def test_another_response_type_beside_it(self):
        site = await start()
        answer = await push(site, sign(), response_type="token")
        assert answer.json()["error"] == "invalid_request_object"

    async def test_of_another_client_than_the_one_that_pushes(self):
        site = await start(CLIENT, FOREIGN)
        answer = await push(site, sign(), by="evil")
        assert answer.json()["error"] == "invalid_request_object"

    async def test_ro_09_credentials_in_it_are_not_kept(self):
        site = await start()
        answer = await push(site, sign(client_secret=SECRET, client_assertion="a.b.c"))
        assert answer.status == 201
        kept = msgspec.json.encode([*site.store.inserted(PushedRequest), *site.events]).decode()
        assert SECRET not in kept
        assert "a.b.c" not in kept


class TestRequired:
    """RFC 9101, 10.5: a client that is registered to sign."""

    async def test_by_the_browser(self):
        site = await start(MUST_SIGN)
        reply = (await site.authorize()).reply
        assert reply["error"] == "invalid_request"
        assert "sign" in reply["error_description"]
        assert "code" in (await ask(site, sign())).reply

    async def test_pushed(self):
        site = await start(MUST_SIGN)
        body = urlencode(parameters()).encode()
        headers = {"content-type": FORM, "content-length": str(len(body))}
        headers |= {name.lower(): value for name, value in basic("web").items()}
        answer = await site.send("POST", "/oauth/v2/par", b"", body, headers)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert (await push(site, sign())).status == 201

    async def test_a_signature_is_not_a_push(self):
        site = await start(change(CLIENT, require_pushed_authorization_requests=True))
        reply = (await ask(site, sign())).reply
        assert reply["error"] == "invalid_request"
        assert "push" in reply["error_description"]


class TestReference:
    """RFC 9101, 5.2 and OpenID Connect Core 6.2: where the instance is told to fetch them."""

    @pytest.mark.parametrize("by_reference", [True, False])
    async def test_metadata(self, by_reference):
        site = await start()
        if by_reference:
            await switch_on(site)
        document = (await site.send("GET", "/.well-known/openid-configuration")).json()
        assert document["request_parameter_supported"] is True
        assert document["request_uri_parameter_supported"] is by_reference
        assert document["require_request_uri_registration"] is by_reference
        assert document["request_object_signing_alg_values_supported"] == list(ALGS)

    @pytest.mark.parametrize(
        "uri",
        [
            PUBLISHED,
            "http://127.0.0.1:8000/",
            "file:///etc/passwd",
            "http://169.254.169.254/",
            "urn:ietf:params:oauth:request_urix",
        ],
    )
    async def test_ro_03_off_by_default(self, uri):
        site = await start(REFERRING)
        reply = (await refer(site, uri, redirect_uri=CALLBACK)).reply
        assert reply["error"] == "request_uri_not_supported"
        assert site.published.fetched == []

    async def test_it_is_fetched(self):
        site = await start(REFERRING)
        await switch_on(site)
        site.published.requests[PUBLISHED] = sign()
        assert (await refer(site)).reply["state"] == "inner"
        assert site.published.fetched == [PUBLISHED]

    async def test_by_post_too(self):
        site = await start(REFERRING)
        await switch_on(site)
        site.published.requests[PUBLISHED] = sign()
        body = urlencode({"client_id": "web", "request_uri": PUBLISHED}).encode()
        assert "code" in (await site.resume((await site.post(body)).flow)).reply

    @pytest.mark.parametrize(
        "uri",
        [
            f"{PUBLISHED}?x",
            f"{PUBLISHED}#x",
            f"{PUBLISHED}#",
            f"{PUBLISHED}/",
            PUBLISHED.upper(),
            "https://app.test:443/request.jwt",
            "https://app.test/",
            "http://app.test/request.jwt",
            "http://127.0.0.1:8000/",
            "file:///etc/passwd",
        ],
    )
    async def test_ro_03_only_what_is_registered_whole(self, uri):
        site = await start(REFERRING)
        await switch_on(site)
        reply = (await refer(site, uri, redirect_uri=CALLBACK)).reply
        assert reply["error"] == "invalid_request_uri"
        assert site.published.fetched == []

    async def test_what_another_client_registered(self):
        site = await start(CLIENT, change(FOREIGN, request_uris=(PUBLISHED,)))
        await switch_on(site)
        reply = (await refer(site, redirect_uri=CALLBACK)).reply
        assert reply["error"] == "invalid_request_uri"
        assert site.published.fetched == []

    async def test_nothing_is_there(self):
        site = await start(REFERRING)
        await switch_on(site)
        reply = (await refer(site, redirect_uri=CALLBACK)).reply
        assert reply["error"] == "invalid_request_uri"
        assert (await refer(site)).status == 400

    async def test_something_else_is_there(self):
        site = await start(REFERRING)
        await switch_on(site)
        for text in ("<html>", sign(OTHER_KEY), sign(client_id="evil")):
            site.published.requests[PUBLISHED] = text
            reply = (await refer(site, redirect_uri=CALLBACK)).reply
            assert reply["error"] == "invalid_request_object"
            assert "html" not in reply["error_description"]

    async def test_the_hash_in_the_fragment(self):
        good, other = sign(), sign(state="other")
        hashed = base64url.encode(hashlib.sha256(good.encode()).digest())
        uri = f"{PUBLISHED}#{hashed}"
        site = await start(change(CLIENT, request_uris=(uri,)))
        await switch_on(site)
        site.published.requests[PUBLISHED] = other
        reply = (await refer(site, uri, redirect_uri=CALLBACK)).reply
        assert reply["error"] == "invalid_request_uri"

        site.published.requests[PUBLISHED] = good
        assert "code" in (await refer(site, uri)).reply
        assert set(site.published.fetched) == {PUBLISHED}

    async def test_an_unsigned_one(self):
        site = await start(change(UNSIGNED, request_uris=(PUBLISHED,)))
        await switch_on(site)
        site.published.requests[PUBLISHED] = unsigned()
        assert "code" in (await refer(site)).reply

    async def test_a_stranger_cannot_have_it_fetched_without_end(self, monkeypatch):
        monkeypatch.setattr(authorization, "_FETCHED_PER_MINUTE", 3)
        site = await start(REFERRING)
        await switch_on(site)
        replies = [(await refer(site, redirect_uri=CALLBACK)).reply["error"] for _ in range(5)]
        assert replies == ["invalid_request_uri"] * 3 + ["temporarily_unavailable"] * 2
        assert len(site.published.fetched) == 3

    async def test_not_in_a_pushed_request(self):
        site = await start(REFERRING)
        await switch_on(site)
        body = urlencode({"request_uri": PUBLISHED}).encode()
        headers = {"content-type": FORM, "content-length": str(len(body))}
        headers |= {name.lower(): value for name, value in basic("web").items()}
        answer = await site.send("POST", "/oauth/v2/par", b"", body, headers)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert site.published.fetched == []


async def test_errors_without_an_address_to_tell_them_to_are_a_page():
    site = await start()
    answer = await ask(site, sign(OTHER_KEY))
    assert answer.status == 400
    assert "invalid_request_object" in answer.text
    answer = await ask(site, sign(OTHER_KEY), redirect_uri="https://evil.test/cb")
    assert answer.status == 400
    assert "location" not in dict(answer.headers)


async def test_refusals_are_in_the_audit_trail():
    site = await start()
    await refused(site, sign(OTHER_KEY))
    (event,) = site.events
    assert (event.type, event.client_id) == ("authz.request.rejected", "web")


async def test_an_application_that_is_switched_off():
    site = await start(change(CLIENT, state=ClientState.INACTIVE))
    answer = await ask(site, sign(), redirect_uri=CALLBACK)
    assert answer.status == 400
    assert "location" not in dict(answer.headers)
