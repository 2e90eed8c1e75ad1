"""OpenID Connect Core 3.1.2 and 5.5: the parameters of an authentication request."""

import json

import pytest

from ostiary.jose.keyring import HINTS_AFTER_RETIREMENT, PUBLISHED_AFTER_RETIREMENT
from ostiary.model.client import Legacy
from ostiary.model.key import KeyState
from ostiary.oauth.authorization.request import restore
from ostiary.oauth.claims_request import parse_claims_request
from ostiary.oauth.errors import (
    InvalidRequest,
    InvalidScope,
    RegistrationNotSupported,
    UnmetAuthenticationRequirements,
)
from support.authorization import ISSUER, WEB, change, verify_request
from support.jose import (
    CLAIMS,
    NOW,
    forge,
    make_key,
    make_ring,
    make_signing_key,
    sign_as,
)

HINT = CLAIMS | {"iss": ISSUER}


def hint(**claims):
    return sign_as(make_key("ES256"), HINT | claims, typ="JWT")


def ring():
    return make_ring(make_signing_key("ES256"))


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("none", ("none",)),
        ("login", ("login",)),
        ("consent login consent", ("consent", "login")),
        ("select_account", ("select_account",)),
    ],
)
def test_3_1_2_1_prompt(prompt, prompts):
    assert verify_request(prompt=prompt).prompts == prompts


def test_3_1_2_1_prompt_none_stands_alone():
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(prompt="none login")
    assert refusal.value.rule == "prompt-none"


@pytest.mark.parametrize("prompt", ["LOGIN", "signup", "login,consent"])
def test_an_unknown_prompt(prompt):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(prompt=prompt)
    assert refusal.value.rule == "prompt-unknown"


def test_prompt_create_without_self_registration():
    """OpenID Connect Prompt Create 4: a prompt that is not supported is invalid_request."""
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(prompt="create")
    assert refusal.value.rule == "prompt-create"


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("00", 0), ("3600", 3600)])
def test_3_1_2_1_max_age(text, seconds):
    assert verify_request(max_age=text).max_age == seconds


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1.5", "1e3", "99999999999999999999", "2147483648", " 1", "٣", "0x10", "x"]
)
def test_az_11_max_age_out_of_bounds(text):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(max_age=text)
    assert refusal.value.rule == "max-age-syntax"


def test_the_registered_default_of_max_age():
    client = change(WEB, default_max_age=600)
    assert verify_request(client).max_age == 600
    assert verify_request(client, max_age="0").max_age == 0


def test_3_1_2_6_what_is_not_supported_has_its_own_error():
    with pytest.raises(RegistrationNotSupported):
        verify_request(registration='{"client_name": "x"}')


def test_hints_are_kept():
    request = verify_request(
        login_hint="alice@acme.test", ui_locales="de-CH fr x_y de-CH", acr_values="b a b"
    )
    assert request.login_hint == "alice@acme.test"
    assert request.ui_locales == ("de-CH", "fr")
    assert request.acr_values == ("b", "a")


def test_the_registered_default_of_acr_values():
    client = change(WEB, default_acr_values=("a",))
    assert verify_request(client).acr_values == ("a",)
    assert verify_request(client, acr_values="b").acr_values == ("b",)


def test_3_1_2_1_an_id_token_of_this_client_even_if_expired():
    assert verify_request(ring=ring(), id_token_hint=hint()).subjects == ("alice",)
    old = hint(exp=NOW - 86400 * 30, iat=NOW - 86400 * 30 - 60)
    assert verify_request(ring=ring(), id_token_hint=old).subjects == ("alice",)


def test_a_hint_signed_with_a_key_that_was_retired_since():
    retired = make_signing_key("ES256", KeyState.RETIRED)
    assert verify_request(ring=make_ring(retired), id_token_hint=hint()).subjects == ("alice",)
    unpublished = change(retired, retired_at=NOW - PUBLISHED_AFTER_RETIREMENT)
    request = verify_request(ring=make_ring(unpublished), id_token_hint=hint())
    assert request.subjects == ("alice",)
    long_ago = change(retired, retired_at=NOW - HINTS_AFTER_RETIREMENT)
    with pytest.raises(InvalidRequest):
        verify_request(ring=make_ring(long_ago), id_token_hint=hint())


@pytest.mark.parametrize(
    "token",
    [
        hint(iss="https://other.test"),
        hint(aud="spa"),
        hint(sub=7),
        sign_as(make_key("ES256"), {k: v for k, v in HINT.items() if k != "sub"}, typ="JWT"),
        sign_as(make_key("ES256"), HINT, typ="at+jwt"),
        sign_as(make_key("ES256"), HINT),
        sign_as(make_key("ES256", 1), HINT, typ="JWT"),
        sign_as(make_key("ES256", 1), HINT, typ="JWT", kid=make_key("ES256").kid),
        forge({"alg": "none", "typ": "JWT"}, HINT, b""),
        hint()[:-4] + "AAAA",
        "x",
        "a.b.c",
        "." * 20000,
    ],
)
def test_3_1_2_1_a_hint_that_is_no_id_token_of_this_client(token):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(ring=ring(), id_token_hint=token)
    assert refusal.value.rule == "id-token-hint"
    assert token not in refusal.value.description


CLAIMS_PARAMETER = {
    "userinfo": {"given_name": {"essential": True}, "nickname": None, "email": {}},
    "id_token": {"auth_time": {"essential": True}, "email": {"value": "a@b", "foo": 1}},
    "other": {"x": None},
}


def test_5_5_claims_are_reduced_to_what_is_defined():
    request = verify_request(claims=json.dumps(CLAIMS_PARAMETER))
    assert request.claims == {
        "id_token": {"auth_time": {"essential": True}, "email": {"value": "a@b"}},
        "userinfo": {"given_name": {"essential": True}, "nickname": None, "email": None},
    }
    assert request.single_claims == ("email", "given_name", "nickname")


def test_5_5_claims_that_a_scope_covers_are_not_single_ones():
    request = verify_request(claims=json.dumps(CLAIMS_PARAMETER), scope="openid email")
    assert request.single_claims == ("given_name", "nickname")


def test_5_5_1_claims_beyond_the_scopes_of_the_client_are_left_out():
    """Else a client that may not ask for `email` would learn the address all the same."""
    asked = {
        "userinfo": {"email": {"essential": True}, "phone_number": None, "nickname": None},
        "id_token": {"birthdate": None, "auth_time": None, "sub": {"value": "alice"}},
    }
    request = verify_request(
        change(WEB, allowed_scopes=("openid", "phone")), claims=json.dumps(asked)
    )
    assert request.claims == {
        "userinfo": {"phone_number": None},
        "id_token": {"auth_time": None, "sub": {"value": "alice"}},
    }
    assert request.single_claims == ("phone_number",)
    assert request.subjects == ("alice",)
    bare = verify_request(
        change(WEB, allowed_scopes=("openid",)), claims='{"userinfo": {"email": null}}'
    )
    assert bare.claims is None


def test_5_5_claims_belong_to_openid_requests():
    assert verify_request(claims="{", scope="orders.read").claims is None


@pytest.mark.parametrize("text", ["{}", '{"id_token": {}}', '{"id_token": null}', '{"x": 1}'])
def test_5_5_nothing_asked_for(text):
    assert verify_request(claims=text).claims is None


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "1",
        "{",
        '{"id_token": []}',
        '{"id_token": {"email": true}}',
        '{"id_token": {"email": {"essential": "true"}}}',
        '{"id_token": {"email": {"essential": 1}}}',
        '{"id_token": {"acr": {"values": "a"}}}',
        '{"id_token": {"acr": {"values": [1]}}}',
        '{"id_token": {"sub": {"value": 1}}}',
        '{"id_token": {}, "id_token": {}}',
        '{"id_token": {"email": {"value": 1e400}}}',
        '{"id_token": {"email": {"value": "\\ud800"}}}',
        '{"id_token": {"email": {"value": ' + "[" * 40 + "]" * 40 + "}}}",
        '{"id_token": {"email": {"value": "' + "x" * 16384 + '"}}}',
        '{"userinfo": {' + ",".join(f'"c{n}": null' for n in range(101)) + "}}",
    ],
)
def test_az_15_claims_that_are_not_as_they_must_be(text):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(claims=text)
    assert refusal.value.rule == "claims-syntax"


def test_az_15_names_of_other_languages_internals_are_names():
    text = '{"id_token": {"__proto__": {"essential": true}, "constructor": null}}'
    assert parse_claims_request(text) == {
        "id_token": {"__proto__": {"essential": True}, "constructor": None}
    }


@pytest.mark.parametrize(
    ("wish", "subjects"),
    [({"value": "alice"}, ("alice",)), ({"values": ["a", "b"]}, ("a", "b")), ({}, None)],
)
def test_5_5_1_a_demanded_subject(wish, subjects):
    assert verify_request(claims=json.dumps({"id_token": {"sub": wish}})).subjects == subjects


def test_3_1_2_2_hint_and_claims_must_agree_on_the_subject():
    claims = json.dumps({"id_token": {"sub": {"values": ["alice", "bob"]}}})
    request = verify_request(ring=ring(), claims=claims, id_token_hint=hint())
    assert request.subjects == ("alice",)
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(ring=ring(), claims=claims, id_token_hint=hint(sub="carol"))
    assert refusal.value.rule == "subject-conflict"


@pytest.mark.parametrize(
    "wish",
    [
        {"essential": True, "value": "urn:example:loa4"},
        {"essential": True, "values": ["urn:example:loa4", "urn:example:loa3"]},
        {"essential": True, "values": []},
    ],
)
def test_az_12_an_essential_acr_that_nobody_can_reach(wish):
    with pytest.raises(UnmetAuthenticationRequirements):
        verify_request(claims=json.dumps({"id_token": {"acr": wish}}))


@pytest.mark.parametrize(
    "wish",
    [
        {"value": "urn:example:loa4"},
        {"essential": False, "values": ["urn:example:loa4"]},
        {"essential": True},
        {"essential": True, "values": ["urn:example:loa4", "urn:ostiary:acr:1fa"]},
        {"essential": True, "value": "phrh"},
        None,
    ],
)
def test_5_5_1_1_an_acr_that_can_be_met_or_is_voluntary(wish):
    assert verify_request(claims=json.dumps({"id_token": {"acr": wish}})).openid


def test_a_stored_request_is_read_back_as_it_was():
    request = verify_request(
        ring=ring(),
        scope="openid profile",
        claims=json.dumps(CLAIMS_PARAMETER),
        id_token_hint=hint(),
        prompt="login consent",
        max_age="7",
        resource="https://orders.test",
        ui_locales="de",
        response_mode="form_post",
    )
    assert restore(json.loads(json.dumps(request.store()))) == request


class TestOfflineAccess:
    """OpenID Connect Core 11: it is ignored where no refresh token can come of the request."""

    BARE = change(WEB, grant_types=("authorization_code",), allowed_scopes=("openid", "email"))
    OLD = change(
        WEB,
        grant_types=("authorization_code", "refresh_token", "implicit"),
        response_types=("code", "id_token", "id_token token", "code id_token"),
        legacy=Legacy(reason="old"),
    )

    @pytest.mark.parametrize("registered", [True, False])
    def test_11_by_a_client_that_cannot_use_one(self, registered):
        scopes = ("openid", "email", "offline_access") if registered else ("openid", "email")
        client = change(self.BARE, allowed_scopes=scopes)
        request = verify_request(client, scope="openid offline_access email")
        assert request.scopes == ("openid", "email")

    @pytest.mark.parametrize("kind", ["id_token", "id_token token"])
    @pytest.mark.parametrize("registered", [True, False])
    def test_11_without_a_code(self, kind, registered):
        scopes = ("openid", "email", "offline_access") if registered else ("openid", "email")
        client = change(self.OLD, allowed_scopes=scopes)
        request = verify_request(client, scope="openid email offline_access", response_type=kind)
        assert request.scopes == ("openid", "email")

    @pytest.mark.parametrize("kind", ["code", "code id_token"])
    def test_11_with_a_code_it_counts(self, kind):
        request = verify_request(self.OLD, scope="openid offline_access", response_type=kind)
        assert request.scopes == ("openid", "offline_access")

    def test_rfc6749_3_3_and_is_held_to_what_is_registered(self):
        client = change(self.OLD, allowed_scopes=("openid", "email"))
        with pytest.raises(InvalidScope) as refusal:
            verify_request(client, scope="openid offline_access")
        assert refusal.value.rule == "scope-registered"

    def test_rfc6749_3_3_alone_it_is_nothing(self):
        with pytest.raises(InvalidScope) as refusal:
            verify_request(self.BARE, scope="offline_access")
        assert refusal.value.rule == "scope-unknown"
