"""Whatever is sent to the authorization endpoint is verified or refused, never a failure."""

import json
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from ostiary.model.client import Legacy
from ostiary.oauth.authorization.request import restore
from ostiary.oauth.authorization.response import reply
from ostiary.oauth.authorization.steps import STEPS
from ostiary.oauth.claims_request import parse_claims_request
from ostiary.oauth.errors import OAuthError
from ostiary.oauth.registry import RESPONSE_TYPES
from support.authorization import (
    ISSUER,
    WEB,
    change,
    parameters,
    prove_request,
    query,
    read_reply,
    verify_request,
)

NAMES = st.sampled_from(sorted({name for step in STEPS for name in step.parameters}))
VALUES = st.one_of(
    st.text(max_size=50),
    st.sampled_from(["none", "login consent", "openid", "0", "{}", '{"id_token":{}}', "query"]),
    st.text('[]{}":,0123456789truefalsn', max_size=50),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id_token", "userinfo", "acr", "sub", "email", "essential", "value", "values"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def attempt(function, *args, **named):
    """Return what a function returns, or the refusal that it raises."""
    try:
        return function(*args, **named)
    except OAuthError as refusal:
        return refusal


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_parameters(changes):
    found = attempt(verify_request, raw=urlencode(parameters() | changes).encode())
    if isinstance(found, OAuthError):
        assert found.rule
        assert found.description
    else:
        assert set(found.scopes) <= set(WEB.allowed_scopes)
        assert found.code_challenge
        assert restore(json.loads(json.dumps(found.store()))) == found


@given(st.binary(max_size=300))
def test_any_octets(raw):
    found = attempt(prove_request, raw)
    assert isinstance(found, OAuthError)
    assert found.description


OLD = change(
    WEB,
    grant_types=("authorization_code", "implicit"),
    response_types=RESPONSE_TYPES,
    legacy=Legacy(reason="old"),
)
WORDS = st.lists(st.sampled_from(["code", "id_token", "token", "none", "x", ""]), max_size=4)


@given(
    WORDS.map(" ".join),
    st.sampled_from([None, "query", "fragment", "form_post", "jwt"]),
    st.sampled_from([None, "n"]),
    st.sampled_from(["openid", "openid offline_access", "orders.read", ""]),
)
def test_s2_15_any_response_type_and_mode(kind, mode, nonce, scope):
    asked = {"response_type": kind, "response_mode": mode, "nonce": nonce, "scope": scope}
    words = kind.split(" ")
    tokens = {"id_token", "token"} & set(words)
    known = len(words) == len(set(words)) and set(words) <= {"code", "id_token", "token"}
    proven = prove_request(query(**asked), OLD)
    if known and tokens:
        assert proven.response_mode == (mode if mode in {"fragment", "form_post"} else "fragment")
    found = attempt(verify_request, OLD, **asked)
    if isinstance(found, OAuthError):
        assert found.rule
        return
    assert known
    assert sorted(found.response_type.split()) == sorted(words)
    assert found.response_mode == proven.response_mode
    assert not (tokens and found.response_mode == "query")
    assert "id_token" not in words or (found.nonce and found.openid)
    assert "offline_access" not in found.scopes


@given(JSON)
def test_any_claims(document):
    claims = attempt(parse_claims_request, json.dumps(document))
    if isinstance(claims, OAuthError):
        assert claims.rule == "claims-syntax"
        return
    assert set(claims) <= {"id_token", "userinfo"}
    for place in claims.values():
        for wish in place.values():
            assert wish is None or set(wish) <= {"essential", "value", "values"}
    request = attempt(verify_request, claims=json.dumps(document))
    if isinstance(request, OAuthError):
        assert request.rule in {"claims-syntax", "acr-unreachable"}
    else:
        assert (request.claims or {}) == claims


@given(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=100),
    st.sampled_from(["query", "fragment", "form_post"]),
)
def test_any_state_comes_back(state, mode):
    request = prove_request(query(state=state or "x", response_mode=mode))
    answer = reply(request.reply_to, {"code": "c"}, ISSUER)
    assert read_reply(answer) == {"code": "c", "state": state or "x", "iss": ISSUER}
