"""How other systems write their password hashes, and the form that each is kept in.

Known are the PHC string format (Argon2, scrypt, PBKDF2) with passlib's variant of it,
modular crypt bcrypt, Django's hashers, and the credentials in exports of Keycloak and Auth0.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from ostiary.identity import foreign_hashes, passwords
from ostiary.identity.foreign_hashes import decode, encode
from ostiary.identity.passwords import UnusableHash

MAX_LENGTH = 1024

_HELP = (
    "Give a hash by Argon2, bcrypt, scrypt or PBKDF2, as the PHC string format, Django or "
    "passlib writes it."
)
_BCRYPT = re.compile(r"\$2[aby](\$[0-9]{2}\$[./A-Za-z0-9]{53})")
_ARGON2 = re.compile(r"(\$argon2(?:id|i|d))(\$v=(?:16|19))?(\$m=.*)")
_PBKDF2 = re.compile(
    r"\$pbkdf2-(sha1|sha256|sha512)\$i=([0-9]{1,9})(?:,l=([0-9]{1,3}))?"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_PASSLIB = re.compile(
    r"\$pbkdf2(|-sha256|-sha512)\$([0-9]{1,9})\$([A-Za-z0-9./]+)\$([A-Za-z0-9./]+)"
)
_SCRYPT = re.compile(r"\$scrypt\$ln=[0-9]{1,2},r=[0-9]{1,3},p=[0-9]{1,3}\$.*")
_SALT = r"([!-#%-~]{1,128})"
_DJANGO_PBKDF2 = re.compile(rf"pbkdf2_(sha1|sha256)\$([0-9]{{1,9}})\${_SALT}\$([A-Za-z0-9+/]+=*)")
_DJANGO_SCRYPT = re.compile(
    rf"scrypt\$([0-9]{{1,7}})\${_SALT}\$([0-9]{{1,3}})\$([0-9]{{1,3}})\$([A-Za-z0-9+/]+=*)"
)
# Django puts the name of the hasher before what the library wrote.
_DJANGO_PREFIX = re.compile(r"(?:bcrypt|argon2)\$(\$2[aby]\$.*|argon2(?:id|i|d)\$.*)")

_KEYCLOAK = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}
_KEYCLOAK_VERSIONS = {"1.0": "16", "1.3": "19"}

T = TypeVar("T")


def read(text: str) -> str:
    """Return an encoded hash, of this system or another, in the form in which it is kept.

    Raises:
        UnusableHash: its form is not known, it is malformed, or it costs too much.
    """
    for encoded in _spell(text) if len(text) <= MAX_LENGTH else ():
        if encoded.startswith("$argon2id$v=19$"):
            passwords.read_parameters(encoded)
        foreign_hashes.prepare(encoded)
        return encoded
    raise UnusableHash(_HELP)


def _spell(text: str) -> Iterator[str]:
    """Return, if the form is known, the hash as it is kept."""
    if prefixed := _DJANGO_PREFIX.fullmatch(text):
        text = "$" + prefixed[1].removeprefix("$")
    for pattern, write in _FORMS:
        if match := pattern.fullmatch(text):
            yield write(match)
            return


def _argon2(match: re.Match[str]) -> str:
    # Without a version it is the first one (PHC string format of Argon2).
    return f"{match[1]}{match[2] or '$v=16'}{match[3]}"


def _pbkdf2(match: re.Match[str]) -> str:
    salt, tag = decode(match[4]), decode(match[5])
    if match[3] is not None and int(match[3]) != len(tag):
        raise UnusableHash("The hash is not as long as it says (l).")
    return _write_pbkdf2(match[1], int(match[2]), salt, tag)


def _passlib(match: re.Match[str]) -> str:
    salt, tag = (decode(match[n].replace(".", "+")) for n in (3, 4))
    return _write_pbkdf2(match[1].removeprefix("-") or "sha1", int(match[2]), salt, tag)


def _django_pbkdf2(match: re.Match[str]) -> str:
    tag = decode(match[4].rstrip("="))
    return _write_pbkdf2(match[1], int(match[2]), match[3].encode(), tag)


def _django_scrypt(match: re.Match[str]) -> str:
    n = int(match[1])
    if n & (n - 1):
        raise UnusableHash("The work factor of scrypt must be a power of two.")
    salt, tag = encode(match[2].encode()), encode(decode(match[5].rstrip("=")))
    return f"$scrypt$ln={n.bit_length() - 1},r={int(match[3])},p={int(match[4])}${salt}${tag}"


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    # The three letters are one algorithm, since its early mistakes were mended.
    (_BCRYPT, lambda match: f"$2b{match[1]}"),
    (_ARGON2, _argon2),
    (_PBKDF2, _pbkdf2),
    (_PASSLIB, _passlib),
    (_SCRYPT, lambda match: match[0]),
    (_DJANGO_PBKDF2, _django_pbkdf2),
    (_DJANGO_SCRYPT, _django_scrypt),
)


def _write_pbkdf2(digest: str, iterations: int, salt: bytes, tag: bytes) -> str:
    return f"$pbkdf2-{digest}$i={iterations}${encode(salt)}${encode(tag)}"


class _KeycloakCredential(msgspec.Struct, frozen=True, rename="camel"):
    algorithm: str
    hash_iterations: int
    additional_parameters: dict[str, list[str]] = {}


class _KeycloakSecret(msgspec.Struct, frozen=True):
    value: str
    salt: str


def from_keycloak(credential: object, secret: object) -> str:
    """Read `credentialData` and `secretData` of a password of Keycloak, as parsed JSON.

    Raises:
        UnusableHash: they are not what Keycloak writes, by an unknown algorithm, or costly.
    """
    told, kept = _convert(credential, _KeycloakCredential), _convert(secret, _KeycloakSecret)
    salt, tag = decode(kept.salt.rstrip("=")), decode(kept.value.rstrip("="))
    if told.algorithm in _KEYCLOAK:
        digest = _KEYCLOAK[told.algorithm]
        return read(_write_pbkdf2(digest, told.hash_iterations, salt, tag))
    if told.algorithm != "argon2":
        raise UnusableHash(f"Keycloak's algorithm {told.algorithm[:40]!r} is not known here.")

    def more(name: str, default: str) -> str:
        return (told.additional_parameters.get(name) or [default])[0]

    version = _KEYCLOAK_VERSIONS.get(more("version", "1.3"), "unknown")
    cost = f"m={more('memory', '7168')},t={told.hash_iterations},p={more('parallelism', '1')}"
    return read(f"$argon2{more('type', 'id')}$v={version}${cost}${encode(salt)}${encode(tag)}")


class _Auth0Value(msgspec.Struct, frozen=True):
    value: str
    encoding: str = "utf8"


class _Auth0Hash(msgspec.Struct, frozen=True):
    algorithm: str
    hash: _Auth0Value


def from_auth0(custom: object) -> str:
    """Read a `custom_password_hash` of Auth0, as parsed JSON: argon2, bcrypt or pbkdf2.

    Raises:
        UnusableHash: it is by another algorithm, in another encoding, or costly.
    """
    told = _convert(custom, _Auth0Hash)
    if told.algorithm not in {"argon2", "bcrypt", "pbkdf2"} or told.hash.encoding != "utf8":
        raise UnusableHash(
            "Of Auth0's custom password hashes only argon2, bcrypt and pbkdf2 in the encoding "
            "utf8 are known here."
        )
    return read(told.hash.value)


def _convert(value: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise UnusableHash(f"This is not what an export holds: {error}.") from None


def parse_json(text: Any) -> object:
    """Parse JSON within JSON, as Keycloak nests it; what is no text is taken as it is.

    Raises:
        UnusableHash: it is not JSON.
    """
    if not isinstance(text, str):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise UnusableHash("The credential is not JSON.") from None
