"""Whatever a request object holds, it is read as it stands or refused with a reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.jose import unsecured
from ostiary.jose.errors import JoseError
from ostiary.oauth.authorization.request_object import RequestObjects
from ostiary.oauth.errors import InvalidRequestObject
from ostiary.oauth.message import Form
from support.authorization import ISSUER, WEB, change
from support.jose import NOW, forge, make_key, sign_as
from support.site import NoRemoteKeys, Published

KEY = make_key("ES256")
SIGNED = change(WEB, jwks={"keys": [KEY.public_jwk]})
UNSIGNED = change(WEB, request_object_signing_alg="none")
OBJECTS = RequestObjects(
    issuer=ISSUER,
    remote_keys=NoRemoteKeys(),
    remote_requests=Published(),
    ration=lambda _client, _ip, _now: True,
)
GOOD = {"client_id": "web", "response_type": "code", "state": "s"}

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters, max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
names = st.sampled_from(
    [
        *("client_id", "scope", "state", "resource", "claims", "max_age", "request", "x"),
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "registration", "response_type"),
    ]
)


def read(client, token):
    """Return the parameters of an object, or None where it is refused with a reason."""
    form = Form({"client_id": "web", "request": token})
    opening = OBJECTS.open(form, client, by_reference=False, ip="", now=NOW)
    refusal = None
    try:
        # Nothing is waited for: the keys are inline.
        opening.send(None)
    except StopIteration as done:
        return done.value.form
    except InvalidRequestObject as error:
        refusal = error
    assert refusal is not None
    assert refusal.rule
    assert refusal.section
    assert refusal.description.startswith("The request object is refused: ")
    return None


@pytest.mark.parametrize("client", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@given(members=st.dictionaries(names, values, max_size=5))
def test_any_members(client, members):
    text = json.dumps(GOOD | members)
    token = sign_as(KEY, text) if client is SIGNED else forge({"alg": "none"}, text, b"")
    form = read(client, token)
    if form is None:
        return
    assert form.get("client_id") == "web"
    assert not {"request", "request_uri", "iss", "sub", "aud", "exp", "jti"} & form.values.keys()
    assert all(isinstance(value, str) and value for value in form.values.values())
    for name, value in (GOOD | members).items():
        if isinstance(value, str) and name in form.values:
            assert form.get(name) == value


@pytest.mark.parametrize("client", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@given(header=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit"]), values, max_size=3))
def test_no_header_stands_for_a_signature(client, header):
    assert read(SIGNED, forge(header, GOOD, b"")) is None
    form = read(client, forge(header | {"alg": "none"}, GOOD, b"signature"))
    assert form is None


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,20}(\.[A-Za-z0-9_-]{0,20}){2}"))
def test_any_text(text):
    assert read(SIGNED, text or "x") is None
    with suppress(JoseError):
        unsecured.parse(text)
