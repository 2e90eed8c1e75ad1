"""Whatever the input: an answer or a refusal of its own type, and nothing is lost on the way."""

import json as stdlib_json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ostiary.jose import base64url, json, jwks, jws, jwt
from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.errors import InvalidEncoding, InvalidJson, InvalidSignature, JoseError, SealError
from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import SIGNING_ALGS
from support.jose import (
    ENTROPY,
    NOW,
    forge,
    make_key,
    make_ring,
    make_set,
    make_signing_key,
    sign_as,
)

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
names = st.text(characters, max_size=8)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(characters, max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
members = st.dictionaries(names, values, max_size=5)
claim_names = st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"])
header_names = st.sampled_from(["alg", "kid", "typ", "cty", "crit", "b64", "zip", "jwk", "x5c"])
jwk_names = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops", "d"])
jwk_values = scalars | st.sampled_from(
    ["RSA", "EC", "OKP", "oct", "P-256", "P-384", "Ed25519", "AQAB", "sig", "enc", ["verify"]]
)


def refusal_of(kind, call, *args, **kwargs):
    """Return the refusal of a call, or None; anything else that is raised fails the test."""
    try:
        call(*args, **kwargs)
    except kind as error:
        return error
    return None


@given(st.binary(max_size=200))
def test_base64url_comes_back(value):
    assert base64url.decode(base64url.encode(value)) == value


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_base64url_has_one_text_for_each_value(text):
    try:
        value = base64url.decode(text)
    except InvalidEncoding:
        return
    ascii_text = text if isinstance(text, str) else text.decode("ascii")
    assert base64url.encode(value) == ascii_text


@given(values)
def test_json_that_others_write_is_read_alike(value):
    for ensure_ascii in (True, False):
        text = stdlib_json.dumps(value, ensure_ascii=ensure_ascii)
        assert json.parse(text) == value
        assert json.parse(text.encode()) == value


@given(st.text(max_size=60) | st.binary(max_size=60))
@example('"\ud800"')
@example(b"\xff")
def test_json_reading_only_refuses(text):
    refusal = refusal_of(InvalidJson, json.parse, text)
    assert refusal is None or refusal.message.isascii()


@given(st.text(st.sampled_from('[]{}",:\\ 1a'), max_size=200))
@example("[" * 200)
@example('{"a":' * 40 + "}")
@example("]" * 50 + "[" * 150)
@example('"' + '\\"[' * 60)
def test_brackets_and_quotes_only_refuse(text):
    try:
        value = json.parse(text, depth=4)
    except InvalidJson:
        return
    assert depth_of(value) <= 4


def depth_of(value):
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, inner), default=0)
    return 0


@given(names, values, values)
def test_a_repeated_name_is_always_refused(name, first, second):
    key = stdlib_json.dumps(name)
    text = f"{{{key}:{stdlib_json.dumps(first)},{key}:{stdlib_json.dumps(second)}}}"
    with pytest.raises(InvalidJson):
        json.parse(text)


@given(st.dictionaries(header_names | names, values, max_size=6), st.binary(max_size=70))
def test_a_token_of_any_header_is_only_refused(header, signature):
    for change in ({}, {"alg": "ES256"}, {"alg": "ES256", "kid": make_key("ES256").kid}):
        with pytest.raises(JoseError):
            verify(forge(header | change, {"sub": "a"}, signature))


@given(st.text(max_size=100))
@example("....")
@example("eyJhbGciOiJFUzI1NiJ9.e30.\ud800")
def test_any_text_is_only_refused(text):
    with pytest.raises(JoseError):
        verify(text)
    with pytest.raises(JoseError):
        make_ring(make_signing_key("ES256")).verify(text, typ="JWT", now=NOW)


def verify(token):
    return jwt.verify(token, make_set(make_key("ES256")), algs=["ES256"], types=["jwt", None])


@given(st.dictionaries(claim_names | names, values, max_size=6))
def test_signed_claims_are_typed_or_refused(claims):
    pair = make_key("ES256")
    try:
        read = verify(sign_as(pair, claims)).claims
    except JoseError:
        return
    assert read.members == claims
    for name in ("iss", "sub", "jti"):
        assert getattr(read, name) is None or isinstance(getattr(read, name), str)
    for name in ("exp", "nbf", "iat"):
        assert getattr(read, name) is None or type(getattr(read, name)) is int
    assert all(isinstance(one, str) for one in read.aud)


@given(members, st.sampled_from(SIGNING_ALGS))
@settings(max_examples=40)
def test_what_the_ring_signs_it_verifies(claims, alg):
    claims = {name: value for name, value in claims.items() if name not in {"exp", "nbf", "iat"}}
    ring = make_ring(*map(make_signing_key, SIGNING_ALGS))
    token = ring.sign(alg, claims, "JWT")
    assert jws.parse(token).header.alg == alg
    refusal = refusal_of(JoseError, ring.verify, token, typ="JWT", now=NOW)
    if refusal is None:
        assert ring.verify(token, typ="JWT", now=NOW).members == claims
    else:
        # Only where a claim of a registered name has another type.
        assert refusal.rule.startswith("jwt-")
        assert {"iss", "sub", "aud", "jti"} & set(claims)


@given(st.integers(0, 10**6), st.integers(1, 255), st.sampled_from(SIGNING_ALGS))
@settings(max_examples=60)
def test_every_changed_octet_of_a_token_is_noticed(position, flip, alg):
    pair = make_key(alg)
    token = bytearray(sign_as(pair).encode())
    token[position % len(token)] ^= flip
    with pytest.raises(JoseError):
        jwt.verify(token.decode("latin-1"), make_set(pair), algs=SIGNING_ALGS, types=[None])


@given(st.binary(max_size=100), st.sampled_from(SIGNING_ALGS))
def test_a_signature_is_for_its_text_only(text, alg):
    pair = make_key(alg)
    public = parse_public_key(pair.public_jwk)
    signature = pair.sign(text)
    public.verify(alg, signature, text)
    with pytest.raises(InvalidSignature):
        public.verify(alg, signature, text + b"\0")


@given(st.dictionaries(jwk_names | names, jwk_values, max_size=8) | values)
def test_a_key_of_any_members_is_read_or_refused(jwk):
    for tolerant in (True, False):
        refusal = refusal_of(JoseError, jwks.parse, {"keys": [jwk]}, tolerant=tolerant)
        assert refusal is None or refusal.message.isascii()


@given(st.sampled_from(SIGNING_ALGS), jwk_names, jwk_values)
def test_a_key_with_one_member_replaced_is_read_or_refused(alg, name, value):
    try:
        parsed = parse_public_key(make_key(alg).public_jwk | {name: value})
    except JoseError:
        return
    assert parsed.algs


places = st.builds(
    Place, st.sampled_from("abc"), st.text(characters, max_size=5), st.sampled_from("xyz")
)


@given(st.binary(max_size=100), places, places, st.binary(min_size=32, max_size=32))
def test_a_sealed_value_opens_at_its_place_only(value, place, other, key):
    keks = KeyEncryptionKeys(key)
    sealed = keks.seal(value, place, ENTROPY)
    assert keks.unseal(sealed, place) == value
    if other != place:
        with pytest.raises(SealError):
            keks.unseal(sealed, other)


@given(st.binary(max_size=80))
def test_nothing_else_opens(sealed):
    with pytest.raises(SealError):
        KeyEncryptionKeys(b"k" * 32).unseal(sealed, Place("a", "b", "c"))
