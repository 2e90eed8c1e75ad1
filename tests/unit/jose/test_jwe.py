"""Encryption for others' keys (RFC 7516; RFC 7518, 4 and 5; RFC 8037, 3.2)."""

import json

import pytest
from joserfc import jwe as other_jwe

from ostiary.jose import base64url, jwe, jwks
from ostiary.jose.errors import InvalidKey, UnknownKey, UnsupportedKey
from ostiary.jose.jwk import SecretKey
from support.jose import encryption_jwk, encryption_key, make_key

MESSAGE = b'{"sub":"alice"}'
KINDS = {
    "RSA-OAEP-256": ("RSA",),
    "ECDH-ES": ("P-256", "P-384", "X25519"),
    "ECDH-ES+A128KW": ("P-256", "P-384", "X25519"),
    "ECDH-ES+A256KW": ("P-256", "P-384", "X25519"),
}
PAIRS = [(alg, kind) for alg, kinds in KINDS.items() for kind in kinds]


def test_every_algorithm_is_tried_here():
    assert tuple(KINDS) == jwe.ALGS


@pytest.mark.parametrize("enc", jwe.ENCS)
@pytest.mark.parametrize(("alg", "kind"), PAIRS)
def test_another_library_reads_what_was_encrypted(alg, kind, enc):
    key = jwe.parse_encryption_key(encryption_jwk(kind))
    token = jwe.encrypt(MESSAGE, key, alg=alg, enc=enc, cty="JWT")

    opened = other_jwe.decrypt_compact(token, encryption_key(kind), algorithms=[alg, enc])
    assert opened.plaintext == MESSAGE
    header = json.loads(base64url.decode(token.partition(".")[0]))
    header.pop("epk", None)
    assert header == {"alg": alg, "enc": enc, "kid": f"enc-{kind}", "cty": "JWT"}


def test_nothing_is_repeated():
    key = jwe.parse_encryption_key(encryption_jwk("P-256"))
    tokens = [jwe.encrypt(MESSAGE, key, alg="ECDH-ES", enc="A256GCM", cty=None) for _ in range(3)]
    # Header with its ephemeral key, initialisation vector, ciphertext, tag.
    for part in (0, 2, 3, 4):
        assert len({token.split(".")[part] for token in tokens}) == 3


def test_no_weak_key_management_exists():
    assert not {"RSA1_5", "RSA-OAEP", "dir", "A128KW", "PBES2-HS256+A128KW"} & set(jwe.ALGS)


def test_a_key_of_either_use_and_of_both():
    document = {
        "keys": [
            make_key("ES256").public_jwk,
            encryption_jwk("RSA"),
            {k: v for k, v in encryption_jwk("P-256").items() if k != "use"},
        ]
    }
    keys = jwks.parse(document)
    assert [key.kid for key in keys.encryption] == ["enc-RSA", "enc-P-256"]
    assert [key.kid for key in keys.keys] == [make_key("ES256").kid, "enc-P-256"]
    assert keys.ignored == ()


def test_7517_4_2_a_key_for_encryption_alone_goes_first():
    either = {k: v for k, v in encryption_jwk("P-384").items() if k != "use"}
    keys = jwks.parse({"keys": [either, encryption_jwk("P-256")]})
    assert jwe.choose_key(keys.encryption, "ECDH-ES").kid == "enc-P-256"
    assert jwe.choose_key(keys.encryption[:1], "ECDH-ES").kid == "enc-P-384"


def test_no_key_fits():
    keys = jwks.parse({"keys": [encryption_jwk("P-256")]})
    with pytest.raises(UnknownKey):
        jwe.choose_key(keys.encryption, "RSA-OAEP-256")


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"use": "sig"}, "RSA"),
        ({"alg": "RSA1_5"}, "RSA"),
        ({"alg": "RS256"}, "RSA"),
        ({"alg": "ECDH-ES"}, "RSA"),
        ({"key_ops": ["verify"]}, "P-256"),
        ({"kty": "AKP"}, "P-256"),
        ({"crv": "Ed25519"}, "X25519"),
        ({"crv": "X448"}, "X25519"),
        ({"crv": "P-521"}, "P-256"),
    ],
    ids=str,
)
def test_keys_that_are_passed_over(members, kind):
    with pytest.raises(UnsupportedKey):
        jwe.parse_encryption_key(encryption_jwk(kind) | members)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"n": "AQAB"}, "RSA"),
        ({"e": "Aw"}, "RSA"),
        ({"x": "AAAA"}, "X25519"),
        ({"x": base64url.encode(b"\0" * 32)}, "X25519"),
        ({"x": base64url.encode(b"\1" + b"\0" * 31)}, "X25519"),
        ({"y": base64url.encode(b"\1" * 32)}, "P-256"),
        ({"key_ops": "wrapKey"}, "P-256"),
        ({"kid": ""}, "P-256"),
    ],
    ids=str,
)
def test_keys_that_are_refused(members, kind):
    with pytest.raises(InvalidKey) as error:
        jwe.parse_encryption_key(encryption_jwk(kind) | members)
    assert not isinstance(error.value, UnsupportedKey)


@pytest.mark.parametrize("kind", ["RSA", "X25519"])
def test_private_keys_are_refused(kind):
    with pytest.raises(SecretKey):
        jwe.parse_encryption_key(encryption_key(kind).as_dict(private=True))


def test_two_keys_for_encryption_of_one_name_spoil_a_set():
    same = [encryption_jwk("P-256", kid="one"), encryption_jwk("P-384", kid="one")]
    with pytest.raises(InvalidKey, match="same kid"):
        jwks.parse({"keys": same})
