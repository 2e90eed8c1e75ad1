"""RFC 8725, 3.4 and 3.5: keys whose private half anyone can compute."""

import math

import pytest

from ostiary.jose import base64url, weakness
from ostiary.jose.weakness import ed25519_weakness, rsa_weakness
from support.jose import make_key

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def next_prime(number, step=1):
    while pow(2, number - 1, number) != 1:
        number += step
    return number


def modulus_of(pair):
    return int.from_bytes(base64url.decode(pair.public_jwk["n"]))


@pytest.mark.parametrize("index", range(3))
def test_a_good_modulus_passes(index):
    assert rsa_weakness(modulus_of(make_key("RS256", index))) is None


@pytest.mark.parametrize("factor", [2, 3, 17, 101, 743, 751])
def test_a_small_factor_is_found(factor):
    assert "small factor" in rsa_weakness(modulus_of(make_key("RS256")) * factor)


def test_close_factors_are_found():
    first = next_prime((1 << 1023) + 12345, 2)
    second = next_prime(first + 2, 2)
    assert "too close" in rsa_weakness(first * second)


def test_a_square_is_found():
    prime = next_prime((1 << 1023) + 12345, 2)
    assert "too close" in rsa_weakness(prime * prime)


def test_distant_factors_are_not_called_close():
    first = next_prime((1 << 511) + 12345, 2)
    second = next_prime((3 << 510) + 12345, 2)
    assert rsa_weakness(first * second) is None


def test_the_shape_of_the_flawed_generator_is_found():
    """The generator of CVE-2017-15361 made primes k * M + 65537**a mod M."""
    m = math.prod(weakness._primes(168))
    step = m + m % 2

    def flawed_prime(a, k):
        return next_prime(k * step + pow(65537, a, m) + (m if k % 2 else 0), step)

    modulus = flawed_prime(123, 1 << 802) * flawed_prime(45678, 3 << 803)
    assert "CVE-2017-15361" in rsa_weakness(modulus)


def double(point):
    """Add a point of edwards25519 to itself (RFC 8032, 5.1.4)."""
    x, y = point
    product = D * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, P) % P,
        (y * y + x * x) * pow(1 - product, -1, P) % P,
    )


def decompress(y):
    """Return a point with this y (RFC 8032, 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return x, y % P


def test_the_listed_points_are_those_of_small_order():
    listed = {y % P for y in weakness._SMALL_ORDER_Y}
    for y in listed:
        point = decompress(y)
        assert double(double(double(point))) == (0, 1)
    # The eight points of the small subgroup have five different y.
    assert len(listed) == 5


@pytest.mark.parametrize("y", sorted(weakness._SMALL_ORDER_Y))
@pytest.mark.parametrize("sign", [0, 1])
def test_a_point_of_small_order_is_refused_in_every_spelling(y, sign):
    assert "small order" in ed25519_weakness((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("index", range(5))
def test_a_good_ed25519_key_passes(index):
    assert ed25519_weakness(base64url.decode(make_key("EdDSA", index).public_jwk["x"])) is None
