"""What an application of each type may be registered with (S1-14 to S1-16, G1, G2, G15)."""

import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.client_rules import Surroundings, settle
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid
from ostiary.model.client import Client
from ostiary.oauth.scope import IDENTITY_SCOPES
from support.jose import make_key

SURROUNDINGS = Surroundings(scopes=frozenset(IDENTITY_SCOPES) | {"orders.read"}, algs=("RS256",))
WEB = {"type": "OIDC_APP_TYPE_WEB", "redirect_uris": ["https://app.test/cb"]}
SPA = {"type": "OIDC_APP_TYPE_USER_AGENT", "redirect_uris": ["https://app.test/cb"]}
NATIVE = {"type": "OIDC_APP_TYPE_NATIVE", "redirect_uris": ["com.example.app:/cb"]}
API = {"type": "API"}
KEYS = {"jwks": {"keys": [make_key("ES256").public_jwk]}}
OLD = {"legacy": {"reason": "old"}}
IMPLICIT = OLD | {"grant_types": ["implicit"], "response_types": ["id_token"]}


def settled(metadata):
    return settle(decode(ClientMetadata, metadata), None, SURROUNDINGS)


def client(metadata):
    return Client(client_id="c", organization_id="o", **settled(metadata))


def refused(metadata):
    with pytest.raises(Invalid) as error:
        settled(metadata)
    return {problem.path: problem.message for problem in error.value.problems}


@pytest.mark.parametrize(
    ("kind", "methods"),
    [
        (WEB, ("client_secret_basic", "client_secret_post", "private_key_jwt")),
        (API, ("client_secret_basic", "client_secret_post", "private_key_jwt")),
        (SPA, ("none",)),
        (NATIVE, ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")),
    ],
    ids=["web", "api", "browser", "native"],
)
def test_s1_14_to_16_how_each_type_authenticates(kind, methods):
    every = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
    for method in every:
        asked = kind | {"token_endpoint_auth_method": method}
        asked |= KEYS if method == "private_key_jwt" else {}
        if method in methods:
            assert settled(asked)["token_endpoint_auth_method"] == method
        elif method == "none" and kind is WEB:
            assert client(asked).public
        else:
            assert {"token_endpoint_auth_method", "grant_types"} & set(refused(asked))


@pytest.mark.parametrize("kind", [SPA, NATIVE], ids=["browser", "native"])
def test_s1_15_and_16_pkce_cannot_be_switched_off(kind):
    assert settled(kind)["require_pkce"] is True
    assert "require_pkce" in refused(kind | {"require_pkce": False})


SECRETS = ("client_secret_basic", "client_secret_post", "private_key_jwt")


class TestNativeWithASecret:
    """G15, S2-07: everybody who has the application has its secret (RFC 8252, 8.5)."""

    @pytest.mark.parametrize("method", SECRETS)
    def test_it_stays_public(self, method):
        asked = NATIVE | KEYS if method == "private_key_jwt" else NATIVE
        made = client(asked | {"token_endpoint_auth_method": method})
        assert made.public
        assert not client(WEB).public

    @pytest.mark.parametrize("method", SECRETS)
    def test_pkce_stays_a_duty(self, method):
        asked = NATIVE | {"token_endpoint_auth_method": method, "require_pkce": False}
        message = refused(asked | (KEYS if method == "private_key_jwt" else {}))["require_pkce"]
        assert "RFC 9700" in message

    @pytest.mark.parametrize(
        "grant",
        [
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
    )
    def test_it_gets_nothing_by_its_secret_alone(self, grant):
        asked = NATIVE | {
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", grant],
        }
        message = refused(asked)["grant_types"]
        assert grant in message
        assert "OIDC_APP_TYPE_NATIVE" in message
        assert "RFC 8252" in message


class TestImplicit:
    """G1, S2-21: of the types with a browser, native ones have a better way."""

    @pytest.mark.parametrize("response_type", ["id_token", "id_token token", "token"])
    def test_not_for_native_applications(self, response_type):
        asked = IMPLICIT | {"response_types": [response_type]}
        assert settled(WEB | asked)["response_types"] == (response_type,)
        assert settled(SPA | asked)["response_types"] == (response_type,)
        message = refused(NATIVE | asked)["response_types"]
        assert response_type in message
        assert "RFC 8252, 8.2" in message

    def test_not_for_machines(self):
        assert "redirect_uris" in refused(API | IMPLICIT)

    def test_it_needs_somewhere_to_answer(self):
        asked = IMPLICIT | {"type": "OIDC_APP_TYPE_WEB"}
        assert "people are sent back" in refused(asked)["redirect_uris"]

    def test_it_needs_a_mode_that_may_carry_tokens(self):
        message = refused(WEB | IMPLICIT | {"response_modes": ["query"]})["response_modes"]
        assert "fragment" in message
        assert "form_post" in message
        for mode in ("fragment", "form_post"):
            assert settled(WEB | IMPLICIT | {"response_modes": [mode]})

    def test_an_id_token_needs_openid(self):
        asked = WEB | IMPLICIT | {"allowed_scopes": ["orders.read"]}
        assert "openid" in refused(asked)["allowed_scopes"]
        assert settled(asked | {"response_types": ["token"]})

    @pytest.mark.parametrize(
        "uri", ["http://localhost/cb", "https://localhost/cb", "http://127.0.0.1/cb"]
    )
    def test_registration_2_a_web_application_by_the_word_of_the_standard(self, uri):
        """Where `application_type` is said to be web, its rule for implicit holds."""
        asked = IMPLICIT | {"redirect_uris": [uri], "type": "OIDC_APP_TYPE_WEB"}
        assert settled(asked)
        assert "redirect_uris[0]" in refused(asked | {"application_type": "web"})
        good = asked | {"redirect_uris": ["https://app.test/cb"], "application_type": "web"}
        assert settled(good)


@pytest.mark.parametrize("until", ["20270630", "2027-W26-3", "2027-181", "2027-06-30T10:00"])
def test_a_day_is_written_in_one_way(until):
    asked = WEB | {"legacy": {"reason": "old", "until": until}}
    assert "YYYY-MM-DD" in refused(asked)["legacy.until"]
