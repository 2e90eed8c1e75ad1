import pytest

from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.errors import SealError, WrongKeyEncryptionKey
from support.jose import ENTROPY

PLACE = Place("signing_keys", "kid-1", "private_sealed")
KEKS = KeyEncryptionKeys(b"1" * 32)


def test_a_value_comes_back_from_its_place():
    assert KEKS.unseal(KEKS.seal(b"secret", PLACE, ENTROPY), PLACE) == b"secret"
    assert KEKS.unseal(KEKS.seal(b"", PLACE, ENTROPY), PLACE) == b""


def test_equal_values_are_sealed_differently():
    assert KEKS.seal(b"secret", PLACE, ENTROPY) != KEKS.seal(b"secret", PLACE, ENTROPY)


def test_the_nonce_has_96_bits_of_the_given_entropy():
    asked = []

    class Recorded:
        def token_bytes(self, count):
            asked.append(count)
            return bytes(range(count))

    sealed = KEKS.seal(b"secret", PLACE, Recorded())
    assert asked == [12]
    assert bytes(range(12)) in sealed


def test_the_value_is_not_readable():
    assert b"secret" not in KEKS.seal(b"secret", PLACE, ENTROPY)


@pytest.mark.parametrize(
    "place",
    [
        Place("instance_keys", "kid-1", "private_sealed"),
        Place("signing_keys", "kid-2", "private_sealed"),
        Place("signing_keys", "kid-1", "public_jwk"),
    ],
)
def test_a_value_does_not_open_at_another_place(place):
    sealed = KEKS.seal(b"secret", PLACE, ENTROPY)
    with pytest.raises(SealError, match="moved from another row"):
        KEKS.unseal(sealed, place)


def test_another_key_is_named_as_the_reason():
    sealed = KEKS.seal(b"secret", PLACE, ENTROPY)
    with pytest.raises(WrongKeyEncryptionKey, match="another key_encryption_key"):
        KeyEncryptionKeys(b"2" * 32).unseal(sealed, PLACE)


def test_an_earlier_key_still_opens_and_seals_no_more():
    sealed = KEKS.seal(b"secret", PLACE, ENTROPY)
    both = KeyEncryptionKeys(b"2" * 32, b"1" * 32)
    assert both.unseal(sealed, PLACE) == b"secret"
    with pytest.raises(WrongKeyEncryptionKey):
        KEKS.unseal(both.seal(b"secret", PLACE, ENTROPY), PLACE)


@pytest.mark.parametrize("position", range(1 + 4 + 12 + 6 + 16))
def test_every_octet_counts(position):
    sealed = bytearray(KEKS.seal(b"secret", PLACE, ENTROPY))
    assert len(sealed) == 1 + 4 + 12 + 6 + 16
    sealed[position] ^= 1
    with pytest.raises(SealError):
        KEKS.unseal(bytes(sealed), PLACE)


@pytest.mark.parametrize("length", range(1 + 4 + 12 + 16))
def test_a_cut_value_is_refused(length):
    with pytest.raises(SealError):
        KEKS.unseal(KEKS.seal(b"secret", PLACE, ENTROPY)[:length], PLACE)


@pytest.mark.parametrize("key", [b"", b"1" * 16, b"1" * 31, b"1" * 33])
def test_a_key_of_another_length_is_refused(key):
    with pytest.raises(ValueError, match="32 octets"):
        KeyEncryptionKeys(key)
    with pytest.raises(ValueError, match="32 octets"):
        KeyEncryptionKeys(b"1" * 32, key)


def test_a_refusal_tells_nothing_of_the_value_or_key():
    with pytest.raises(SealError) as caught:
        KeyEncryptionKeys(b"2" * 32).unseal(KEKS.seal(b"secret", PLACE, ENTROPY), PLACE)
    assert "secret" not in str(caught.value)
    assert "2222" not in str(caught.value)
