"""Other people's libraries read our tokens, and we read theirs."""

import json

import joserfc.jwk
import joserfc.jwt
import jwt as pyjwt
import pytest
from joserfc.jws import JWSRegistry

from ostiary.jose import jwks, jwt
from ostiary.jose.keys import SIGNING_ALGS, load
from support.jose import CLAIMS, NOW, make_key, make_ring, make_set, make_signing_key

# joserfc warns of the name EdDSA, which is the one that clients know.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")

ALGS = [str(alg) for alg in SIGNING_ALGS]
UNTIMED = {"verify_exp": False, "verify_iat": False}


@pytest.mark.parametrize("alg", ALGS)
def test_pyjwt_reads_ours(alg):
    ring = make_ring(make_signing_key(alg))
    token = ring.sign(alg, CLAIMS, "at+jwt")
    published = pyjwt.PyJWKSet.from_dict(ring.jwks(NOW))
    header = pyjwt.get_unverified_header(token)
    key = published[header["kid"]]
    read = pyjwt.decode(token, key, algorithms=[alg], options=UNTIMED, audience="web")
    assert read == CLAIMS
    assert header["typ"] == "at+jwt"


@pytest.mark.parametrize("alg", ALGS)
def test_we_read_pyjwt(alg):
    pair = make_key(alg)
    token = pyjwt.encode(CLAIMS, pair.key, alg, headers={"kid": pair.kid})
    read = jwt.verify(token, make_set(pair), algs=[alg], types=["jwt"])
    assert read.claims.members == CLAIMS


def registry(alg):
    return JWSRegistry(algorithms=[alg])


@pytest.mark.parametrize("alg", ALGS)
def test_joserfc_reads_ours(alg):
    ring = make_ring(make_signing_key(alg))
    keys = joserfc.jwk.KeySet.import_key_set(ring.jwks(NOW))
    read = joserfc.jwt.decode(
        ring.sign(alg, CLAIMS, "JWT"), keys, algorithms=[alg], registry=registry(alg)
    )
    assert read.claims == CLAIMS
    assert read.header["typ"] == "JWT"


@pytest.mark.parametrize("alg", ALGS)
def test_we_read_joserfc(alg):
    pair = make_key(alg)
    kinds = {
        "RS256": joserfc.jwk.RSAKey,
        "PS256": joserfc.jwk.RSAKey,
        "ES256": joserfc.jwk.ECKey,
        "EdDSA": joserfc.jwk.OKPKey,
    }
    key = kinds[alg].import_key(pair.key)
    header = {"alg": alg, "kid": pair.kid}
    token = joserfc.jwt.encode(header, CLAIMS, key, algorithms=[alg], registry=registry(alg))
    published = jwks.parse_text(
        json.dumps({"keys": [key.as_dict(private=False) | {"kid": pair.kid}]})
    )
    read = jwt.verify(token, published, algs=[alg], types=["jwt", None])
    assert read.claims.members == CLAIMS


@pytest.mark.parametrize("alg", ALGS)
def test_joserfc_computes_the_same_thumbprint(alg):
    pair = make_key(alg)
    assert joserfc.jwk.import_key(pair.public_jwk).thumbprint() == pair.kid


@pytest.mark.parametrize("alg", ALGS)
def test_joserfc_generates_keys_that_we_load(alg):
    key = joserfc.jwk.generate_key(
        make_key(alg).public_jwk["kty"],
        {"RS256": 2048, "PS256": 2048, "ES256": "P-256", "EdDSA": "Ed25519"}[alg],
    )
    pair = load(key.as_der(private=True), SIGNING_ALGS[ALGS.index(alg)])
    assert pair.kid == key.thumbprint()
