"""RFC 6749, 2.3.1, 3.2, 5 and 10.10: the token endpoint, whatever the grant."""

from urllib.parse import urlencode

import pytest

from ostiary.model.client import AccessTokenType, ClientSecret
from ostiary.oauth.handle import BODY_LENGTH, digest, random_text
from support.authorization import WEB, change
from support.registration import open_door, register
from support.site import FORM, open_site
from support.token import VERIFIER
from support.tokens import SECRET, basic

pytestmark = pytest.mark.usefixtures("sites")

PATHS = {
    "token": "/oauth/v2/token",
    "introspection": "/oauth/v2/introspect",
    "revocation": "/oauth/v2/revoke",
    "pushed": "/oauth/v2/par",
    "device": "/oauth/v2/device_authorization",
}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT = change(
    WEB,
    grant_types=("client_credentials", "authorization_code", "refresh_token", DEVICE),
    token_endpoint_auth_method="client_secret_post",
    secrets=(ClientSecret(digest=digest(SECRET), created_at=0),),
    id_token_signed_response_alg="ES256",
    access_token_signing_alg="ES256",
)
PROOF = {"client_id": "web", "client_secret": SECRET}
GOOD = {"grant_type": "client_credentials", **PROOF}


async def post(site, body, path=PATHS["token"], query=b"", **headers):
    """Send a form; `body` is its parameters, or text as it stands."""
    raw = (body if isinstance(body, str) else urlencode(body)).encode()
    given = {"content-type": FORM, "content-length": str(len(raw)), **headers}
    return await site.send("POST", path, query, raw, given)


class TestParameters:
    """3.2 and 2.3.1: how parameters come."""

    @pytest.mark.parametrize("extra", ["&foo=bar", "&scope=", "&resource=&audience=", "&x"])
    async def test_3_2_unknown_ones_and_those_without_a_value_are_ignored(self, extra):
        site = await open_site(CLIENT)
        plain = (await post(site, GOOD)).json()
        answer = await post(site, urlencode(GOOD) + extra)
        assert answer.status == 200
        assert answer.json()["scope"] == plain["scope"]

    @pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope", "foo"])
    async def test_3_2_none_comes_twice(self, name):
        site = await open_site(CLIENT)
        body = urlencode(GOOD | {"scope": "orders.read", "foo": "1"})
        answer = await post(site, f"{body}&{name}=x")
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert name in answer.json()["error_description"]

    async def test_2_3_1_nothing_is_read_from_the_address(self):
        site = await open_site(CLIENT)
        secret = urlencode({"client_secret": SECRET}).encode()
        without = {name: value for name, value in GOOD.items() if name != "client_secret"}
        answer = await post(site, without, query=secret)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
        answer = await post(site, "", query=urlencode(GOOD).encode())
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/x"])
    async def test_3_2_forms_alone(self, content_type):
        site = await open_site(CLIENT)
        headers = {"content-type": content_type}
        answer = await post(site, GOOD, **headers)
        assert (answer.status, answer.json()["error"]) == (415, "invalid_request")


class TestAnswers:
    """5.1 and 5.2: JSON, kept by nobody, with the error codes of the standard."""

    @pytest.mark.parametrize(
        ("changes", "status", "error"),
        [
            ({"grant_type": ""}, 400, "invalid_request"),
            ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
            ({"grant_type": "urn:x"}, 400, "unsupported_grant_type"),
            ({"grant_type": "password"}, 400, "unauthorized_client"),
            ({"scope": "orders.write"}, 400, "invalid_scope"),
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"client_id": "nobody"}, 401, "invalid_client"),
            ({"grant_type": "authorization_code"}, 400, "invalid_request"),
            ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
            ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ],
        ids=str,
    )
    async def test_5_2_each_error_has_its_code(self, changes, status, error):
        site = await open_site(CLIENT)
        answer = await post(site, GOOD | changes)
        assert answer.status == status
        assert answer.header("content-type") == "application/json"
        assert answer.header("cache-control") == "no-store"
        told = answer.json()
        assert set(told) == {"error", "error_description"}
        assert told["error"] == error
        # 5.2: printable ASCII without quote and backslash.
        allowed = set(map(chr, range(0x20, 0x7F))) - {'"', "\\"}
        assert set(told["error_description"]) <= allowed

    async def test_5_2_a_challenge_follows_the_authorization_header(self):
        site = await open_site(change(CLIENT, token_endpoint_auth_method="client_secret_basic"))
        headers = {name.lower(): value for name, value in basic("web", "wrong").items()}
        answer = await post(site, {"grant_type": "client_credentials"}, **headers)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
        assert (answer.header("www-authenticate") or "").startswith("Basic realm=")

    @pytest.mark.parametrize("name", PATHS)
    @pytest.mark.parametrize("proven", [True, False])
    async def test_5_1_no_answer_is_kept(self, name, proven):
        """RFC 7662, 2.2; RFC 8628, 3.2; RFC 9126, 2.2: neither good ones nor refusals."""
        site = await open_site(CLIENT)
        form = {
            "token": {"grant_type": "client_credentials"},
            "introspection": {"token": "x"},
            "revocation": {"token": "x"},
            "pushed": {
                "response_type": "code",
                "redirect_uri": CLIENT.redirect_uris[0],
                "scope": "openid",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "code_challenge_method": "S256",
            },
            "device": {"scope": "openid"},
        }[name]
        proof = PROOF if proven else {"client_id": "web", "client_secret": "wrong"}
        answer = await post(site, form | proof, PATHS[name])
        assert answer.status == ((201 if name == "pushed" else 200) if proven else 401)
        assert answer.header("cache-control") == "no-store"
        assert answer.header("content-type") == "application/json"


class Counting:
    """Entropy that never says the same twice, and counts what it said."""

    def __init__(self):
        self.given = 0

    def token_bytes(self, count):
        first = self.given
        self.given += count
        return bytes((first + number) % 248 for number in range(count))


class TestGuessing:
    """10.10: nobody can guess what is given out."""

    def test_10_10_every_letter_is_drawn(self):
        """43 letters of 62 are 256 bits: twice what the standard wants of them."""
        entropy = Counting()
        text = random_text(entropy)
        assert len(text) == BODY_LENGTH == 43
        assert entropy.given >= BODY_LENGTH
        assert random_text(entropy) != text
        assert 62**BODY_LENGTH > 2**160

    async def test_10_10_codes_and_tokens(self):
        site = await open_site(change(CLIENT, access_token_type=AccessTokenType.OPAQUE))
        await site.sign_in()
        seen = []
        for _ in range(2):
            reply = (await site.authorize(scope="openid offline_access")).reply
            form = {
                "grant_type": "authorization_code",
                "code": reply["code"],
                "code_verifier": VERIFIER,
                "redirect_uri": CLIENT.redirect_uris[0],
            }
            tokens = (await post(site, form | PROOF)).json()
            device = (await post(site, {"scope": "openid"} | PROOF, PATHS["device"])).json()
            seen.append(
                {
                    "code": reply["code"],
                    "access_token": tokens["access_token"].rpartition("_")[2],
                    "refresh_token": tokens["refresh_token"].rpartition("_")[2],
                    "device_code": device["device_code"].rpartition("_")[2],
                }
            )
        first, second = seen
        for name, text in first.items():
            assert len(text) >= BODY_LENGTH, name
            assert text.isalnum()
            assert text != second[name]

    async def test_10_10_secrets_of_registered_clients(self):
        site = await open_door()
        first, second = (await register(site)).told, (await register(site)).told
        for name in ("client_secret", "registration_access_token"):
            assert first[name] != second[name]
            assert len(first[name].rpartition("_")[2]) >= BODY_LENGTH
