import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ostiary.jose import keys
from ostiary.jose.errors import InvalidSignature
from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import SIGNING_ALGS, Alg
from support.jose import make_key

MESSAGE = b"message"


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_a_key_signs_for_its_own_public_half(alg):
    pair = make_key(alg)
    public = parse_public_key(pair.public_jwk)
    assert public.algs == (alg,)
    assert public.kid == pair.kid == public.thumbprint
    public.verify(alg, pair.sign(MESSAGE), MESSAGE)
    with pytest.raises(InvalidSignature):
        public.verify(alg, pair.sign(MESSAGE), MESSAGE + b"!")
    with pytest.raises(InvalidSignature):
        parse_public_key(make_key(alg, 1).public_jwk).verify(alg, pair.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_an_exported_key_comes_back(alg):
    pair = make_key(alg)
    again = keys.load(pair.export(), alg)
    assert again.public_jwk == pair.public_jwk
    parse_public_key(pair.public_jwk).verify(alg, again.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_the_public_half_holds_nothing_private(alg):
    public = make_key(alg).public_jwk
    assert set(public) <= {"kty", "n", "e", "crv", "x", "y", "kid", "alg", "use"}
    assert public["use"] == "sig"
    assert public["alg"] == alg


@pytest.mark.parametrize(
    ("made", "loaded"),
    [("RS256", "ES256"), ("ES256", "EdDSA"), ("EdDSA", "RS256"), ("RS256", "ES384")],
)
def test_a_key_is_not_loaded_for_another_algorithm(made, loaded):
    with pytest.raises(ValueError, match=f"not one for {loaded}"):
        keys.load(make_key(made).export(), Alg(loaded))


def test_a_key_of_another_curve_is_not_loaded():
    other = keys.PrivateKey(ec.generate_private_key(ec.SECP384R1()), Alg.ES256)
    with pytest.raises(ValueError, match="not one for ES256"):
        keys.load(other.export(), Alg.ES256)


def test_damaged_bytes_are_not_loaded():
    for damaged in (b"", b"\x30\x00", make_key("ES256").export()[:-1]):
        with pytest.raises(ValueError, match="not one for ES256"):
            keys.load(damaged, Alg.ES256)


@pytest.mark.parametrize("bits", [0, 1024, 2047, 2049, 8192])
def test_only_three_sizes_of_rsa_keys_are_made(bits):
    with pytest.raises(ValueError, match="2048, 3072 or 4096"):
        keys.generate(Alg.RS256, bits)


def test_larger_rsa_keys_are_made():
    pair = keys.generate(Alg.PS256, 3072)
    assert pair.key.key_size == 3072


def test_nothing_is_signed_with_es384():
    with pytest.raises(ValueError, match="ES384"):
        keys.generate(Alg.ES384)


@pytest.mark.parametrize("bits", [1, 8, 240, 247, 248, 249, 255, 256])
@pytest.mark.parametrize("other", [1, 128, 255, 256])
def test_der_signatures_of_every_length_become_raw(bits, other):
    """RFC 7518, 3.4: R and S have 32 octets each, whatever DER needs for them."""
    r, s = (1 << bits) - 1, 1 << (other - 1)
    expected = r.to_bytes(32) + s.to_bytes(32)
    assert keys.concatenate(utils.encode_dss_signature(r, s)) == expected
    assert keys.concatenate(utils.encode_dss_signature(s, r)) == expected[32:] + expected[:32]


def test_a_p384_key_verifies():
    private = ec.generate_private_key(ec.SECP384R1())
    public = parse_public_key(keys.public_members(private.public_key()))
    assert public.algs == ("ES384",)
    r, s = utils.decode_dss_signature(private.sign(MESSAGE, ec.ECDSA(keys.hashes.SHA384())))
    signature = r.to_bytes(48) + s.to_bytes(48)
    public.verify(Alg.ES384, signature, MESSAGE)
    with pytest.raises(InvalidSignature):
        public.verify(Alg.ES384, signature[:64], MESSAGE)


def test_another_algorithm_of_the_same_key_type_is_a_mismatch():
    """JW-02: a key carries its algorithms, whatever the caller says."""
    pair = make_key("PS256")
    public = parse_public_key(pair.public_jwk)
    good_elsewhere = keys.PrivateKey(pair.key, Alg.RS256).sign(MESSAGE)
    for signature in (good_elsewhere, pair.sign(MESSAGE)):
        with pytest.raises(InvalidSignature):
            public.verify(Alg.RS256, signature, MESSAGE)


def test_an_ecdsa_signature_has_one_length():
    """RFC 7518, 3.4: not even a zero octet more, which would leave the numbers the same."""
    pair = make_key("ES256")
    public = parse_public_key(pair.public_jwk)
    good = pair.sign(MESSAGE)
    public.verify(Alg.ES256, good, MESSAGE)
    for signature in (good[:32] + b"\0" + good[32:], b"\0" + good, good + b"\0"):
        with pytest.raises(InvalidSignature):
            public.verify(Alg.ES256, signature, MESSAGE)


@pytest.mark.parametrize(
    ("kind", "alg"), [("RSA", "RS256"), ("RSA", "PS256"), ("EC", "ES256"), ("OKP", "EdDSA")]
)
@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 255, 256, 257])
def test_signatures_of_every_length_are_compared_without_harm(kind, alg, length):
    public = parse_public_key(make_key(alg).public_jwk)
    with pytest.raises(InvalidSignature):
        public.verify(Alg(alg), bytes(length), MESSAGE)
    with pytest.raises(InvalidSignature):
        public.verify(Alg(alg), b"\xff" * length, MESSAGE)


def test_ed25519_signatures_are_deterministic_and_ecdsa_ones_are_not():
    assert make_key("EdDSA").sign(MESSAGE) == make_key("EdDSA").sign(MESSAGE)
    assert make_key("ES256").sign(MESSAGE) != make_key("ES256").sign(MESSAGE)


def test_the_thumbprint_hashes_the_required_members_in_order():
    members = {"y": "Yg", "kty": "EC", "x": "YQ", "crv": "P-256"}
    text = b'{"crv":"P-256","kty":"EC","x":"YQ","y":"Yg"}'
    expected = keys.base64url.encode(hashlib.sha256(text).digest())
    assert keys.thumbprint(members) == expected


def test_rfc8032_a_seed_always_makes_the_same_pair():
    """Test 2 of RFC 8032, 7.1."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    pair = keys.derive(seed)
    assert pair.alg is Alg.EDDSA
    assert keys.base64url.decode(pair.public_jwk["x"]) == public
    assert pair.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540")
    with pytest.raises(ValueError, match="32"):
        keys.derive(seed[:31])
