"""What may be registered about a client, and what follows from it (RFC 7591, 2)."""

import msgspec
import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.client_rules import Surroundings, settle
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid
from ostiary.model.client import AccessTokenType, AppType, Client, Lifetimes
from ostiary.oauth.scope import IDENTITY_SCOPES
from support.jose import encryption_jwk, make_key

SURROUNDINGS = Surroundings(
    scopes=frozenset(IDENTITY_SCOPES) | {"orders.read"}, algs=("RS256", "ES256")
)
WEB = {"redirect_uris": ["https://app.test/cb"]}
PUBLIC = WEB | {"token_endpoint_auth_method": "none"}
NATIVE = {"redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none"}
SPA, POST = "OIDC_APP_TYPE_USER_AGENT", "client_secret_post"
JWK = make_key("ES256").public_jwk
MACHINE = {"grant_types": ["client_credentials"]}
TWO_HOSTS = {"redirect_uris": ["https://app.test/cb", "https://other.test/cb"]}
# For encryption alone, and with ECDH alone.
KEYS = {"jwks": {"keys": [encryption_jwk("P-256")]}}
TILL = {"grant_types": ["password"], "legacy": {"reason": "It has no browser"}}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def settled(metadata, current=None):
    return settle(decode(ClientMetadata, metadata), current, SURROUNDINGS)


def refused(metadata, current=None):
    with pytest.raises(Invalid) as error:
        settled(metadata, current)
    return {problem.path: problem.message for problem in error.value.problems}


def client(metadata):
    return Client(client_id="c", organization_id="o", **settled(metadata))


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        (WEB, AppType.WEB),
        (PUBLIC, AppType.USER_AGENT),
        (NATIVE, AppType.NATIVE),
        (PUBLIC | {"redirect_uris": ["http://127.0.0.1/cb", "http://[::1]/cb"]}, AppType.NATIVE),
        (PUBLIC | {"redirect_uris": ["com.x.y:/cb", "http://localhost/cb"]}, AppType.NATIVE),
        (PUBLIC | {"redirect_uris": ["https://a.test/", "http://localhost/"]}, AppType.USER_AGENT),
        (WEB | {"redirect_uris": ["http://localhost:3000/cb"]}, AppType.WEB),
        (MACHINE, AppType.API),
        (WEB | {"application_type": "native"}, AppType.NATIVE),
        (PUBLIC | {"type": "OIDC_APP_TYPE_WEB"}, AppType.WEB),
        (TILL, AppType.WEB),
        (TILL | {"token_endpoint_auth_method": "none"}, AppType.NATIVE),
    ],
    ids=str,
)
def test_the_type_follows_from_method_and_redirect_uris(metadata, kind):
    assert settled(metadata)["type"] is kind


def test_g7_the_password_grant_may_come_with_refresh_tokens():
    values = settled(TILL | {"grant_types": ["password", "refresh_token"]})
    assert values["allowed_scopes"] == IDENTITY_SCOPES
    assert values["response_types"] == ()


def test_defaults_of_this_door():
    values = settled(WEB)
    assert values["require_pkce"] is True
    assert values["require_consent"] is False
    assert values["access_token_type"] is AccessTokenType.JWT
    assert values["token_endpoint_auth_method"] == "client_secret_basic"
    assert values["grant_types"] == ("authorization_code",)
    assert values["response_types"] == ("code",)
    assert values["id_token_signed_response_alg"] == "RS256"
    assert values["subject_type"] == "public"
    assert values["web_origins"] == ()


def test_a_given_type_decides_on_the_method_and_the_grants():
    values = settled(WEB | {"type": "OIDC_APP_TYPE_USER_AGENT"})
    assert values["token_endpoint_auth_method"] == "none"
    values = settled({"type": "API"})
    assert values["grant_types"] == ("client_credentials",)
    assert values["response_types"] == ()
    assert values["allowed_scopes"] == ()


def test_a_device_has_its_grant_no_secret_and_no_redirect_uri():
    for metadata in ({"type": "DEVICE"}, {"grant_types": [DEVICE, "refresh_token"]}):
        values = settled({"token_endpoint_auth_method": "none"} | metadata)
        assert values["type"] is AppType.DEVICE
        assert values["grant_types"] == (DEVICE, "refresh_token")
        assert values["redirect_uris"] == values["response_types"] == ()
        assert values["allowed_scopes"] == IDENTITY_SCOPES
    assert settled({"type": "DEVICE"})["token_endpoint_auth_method"] == "none"


@pytest.mark.parametrize("metadata", [WEB, NATIVE], ids=["web", "native"])
def test_other_applications_may_have_the_device_grant_besides(metadata):
    grants = ["authorization_code", DEVICE]
    assert settled(metadata | {"grant_types": grants})["grant_types"] == tuple(grants)


def test_scopes_follow_from_the_grants():
    assert "offline_access" not in settled(WEB)["allowed_scopes"]
    refreshing = WEB | {"grant_types": ["authorization_code", "refresh_token"]}
    assert settled(refreshing)["allowed_scopes"] == IDENTITY_SCOPES


def test_scope_and_allowed_scopes_are_one_list():
    assert settled(WEB | {"scope": "openid  orders.read openid"})["allowed_scopes"] == (
        "openid",
        "orders.read",
    )
    assert list(refused(WEB | {"scope": "openid", "allowed_scopes": ["openid"]})) == ["scope"]


def test_web_origins_of_a_public_client_follow_its_redirect_uris():
    redirects = ["https://app.test:443/cb", "https://app.test/other", "http://localhost:5173/"]
    values = settled(PUBLIC | {"redirect_uris": redirects})
    assert values["web_origins"] == ("https://app.test", "http://localhost:5173")
    assert settled(NATIVE)["web_origins"] == ()


def test_what_was_worked_out_follows_a_change_and_what_was_chosen_stays():
    moved = {"redirect_uris": ["https://other.test/cb"]}
    assert settled(moved, client(PUBLIC))["web_origins"] == ("https://other.test",)
    chosen = client(PUBLIC | {"web_origins": ["https://cdn.test"]})
    assert settled(moved, chosen)["web_origins"] == ("https://cdn.test",)
    assert settled(moved | {"web_origins": None}, chosen)["web_origins"] == ("https://other.test",)


def test_null_puts_back_the_default_and_nothing_leaves_as_is():
    present = client(WEB | {"require_consent": True, "client_uri": "https://app.test/"})
    values = settled({"require_consent": None}, present)
    assert values["require_consent"] is False
    assert values["client_uri"] == "https://app.test/"


def test_lifetimes_are_merged_and_bounded():
    present = client(WEB | {"access_token_lifetime": 600, "code_lifetime": 30})
    values = settled({"access_token_lifetime": None, "id_token_lifetime": 120}, present)
    assert values["lifetimes"] == Lifetimes(code=30, id_token=120)
    assert list(refused(WEB | {"access_token_lifetime": 3601, "code_lifetime": 9})) == [
        "code_lifetime",
        "access_token_lifetime",
    ]


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ({}, "redirect_uris"),
        (WEB | {"grant_types": []}, "grant_types"),
        (WEB | {"grant_types": ["implicit"]}, "legacy"),
        (WEB | {"grant_types": ["authorisation_code"]}, "grant_types[0]"),
        (WEB | {"grant_types": ["refresh_token"]}, "grant_types"),
        (WEB | {"grant_types": ["client_credentials"]}, "redirect_uris"),
        (WEB | {"response_types": ["token"]}, "response_types"),
        (WEB | {"response_types": ["code none"]}, "response_types[0]"),
        (WEB | {"response_types": ["x"]}, "response_types[0]"),
        (WEB | {"response_types": []}, "response_types"),
        (MACHINE | {"response_types": ["code"]}, "response_types"),
        (MACHINE | {"token_endpoint_auth_method": "none"}, "grant_types"),
        (TILL | {"legacy": None}, "legacy"),
        (TILL | {"type": "API"}, "grant_types"),
        (WEB | {"response_modes": ["jwt"]}, "response_modes[0]"),
        (WEB | {"response_modes": ["query", "query"]}, "response_modes[1]"),
        (WEB | {"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method"),
        (WEB | {"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
        (WEB | {"token_endpoint_auth_signing_alg": "ES256"}, "token_endpoint_auth_signing_alg"),
        (WEB | {"token_endpoint_auth_signing_alg": "HS256"}, "token_endpoint_auth_signing_alg"),
        (WEB | {"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg"),
        (WEB | {"id_token_signed_response_alg": "EdDSA"}, "id_token_signed_response_alg"),
        (WEB | {"access_token_signing_alg": "HS256"}, "access_token_signing_alg"),
        (WEB | {"type": "DEVICE"}, "redirect_uris"),
        ({"type": "DEVICE", "grant_types": ["refresh_token"]}, "grant_types"),
        ({"type": "DEVICE", "grant_types": ["authorization_code", DEVICE]}, "grant_types"),
        (MACHINE | {"type": "API", "grant_types": [DEVICE]}, "grant_types"),
        (PUBLIC | {"type": SPA, "grant_types": ["authorization_code", DEVICE]}, "grant_types"),
        (WEB | {"type": "API"}, "redirect_uris"),
        (PUBLIC | {"type": SPA, "token_endpoint_auth_method": POST}, "token_endpoint_auth_method"),
        (WEB | {"application_type": "native", "type": "OIDC_APP_TYPE_WEB"}, "application_type"),
        (NATIVE | {"application_type": "web"}, "application_type"),
        (NATIVE | {"type": "OIDC_APP_TYPE_USER_AGENT"}, "redirect_uris[0]"),
        (WEB | {"post_logout_redirect_uris": ["com.a.b:/out"]}, "post_logout_redirect_uris[0]"),
        (PUBLIC | {"require_pkce": False}, "require_pkce"),
        (PUBLIC | {"client_secret": "s" * 40}, "client_secret"),
        (WEB | {"client_secret": "s" * 31}, "client_secret"),
        (WEB | {"client_secret": "ü" * 40}, "client_secret"),
        (WEB | {"client_name": "Google\u202e"}, "client_name"),
        (WEB | {"client_uri": "javascript:alert(1)"}, "client_uri"),
        (WEB | {"logo_uri": "http://app.test/logo.png"}, "logo_uri"),
        (WEB | {"initiate_login_uri": "http://app.test/login"}, "initiate_login_uri"),
        (WEB | {"jwks_uri": "http://app.test/jwks"}, "jwks_uri"),
        (WEB | {"jwks_uri": "gopher://app.test/"}, "jwks_uri"),
        (WEB | {"subject_type": "private"}, "subject_type"),
        (WEB | TWO_HOSTS | {"subject_type": "pairwise"}, "sector_identifier_uri"),
        (WEB | {"sector_identifier_uri": "http://app.test/s.json"}, "sector_identifier_uri"),
        (WEB | {"userinfo_signed_response_alg": "EdDSA"}, "userinfo_signed_response_alg"),
        (WEB | {"userinfo_signed_response_alg": "none"}, "userinfo_signed_response_alg"),
        (WEB | {"userinfo_encrypted_response_alg": "RSA1_5"}, "userinfo_encrypted_response_alg"),
        (WEB | {"userinfo_encrypted_response_enc": "A256GCM"}, "userinfo_encrypted_response_enc"),
        (WEB | {"id_token_encrypted_response_enc": "A256GCM"}, "id_token_encrypted_response_enc"),
        (WEB | {"web_origins": ["null"]}, "web_origins[0]"),
        (WEB | {"web_origins": ["https://app.test/"]}, "web_origins[0]"),
        (WEB | {"allowed_scopes": ["openid", "orders.raed"]}, "allowed_scopes[1]"),
        (WEB | {"scope": "openid admin"}, "allowed_scopes[1]"),
        (WEB | {"clock_skew": 6}, "clock_skew"),
        (WEB | {"clock_skew": -1}, "clock_skew"),
        (WEB | {"default_max_age": -1}, "default_max_age"),
        (WEB | {"default_acr_values": ["a b"]}, "default_acr_values[0]"),
        (WEB | {"contacts": ["a\nb"]}, "contacts[0]"),
        ({"redirect_uris": ["https://app.test/*"]}, "redirect_uris[0]"),
        ({"redirect_uris": ["https://a.test/", "https://a.test/"]}, "redirect_uris[1]"),
        ({"redirect_uris": [f"https://a.test/{n}" for n in range(101)]}, "redirect_uris"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be(metadata, path):
    found = refused(metadata)
    assert path in found
    assert all(message and message.isprintable() for message in found.values())


def test_a_secret_is_never_repeated():
    assert "hunter2hunter2" not in str(refused(WEB | {"client_secret": "hunter2hunter2"}))


def test_a_misspelt_scope_comes_with_a_suggestion():
    found = refused(WEB | {"allowed_scopes": ["orders.raed"]})
    assert found["allowed_scopes[0]"].endswith("did you mean orders.read?")


def test_scopes_that_an_api_lost_do_not_hinder_other_changes():
    present = client(WEB | {"allowed_scopes": ["openid", "orders.read"]})
    fewer = Surroundings(scopes=frozenset(IDENTITY_SCOPES), algs=("RS256",))
    values = settle(decode(ClientMetadata, {"client_name": "New"}), present, fewer)
    assert values["allowed_scopes"] == ("openid", "orders.read")


def test_public_keys_are_registered_without_what_no_key_needs():
    jwk = JWK | {"note": "\0"}
    values = settled(
        MACHINE | {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk], "x": 1}}
    )
    assert values["jwks"] == {"keys": [JWK]}


@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": []},
        {"keys": "x"},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
        {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "unheard-of"}]},
        {"keys": [{}] * 21},
        {"keys": [{"kty": "EC", "pad": "x" * 70_000}]},
    ],
    ids=lambda jwks: str(jwks)[:40],
)
def test_ca_keys_that_are_none_or_secret(jwks):
    metadata = MACHINE | {"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks}
    assert list(refused(metadata)) == ["jwks"]


def test_private_keys_are_refused():
    jwk = JWK | {"d": "AAAA"}
    metadata = MACHINE | {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}
    assert "private" in refused(metadata)["jwks"]


def test_either_keys_or_their_address():
    metadata = MACHINE | {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [JWK]},
        "jwks_uri": "https://app.test/jwks",
    }
    assert list(refused(metadata)) == ["jwks_uri"]


def test_g17_both_spellings_of_the_back_channel_logout_address():
    uri, other = "https://shop.test/bcl", "https://shop.test/other"
    for name in ("backchannel_logout_uri", "back_channel_logout_uri"):
        assert settled(WEB | {name: uri})["backchannel_logout_uri"] == uri
    both = {"backchannel_logout_uri": uri, "back_channel_logout_uri": uri}
    assert settled(WEB | both)["backchannel_logout_uri"] == uri
    both["back_channel_logout_uri"] = other
    assert "back_channel_logout_uri" in refused(WEB | both)
    assert "backchannel_logout_uri" in refused(WEB | {"backchannel_logout_uri": "http://a.test/"})


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("https://shop.test/front?a=b", True),
        ("https://shop.test:443/front", True),
        ("https://shop.test:8443/front", False),
        ("https://other.test/front", False),
        ("http://shop.test/front", False),
        ("com.example.app:/front", False),
    ],
)
def test_lg_07_a_frame_is_of_an_origin_of_the_application(uri, good):
    metadata = WEB | {
        "redirect_uris": ["https://shop.test/cb"],
        "frontchannel_logout_uri": uri,
        "frontchannel_logout_session_required": True,
    }
    if good:
        assert settled(metadata)["frontchannel_logout_uri"] == uri
    else:
        assert set(refused(metadata)) == {"frontchannel_logout_uri"}


OLD = {"legacy": {"reason": "old"}, "grant_types": ["authorization_code", "implicit"]}


def test_g1_old_response_types_need_a_reason():
    asked = WEB | OLD | {"response_types": ["code", "token id_token"]}
    made = settled(asked)
    assert made["response_types"] == ("code", "id_token token")
    assert made["uses_legacy"] is True
    assert "legacy" in refused(asked | {"legacy": None})
    assert "response_types" in refused(asked | {"grant_types": ["authorization_code"]})
    assert "response_types" in refused(WEB | OLD)
    gone = {"legacy": None, "grant_types": None, "response_types": None}
    back = settled(gone, client(asked))
    assert (back["legacy"], back["uses_legacy"]) == (None, False)


@pytest.mark.parametrize(
    ("legacy", "path"),
    [
        ({"reason": ""}, "legacy.reason"),
        ({"reason": "x" * 300}, "legacy.reason"),
        ({"reason": "old", "until": "soon"}, "legacy.until"),
        ({"reason": "old", "until": "2027-02-30"}, "legacy.until"),
        ({"reason": "old", "until": "9999-12-31"}, "legacy.until"),
        ({}, "legacy.reason"),
        ({"until": "2027-01-01"}, "legacy.reason"),
    ],
    ids=str,
)
def test_what_is_no_reason(legacy, path):
    assert path in refused(WEB | {"legacy": legacy})


@pytest.mark.parametrize("kind", ["code id_token", "code token", "code id_token token"])
@pytest.mark.parametrize("base", [PUBLIC, NATIVE], ids=["browser", "native"])
def test_g2_hybrid_is_for_applications_on_a_server(kind, base):
    asked = OLD | {"response_types": ["code", kind]}
    assert settled(WEB | asked)["response_types"] == ("code", kind)
    assert "response_types" in refused(base | asked)


def test_an_implicit_application_without_code():
    made = settled(
        PUBLIC
        | {"grant_types": ["implicit"], "response_types": ["id_token"], "legacy": OLD["legacy"]}
    )
    assert made["type"] is AppType.USER_AGENT
    assert "openid" in made["allowed_scopes"]


SHA256 = "q9_z7l8dYXcZ2vJmYw3yxq8o2q4gQm1hYwqk6rKq0a4"
SIGNING = {"require_signed_request_object": True}


def test_request_objects():
    uris = ["https://app.test/r.jwt", f"https://app.test/r.jwt#{SHA256}"]
    values = settled(
        WEB
        | SIGNING
        | {"jwks": {"keys": [JWK]}, "request_object_signing_alg": "ES256", "request_uris": uris}
    )
    assert values["require_signed_request_object"] is True
    assert values["request_object_signing_alg"] == "ES256"
    assert values["request_uris"] == tuple(uris)
    assert settled(WEB | {"request_object_signing_alg": "none"})
    assert settled(WEB)["request_uris"] == ()


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        (SIGNING, "jwks"),
        ({"request_object_signing_alg": "ES256"}, "jwks"),
        (
            SIGNING | {"request_object_signing_alg": "none", "jwks": {"keys": [JWK]}},
            "request_object_signing_alg",
        ),
        ({"request_object_signing_alg": "HS256"}, "request_object_signing_alg"),
        ({"request_object_signing_alg": "ES384"}, "request_object_signing_alg"),
        ({"request_uris": ["http://app.test/r.jwt"]}, "request_uris[0]"),
        ({"request_uris": ["http://localhost/r.jwt"]}, "request_uris[0]"),
        ({"request_uris": ["com.example.app:/r.jwt"]}, "request_uris[0]"),
        ({"request_uris": ["https://app.test/*"]}, "request_uris[0]"),
        ({"request_uris": ["https://app.test/r#"]}, "request_uris[0]"),
        ({"request_uris": ["https://app.test/r#part"]}, "request_uris[0]"),
        ({"request_uris": [f"https://app.test/r#{SHA256}#{SHA256}"]}, "request_uris[0]"),
        ({"request_uris": ["https://app.test/r"] * 2}, "request_uris[1]"),
    ],
    ids=range(13),
)
def test_request_objects_that_cannot_be(metadata, path):
    assert list(refused(WEB | metadata)) == [path]


def test_pairwise_subjects_of_one_host_need_no_sector_identifier():
    assert settled(WEB | {"subject_type": "pairwise"})["subject_type"] == "pairwise"
    sector = {"subject_type": "pairwise", "sector_identifier_uri": "https://app.test/s.json"}
    assert settled(WEB | TWO_HOSTS | sector)["sector_identifier_uri"] == "https://app.test/s.json"


@pytest.mark.parametrize("kind", ["id_token", "userinfo"])
def test_encryption_is_by_a_key_that_the_client_has(kind):
    alg = {f"{kind}_encrypted_response_alg": "ECDH-ES+A256KW"}
    assert settled(WEB | KEYS | alg)[f"{kind}_encrypted_response_alg"] == "ECDH-ES+A256KW"
    elsewhere = {"jwks_uri": "https://app.test/keys"}
    assert settled(WEB | elsewhere | alg)["jwks_uri"] == "https://app.test/keys"
    enc = {f"{kind}_encrypted_response_enc": "A128CBC-HS256"}
    assert settled(WEB | KEYS | alg | enc)[f"{kind}_encrypted_response_enc"] == "A128CBC-HS256"


def test_keys_for_encryption_are_stored_with_their_use():
    key = encryption_jwk("P-256")
    assert settled(WEB | KEYS)["jwks"] == {"keys": [key]}
    assert key["use"] == "enc"


@pytest.mark.parametrize("scope", ["org:id:acme", "org:project:id:shop:aud", "user:metadata"])
def test_instructions_may_be_listed_but_need_not(scope):
    wanted = ["openid", f"urn:zitadel:iam:{scope}"]
    assert settled(WEB | {"allowed_scopes": wanted})["allowed_scopes"] == tuple(wanted)


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ({"userinfo_encrypted_response_alg": "RSA1_5"}, "userinfo_encrypted_response_alg"),
        ({"userinfo_encrypted_response_alg": "dir"}, "userinfo_encrypted_response_alg"),
        ({"userinfo_encrypted_response_alg": "RSA-OAEP-256"}, "userinfo_encrypted_response_alg"),
        ({"id_token_encrypted_response_alg": "RSA-OAEP-256"}, "id_token_encrypted_response_alg"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
    ],
    ids=str,
)
def test_what_a_key_for_elliptic_encryption_alone_is_not_enough_for(metadata, path):
    assert list(refused(WEB | KEYS | metadata)) == [path]


def test_encryption_needs_a_key():
    alg = {"userinfo_encrypted_response_alg": "RSA-OAEP-256"}
    assert list(refused(WEB | alg)) == ["userinfo_encrypted_response_alg"]


def test_id_tokens_without_a_signature_need_the_policy_at_every_door():
    """OpenID Connect Registration 2: `none`, and the same rule whoever registers it."""
    metadata = decode(ClientMetadata, WEB | {"id_token_signed_response_alg": "none"})
    assert (
        "allow_unsigned_id_token"
        in refused(WEB | {"id_token_signed_response_alg": "none"})["id_token_signed_response_alg"]
    )
    admitting = msgspec.structs.replace(SURROUNDINGS, unsigned_id_tokens=True)
    assert settle(metadata, None, admitting)["id_token_signed_response_alg"] == "none"
    for name in ("access_token_signing_alg", "userinfo_signed_response_alg"):
        with pytest.raises(Invalid):
            settle(decode(ClientMetadata, WEB | {name: "none"}), None, admitting)
