"""RFC 8414, 2 and OpenID Connect Discovery 3: the metadata says what is true."""

import msgspec
import pytest

from ostiary.model.client import Legacy
from ostiary.oauth import metadata, registry
from ostiary.oauth.claims import USER_CLAIMS
from ostiary.oauth.clients.presented import read_presented
from ostiary.oauth.message import Form
from support.authorization import ISSUER, WEB, change, verify_request

DOCUMENT = metadata.describe(
    metadata.Capabilities(issuer=ISSUER, signing_algs=("RS256", "ES256"), ui_locales=("de", "en"))
)
# What Discovery 3, RFC 8414, RFC 9207 and Prompt Create require, or name and exists here.
NAMED = {
    *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"),
    *("scopes_supported", "response_types_supported", "response_modes_supported"),
    *("grant_types_supported", "acr_values_supported", "subject_types_supported"),
    *("id_token_signing_alg_values_supported", "token_endpoint_auth_methods_supported"),
    *("token_endpoint_auth_signing_alg_values_supported", "display_values_supported"),
    "device_authorization_endpoint",
    *("end_session_endpoint", "check_session_iframe", "backchannel_logout_supported"),
    *("backchannel_logout_session_supported", "frontchannel_logout_supported"),
    "frontchannel_logout_session_supported",
    *("pushed_authorization_request_endpoint", "require_pushed_authorization_requests"),
    *("introspection_endpoint", "introspection_endpoint_auth_methods_supported"),
    "introspection_endpoint_auth_signing_alg_values_supported",
    *("revocation_endpoint", "revocation_endpoint_auth_methods_supported"),
    "revocation_endpoint_auth_signing_alg_values_supported",
    *("claim_types_supported", "claims_supported", "ui_locales_supported"),
    *("claims_parameter_supported", "request_parameter_supported"),
    *("request_uri_parameter_supported", "require_request_uri_registration"),
    "request_object_signing_alg_values_supported",
    *("code_challenge_methods_supported", "prompt_values_supported"),
    "authorization_response_iss_parameter_supported",
    *("id_token_encryption_alg_values_supported", "id_token_encryption_enc_values_supported"),
    *("userinfo_encryption_alg_values_supported", "userinfo_encryption_enc_values_supported"),
    "userinfo_signing_alg_values_supported",
}


def test_the_document_names_what_exists_and_nothing_else():
    assert set(DOCUMENT) == NAMED


def test_the_document_is_json():
    assert msgspec.json.decode(msgspec.json.encode(DOCUMENT))["issuer"] == ISSUER


def test_every_endpoint_is_under_the_issuer():
    for name, value in DOCUMENT.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(f"{ISSUER}/")


def test_instance_values():
    assert DOCUMENT["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    assert DOCUMENT["ui_locales_supported"] == ["de", "en"]


def test_pk_02_only_s256_is_listed():
    assert list(DOCUMENT["code_challenge_methods_supported"]) == ["S256"]


def test_az_07_the_issuer_parameter_is_announced():
    assert DOCUMENT["authorization_response_iss_parameter_supported"] is True


@pytest.mark.parametrize("mode", registry.RESPONSE_MODES)
def test_every_listed_response_mode_works(mode):
    assert verify_request(response_mode=mode).response_mode == mode


@pytest.mark.parametrize("kind", registry.RESPONSE_TYPES)
def test_every_listed_response_type_works(kind):
    old = change(
        WEB,
        response_types=registry.RESPONSE_TYPES,
        grant_types=("authorization_code", "implicit"),
        legacy=Legacy(reason="old"),
    )
    assert verify_request(old, response_type=kind).response_type == kind


@pytest.mark.parametrize("prompt", registry.PROMPTS)
def test_every_listed_prompt_works(prompt):
    assert verify_request(prompt=prompt).prompts == (prompt,)


def test_no_prompt_of_our_own_is_listed():
    """Libraries that know the registered values alone would read nothing of the document."""
    assert DOCUMENT["prompt_values_supported"] == ["none", "login", "consent", "select_account"]


def test_every_listed_scope_works():
    client = change(WEB, allowed_scopes=registry.SCOPES)
    request = verify_request(client, scope=" ".join(registry.SCOPES))
    assert request.scopes == registry.SCOPES


def test_every_listed_grant_type_is_a_grant():
    assert tuple(DOCUMENT["grant_types_supported"]) == tuple(registry.GRANTS)
    for name, grant in registry.GRANTS.items():
        assert grant.grant_type == name


@pytest.mark.parametrize(
    ("method", "authorization", "form"),
    [
        ("client_secret_basic", "Basic d2ViOnNlY3JldA==", {}),
        ("client_secret_post", None, {"client_id": "web", "client_secret": "s"}),
        ("none", None, {"client_id": "web"}),
        (
            "private_key_jwt",
            None,
            {
                "client_assertion": "a.b.c",
                "client_assertion_type": ("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            },
        ),
    ],
)
def test_every_listed_authentication_method_is_read(method, authorization, form):
    assert read_presented(Form(form), authorization).method == method
    assert method in DOCUMENT["token_endpoint_auth_methods_supported"]
    assert len(DOCUMENT["token_endpoint_auth_methods_supported"]) == 4


def test_claims_of_users_and_of_the_protocol_are_listed_once():
    listed = DOCUMENT["claims_supported"]
    assert set(USER_CLAIMS) < set(listed)
    assert "sub" in listed
    assert len(set(listed)) == len(listed)


def test_the_claims_parameter_is_supported_as_announced():
    assert DOCUMENT["claims_parameter_supported"] is True
    assert verify_request(claims='{"userinfo": {"email": null}}').claims
