"""JSON Web Key and key sets, with the members of RFC 7518, 6 and RFC 8037, 2."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ostiary.jose import base64url, jwks
from ostiary.jose.errors import InvalidKey, InvalidToken, JoseError, UnknownKey, UnsupportedKey
from ostiary.jose.jwk import SecretKey, parse_public_key
from ostiary.jose.keys import public_members
from support.jose import make_key

RSA_JWK = make_key("RS256").public_jwk
EC_JWK = make_key("ES256").public_jwk
ED_JWK = make_key("EdDSA").public_jwk


def without(jwk, *names):
    return {name: value for name, value in jwk.items() if name not in names}


def number(value, size=None):
    return base64url.encode(value.to_bytes(size or (value.bit_length() + 7) // 8))


@pytest.mark.parametrize(
    ("jwk", "algs"),
    [
        (RSA_JWK, ("RS256",)),
        (RSA_JWK | {"alg": "PS256"}, ("PS256",)),
        (without(RSA_JWK, "alg"), ("RS256", "PS256")),
        (without(EC_JWK, "alg", "kid", "use"), ("ES256",)),
        (without(ED_JWK, "alg"), ("EdDSA",)),
        (EC_JWK | {"key_ops": ["verify"]}, ("ES256",)),
        (EC_JWK | {"key_ops": ["sign", "verify"]}, ("ES256",)),
        (EC_JWK | {"x5c": ["nonsense"], "x5u": "https://x.test", "ext": True}, ("ES256",)),
    ],
)
def test_a_public_key_is_read(jwk, algs):
    assert parse_public_key(jwk).algs == algs


@pytest.mark.parametrize("jwk", [None, [], "x", 1, True])
def test_a_key_is_an_object(jwk):
    with pytest.raises(InvalidKey, match="not a JSON object"):
        parse_public_key(jwk)


@pytest.mark.parametrize("jwk", [RSA_JWK, EC_JWK, ED_JWK])
@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"])
@pytest.mark.parametrize("value", ["AQAB", "", None, 1])
def test_a_private_key_is_refused_by_each_member(jwk, member, value):
    """RFC 7517, 9.2: whoever publishes it has lost it."""
    with pytest.raises(SecretKey, match="public keys only"):
        parse_public_key(jwk | {member: value})


@pytest.mark.parametrize("jwk", [{"kty": "oct"}, {"kty": "oct", "k": "AAAA"}])
def test_a_symmetric_key_is_refused(jwk):
    with pytest.raises(SecretKey, match="symmetric"):
        parse_public_key(jwk)


@pytest.mark.parametrize(
    ("jwk", "words"),
    [
        pytest.param(without(RSA_JWK, "kty"), "'kty'", id="no-kty"),
        pytest.param(RSA_JWK | {"kty": 1}, "'kty'", id="kty-number"),
        pytest.param(without(RSA_JWK, "n"), "'n'", id="no-n"),
        pytest.param(without(RSA_JWK, "e"), "'e'", id="no-e"),
        pytest.param(RSA_JWK | {"n": 5}, "'n'", id="n-number"),
        pytest.param(RSA_JWK | {"n": ""}, "empty", id="n-empty"),
        pytest.param(RSA_JWK | {"n": RSA_JWK["n"] + "="}, "base64url", id="n-padded"),
        pytest.param(
            RSA_JWK | {"n": base64url.encode(b"\0" + base64url.decode(RSA_JWK["n"]))},
            "zero octet",
            id="n-with-zero-octet",
        ),
        pytest.param(RSA_JWK | {"e": "AAEAAQ"}, "zero octet", id="e-with-zero-octet"),
        pytest.param(RSA_JWK | {"e": "Aw"}, "65537", id="e-3"),
        pytest.param(RSA_JWK | {"e": "AQ"}, "65537", id="e-1"),
        pytest.param(without(EC_JWK, "crv"), "'crv'", id="no-crv"),
        pytest.param(without(EC_JWK, "y"), "'y'", id="no-y"),
        pytest.param(EC_JWK | {"y": EC_JWK["x"]}, "not a point", id="off-the-curve"),
        pytest.param(EC_JWK | {"x": number(0, 32), "y": number(0, 32)}, "not a point", id="zero"),
        pytest.param(EC_JWK | {"x": number(2**256 - 1, 32)}, "not a point", id="x-beyond-field"),
        pytest.param(EC_JWK | {"x": number(1, 31)}, "31 octets instead of 32", id="x-short"),
        pytest.param(EC_JWK | {"x": number(1, 33)}, "33 octets instead of 32", id="x-long"),
        pytest.param(EC_JWK | {"crv": "P-384"}, "32 octets instead of 48", id="other-curve"),
        pytest.param(ED_JWK | {"x": number(1, 31)}, "31 octets instead of 32", id="ed-short"),
        pytest.param(ED_JWK | {"x": number(1, 33)}, "33 octets instead of 32", id="ed-long"),
        pytest.param(ED_JWK | {"x": number(1 << 248, 32)}, "small order", id="ed-identity"),
        pytest.param(ED_JWK | {"kid": ""}, "kid is empty", id="kid-empty"),
        pytest.param(ED_JWK | {"kid": "k" * 257}, "longer than 256", id="kid-long"),
        pytest.param(ED_JWK | {"kid": 1}, "'kid'", id="kid-number"),
        pytest.param(ED_JWK | {"use": 1}, "'use'", id="use-number"),
        pytest.param(ED_JWK | {"alg": ["EdDSA"]}, "'alg'", id="alg-array"),
        pytest.param(ED_JWK | {"key_ops": "verify"}, "key_ops", id="key_ops-string"),
        pytest.param(ED_JWK | {"key_ops": [1]}, "key_ops", id="key_ops-numbers"),
    ],
)
def test_a_malformed_key_is_refused(jwk, words):
    with pytest.raises(InvalidKey, match=words) as caught:
        parse_public_key(jwk)
    assert not isinstance(caught.value, UnsupportedKey)


@pytest.mark.parametrize("bits", [1024, 2040])
def test_a_short_rsa_key_is_refused(bits):
    """RFC 7518, 3.3: 2048 bits or more."""
    members = public_members(rsa.generate_private_key(65537, bits).public_key())
    with pytest.raises(InvalidKey, match=f"has {bits} bits; use 2048 to 4096"):
        parse_public_key(members)


def test_an_rsa_key_beyond_4096_bits_is_refused():
    """DO-09: what it costs to verify is bounded."""
    with pytest.raises(InvalidKey, match="has 8192 bits"):
        parse_public_key(RSA_JWK | {"n": number((1 << 8191) + 1)})


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, id="post-quantum"),
        pytest.param(ED_JWK | {"crv": "X25519"}, id="key-agreement"),
        pytest.param(ED_JWK | {"crv": "Ed448"}, id="ed448"),
        pytest.param(EC_JWK | {"crv": "P-521"}, id="p-521"),
        pytest.param(EC_JWK | {"crv": "secp256k1"}, id="secp256k1"),
        pytest.param(RSA_JWK | {"use": "enc"}, id="encryption"),
        pytest.param(RSA_JWK | {"alg": "RSA-OAEP-256"}, id="encryption-algorithm"),
        pytest.param(RSA_JWK | {"alg": "RS512"}, id="rs512"),
        pytest.param(RSA_JWK | {"alg": "HS256"}, id="hs256"),
        pytest.param(RSA_JWK | {"alg": "none"}, id="none"),
        pytest.param(EC_JWK | {"alg": "RS256"}, id="algorithm-of-another-type"),
        pytest.param(EC_JWK | {"key_ops": ["deriveKey"]}, id="derivation"),
        pytest.param(EC_JWK | {"key_ops": []}, id="no-operation"),
    ],
)
def test_a_key_for_something_else_is_passed_over_in_a_set(jwk):
    """RFC 7517, 5: keys that are not understood are ignored."""
    with pytest.raises(UnsupportedKey):
        parse_public_key(jwk)
    keys = jwks.parse({"keys": [without(jwk, "kid"), EC_JWK]})
    assert [key.kid for key in keys.keys] == [EC_JWK["kid"]]
    assert len(keys.ignored) == 1


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"keys": None}, {"keys": {}}, {"keys": "x"}, EC_JWK]
)
def test_a_set_is_an_object_with_an_array(document):
    with pytest.raises(InvalidKey, match="array 'keys'"):
        jwks.parse(document)


def test_a_set_may_be_empty_and_have_other_members():
    assert jwks.parse({"keys": [], "note": 1}).keys == ()


def test_a_malformed_key_spoils_a_registered_set_and_is_passed_over_in_a_published_one():
    document = {"keys": [EC_JWK | {"kid": "bad", "y": EC_JWK["x"]}, EC_JWK]}
    with pytest.raises(InvalidKey, match="not a point"):
        jwks.parse(document)
    keys = jwks.parse(document, tolerant=True)
    assert [key.kid for key in keys.keys] == [EC_JWK["kid"]]
    assert keys.ignored == ("a key is not a point of its curve",)


@pytest.mark.parametrize("tolerant", [False, True])
def test_what_spoils_every_set(tolerant):
    private = EC_JWK | {"d": "AQAB"}
    twice = [EC_JWK | {"kid": "a"}, ED_JWK | {"kid": "a"}]
    many = [without(EC_JWK, "kid")] * 21
    for members, words in ((private, "private"), (twice, "same kid"), (many, "more than 20")):
        document = {"keys": members if isinstance(members, list) else [ED_JWK, members]}
        with pytest.raises(InvalidKey, match=words):
            jwks.parse(document, tolerant=tolerant)
    assert len(jwks.parse({"keys": many[:20]}, tolerant=tolerant).keys) == 20


def test_a_set_is_read_from_strict_json_of_64_kb():
    text = json.dumps({"keys": [EC_JWK]})
    assert jwks.parse_text(text).keys[0].kid == EC_JWK["kid"]
    padded = text[:-1] + "," + '"pad":"' + "x" * 65_536 + '"}'
    for bad in (padded, text[:-1], '{"keys":[],"keys":[]}'):
        with pytest.raises(JoseError):
            jwks.parse_text(bad)


def test_the_choice_of_a_key():
    """JW-05: a kid is a name within the set and nothing else."""
    keys = jwks.parse({"keys": [RSA_JWK, EC_JWK, without(ED_JWK, "kid")]})
    assert keys.choose(RSA_JWK["kid"], "RS256").kid == RSA_JWK["kid"]
    assert keys.choose(None, "EdDSA").kid is None
    with pytest.raises(InvalidToken, match="is for RS256, not for PS256"):
        keys.choose(RSA_JWK["kid"], "PS256")
    with pytest.raises(UnknownKey):
        keys.choose(ED_JWK["kid"], "EdDSA")
    with pytest.raises(UnknownKey, match="no registered key is for ES384"):
        keys.choose(None, "ES384")


def test_a_p384_key_is_for_es384():
    members = public_members(ec.generate_private_key(ec.SECP384R1()).public_key())
    assert parse_public_key(members).algs == ("ES384",)
    assert parse_public_key(members | {"alg": "ES384"}).algs == ("ES384",)
