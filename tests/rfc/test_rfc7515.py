"""JSON Web Signature: the compact serialization, and nothing else of it."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from ostiary.jose import base64url, jws, jwt
from ostiary.jose.errors import InvalidSignature, InvalidToken, JoseError
from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import Alg, PrivateKey
from support.jose import CLAIMS, forge, make_key, make_set, sign_as

# Appendix A.3: ES256.
EC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
EC_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q"
)
# RFC 8037, appendix A.4: Ed25519.
ED_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
ED_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
    "hVsPt9g7sVvpAr_MuM0KAg"
)


@pytest.mark.parametrize(
    ("jwk", "token", "begin"),
    [
        pytest.param(EC_KEY, EC_TOKEN, b'{"iss":"joe",\r\n "exp":1300819380', id="A.3-ES256"),
        pytest.param(ED_KEY, ED_TOKEN, b"Example of Ed25519 signing", id="8037-A.4-EdDSA"),
    ],
)
def test_the_examples_of_the_standard_verify(jwk, token, begin):
    key = parse_public_key(jwk)
    assert jws.parse(token).verify(key).startswith(begin)
    head, _, signature = token.rpartition(".")
    damaged = bytearray(base64url.decode(signature))
    damaged[10] ^= 1
    with pytest.raises(InvalidSignature):
        jws.parse(f"{head}.{base64url.encode(bytes(damaged))}").verify(key)


def test_the_example_of_rfc_8037_is_signed_alike():
    """Ed25519 is deterministic: the same key and text give the same signature."""
    secret = base64url.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    pair = PrivateKey(ed25519.Ed25519PrivateKey.from_private_bytes(secret), Alg.EDDSA)
    signed, _, signature = ED_TOKEN.rpartition(".")
    assert base64url.encode(pair.sign(signed.encode())) == signature


def refuse(token, rule=None):
    pair = make_key("ES256")
    with pytest.raises(JoseError) as caught:
        jwt.verify(token, make_set(pair), algs=["ES256"], types=["jwt", None])
    if rule is not None:
        assert caught.value.rule == rule


GOOD = sign_as(make_key("ES256"))
HEAD, PAYLOAD, SIGNATURE = GOOD.split(".")


@pytest.mark.parametrize(
    ("token", "rule"),
    [
        pytest.param("", "jws-compact", id="empty"),
        pytest.param(".", "jws-compact", id="one-dot"),
        pytest.param("..", "jws-compact", id="two-dots"),
        pytest.param("...", "jws-compact", id="three-dots"),
        pytest.param(f"{HEAD}.{PAYLOAD}", "jws-compact", id="two-parts"),
        pytest.param(f"{HEAD}.{PAYLOAD}.", "jws-compact", id="no-signature"),
        pytest.param(f"{HEAD}..{SIGNATURE}", "jws-compact", id="detached-payload"),
        pytest.param(f".{PAYLOAD}.{SIGNATURE}", "jws-compact", id="no-header"),
        pytest.param(f"{GOOD}.", "jws-compact", id="fourth-part-empty"),
        pytest.param(f"{GOOD}.x", "jws-compact", id="fourth-part"),
        pytest.param(f"{HEAD}.a.b.c.d", "jws-encrypted", id="jwe"),
        pytest.param(f"{HEAD}.a.b.c.d.e", "jws-compact", id="six-parts"),
        pytest.param(f" {GOOD}", "base64url", id="space-before"),
        pytest.param(f"{GOOD}\n", "base64url", id="newline-after"),
        pytest.param(f"{HEAD}=.{PAYLOAD}.{SIGNATURE}", "base64url", id="padded-header"),
        pytest.param(f"{HEAD}.{PAYLOAD}==.{SIGNATURE}", "base64url", id="padded-payload"),
        pytest.param(f"{HEAD}.{PAYLOAD}.{SIGNATURE}==", "base64url", id="padded-signature"),
        pytest.param(f"{HEAD}.{PAYLOAD}.ä", "base64url", id="non-ascii"),
    ],
)
def test_only_the_compact_form_in_its_one_spelling_is_read(token, rule):
    """RFC 7515, 5.2 and 7.1."""
    refuse(token, rule)


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        pytest.param(" ", "json", id="blank"),
        pytest.param("[]", "json-object", id="array"),
        pytest.param('"ES256"', "json-object", id="string"),
        pytest.param('{"alg":"ES256"', "json", id="open"),
        pytest.param('{"alg":"ES256","alg":"ES256"}', "json-duplicate", id="alg-twice"),
        pytest.param('{"alg":"none","alg":"ES256"}', "json-duplicate", id="alg-differs"),
        pytest.param("{}", "jws-alg", id="no-alg"),
        pytest.param({"alg": None}, "jws-alg", id="alg-null"),
        pytest.param({"alg": ["ES256"]}, "jws-alg", id="alg-array"),
        pytest.param({"alg": 1}, "jws-alg", id="alg-number"),
        pytest.param({"alg": "es256"}, "jws-alg", id="alg-lower-case"),
        pytest.param({"alg": "ES256 "}, "jws-alg", id="alg-with-space"),
        pytest.param({"alg": "ES256", "kid": 1}, "jws-kid", id="kid-number"),
        pytest.param({"alg": "ES256", "kid": None}, "jws-kid", id="kid-null"),
        pytest.param({"alg": "ES256", "typ": ["JWT"]}, "jws-typ", id="typ-array"),
        pytest.param({"alg": "ES256", "cty": {}}, "jws-cty", id="cty-object"),
        pytest.param({"alg": "ES256", "cty": "JWT"}, "jws-nested", id="nested"),
        pytest.param({"alg": "ES256", "cty": "application/jwt"}, "jws-nested", id="nested-long"),
        pytest.param({"alg": "ES256", "zip": "DEF"}, "jws-zip", id="zip"),
        pytest.param({"alg": "ES256", "enc": "A256GCM"}, "jws-enc", id="enc"),
        pytest.param({"alg": "ES256", "x": "y" * 2048}, "jws-size", id="long"),
        pytest.param({"alg": "ES256", "x": [[[[[[[[[]]]]]]]]]}, "json-depth", id="deep"),
    ],
)
def test_the_header_is_read_strictly(header, rule):
    """RFC 7515, 4: also where the signature is good."""
    refuse(forge(header, CLAIMS, make_key("ES256").sign), rule)


def test_unknown_header_parameters_are_ignored():
    """RFC 7515, 4: they must be, unless they are critical."""
    pair = make_key("ES256")
    token = sign_as(pair, x5t="abc", cty="text/plain", private={"a": [1]})
    assert jwt.verify(token, make_set(pair), algs=["ES256"], types=[None]).claims.sub == "alice"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", "Application/JWT"])
def test_typ_is_a_media_type(typ):
    """RFC 7515, 4.1.9: without case, and with or without the prefix."""
    assert jws.parse(sign_as(make_key("ES256"), typ=typ)).header.typ == "jwt"


def test_a_missing_kid_needs_one_fitting_key():
    """RFC 7515, 4.1.4 and appendix D."""
    es, rs, ps = make_key("ES256"), make_key("RS256"), make_key("PS256")
    token = sign_as(es, kid=None)
    assert jwt.verify(token, make_set(es, rs, ps), algs=["ES256"], types=[None]).claims.iat
    with pytest.raises(InvalidToken, match="name one by kid"):
        jwt.verify(token, make_set(es, make_key("ES256", 1)), algs=["ES256"], types=[None])
    with pytest.raises(InvalidToken, match="no registered key is for ES256"):
        jwt.verify(token, make_set(rs), algs=["ES256"], types=[None])


def test_the_longest_token_is_read_and_one_more_character_is_not():
    pair = make_key("EdDSA")
    overhead = len(sign_as(pair, {"a": ""}))
    size = (jws.MAX_LENGTH - overhead) * 3 // 4

    def token_of(length):
        return sign_as(pair, {"a": "x" * length})

    fits = max(n for n in range(size - 4, size + 5) if len(token_of(n)) <= jws.MAX_LENGTH)
    read = jwt.verify(token_of(fits), make_set(pair), algs=["EdDSA"], types=[None])
    assert read.claims.members["a"] == "x" * fits
    with pytest.raises(InvalidToken, match="longer than 16384"):
        jws.parse(token_of(fits + 2))
