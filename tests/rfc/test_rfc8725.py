"""JSON Web Token Best Current Practices."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.jose import base64url, jws, jwt
from ostiary.jose.errors import InvalidKey, InvalidSignature, InvalidToken, JoseError
from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import SIGNING_ALGS
from support.jose import CLAIMS, forge, make_key, make_set, sign_as

PAIR = make_key("ES256")
KEYS = make_set(PAIR)


def verify(token, keys=KEYS, algs=("ES256",), types=("jwt", None)):
    return jwt.verify(token, keys, algs=algs, types=types)


@pytest.mark.parametrize("alg", SIGNING_ALGS)
@pytest.mark.parametrize("claimed", [*SIGNING_ALGS, "ES384", "HS256", "none"])
def test_3_1_the_algorithm_is_that_of_the_key(alg, claimed):
    pair = make_key(alg)
    token = sign_as(pair, alg=claimed)
    everything = [*SIGNING_ALGS, "ES384", "HS256", "none"]
    if alg == claimed:
        assert verify(token, make_set(pair), everything).claims.sub == "alice"
    else:
        with pytest.raises(InvalidToken):
            verify(token, make_set(pair), everything)


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_3_1_the_algorithm_is_one_that_the_caller_accepts(alg):
    others = [one for one in SIGNING_ALGS if one != alg]
    with pytest.raises(InvalidToken, match="is not accepted here"):
        verify(sign_as(make_key(alg)), make_set(make_key(alg)), others)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_3_3_every_part_is_signed(position):
    parts, others = (
        sign_as(PAIR).split("."),
        sign_as(PAIR, CLAIMS | {"sub": "bob"}, x=1).split("."),
    )
    parts[position] = others[position]
    with pytest.raises(InvalidSignature):
        verify(".".join(parts))


def test_3_3_a_signature_of_another_key_is_refused_under_its_kid():
    with pytest.raises(InvalidSignature):
        verify(sign_as(make_key("ES256", 1), kid=PAIR.kid))


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    + [
        (n, n)
        for n in (
            0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,  # the order
            0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,  # the prime
            2**256 - 1,
        )
    ],
)
def test_3_4_blank_ecdsa_signatures_are_refused(r, s):
    """As CVE-2022-21449 accepted them."""
    signature = r.to_bytes(32) + s.to_bytes(32)
    with pytest.raises(InvalidSignature):
        verify(forge({"alg": "ES256", "kid": PAIR.kid}, CLAIMS, signature))


def test_3_4_der_instead_of_raw_is_refused():
    """RFC 7518, 3.4: R and S side by side, and nothing else."""

    def sign_der(signed):
        return PAIR.key.sign(signed, ec.ECDSA(hashes.SHA256()))

    with pytest.raises(InvalidSignature):
        verify(forge({"alg": "ES256", "kid": PAIR.kid}, CLAIMS, sign_der))


def test_3_4_points_off_the_curve_are_refused():
    with pytest.raises(InvalidKey, match="not a point"):
        parse_public_key(PAIR.public_jwk | {"x": PAIR.public_jwk["y"]})


def test_3_5_keys_that_anyone_can_break_are_refused():
    even = {"kty": "RSA", "e": "AQAB", "n": base64url.encode(b"\x80" + bytes(254) + b"\2")}
    identity = {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(b"\1" + bytes(31))}
    for jwk, words in ((even, "small factor"), (identity, "small order")):
        with pytest.raises(InvalidKey, match=f"weak: .* {words}; replace it"):
            parse_public_key(jwk)


def test_3_7_claims_are_utf_8():
    assert verify(sign_as(PAIR, CLAIMS | {"name": "Zoë 😀"})).claims.members["name"] == "Zoë 😀"
    for payload in ('{"sub":"\ud800"}', "\ufeff{}"):
        with pytest.raises(JoseError):
            verify(sign_as(PAIR, payload))


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "exp", "iat"])
def test_3_8_3_9_an_absent_claim_is_told_from_an_empty_one(missing):
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    assert not getattr(verify(sign_as(PAIR, claims)).claims, missing)
    with pytest.raises(InvalidToken):
        verify(sign_as(PAIR, claims | {missing: ""}))
    with pytest.raises(InvalidToken):
        verify(sign_as(PAIR, claims | {missing: None}))


@pytest.mark.parametrize(
    "header", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"], ids=lambda name: name
)
def test_3_10_what_the_header_says_of_keys_is_not_looked_at(header):
    stranger = make_key("ES256", 1)
    values = {"jwk": stranger.public_jwk, "x5c": ["MIIB"]}
    extra = {header: values.get(header, "https://evil.test/jwks")}
    with pytest.raises(InvalidSignature):
        verify(sign_as(stranger, kid=PAIR.kid, **extra))
    assert verify(sign_as(PAIR, **extra)).claims.sub == "alice"


@pytest.mark.parametrize(
    ("typ", "good"),
    [
        (None, True),
        ("JWT", True),
        ("application/jwt", True),
        ("client-authentication+jwt", False),
        ("at+jwt", False),
        ("application/at+jwt", False),
        ("AT+JWT", False),
        ("dpop+jwt", False),
        ("", False),
        (" JWT", False),
        ("JWT;x=y", False),
    ],
)
def test_3_11_the_type_is_asked_for(typ, good):
    token = sign_as(PAIR, typ=typ)
    if good:
        assert verify(token).claims.sub == "alice"
    else:
        with pytest.raises(InvalidToken, match="type"):
            verify(token)


def test_3_11_a_type_can_be_required():
    assert verify(sign_as(PAIR, typ="at+jwt"), types=["at+jwt"]).header.typ == "at+jwt"
    with pytest.raises(InvalidToken, match="no typ"):
        verify(sign_as(PAIR), types=["at+jwt"])


def test_a_refusal_is_given_before_any_signature_is_checked(monkeypatch):
    """What is wrong in itself costs no cryptography."""

    def fail(*_):
        pytest.fail("a signature was checked")

    monkeypatch.setattr("ostiary.jose.keys.PublicKey.verify", fail)
    for token in (
        sign_as(PAIR, typ="at+jwt"),
        sign_as(PAIR, alg="EdDSA"),
        sign_as(PAIR, kid="other"),
        sign_as(PAIR, crit=["exp"]),
        "x" * (jws.MAX_LENGTH + 1),
    ):
        with pytest.raises(JoseError):
            verify(token)
