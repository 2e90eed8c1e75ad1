"""What a user is described with, and the rules for it (OpenID Connect Core 5.1)."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import texts, uris
from ostiary.admin.decode import Request, join
from ostiary.admin.errors import Problem
from ostiary.identity import foreign_forms
from ostiary.identity.passwords import MAX_CHARACTERS, PasswordTooLong, UnusableHash, normalize
from ostiary.model.user import Address, Profile, User, UserState

MAX_METADATA = 50
_MAX_KEY = 100
_MAX_VALUE = 2000
_MAX_CLAIM = 200

Text = str | UnsetType | None


class PasswordFields(Request, frozen=True, kw_only=True):
    """A first password: in the clear, or as a hash made elsewhere."""

    plain: str | UnsetType = UNSET
    hash: str | UnsetType = UNSET

    def __repr__(self) -> str:
        """Show nothing, so that no message, trace or log ever does."""
        return "PasswordFields(...)"


class EmailFields(Request, frozen=True, kw_only=True):
    """An e-mail address, and whether it is known to be the user's."""

    address: str
    verified: bool = False


class PhoneFields(Request, frozen=True, kw_only=True):
    """A telephone number, and whether it is known to be the user's."""

    number: str
    verified: bool = False


class ProfileFields(Request, frozen=True, kw_only=True):
    """The claims of scope `profile` that are stored."""

    name: Text = UNSET
    given_name: Text = UNSET
    family_name: Text = UNSET
    middle_name: Text = UNSET
    nickname: Text = UNSET
    profile: Text = UNSET
    picture: Text = UNSET
    website: Text = UNSET
    gender: Text = UNSET
    birthdate: Text = UNSET
    zoneinfo: Text = UNSET
    locale: Text = UNSET


class AddressFields(Request, frozen=True, kw_only=True):
    """The members of the claim `address`."""

    formatted: Text = UNSET
    street_address: Text = UNSET
    locality: Text = UNSET
    region: Text = UNSET
    postal_code: Text = UNSET
    country: Text = UNSET


class UserFields(Request, frozen=True, kw_only=True):
    """What a user is made with, or what is to change about them."""

    username: str | UnsetType = UNSET
    password: PasswordFields | UnsetType | None = UNSET
    email: EmailFields | UnsetType | None = UNSET
    phone: PhoneFields | UnsetType | None = UNSET
    profile: ProfileFields | UnsetType | None = UNSET
    address: AddressFields | UnsetType | None = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET
    state: UserState | UnsetType = UNSET

    later: ClassVar[frozenset[str]] = frozenset({"totp", "groups", "passkeys"})


def values_of(request: UserFields, present: User | None) -> dict[str, Any]:
    """Return the fields of the user's record that the request gives, as they will be."""
    values: dict[str, Any] = {}
    if request.username is not UNSET:
        values["username"] = request.username
    if request.email is not UNSET:
        values["email"] = request.email and request.email.address
        values["email_verified"] = bool(request.email and request.email.verified)
    if request.phone is not UNSET:
        values["phone_number"] = request.phone and request.phone.number
        values["phone_number_verified"] = bool(request.phone and request.phone.verified)
    if request.profile is not UNSET:
        before = Profile() if present is None or request.profile is None else present.profile
        values["profile"] = _merge(before, request.profile)
    if request.address is not UNSET:
        old = None if present is None or request.address is None else present.address
        merged = _merge(old or Address(), request.address)
        values["address"] = None if merged == Address() else merged
    if request.metadata is not UNSET:
        values["metadata"] = request.metadata or {}
    if request.state is not UNSET:
        values["state"] = request.state
    return values


def _merge(present: Profile | Address, request: Request | None) -> Profile | Address:
    if request is None:
        return present
    given = {
        name: getattr(request, name) or None
        for name in request.__struct_fields__
        if getattr(request, name) is not UNSET
    }
    return msgspec.structs.replace(present, **given)


def check(request: UserFields) -> list[Problem]:
    """Return everything that breaks a rule."""
    problems: list[Problem] = []
    if request.username is not UNSET and (wrong := texts.check_username(request.username)):
        problems.append(Problem("username", wrong))
    if request.email and (wrong := texts.check_email(request.email.address)):
        problems.append(Problem("email.address", wrong))
    if request.phone and (wrong := texts.check_phone(request.phone.number)):
        problems.append(Problem("phone.number", wrong))
    if request.profile:
        problems += _check_claims("profile", request.profile)
    if request.address:
        problems += _check_claims("address", request.address)
    if request.metadata:
        problems += _check_metadata(request.metadata)
    if request.password:
        problems += _check_password(request.password)
    return problems


def _check_claim(text: str) -> str | None:
    return texts.check_text(text, _MAX_CLAIM)


def _check_address(text: str) -> str | None:
    # An address may be of several lines (OpenID Connect Core 5.1.1).
    for line in text.splitlines():
        if wrong := texts.check_text(line, _MAX_CLAIM):
            return wrong
    return None if len(text) <= 2 * _MAX_CLAIM else f"must be at most {2 * _MAX_CLAIM} characters"


def _check_link(text: str) -> str | None:
    try:
        uris.parse_link(text)
    except uris.Refused as refused:
        return str(refused)
    return None


_CLAIMS: dict[str, Callable[[str], str | None]] = {
    "profile": _check_link,
    "picture": _check_link,
    "website": _check_link,
    "birthdate": texts.check_birthdate,
    "zoneinfo": texts.check_zoneinfo,
    "locale": texts.check_locale,
    "formatted": _check_address,
    "street_address": _check_address,
}


def _check_claims(path: str, request: Request) -> list[Problem]:
    problems = []
    for name in request.__struct_fields__:
        text = getattr(request, name)
        if text and (wrong := _CLAIMS.get(name, _check_claim)(text)):
            problems.append(Problem(f"{path}.{name}", wrong))
    return problems


def _check_metadata(metadata: dict[str, str]) -> list[Problem]:
    problems = []
    if len(metadata) > MAX_METADATA:
        problems.append(Problem("metadata", f"must have at most {MAX_METADATA} entries"))
    for key, value in metadata.items():
        wrong = texts.check_text(key, _MAX_KEY) if key else "must not have an empty key"
        if not wrong and len(value) > _MAX_VALUE:
            wrong = f"must be at most {_MAX_VALUE} characters long"
        if not wrong and "\0" in value:
            wrong = "must not hold the NUL character"
        if wrong:
            problems.append(Problem(join("metadata", key[:_MAX_KEY]), wrong))
    return problems


def _check_password(password: PasswordFields) -> list[Problem]:
    if (password.plain is UNSET) == (password.hash is UNSET):
        return [Problem("password", "give either plain or hash")]
    if password.hash is not UNSET:
        try:
            foreign_forms.read(password.hash)
        except UnusableHash as error:
            return [Problem("password.hash", str(error))]
    elif not password.plain:
        return [Problem("password.plain", "must not be empty")]
    else:
        try:
            normalize(password.plain or "")
        except PasswordTooLong:
            return [Problem("password.plain", f"must be at most {MAX_CHARACTERS} characters long")]
    return []
