"""JOSE: every forged token is refused, whichever door it is shown at."""

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import serialization

from ostiary.jose import base64url, jwks, jws, jwt
from ostiary.jose.errors import InvalidKey, JoseError, UnknownKey
from ostiary.jose.keys import SIGNING_ALGS
from ostiary.model.key import KeyState
from support.jose import (
    CLAIMS,
    NOW,
    forge,
    make_key,
    make_ring,
    make_set,
    make_signing_key,
    sign_as,
)

ALGS = [str(alg) for alg in SIGNING_ALGS]
EVERY_ALG = [*ALGS, "ES384", "HS256", "HS384", "HS512", "none", "None", "nOnE", "NONE", ""]


def show_to_client_door(token, pair):
    """As a client's assertion, with that key registered for it."""
    return jwt.verify(token, make_set(pair), algs=EVERY_ALG, types=["jwt", None]).claims


def show_to_own_door(token, pair):
    """As an `id_token_hint`, with that key as our own."""
    index = next(i for i in range(2) if make_key(pair.alg, i) is pair)
    ring = make_ring(make_signing_key(str(pair.alg), index=index))
    return ring.verify(token, typ="JWT", now=NOW, hint=True)


@pytest.fixture(params=[show_to_client_door, show_to_own_door], ids=["client", "own"])
def show(request):
    return request.param


def refuse(show, token, pair):
    with pytest.raises(JoseError) as caught:
        show(token, pair)
    return caught.value


def header_of(pair, **changes):
    members = {"alg": str(pair.alg), "typ": "JWT", "kid": pair.kid} | changes
    return {name: value for name, value in members.items() if value is not None}


@pytest.mark.parametrize("alg", ALGS)
def test_a_good_token_passes_both_doors(show, alg):
    pair = make_key(alg)
    assert show(sign_as(pair, typ="JWT"), pair).sub == "alice"


@pytest.mark.parametrize("kind", ALGS)
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", "none ", "", " ", "null", None])
@pytest.mark.parametrize("signature", [b"", b" ", b"   ", b"\0" * 64, b"none"])
def test_jw_01_unsigned(show, kind, alg, signature):
    pair = make_key(kind)
    refuse(show, forge(header_of(pair, alg=alg), CLAIMS, signature), pair)


@pytest.mark.parametrize("kind", ALGS)
def test_jw_01_signature_left_out(show, kind):
    pair = make_key(kind)
    head, payload, _ = sign_as(pair, typ="JWT").split(".")
    for token in (f"{head}.{payload}", f"{head}.{payload}.", f"{head}.{payload}. ", f"{head}.."):
        refuse(show, token, pair)


def spellings_of(pair):
    """Every way in which careless code turns a public key into an HMAC secret (JW-02)."""
    key = pair.key.public_key()
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    text = key.public_bytes(pem, spki)
    found = {
        "pem": text,
        "pem-stripped": text.strip(),
        "pem-space": b" " + text,
        "pem-bom": b"\xef\xbb\xbf" + text,
        "pem-crlf": text.replace(b"\n", b"\r\n"),
        "der": key.public_bytes(der, spki),
        "jwk": json.dumps(pair.public_jwk).encode(),
        "jwk-compact": json.dumps(pair.public_jwk, separators=(",", ":")).encode(),
        "jwks": json.dumps({"keys": [pair.public_jwk]}).encode(),
        "thumbprint": pair.kid.encode(),
    }
    if pair.alg.startswith(("RS", "PS")):
        pkcs1 = serialization.PublicFormat.PKCS1
        found |= {
            "pkcs1-pem": key.public_bytes(pem, pkcs1),
            "pkcs1-der": key.public_bytes(der, pkcs1),
            "n": base64url.decode(pair.public_jwk["n"]),
        }
    if pair.alg == "EdDSA":
        found["raw"] = key.public_bytes_raw()
    return found


def sign_hmac(secret, digest):
    return lambda signed: hmac.digest(secret, signed, digest)


@pytest.mark.parametrize("kind", ALGS)
@pytest.mark.parametrize(
    ("alg", "digest"),
    [("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512"), ("hs256", "sha256")],
)
def test_jw_02_hmac_under_the_public_key(show, kind, alg, digest):
    pair = make_key(kind)
    for secret in spellings_of(pair).values():
        sign = sign_hmac(secret, digest)
        refuse(show, forge(header_of(pair, alg=alg), CLAIMS, sign), pair)
        # The header tells the truth about the key, and the signature is a MAC all the same.
        refuse(show, forge(header_of(pair), CLAIMS, sign), pair)


@pytest.mark.parametrize("secret", [b"", b"\0", b"a", b"secret"])
def test_jw_03_hmac_under_a_short_secret(show, secret):
    pair = make_key("ES256")
    token = forge(header_of(pair, alg="HS256"), CLAIMS, sign_hmac(secret, hashlib.sha256))
    refuse(show, token, pair)


def test_jw_03_a_symmetric_key_never_comes_from_a_set():
    for k in ("", "AA", base64url.encode(b"s" * 32)):
        with pytest.raises(InvalidKey, match="symmetric"):
            jwks.parse({"keys": [{"kty": "oct", "k": k, "kid": "a"}]}, tolerant=True)


@pytest.mark.parametrize("kind", ALGS)
def test_jw_04_keys_in_the_header(show, kind):
    pair, attacker = make_key(kind), make_key(kind, 1)
    extras = [
        {"jwk": attacker.public_jwk},
        {"jwk": attacker.public_jwk | {"kid": pair.kid}},
        {"jku": "https://evil.test/jwks.json"},
        {"x5u": "https://evil.test/cert.pem"},
        {"x5c": [base64url.encode(b"certificate")]},
        {"jku": "https://evil.test/", "x5u": "https://evil.test/", "jwk": attacker.public_jwk},
    ]
    for extra in extras:
        for kid in (pair.kid, attacker.kid, None):
            refuse(show, sign_as(attacker, typ="JWT", kid=kid, **extra), pair)


@pytest.mark.parametrize(
    "kid",
    [
        "../../dev/null",
        "/dev/null",
        "' OR 1=1--",
        "%00",
        "k\0",
        "",
        "k" * 1_000_000,
        0,
        1,
        True,
        ["a"],
        {"a": 1},
    ],
    ids=lambda kid: f"{type(kid).__name__}-{str(kid)[:12]!a}",
)
def test_jw_05_strange_kids(show, kid):
    pair = make_key("ES256")
    refuse(show, sign_as(pair, typ="JWT", kid=kid), pair)


def test_jw_05_a_missing_kid_with_two_keys():
    pair = make_key("ES256")
    keys = make_set(pair, make_key("ES256", 1))
    with pytest.raises(JoseError, match="name one by kid"):
        jwt.verify(sign_as(pair, kid=None), keys, algs=ALGS, types=[None])


def test_jw_05_a_kid_that_differs_a_little(show):
    pair = make_key("ES256")
    for kid in (pair.kid.lower(), pair.kid[:-1], pair.kid + " ", f" {pair.kid}", pair.kid + "="):
        assert isinstance(refuse(show, sign_as(pair, typ="JWT", kid=kid), pair), UnknownKey)


def test_jw_05_the_key_of_another_client():
    mine, other = make_key("ES256"), make_key("ES256", 1)
    with pytest.raises(UnknownKey):
        jwt.verify(sign_as(other), make_set(mine), algs=ALGS, types=[None])


@pytest.mark.parametrize("state", [KeyState.PENDING, KeyState.REVOKED])
def test_jw_05_our_own_key_before_and_after_its_time(state):
    ring = make_ring(make_signing_key("ES256", state), make_signing_key("ES256", index=1))
    for hint in (True, False):
        with pytest.raises(UnknownKey):
            ring.verify(sign_as(make_key("ES256"), typ="JWT"), typ="JWT", now=NOW, hint=hint)


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["x"]},
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"crit": ["alg"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": True},
        {"crit": ["b64"], "b64": False},
        {"crit": None},
        {"crit": "b64"},
        {"b64": False},
        {"b64": True},
    ],
    ids=str,
)
def test_jw_06_critical_extensions(show, extra):
    pair = make_key("ES256")
    header = {"alg": "ES256", "typ": "JWT", "kid": pair.kid} | extra
    refuse(show, forge(header, CLAIMS, pair.sign), pair)


def test_jw_06_an_unencoded_payload(show):
    """RFC 7797: signed as it stands, instead of its base64url form."""
    pair = make_key("ES256")
    head = base64url.encode(json.dumps(header_of(pair, b64=False, crit=["b64"])).encode())
    payload = json.dumps(CLAIMS)
    signature = base64url.encode(pair.sign(f"{head}.{payload}".encode()))
    refuse(show, f"{head}.{payload}.{signature}", pair)
    refuse(show, f"{head}..{signature}", pair)


def test_jw_07_json_serialization(show):
    pair = make_key("ES256")
    head, payload, signature = sign_as(pair, typ="JWT").split(".")
    unprotected = {"alg": "ES256", "kid": pair.kid}
    documents = [
        {"payload": payload, "protected": head, "signature": signature},
        {"payload": payload, "header": unprotected, "signature": signature},
        {"payload": payload, "signatures": [{"protected": head, "signature": signature}]},
        {"payload": payload, "signatures": []},
        {"payload": payload, "protected": head, "header": unprotected, "signature": signature},
        [head, payload, signature],
    ]
    for document in documents:
        refuse(show, json.dumps(document), pair)
        refuse(show, base64url.encode(json.dumps(document).encode()), pair)


@pytest.mark.parametrize("cty", [None, "JWT", "jwt", "application/jwt"])
def test_jw_07_a_token_within_a_token(show, cty):
    pair = make_key("ES256")
    inner = sign_as(pair, typ="JWT")
    refuse(show, forge(header_of(pair, cty=cty), inner, pair.sign), pair)
    refuse(show, forge(header_of(pair, cty=cty), json.dumps(inner), pair.sign), pair)


@pytest.mark.parametrize(
    "alg", ["dir", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES", "PBES2-HS256+A128KW"]
)
def test_jw_08_encrypted_tokens(show, alg):
    pair = make_key("ES256")
    header = {"alg": alg, "enc": "A256GCM", "typ": "JWT", "kid": pair.kid}
    text = base64url.encode(json.dumps(header).encode())
    assert refuse(show, f"{text}.a.b.c.d", pair).rule == "jws-encrypted"
    assert refuse(show, f"{text}..b.c.d", pair).rule == "jws-encrypted"
    refuse(show, forge(header, CLAIMS, pair.sign), pair)
    refuse(show, forge(header | {"zip": "DEF", "alg": "ES256"}, CLAIMS, pair.sign), pair)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("a" * 16_385, id="one-part"),
        pytest.param("." * 1_000_000, id="dots"),
        pytest.param("a." * 500_000, id="million-dots"),
        pytest.param(f"{'a' * 500_000}.{'b' * 500_000}.c", id="long-header"),
        pytest.param(f"eyJhbGciOiJFUzI1NiJ9.{'b' * 1_000_000}.c", id="long-payload"),
    ],
)
def test_jw_10_oversized_before_anything_is_decoded(show, token, monkeypatch):
    def fail(*_):
        pytest.fail("something was decoded")

    pair = make_key("ES256")
    monkeypatch.setattr(jws.base64url, "decode", fail)
    with pytest.raises(JoseError, match="longer than 16384"):
        jws.parse(token)
    monkeypatch.undo()
    assert refuse(show, token, pair).rule == "jws-size"


def test_jw_10_a_long_header_in_a_short_token(show):
    pair = make_key("ES256")
    assert refuse(show, sign_as(pair, typ="JWT", pad="x" * 3000), pair).rule == "jws-size"


def test_jw_10_dots_within_the_limit(show):
    pair = make_key("ES256")
    for token in ("." * 16_384, "a." * 8_192, "a.a.a.a." * 10):
        assert refuse(show, token, pair).rule == "jws-compact"


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value", ['"1800000060"', "NaN", "Infinity", "-Infinity", "1e309", "-1", "true", "null", "[1]"]
)
def test_jw_12_dates(show, claim, value):
    pair = make_key("ES256")
    text = f'{{"sub":"alice","{claim}":{value}}}'
    refuse(show, sign_as(pair, text, typ="JWT"), pair)


@pytest.mark.parametrize(
    "text",
    [
        '{"sub":1}',
        '{"sub":true}',
        '{"sub":["alice"]}',
        '{"iss":{"a":1}}',
        '{"jti":7}',
        '{"aud":[["web"]]}',
        '{"aud":{"web":1}}',
        '{"aud":[1]}',
        '{"aud":1}',
        '{"sub":"alice","sub":"bob"}',
        '{"exp":1,"exp":9999999999}',
        '{"aud":"web","\\u0061ud":"other"}',
        '{"act":{"sub":"a","sub":"b"}}',
        '{"sub":"\\ud800"}',
        '{"sub":"a\\u0000"}',
        '"alice"',
        "[]",
        "null",
        "",
        '{"n":' + "9" * 5000 + "}",
        "[" * 10_000,
        '{"a":' * 2000 + "1" + "}" * 2000,
    ],
    ids=lambda text: text[:30].encode("unicode_escape").decode() or "empty",
)
def test_jw_12_claims_of_wrong_types(show, text):
    pair = make_key("ES256")
    refuse(show, sign_as(pair, text, typ="JWT"), pair)


@pytest.mark.parametrize("made", ["at+jwt", "JWT", "logout+jwt", "secevent+jwt", "dpop+jwt", None])
@pytest.mark.parametrize("wanted", ["at+jwt", "JWT", "logout+jwt"])
def test_rt_09_a_token_serves_its_own_purpose_only(made, wanted):
    ring = make_ring(make_signing_key("ES256"))
    token = sign_as(make_key("ES256"), typ=made)
    if made == wanted:
        assert ring.verify(token, typ=wanted, now=NOW).sub == "alice"
    else:
        with pytest.raises(JoseError) as caught:
            ring.verify(token, typ=wanted, now=NOW)
        assert caught.value.rule == "jwt-typ"


@pytest.mark.parametrize("made", ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt"])
def test_rt_09_our_tokens_are_no_client_assertions(made):
    """CA-15: even where a client registered a key of ours."""
    pair = make_key("ES256")
    types = (None, "jwt", "client-authentication+jwt")
    with pytest.raises(JoseError) as caught:
        jwt.verify(sign_as(pair, typ=made), make_set(pair), algs=ALGS, types=types)
    assert caught.value.rule == "jwt-typ"
