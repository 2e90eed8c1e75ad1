"""Foreign public keys that are well formed and still worth nothing (RFC 8725, 3.4 and 3.5).

Whoever holds such a key holds a key that others can compute the private half of. The
tests are those that certification authorities run: cheap, and without false alarms.
"""

import math
from functools import cache

_SIEVE_LIMIT = 752
_FERMAT_ROUNDS = 100
# Below 168 for every size of key that the flawed generator made (CVE-2017-15361).
_ROCA_LIMIT = 168
_ROCA_GENERATOR = 65537

_P = 2**255 - 19
_SMALL_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# The y coordinates of the eight points whose order divides eight, and the two of them
# that fit 255 bits once more.
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _P, _P + 1, _SMALL_ORDER_8, _P - _SMALL_ORDER_8})


def rsa_weakness(modulus: int) -> str | None:
    """Say why an RSA modulus can be factored by anyone, or None."""
    if math.gcd(modulus, _sieve()) != 1:
        return "its modulus has a small factor"
    if all(1 << modulus % prime & residues for prime, residues in _roca_residues()):
        return "its modulus was made by a flawed generator (CVE-2017-15361)"
    if _factors_are_close(modulus):
        return "the factors of its modulus are too close"
    return None


def ed25519_weakness(encoded: bytes) -> str | None:
    """Say why an Ed25519 public key accepts signatures of anyone, or None."""
    if int.from_bytes(encoded, "little") & (1 << 255) - 1 in _SMALL_ORDER_Y:
        return "it is a point of small order"
    return None


def _primes(limit: int) -> list[int]:
    return [n for n in range(2, limit) if all(n % d for d in range(2, math.isqrt(n) + 1))]


@cache
def _sieve() -> int:
    return math.prod(_primes(_SIEVE_LIMIT))


@cache
def _roca_residues() -> tuple[tuple[int, int], ...]:
    """Primes, each with a bit set of the residues that a flawed modulus can have."""
    found = []
    for prime in _primes(_ROCA_LIMIT):
        residues, power = 0, 1
        while not residues >> power & 1:
            residues |= 1 << power
            power = power * _ROCA_GENERATOR % prime
        if residues.bit_count() < prime - 1:
            found.append((prime, residues))
    return tuple(found)


def _factors_are_close(modulus: int) -> bool:
    """Try Fermat's factorization for a few rounds."""
    middle = math.isqrt(modulus - 1) + 1
    difference = middle * middle - modulus
    for _ in range(_FERMAT_ROUNDS):
        # A square ends in these four bits; the test spares most roots.
        if difference & 15 in {0, 1, 4, 9} and math.isqrt(difference) ** 2 == difference:
            return True
        difference += 2 * middle + 1
        middle += 1
    return False
