"""Sets of public keys (RFC 7517, 5), and the choice of one key for a token."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ostiary.jose import json
from ostiary.jose.errors import InvalidKey, InvalidToken, UnknownKey, UnsupportedKey, shorten
from ostiary.jose.jwe import EncryptionKey, parse_encryption_key
from ostiary.jose.jwk import SecretKey, parse_public_key
from ostiary.jose.keys import PublicKey

MEDIA_TYPE = "application/jwk-set+json"
MAX_KEYS = 20
MAX_BYTES = 65_536

Key = TypeVar("Key")


class KeySet:
    """The usable keys of a set, and why others were passed over.

    `keys` verify signatures, `encryption` are those that can be encrypted for; a key that
    says nothing about its use is among both. A `kid` is nothing but a name within its set.
    """

    __slots__ = ("_by_kid", "encryption", "ignored", "keys")

    def __init__(
        self,
        keys: tuple[PublicKey, ...],
        ignored: tuple[str, ...] = (),
        encryption: tuple[EncryptionKey, ...] = (),
    ) -> None:
        """Kids must be unique; `parse` sees to that."""
        self.keys = keys
        self.ignored = ignored
        self.encryption = encryption
        self._by_kid = {key.kid: key for key in keys if key.kid is not None}

    def __contains__(self, kid: str) -> bool:
        """Tell whether a key has this kid."""
        return kid in self._by_kid

    def choose(self, kid: str | None, alg: str) -> PublicKey:
        """Return the key for a token's header.

        Without a kid there must be exactly one key that fits the algorithm.

        Raises:
            UnknownKey: no key has this kid, or none fits.
            InvalidToken: the key is for another algorithm, or several keys fit.
        """
        if kid is not None:
            key = self._by_kid.get(kid)
            if key is None:
                raise _unknown(f"no registered key has the kid {shorten(kid)}")
            if alg not in key.algs:
                raise InvalidToken(
                    f"the key {shorten(kid)} is for {' or '.join(key.algs)}, not for {alg}",
                    rule="jws-alg-key",
                    section="RFC 8725, 3.1",
                )
            return key
        fitting = [key for key in self.keys if alg in key.algs]
        if not fitting:
            raise _unknown(f"no registered key is for {alg}")
        if len(fitting) > 1:
            raise InvalidToken(
                f"several registered keys are for {alg}; name one by kid in the header",
                rule="jws-kid-missing",
                section="RFC 7515, 4.1.4",
            )
        return fitting[0]


def parse(document: Any, *, tolerant: bool = False) -> KeySet:
    """Read a set of public keys.

    Keys of kinds that are not supported are passed over (RFC 7517, 5); malformed and
    weak ones too if `tolerant`, for sets that others publish. Private and symmetric
    keys, a repeated kid, and more than 20 keys spoil the whole set in any case.

    Raises:
        InvalidKey: the set is refused.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise InvalidKey(
            "a key set is a JSON object with an array 'keys'",
            rule="jwks",
            section="RFC 7517, 5",
        )
    members = document["keys"]
    if len(members) > MAX_KEYS:
        raise InvalidKey(f"a key set has more than {MAX_KEYS} keys", rule="jwks-size")
    keys: list[PublicKey] = []
    encryption: list[EncryptionKey] = []
    ignored: list[str] = []
    for member in members:
        no_signature = _read(parse_public_key, member, keys, tolerant=tolerant)
        no_encryption = _read(parse_encryption_key, member, encryption, tolerant=tolerant)
        if no_signature is not None and no_encryption is not None:
            ignored.append(no_encryption if _is_for_encryption(member) else no_signature)
    _require_unique(key.kid for key in keys)
    _require_unique(key.kid for key in encryption)
    return KeySet(tuple(keys), tuple(ignored), tuple(encryption))


def _read(
    parse_key: Callable[[Any], Key], member: Any, found: list[Key], *, tolerant: bool
) -> str | None:
    """Add a key to those found, or return why it is passed over."""
    try:
        found.append(parse_key(member))
    except SecretKey:
        raise
    except InvalidKey as error:
        if not tolerant and not isinstance(error, UnsupportedKey):
            raise
        return error.message
    return None


def _is_for_encryption(member: Any) -> bool:
    return isinstance(member, dict) and member.get("use") == "enc"


def _require_unique(names: Iterable[str | None]) -> None:
    kids = [kid for kid in names if kid is not None]
    if len(set(kids)) != len(kids):
        raise InvalidKey(
            "two keys of a set have the same kid", rule="jwks-kid", section="RFC 7517, 4.5"
        )


def parse_text(text: bytes | str, *, tolerant: bool = False) -> KeySet:
    """Read a set of public keys from JSON of at most 64 kB.

    Raises:
        InvalidJson: it is not JSON.
        InvalidKey: the set is refused.
    """
    return parse(json.parse(text, limit=MAX_BYTES), tolerant=tolerant)


def _unknown(message: str) -> UnknownKey:
    return UnknownKey(message, rule="jws-key-unknown", section="RFC 7515, 6")
