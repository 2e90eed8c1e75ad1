"""JSON Web Key Thumbprint."""

import pytest

from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import SIGNING_ALGS
from support.jose import make_key

# Section 3.1.
RSA_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6t"
    "Soc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGj"
    "QR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFT"
    "WhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
# RFC 8037, appendix A.3.
ED_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


@pytest.mark.parametrize(
    ("jwk", "thumbprint"),
    [
        (RSA_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (ED_KEY, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ],
)
def test_the_examples_of_the_standards(jwk, thumbprint):
    assert parse_public_key(jwk).thumbprint == thumbprint


@pytest.mark.parametrize("alg", SIGNING_ALGS)
def test_other_members_and_their_order_do_not_matter(alg):
    """Section 3.2: only the required members count."""
    jwk = make_key(alg).public_jwk
    shuffled = dict(reversed(jwk.items())) | {"kid": "other", "use": "sig", "x5t": "abc"}
    assert parse_public_key(shuffled).thumbprint == make_key(alg).kid
