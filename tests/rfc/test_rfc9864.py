"""Fully-specified algorithms: `Ed25519` is another name of EdDSA with that curve."""

import pytest

from ostiary.jose import jws, jwt
from ostiary.jose.errors import InvalidToken
from ostiary.jose.jwk import parse_public_key
from support.jose import make_key, make_set, sign_as


@pytest.mark.parametrize("name", ["Ed25519", "EdDSA"])
def test_section_2_2_a_token_under_either_name_verifies(name):
    pair = make_key("EdDSA")
    token = sign_as(pair, alg=name)
    assert jwt.verify(token, make_set(pair), algs=["EdDSA"], types=[None]).header.alg == "EdDSA"


@pytest.mark.parametrize("name", ["Ed25519", "EdDSA"])
def test_section_2_2_a_key_under_either_name_is_the_same_key(name):
    pair = make_key("EdDSA")
    key = parse_public_key(pair.public_jwk | {"alg": name})
    assert key.algs == ("EdDSA",)
    assert jws.parse(sign_as(pair)).verify(key)


def test_section_2_2_the_name_is_not_one_of_other_keys():
    pair = make_key("ES256")
    token = sign_as(pair, alg="Ed25519")
    with pytest.raises(InvalidToken):
        jwt.verify(token, make_set(pair), algs=["EdDSA", "ES256"], types=[None])
