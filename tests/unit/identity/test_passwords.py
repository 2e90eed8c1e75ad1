import unicodedata

import argon2
import pytest

from ostiary.clock import SystemEntropy
from ostiary.identity import passwords
from ostiary.identity.passwords import CURRENT, Parameters, PasswordTooLong, UnusableHash

CHEAP = Parameters(memory=64, passes=1)
ENTROPY = SystemEntropy()


def test_security_policy_parameters() -> None:
    encoded = passwords.hash_password(b"correct horse battery staple", ENTROPY)
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Parameters(memory=19_456, passes=2, lanes=1) == CURRENT
    assert argon2.PasswordHasher().verify(encoded, "correct horse battery staple")


def test_a_hash_matches_its_password_only() -> None:
    encoded = passwords.hash_password(b"one", ENTROPY, CHEAP)
    assert passwords.verify_password(encoded, b"one")
    assert not passwords.verify_password(encoded, b"two")
    assert not passwords.verify_password(encoded, b"")
    assert encoded != passwords.hash_password(b"one", ENTROPY, CHEAP)


@pytest.mark.parametrize(
    ("typed", "also"),
    [
        ("Zu\u0308rich am See", "Z\u00fcrich am See"),
        ("a\u00a0b", "a b"),
        ("a\u3000b", "a b"),
        ("a\u2009b", "a b"),
    ],
)
def test_rfc8265_spellings_of_one_password_are_one(typed: str, also: str) -> None:
    assert passwords.normalize(typed) == passwords.normalize(also)


@pytest.mark.parametrize(("one", "other"), [("A", "a"), ("ﬀ", "ff"), (" a", "a"), ("Ⅳ", "IV")])
def test_rfc8265_different_passwords_stay_different(one: str, other: str) -> None:
    assert passwords.normalize(one) != passwords.normalize(other)


@pytest.mark.parametrize("longest", ["a" * 256, "😀" * 256, "ü" * 256])
def test_the_longest_password_is_taken_whole(longest: str) -> None:
    assert passwords.normalize(longest) == unicodedata.normalize("NFC", longest).encode()


@pytest.mark.parametrize("long", ["a" * 257, "😀" * 257, "a" * 1_000_000])
def test_lo_07_a_longer_password_is_refused_and_not_cut(long: str) -> None:
    with pytest.raises(PasswordTooLong):
        passwords.normalize(long)


def test_no_password_matches_the_decoy() -> None:
    decoy = passwords.make_decoy(ENTROPY, CHEAP)
    assert passwords.read_parameters(decoy) == CHEAP
    assert not passwords.verify_password(decoy, b"")
    assert not passwords.verify_password(decoy, b"password")
    assert decoy != passwords.make_decoy(ENTROPY, CHEAP)


def test_the_decoy_costs_what_a_real_hash_costs() -> None:
    real = passwords.hash_password(b"x", ENTROPY)
    decoy = passwords.make_decoy(ENTROPY)
    assert passwords.read_parameters(decoy) == passwords.read_parameters(real)
    assert [len(part) for part in decoy.split("$")] == [len(part) for part in real.split("$")]


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "plain",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$",
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=64,t=999,p=1$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=64,t=1,p=64$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=4,t=1,p=1$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHRzYWx0$" + "A" * 43,
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$" + "A" * 43 + "\n",
    ],
)
def test_a_hash_that_is_malformed_or_too_costly_is_refused(encoded: str) -> None:
    with pytest.raises(UnusableHash, match=r"Argon2id|costs"):
        passwords.read_parameters(encoded)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (Parameters(64, 1), True),
        (Parameters(128, 1), True),
        (Parameters(64, 2), True),
        (Parameters(128, 2), False),
        (Parameters(256, 3), False),
    ],
)
def test_only_weaker_hashes_are_outgrown(stored: Parameters, expected: bool) -> None:
    encoded = passwords.hash_password(b"x", ENTROPY, stored)
    assert passwords.outgrown(encoded, Parameters(128, 2)) is expected
