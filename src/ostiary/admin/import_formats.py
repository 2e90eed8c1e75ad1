"""Files of people from elsewhere, read into what users are made of here.

Three formats: JSON lines of users as declarative files describe them, exports of a realm of
Keycloak, and exports of Auth0 (JSON lines, or a list). A row that cannot be read is told of
by itself; the others are not held up by it.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin.decode import decode
from ostiary.admin.document import Unreadable, read
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.user_fields import UserFields
from ostiary.identity import foreign_forms
from ostiary.identity.passwords import UnusableHash

MAX_LINE = 64 * 1024
MAX_DOCUMENT = 1024 * 1024 * 1024

T = TypeVar("T")


class Format(StrEnum):
    """Where a file of people comes from."""

    OSTIARY = "ostiary"
    KEYCLOAK = "keycloak"
    AUTH0 = "auth0"


class ImportFields(UserFields, frozen=True, kw_only=True):
    """A user as declarative files describe them, and the id that they had before."""

    id: str | UnsetType = UNSET


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One user of a file: the line, or the place in its list, and what was wrong with it."""

    number: int
    name: str = ""
    fields: ImportFields | None = None
    problems: tuple[Problem, ...] = ()


class NotAnExport(Exception):
    """The file as a whole is not what it should be."""


def read_rows(kind: Format, lines: Iterable[bytes]) -> Iterator[Row]:
    """Read the users of a file, which is given line by line.

    Raises:
        NotAnExport: the file as a whole is not of this format.
    """
    if kind is Format.OSTIARY:
        return _read_lines(lines, _own)
    if kind is Format.KEYCLOAK:
        return _read_keycloak(_collect(lines))
    return _read_auth0(lines)


def _read_lines(lines: Iterable[bytes], convert: Callable[[bytes], ImportFields]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if len(text) > MAX_LINE:
            yield _failed(number, f"is longer than {MAX_LINE // 1024} KiB")
        elif text:
            yield _row(number, text, convert)


def _row(number: int, value: T, convert: Callable[[T], ImportFields]) -> Row:
    try:
        fields = convert(value)
    except Invalid as error:
        return Row(number=number, problems=error.problems)
    except UnusableHash as error:
        return _failed(number, str(error), "password")
    except Unreadable as error:
        return _failed(number, error.message)
    except msgspec.ValidationError as error:
        return _failed(number, f"is not what an export holds: {error}")
    except (msgspec.DecodeError, RecursionError):
        return _failed(number, "is not JSON")
    name = "" if fields.username is UNSET else fields.username
    return Row(number=number, name=name, fields=fields)


def _failed(number: int, message: str, path: str = "") -> Row:
    return Row(number=number, problems=(Problem(path, message),))


def _own(line: bytes) -> ImportFields:
    return decode(ImportFields, read(".json", line).tree)


def _collect(lines: Iterable[bytes]) -> bytes:
    content = bytearray()
    for line in lines:
        content += line
        if len(content) > MAX_DOCUMENT:
            raise NotAnExport(f"is larger than {MAX_DOCUMENT // 1024 // 1024} MiB: split it")
    return bytes(content)


def _parse(content: bytes, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NotAnExport(f"is not {what}: {error}") from None


class _KeycloakPassword(msgspec.Struct, rename="camel"):
    type: str = ""
    value: str | None = None
    credential_data: Any = None
    secret_data: Any = None
    # Before Keycloak 8 the members of both stood side by side.
    hashed_salted_value: str | None = None
    salt: str | None = None
    hash_iterations: int | None = None
    algorithm: str | None = None


class _KeycloakUser(msgspec.Struct, rename="camel"):
    username: str = ""
    id: str | None = None
    enabled: bool = True
    email: str | None = None
    email_verified: bool = False
    first_name: str | None = None
    last_name: str | None = None
    attributes: dict[str, Any] | None = None
    credentials: list[_KeycloakPassword] | None = None
    service_account_client_id: str | None = None


class _KeycloakRealm(msgspec.Struct):
    users: list[msgspec.Raw] = []


_parse_keycloak_user = msgspec.json.Decoder(_KeycloakUser).decode
# Attributes of Keycloak that are members of the profile here.
_ATTRIBUTES = {"locale", "zoneinfo", "birthdate", "gender", "nickname", "picture", "website"}


def _read_keycloak(content: bytes) -> Iterator[Row]:
    users: list[msgspec.Raw]
    if content.lstrip()[:1] == b"[":
        users = _parse(content, list[msgspec.Raw], "a list of users of Keycloak")
    else:
        users = _parse(content, _KeycloakRealm, "an export of a realm of Keycloak").users
    for number, raw in enumerate(users, 1):
        yield _row(number, bytes(raw), _keycloak)


def _keycloak(raw: bytes) -> ImportFields:
    user = _parse_keycloak_user(raw)
    if user.service_account_client_id is not None:
        raise Invalid.at("", "is the account of a client: make a service account for it")
    profile = {"given_name": user.first_name, "family_name": user.last_name}
    metadata: dict[str, str] = {}
    for name, value in (user.attributes or {}).items():
        text = _first_text(value)
        if name in _ATTRIBUTES:
            profile[name] = text
        elif text is not None:
            metadata[name] = text
    values: dict[str, Any] = {
        "username": user.username,
        "profile": _present(profile),
        "metadata": metadata,
        "state": "active" if user.enabled else "deactivated",
    }
    if user.id is not None:
        values["id"] = user.id
    if user.email:
        values["email"] = {"address": user.email, "verified": user.email_verified}
    passwords = [one for one in user.credentials or () if one.type == "password"]
    if passwords:
        values["password"] = _keycloak_password(passwords[0])
    return decode(ImportFields, values)


def _keycloak_password(found: _KeycloakPassword) -> dict[str, str]:
    if found.value is not None:
        return {"plain": found.value}
    if found.hashed_salted_value is not None:
        credential: object = {
            "algorithm": found.algorithm or "pbkdf2",
            "hashIterations": found.hash_iterations or 0,
        }
        secret: object = {"value": found.hashed_salted_value, "salt": found.salt or ""}
    else:
        credential = foreign_forms.parse_json(found.credential_data)
        secret = foreign_forms.parse_json(found.secret_data)
    return {"hash": foreign_forms.from_keycloak(credential, secret)}


class _Auth0Id(msgspec.Struct):
    oid: str | None = msgspec.field(default=None, name="$oid")


class _Auth0User(msgspec.Struct):
    user_id: str | None = None
    id: _Auth0Id | None = msgspec.field(default=None, name="_id")
    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    phone_number: str | None = None
    phone_verified: bool = False
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    nickname: str | None = None
    picture: str | None = None
    blocked: bool = False
    user_metadata: dict[str, Any] | None = None
    # As the export of password hashes has it, and as an import has it.
    exported_hash: str | None = msgspec.field(default=None, name="passwordHash")
    password_hash: str | None = None
    custom_password_hash: Any = None


_parse_auth0_user = msgspec.json.Decoder(_Auth0User).decode


def _read_auth0(lines: Iterable[bytes]) -> Iterator[Row]:
    iterator = iter(lines)
    first = next(iterator, b"")
    if first.lstrip()[:1] != b"[":
        return _read_lines(_chain(first, iterator), _auth0)
    content = _collect(_chain(first, iterator))
    users = _parse(content, list[msgspec.Raw], "a list of users of Auth0")
    return (_row(number, bytes(raw), _auth0) for number, raw in enumerate(users, 1))


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _auth0(raw: bytes) -> ImportFields:
    user = _parse_auth0_user(raw)
    name = user.name if user.name not in {user.email, user.username} else None
    values: dict[str, Any] = {
        "profile": _present(
            {
                "name": name,
                "given_name": user.given_name,
                "family_name": user.family_name,
                "nickname": user.nickname,
                "picture": user.picture,
            }
        ),
        "metadata": {
            key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for key, value in (user.user_metadata or {}).items()
            if value is not None
        },
        "state": "deactivated" if user.blocked else "active",
    }
    username = user.username or user.email or user.phone_number
    if username is not None:
        values["username"] = username
    if user.user_id is not None:
        values["id"] = user.user_id
    elif user.id is not None and user.id.oid is not None:
        values["id"] = f"auth0|{user.id.oid}"
    if user.email:
        values["email"] = {"address": user.email, "verified": user.email_verified}
    if user.phone_number:
        values["phone"] = {"number": user.phone_number, "verified": user.phone_verified}
    encoded = user.exported_hash or user.password_hash
    if encoded is not None:
        values["password"] = {"hash": foreign_forms.read(encoded)}
    elif user.custom_password_hash is not None:
        values["password"] = {"hash": foreign_forms.from_auth0(user.custom_password_hash)}
    return decode(ImportFields, values)


def _first_text(value: object) -> str | None:
    """Return the value of an attribute, of which there may be several."""
    if isinstance(value, list):
        texts = [one for one in value if isinstance(one, str)]
        return texts[0] if len(texts) == 1 else ", ".join(texts) or None
    return value if isinstance(value, str) else None


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
